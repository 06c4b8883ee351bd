"""Values for fields where Kubernetes takes only strings, and authors give whatever they have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.plain import as_plain, is_plain


def as_text(place: str, value: Any) -> str:
    """Return a value as a string: a dict or a list as JSON, all else as a template would write it.

    :param place: what to call it in an error, which never shows the value.
    :raises InputError: if it is an object that has no such form.
    """
    plain = as_plain(value)
    if isinstance(plain, str):
        return plain
    if not is_plain(plain) or plain is None:
        raise InputError(
            f"{place} is a {type(value).__name__}, which no text stands for.\n"
            "What to do: give a str, a number, or a dict or list of such."
        )
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, (dict, list)) else str(plain)


def texts_of(argument: str, given: Any) -> dict[str, str]:
    """Return the labels, annotations or the like of an argument; a value that is ``None`` is left out.

    :raises InputError: if it is no mapping, or has a value that no text stands for.
    """
    plain = as_plain(given)
    if plain is None:
        return {}
    if not isinstance(plain, Mapping):
        raise InputError(
            f"{argument} must be a dict of names and values, but is a {type(given).__name__}.\n"
            'What to do: write {"name": "value"}; where it comes from another task, let that return a dict.'
        )
    return {str(name): as_text(f"{argument}[{name!r}]", value) for name, value in plain.items() if value is not None}


def words_of(argument: str, given: Any) -> Any:
    """Return a list of words, without what is ``None`` in it; what is no list stays.

    :raises InputError: if there is something in it that no text stands for.
    """
    if not isinstance(given, (list, tuple)):
        return given
    return [as_text(f"{argument}[{number}]", word) for number, word in enumerate(given) if word is not None]
