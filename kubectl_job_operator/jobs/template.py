"""A Jinja template becomes text: found through a search path, strict about variables, clear about what is wrong."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import jinja2

from kubectl_job_operator.errors import TemplateError


@dataclass(frozen=True)
class Rendered:
    """The text that came out of a template.

    :param text: the text.
    :param path: the template's file.
    """

    text: str
    path: Path


def render_file(
    name: str,
    search_path: Iterable[str | Path],
    variables: Mapping[str, Any],
    environment: jinja2.Environment | None = None,
) -> Rendered:
    """Render a template file.

    :param name: an absolute path, or one below a folder of the search path.
    :param search_path: where relative names, and the names in ``extends``, ``include`` and ``import``, are looked for.
    :param variables: what the template may use; anything else is an error.
    :param environment: lends its filters, tests and globals; default is a sandboxed one without additions.
    :raises TemplateError: if it is not found, is not valid Jinja, or fails while it is rendered.
    """
    folders = [Path(folder) for folder in search_path]
    path = _find(name, folders)
    home = next((folder for folder in folders if path.is_relative_to(folder)), None)
    if home is None:
        home = path.parent
        folders.insert(0, home)
    base = environment or jinja2.sandbox.SandboxedEnvironment()
    strict = base.overlay(loader=jinja2.FileSystemLoader(folders), undefined=jinja2.StrictUndefined)
    try:
        return Rendered(strict.get_template(path.relative_to(home).as_posix()).render(variables), path)
    except jinja2.TemplateSyntaxError as error:
        raise _located(error.filename or name, error.lineno, f"is not valid Jinja: {error.message}") from error
    except jinja2.TemplateNotFound as error:
        where, line = _place_in_template(error.__traceback__) or (str(path), None)
        raise _located(where, line, f"names {error.message!r}, which is not in {_listed(folders)}") from error
    except jinja2.UndefinedError as error:
        where, line = _place_in_template(error.__traceback__) or (str(path), None)
        advice = "set it in yaml_template_fields, or give it a default in the template: {{ name | default(...) }}"
        raise _located(where, line, f"uses what is not defined: {error.message}", advice) from error
    except UnicodeDecodeError as error:
        raise _located(str(path), None, f"is not UTF-8 text: {error}") from error
    except Exception as error:
        where, line = _place_in_template(error.__traceback__) or (str(path), None)
        raise _located(where, line, f"cannot be rendered: {type(error).__name__}: {error}") from error


def _find(name: str, folders: Iterable[Path]) -> Path:
    """Return the file that a name stands for."""
    candidates = [Path(name)] if Path(name).is_absolute() else [folder / name for folder in folders]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    places = "".join(f"\n  {candidate}" for candidate in candidates) or " nowhere: there is no search path"
    raise TemplateError(
        f"There is no template {name!r}. Looked for:{places}\n"
        "What to do: put it beside the DAG's file, give an absolute path, or add its folder to the DAG's "
        "template_searchpath."
    )


def _located(where: str, line: int | None, problem: str, advice: str = "mend the template") -> TemplateError:
    """Make an error that names the file and shows the line."""
    place = f"{where}, line {line}," if line else where
    shown = _source_line(where, line) if line else ""
    return TemplateError(f"The template {place} {problem}.\n{shown}What to do: {advice}.")


def _source_line(where: str, line: int) -> str:
    try:
        return f"  {line} | {Path(where).read_text().splitlines()[line - 1]}\n"
    except (OSError, UnicodeDecodeError, IndexError):
        return ""


def _place_in_template(trace: TracebackType | None) -> tuple[str, int | None] | None:
    """Find the innermost template in a traceback, which Jinja makes to name templates' files and lines."""
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.endswith(".py")]
    places = [(frame.filename, frame.lineno) for frame in frames if Path(frame.filename).is_file()]
    return places[-1] if places else None


def _listed(folders: Iterable[Path]) -> str:
    return ", ".join(str(folder) for folder in folders)
