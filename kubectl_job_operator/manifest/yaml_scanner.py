"""From the characters of YAML to its tokens, where kubectl's reader (go-yaml) cuts them otherwise than PyYAML's.

Most of it is about tabs, which kubectl takes wherever they do not stand for indentation.
"""

from __future__ import annotations

import re
import urllib.parse
from typing import Any, ClassVar

import yaml
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import ScalarToken, TagToken

_BREAKS = "\r\n\x85\u2028\u2029"
_END = "\0"
_BLANK_OR_END = f" \t{_BREAKS}{_END}"
_URI = r"[0-9A-Za-z_\-;/?:@&=+$,.!~*'()\[\]%]"
_TAG = re.compile(rf"!<(?P<whole>{_URI}+)>|(?P<handle>!(?:[0-9A-Za-z_-]*!)?)(?P<suffix>{_URI}*)")
_HEADER = re.compile(r"(?:(?P<chomp>[-+])(?P<indent>[0-9])?|(?P<indent_first>[0-9])(?P<chomp_last>[-+])?)?")
_COMMENT = re.compile(rf"[ \t]*(?:#[^{_BREAKS}{_END}]*)?")


class KubectlScanner(Reader, Scanner):
    """Cuts a text, which must be a str, into tokens as kubectl does."""

    ESCAPE_REPLACEMENTS: ClassVar[dict[str, str]] = {  # type: ignore[misc]
        **{sign: text for sign, text in Scanner.ESCAPE_REPLACEMENTS.items() if sign != "/"},
        "'": "'",
    }

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)

    def scan_to_next_token(self) -> None:
        """Skip blanks, comments and ends of lines."""
        while True:
            if self.column == 0 and self._at("\ufeff"):
                self.forward()
            blanks = " \t" if self.flow_level or not self.allow_simple_key else " "
            while self._at(blanks):
                self.forward()
            if self._at("#"):
                self._skip(_COMMENT)
            if not self._line_break():
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def fetch_directive(self) -> None:
        """Refuse ``%YAML`` and ``%TAG``: kubectl takes every ``---`` for the end of a document, theirs too."""
        raise ScannerError(None, None, "kubectl takes no directives", self.get_mark())

    def scan_plain(self) -> ScalarToken:
        """Read a scalar without quotes, over several lines if it has them."""
        start = end = self.get_mark()
        text, between = "", ""
        is_folded = False
        while not self._at("#") and not self._at_document_indicator():
            word = self._word()
            if word:
                text += between + word
                self.forward(len(word))
                end, between, is_folded = self.get_mark(), "", False
            if not self._at(" \t" + _BREAKS):
                break
            between, is_folded = self._between_words(start)
            if not self.flow_level and self.column < self.indent + 1:
                break
        if is_folded:
            self.allow_simple_key = True
        return ScalarToken(text, True, start, end)

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Any) -> Any:
        """Read a part of a scalar in quotes."""
        try:
            return super().scan_flow_scalar_non_spaces(double, start_mark)
        except (ValueError, OverflowError):
            raise ScannerError(
                "while scanning a quoted scalar", start_mark, "found an escape that is no character", self.get_mark()
            ) from None

    def scan_block_scalar_indicators(self, start_mark: Any) -> tuple[bool | None, int | None]:
        """Read what may follow ``|`` and ``>``: whether to keep the last line ends, and the indentation."""
        found = self._skip(_HEADER)
        chomp, indent = found["chomp"] or found["chomp_last"], found["indent"] or found["indent_first"]
        if indent == "0":
            raise ScannerError("while scanning a block scalar", start_mark, "its indentation is 0", self.get_mark())
        return None if chomp is None else chomp == "+", int(indent) if indent else None

    def scan_block_scalar_ignored_line(self, start_mark: Any) -> None:
        """Skip blanks and a comment behind ``|`` and ``>``."""
        self._skip(_COMMENT)
        if not self._at(_BREAKS + _END):
            problem = f"expected a comment or a line break, but found {self.peek()!r}"
            raise ScannerError("while scanning a block scalar", start_mark, problem, self.get_mark())
        self._line_break()

    def scan_block_scalar_indentation(self) -> Any:
        """Skip empty lines and find the indentation of the first other one."""
        found = super().scan_block_scalar_indentation()
        self._refuse_tab_for_indentation()
        return found

    def scan_block_scalar_breaks(self, indent: int) -> Any:
        """Skip empty lines and the indentation of the next other one."""
        found = super().scan_block_scalar_breaks(indent)
        if self.column < indent:
            self._refuse_tab_for_indentation()
        return found

    def scan_tag(self) -> TagToken:
        """Read a tag."""
        start = self.get_mark()
        found = _TAG.match(self.buffer, self.pointer)
        if found is None or not self._at(_BLANK_OR_END, found.end() - self.pointer):
            raise ScannerError("while scanning a tag", start, "expected its name and a blank", self.get_mark())
        self.forward(found.end() - self.pointer)
        handle, suffix = (None, found["whole"]) if found["whole"] else (found["handle"], found["suffix"])
        if not suffix and handle != "!":
            raise ScannerError("while scanning a tag", start, "expected its name", self.get_mark())
        value = (handle, urllib.parse.unquote(suffix)) if suffix else (None, "!")
        return TagToken(value, start, self.get_mark())

    def _refuse_tab_for_indentation(self) -> None:
        if self._at("\t"):
            mark = self.get_mark()
            raise ScannerError(None, None, "found a tab where spaces for the indentation are expected", mark)

    def _word(self) -> str:
        """Return the characters up to the next blank, or to what ends a scalar without quotes."""
        length = 0
        while not self._at(_BLANK_OR_END, length):
            if self._at(":", length) and self._at(_BLANK_OR_END, length + 1):
                break
            if self.flow_level and self._at(",?[]{}", length):
                break
            length += 1
        return str(self.buffer[self.pointer : self.pointer + length])

    def _between_words(self, start: yaml.Mark) -> tuple[str, bool]:
        """Skip blanks and ends of lines; return what they stand for, and whether there was an end of a line."""
        blanks, breaks = "", []
        while self._at(" \t" + _BREAKS):
            if self._at(_BREAKS):
                breaks.append(self._line_break())
                continue
            if breaks and self.column < self.indent + 1 and self._at("\t"):
                problem = "found a tab that violates the indentation"
                raise ScannerError("while scanning a plain scalar", start, problem, self.get_mark())
            blanks += self.peek()
            self.forward()
        if not breaks:
            return blanks, False
        first, rest = breaks[0], "".join(breaks[1:])
        return (rest or " ") if first == "\n" else first + rest, True

    def _line_break(self) -> str:
        """Skip one end of a line if there is one, and return what it is to YAML."""
        scanner: Any = self
        return str(scanner.scan_line_break())

    def _at_document_indicator(self) -> bool:
        is_marker = self.column == 0 and self.prefix(3) in ("---", "...")
        return is_marker and self._at(_BLANK_OR_END, 3)

    def _at(self, signs: str, ahead: int = 0) -> bool:
        return self.buffer[self.pointer + ahead] in signs

    def _skip(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.buffer, self.pointer)
        if found is None:
            raise AssertionError("the pattern takes nothing, too")
        self.forward(len(found[0]))
        return found
