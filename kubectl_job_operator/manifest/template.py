"""A Jinja template becomes text: found through a search path, strict about variables, clear about what is wrong."""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import jinja2
import jinja2.sandbox

from kubectl_job_operator.errors import TemplateError

_STRING = "<template>"  # what Jinja calls a template that is no file
_CURE = "where {{, {% or {# is meant for a shell or awk, write {% raw %} before it and {% endraw %} behind it"
_OF_ANOTHER_LANGUAGE = re.compile(r"\bawk\b|[$'\"]\{\{\S")


@dataclass(frozen=True)
class Rendered:
    """The text that came out of a template.

    :param text: the text.
    :param source: the template's file, or the name of the argument that held it.
    """

    text: str
    source: str


class Renderer:
    """Renders templates with one set of variables.

    :param search_path: where relative names, and the names in ``extends``, ``include`` and ``import``, are looked for.
    :param variables: what a template may use; anything else is an error.
    :param environment: lends its filters, tests and globals; default is a sandboxed one without additions.
    """

    def __init__(
        self,
        search_path: Iterable[str | Path],
        variables: Mapping[str, Any],
        environment: jinja2.Environment | None = None,
    ) -> None:
        self._folders = [Path(folder) for folder in search_path]
        self._variables = variables
        self._base = environment or jinja2.sandbox.SandboxedEnvironment()

    def render_file(self, name: str) -> Rendered:
        """Render a template file.

        :param name: an absolute path, or one below a folder of the search path.
        :raises TemplateError: if it is not found, is not valid Jinja, or fails while it is rendered.
        """
        if not isinstance(name, (str, os.PathLike)):
            raise TemplateError(
                f"The name of a template must be a str, but is a {type(name).__name__}.\nWhat to do: mend the argument."
            )
        path = find(os.fspath(name), self._folders)
        folders = self._folders
        if ".." in path.parts or not any(path.is_relative_to(folder) for folder in folders):
            folders = [path.parent, *folders]
        environment = self._environment(folders, path)
        return Rendered(self._render(lambda: environment.get_template(str(path)), str(path), None), str(path))

    def render_text(self, text: str, source: str) -> Rendered:
        """Render a template that is given as text.

        :param source: what to call it in an error.
        :raises TemplateError: if it is not valid Jinja, or fails while it is rendered.
        """
        environment = self._environment(self._folders)
        kept = self._with_kept_end(text)
        return Rendered(self._render(lambda: environment.from_string(kept), source, text), source)

    def is_template(self, text: str) -> bool:
        """Whether there is a mark of Jinja's in a text; where there is none, it stands for itself."""
        base = self._base
        starts = (base.variable_start_string, base.block_start_string, base.comment_start_string)
        prefixes = (base.line_statement_prefix, base.line_comment_prefix)
        return any(mark and mark in text for mark in (*starts, *prefixes))

    def _environment(self, folders: Sequence[Path], file: Path | None = None) -> jinja2.Environment:
        """Return what renders.

        :param folders: where templates are looked for by their names.
        :param file: one that is known by its whole path, whatever else has its name.
        """

        def load(name: str) -> tuple[str, str, None] | None:
            if name != str(file):
                return None
            return self._with_kept_end(Path(name).read_text(encoding="utf-8")), name, None

        loader = jinja2.ChoiceLoader([jinja2.FunctionLoader(load), jinja2.FileSystemLoader(folders)])
        environment = self._base.overlay(loader=loader, undefined=jinja2.StrictUndefined)
        environment.policies = {"json.dumps_function": None, **environment.policies}
        if environment.policies["json.dumps_function"] is None:
            environment.policies["json.dumps_function"] = _as_json
        return environment

    def _with_kept_end(self, text: str) -> str:
        """Return a template whose last line end stays: Jinja drops one, which is right inside of another template."""
        return text if self._base.keep_trailing_newline else f"{text}\n"

    def _render(self, load: Callable[[], jinja2.Template], source: str, text: str | None) -> str:
        """Render, and turn whatever goes wrong into an error that names the place."""

        def problem(where: _Place, what: str, advice: str = "mend the template") -> TemplateError:
            return _located(where.named(source, text), what, advice)

        def advice_on_undefined(where: _Place) -> str:
            line = where.named(source, text).shown_line()
            advice = "set it in yaml_template_fields, or give it a default in the template: {{ name | default(...) }}"
            return f"{advice}; {_CURE}" if _OF_ANOTHER_LANGUAGE.search(line) else advice

        try:
            return load().render(self._variables)
        except jinja2.TemplateSyntaxError as error:
            what = f"is not valid Jinja: {(error.message or '').rstrip('.')}"
            advice = f"mend the template; {_CURE}"
            raise problem(_Place(error.filename, error.lineno), what, advice) from error
        except jinja2.TemplateNotFound as error:
            folders = ", ".join(map(str, self._folders)) or "any folder: there is no search path"
            raise problem(
                _innermost(error.__traceback__), f"names {error.name!r}, which is not in {folders}"
            ) from error
        except jinja2.UndefinedError as error:
            where = _innermost(error.__traceback__)
            what = f"uses what is not defined: {error.message}"
            raise problem(where, what, advice_on_undefined(where)) from error
        except UnicodeDecodeError as error:
            raise problem(_Place(None, None), f"is not UTF-8 text: {error}") from error
        except Exception as error:
            what = f"cannot be rendered: {type(error).__name__}: {error}"
            raise problem(_innermost(error.__traceback__), what) from error


@dataclass(frozen=True)
class _Place:
    """A line of a template, as Jinja knows it; ``file`` is ``None`` or ``<template>`` where it is no file."""

    file: str | None
    line: int | None
    text: str | None = None

    def named(self, source: str, text: str | None) -> _Place:
        """Name a template that is no file by where it came from."""
        if self.file in (None, _STRING):
            return _Place(source, self.line, text)
        return self

    def shown_line(self) -> str:
        """Return the line itself, if it can be had."""
        if self.line is None:
            return ""
        try:
            text = Path(str(self.file)).read_text(encoding="utf-8") if self.text is None else self.text
            return f"  {self.line} | {text.splitlines()[self.line - 1]}\n"
        except (OSError, UnicodeDecodeError, IndexError):
            return ""


def _as_json(value: Any, **how: Any) -> str:
    """Write JSON for the filter ``tojson``; what is not defined is named, at whatever depth it stands."""
    return json.dumps(value, default=_refuse, **how)


def _refuse(value: Any) -> NoReturn:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises what names it
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def find(name: str, folders: Iterable[Path]) -> Path:
    """Return the file that a name stands for.

    :raises TemplateError: if there is none.
    """
    candidates = [Path(name)] if Path(name).is_absolute() else [folder / name for folder in folders]
    for candidate in candidates:
        if os.path.isfile(candidate):  # noqa: PTH113 - a folder that may not be entered is no error here
            return candidate
    places = "".join(f"\n  {candidate}" for candidate in candidates) or " nowhere: there is no search path"
    raise TemplateError(
        f"There is no template {name!r}. Looked for:{places}\n"
        "What to do: put it beside the DAG's file, give an absolute path, or add its folder to the DAG's "
        "template_searchpath."
    )


def _located(place: _Place, problem: str, advice: str) -> TemplateError:
    """Make an error that names the file and shows the line."""
    where = f"{place.file}, line {place.line}," if place.line else place.file
    return TemplateError(f"The template {where} {problem}.\n{place.shown_line()}What to do: {advice}.")


def _innermost(trace: TracebackType | None) -> _Place:
    """Find the innermost template in a traceback, which Jinja makes to name templates' files and lines."""
    for frame in reversed(traceback.extract_tb(trace)):
        if frame.filename == _STRING or (not frame.filename.endswith(".py") and Path(frame.filename).is_file()):
            return _Place(frame.filename, frame.lineno)
    return _Place(None, None)
