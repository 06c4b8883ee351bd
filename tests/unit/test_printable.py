"""Text of others moves no cursor, hides nothing and, pasted, is one word of one command."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubectl_job_operator.printable import harmless, harmless_on_a_terminal, joined, plain, quoted

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[[\d;:]*m")
HOSTILE = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x07\x08\r\n\t\x9b\x9d[]\\;:0m?hKJ'\"$`\u202e")))
ARGUMENT = HOSTILE.map(lambda text: text.replace("\0", "").encode(errors="ignore").decode())

ORDERS = {
    "clears the screen": "\x1b[2J\x1b[H",
    "sets the title": "\x1b]0;mine\x07",
    "fills the clipboard": "\x1b]52;c;cm0gLXJmIH4K\x1b\\",
    "hides a link": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "ends a paste": "\x1b[201~",
    "asks the terminal to answer": "\x1b[6n\x1b[c\x05",
    "speaks Latin-1": "\x9b2J\x9d0;mine\x9c",
    "goes back": "safe\x08\x08\x08\x08evil\rgone",
    "writes from right to left": "\u202egnp.exe\u2066",
    "speaks to a printer": "\x1bP1$qm\x1b\\\x1b#8\x1bc",
}


@pytest.mark.parametrize("order", ORDERS)
def test_what_a_terminal_would_obey_does_not_reach_it(order: str) -> None:
    for shown in (harmless(ORDERS[order]), harmless_on_a_terminal(ORDERS[order]), plain(ORDERS[order])):
        assert not CONTROL.search(shown)


@given(HOSTILE)
def test_nothing_but_colours_is_left_of_any_text(text: str) -> None:
    left = CONTROL.sub("", COLOUR.sub("", harmless(text).replace("\r\n", "")))
    assert left == COLOUR.sub("", harmless(text).replace("\r\n", ""))
    assert not CONTROL.search(plain(text))
    assert len(plain(text).splitlines()) <= 1


@pytest.mark.parametrize("text", ["", "a line\n\tand\r\nanother", "\x1b[1;31mred\x1b[0m", "ünï ☃ 日本", "a\u200bb"])
def test_all_else_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_a_colour_ends_with_its_line_on_a_terminal_so_that_it_hides_none_of_ours() -> None:
    assert harmless_on_a_terminal("\x1b[8mhidden\nours") == "\x1b[8mhidden\x1b[0m\nours"
    assert harmless_on_a_terminal("plain") == "plain"


@settings(max_examples=50)
@given(st.lists(ARGUMENT, max_size=8))
def test_bash_reads_the_very_words_from_one_line_without_control_characters(words: list[str]) -> None:
    line = joined(["printf", "%s\\0", "", *words])
    assert len(line.split("\n")) == 1
    assert not CONTROL.search(line)
    done = subprocess.run(["bash", "--norc", "-c", line], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stdout.decode().split("\0")[1:-1] == words


def test_a_word_that_needs_no_care_is_quoted_as_everybody_does() -> None:
    assert quoted("a") == "a"
    assert quoted("it's") == "'it'\"'\"'s'"
    assert quoted("a\nb\x1b") == "$'a\\x0ab\\x1b'"
