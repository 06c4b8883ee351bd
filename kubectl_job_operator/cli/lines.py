"""From a line of rendered text back to the line of the template that it came from."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import jinja2
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from kubectl_job_operator.cli.source import Source

# Characters of the private use area, which nobody writes into a manifest.
_MARK = re.compile("\ue000([0-9]+):([0-9]+)\ue001")


@dataclass(frozen=True)
class Place:
    """A line of a template.

    :param file: the template, which may be one that another extends, includes or imports.
    :param line: its number, from 1.
    :param is_exact: whether it is that line, or only one nearby.
    :param given: the template's text, where it is no file that could be read again.
    """

    file: str
    line: int
    is_exact: bool
    given: str | None = None

    def __str__(self) -> str:
        return f"{self.file}, {'' if self.is_exact else 'near '}line {self.line}"

    def text(self) -> str:
        """Return the line itself; empty if it cannot be read."""
        try:
            return Source(self.file, self.given).read().splitlines()[self.line - 1]
        except (OSError, UnicodeDecodeError, IndexError):
            return ""


@dataclass(frozen=True)
class LineMap:
    """The place that each line of a rendered text came from.

    :param places: one for each line.
    """

    places: tuple[Place, ...]

    def place(self, line: int) -> Place:
        """Return where a line of the rendered text came from.

        :param line: its number, from 0, as PyYAML counts.
        """
        return self.places[min(line, len(self.places) - 1)]


class LineMarks(Extension):
    """Lets Jinja write a mark with file and line wherever a line of a template's own text begins."""

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        self.files: list[str] = []

    @staticmethod
    def files_of(environment: jinja2.Environment) -> Sequence[str]:
        """Return the files that marks name by number."""
        extension = environment.extensions[LineMarks.identifier]
        return extension.files if isinstance(extension, LineMarks) else ()

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Mark the text between the tags of one template."""
        self.files.append(str(stream.filename or ""))
        number = len(self.files) - 1
        for token in stream:
            if token.type == "data":
                lines = token.value.split("\n")
                marked = (f"\ue000{number}:{token.lineno + index}\ue001{line}" for index, line in enumerate(lines))
                yield Token(token.lineno, token.type, "\n".join(marked))
            else:
                yield token


def exact_map(text: str, marked: str, files: Sequence[str], template: Source) -> LineMap | None:
    """Read the marks; ``None`` if the text without them is another one, so that they tell nothing.

    :param text: the rendered text.
    :param marked: the same, rendered with ``LineMarks``.
    :param files: the files that the marks name; empty is the template itself, where that is no file.
    :param template: the template.
    """
    sources = [Source(file) if file else template for file in files]
    places = tuple(_places(_MARK.split(marked), sources))
    if _rstripped(_MARK.sub("", marked)) != _rstripped(text):
        return None
    return LineMap(places)


def own_lines(text: str, template: Source) -> LineMap:
    """Let each line stand for itself, where the text is not made of a template."""
    lines = range(1, len(text.split("\n")) + 1)
    return LineMap(tuple(Place(template.name, line, is_exact=True, given=text) for line in lines))


def near_map(text: str, template: Source) -> LineMap:
    """Compare the rendered lines with the template's: what stands in both is a landmark for what is in between."""
    ours, theirs = text.split("\n"), template.read().split("\n")
    line, last = 1, len(theirs)
    landmarks: dict[int, int] = {}
    for block in difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        landmarks.update({block.a + offset: block.b + offset + 1 for offset in range(block.size)})
    places = []
    for number in range(len(ours)):
        line = landmarks.get(number, min(line + 1, last) if number else line)
        places.append(Place(template.name, line, is_exact=False, given=template.text))
    return LineMap(tuple(places))


def _places(parts: Iterable[str], sources: Sequence[Source]) -> Iterator[Place]:
    """Yield the place of each line: the last mark before its first character that is no blank."""
    place = _exact_place(sources[0], 1)
    is_begun = False
    pieces = iter(parts)
    for piece in pieces:
        for index, part in enumerate(piece.split("\n")):
            if index:
                if not is_begun:
                    yield place
                is_begun = False
            if part.strip() and not is_begun:
                yield place
                is_begun = True
        file, line = next(pieces, None), next(pieces, None)
        if file is not None and line is not None:
            place = _exact_place(sources[int(file)], int(line))
    if not is_begun:
        yield place


def _exact_place(source: Source, line: int) -> Place:
    return Place(source.name, line, is_exact=True, given=source.text)


def _rstripped(text: str) -> list[str]:
    """Return the lines without blanks at their ends: a filter that indents leaves empty lines alone."""
    return [line.rstrip() for line in text.split("\n")]
