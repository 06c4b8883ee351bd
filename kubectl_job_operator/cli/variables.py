"""The variables of a template, from ``--set`` and ``--values``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubectl_job_operator.errors import InputError

_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"^-?[0-9]+(?:\.[0-9]+)?$")
_DOT = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True)
class Assignment:
    """What one ``--set`` says.

    :param path: the keys, from the outermost; ``a.b`` is two.
    :param value: the value of the last one.
    """

    path: tuple[str, ...]
    value: Any


def assignment(text: str) -> Assignment:
    """Read ``a.b=VALUE``, the value as a scalar.

    :raises argparse.ArgumentTypeError: if it is something else.
    """
    read = string_assignment(text)
    return Assignment(read.path, _scalar(read.value))


def string_assignment(text: str) -> Assignment:
    """Read ``a.b=VALUE``, the value as a string.

    :raises argparse.ArgumentTypeError: if it is something else.
    """
    key, equals, value = text.partition("=")
    path = tuple(part.replace("\\.", ".") for part in _DOT.split(key))
    if not equals or not all(path):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE or NAME.KEY=VALUE")
    return Assignment(path, value)


def variables_of(values_files: Iterable[str], assignments: Iterable[Assignment]) -> dict[str, Any]:
    """Merge files and assignments, in their order; what comes later wins, mappings are merged key by key.

    :raises InputError: if a file cannot be used, or a key is set below a value that is no mapping.
    """
    variables: dict[str, Any] = {}
    for file in values_files:
        variables = merged(variables, _read(file))
    for one in assignments:
        _refuse_key_in_scalar(variables, one)
        nested = one.value
        for key in reversed(one.path):
            nested = {key: nested}
        variables = merged(variables, nested)
    return variables


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, at every depth; only mappings are merged, all else is replaced."""
    result = dict(below)
    for key, value in above.items():
        lower = result.get(key)
        result[key] = merged(lower, value) if isinstance(lower, Mapping) and isinstance(value, Mapping) else value
    return result


def _scalar(text: str) -> Any:
    """Read YAML's plain booleans, null and numbers, but leave a number that would be printed otherwise: ``1.10``."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.match(text):
        number = float(text) if "." in text else int(text)
        return number if str(number) == text else text
    return text


def _refuse_key_in_scalar(variables: Mapping[str, Any], one: Assignment) -> None:
    """Refuse to set a key where an earlier value is no mapping, instead of losing that value."""
    inner: Any = variables
    for number, key in enumerate(one.path[:-1], start=1):
        if not isinstance(inner, Mapping) or key not in inner:
            return
        inner = inner[key]
        if not isinstance(inner, Mapping):
            raise InputError(
                f"--set {'.'.join(one.path)}: {'.'.join(one.path[:number])} is set already, and is no mapping.\n"
                "What to do: leave out one of the two."
            )


def _read(file: str) -> Mapping[str, Any]:
    """Read a file of values, or stdin as ``-``."""
    import yaml

    from kubectl_job_operator.manifest import yaml_text

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        documents = [document for document in yaml_text.load_all(text) if document is not None]
    except OSError as error:
        raise InputError(
            f"The values in {file} cannot be read: {error.strerror}.\nWhat to do: check --values."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(f"The values in {file} are not UTF-8 text: {error}.\nWhat to do: convert the file.") from None
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"The values in {file}{where}, are not valid YAML: {problem}.\nWhat to do: mend it.") from None
    if len(documents) > 1 or not all(isinstance(document, dict) for document in documents):
        found = f"{len(documents)} documents" if len(documents) > 1 else f"a {type(documents[0]).__name__}"
        raise InputError(
            f"The values in {file}, line 1, are {found}.\nWhat to do: write one mapping of names to values."
        )
    return documents[0] if documents else {}
