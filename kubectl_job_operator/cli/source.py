"""Where a template comes from: a file, a folder that kubectl makes YAML of, or what can be read once only, as stdin."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kubectl_job_operator.errors import InputError, TemplateError
from kubectl_job_operator.manifest import kustomization

STDIN = "-"
_NAMES_OF_STDIN = frozenset({STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


@dataclass(frozen=True)
class Source:
    """A template.

    :param name: its whole path, or in angle brackets what it was read from.
    :param text: its text, where it is no file that could be read again.
    :param is_built: whether it is no template, but the YAML that kubectl has made of the kustomization in a folder.
    """

    name: str
    text: str | None = None
    is_built: bool = False

    @property
    def task_id(self) -> str:
        """What a run of it is called: ``a/countdown.yaml.j2`` gives ``countdown``."""
        is_named = self.text is None or self.is_built
        return (Path(self.name).name.partition(".")[0] if is_named else "") or "job"

    def read(self) -> str:
        """Return its text."""
        return Path(self.name).read_text(encoding="utf-8") if self.text is None else self.text


def source_of(given: str, build: Callable[[str], str]) -> Source:
    """Find a template, and read it if that can be done only once.

    :param given: a path, or ``-`` for stdin.
    :param build: makes YAML of the kustomization in a folder.
    :raises InputError: if there is none, or it cannot be read.
    """
    if given in _NAMES_OF_STDIN:
        return Source("<stdin>", _text(sys.stdin.buffer.read(), "<stdin>"))
    # Not Path.resolve: a template that is a link finds its family where the link is.
    path = Path(os.path.abspath(given))  # noqa: PTH100
    if path.is_file():
        return Source(str(path))
    if path.is_dir():
        return Source(str(path), build(kustomization.find(str(path), ())), is_built=True)
    if not path.exists():
        raise TemplateError(f"There is no template {str(path)!r}.\nWhat to do: check the path; - is stdin.")
    try:
        return Source(f"<{given}>", _text(path.read_bytes(), given))
    except OSError as error:
        raise TemplateError(
            f"The template {given} cannot be read: {error.strerror}.\nWhat to do: check the path."
        ) from None


def refuse_stdin_twice(*given: str) -> None:
    """Refuse what would read stdin for two things.

    :raises InputError: if more than one of these is stdin.
    """
    if sum(one in _NAMES_OF_STDIN for one in given) > 1:
        raise InputError("stdin can be read for one thing only.\nWhat to do: give one - and files for the rest.")


def _text(read: bytes, name: str) -> str:
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TemplateError(f"The template {name} is not UTF-8 text: {error}.\nWhat to do: convert it.") from None
