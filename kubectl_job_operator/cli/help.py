"""How help looks: as it is written, and in colour on a terminal."""

from __future__ import annotations

import argparse
import sys
from typing import Any

_COLUMN = 36
"""Where the explanation of an option begins."""


class PlainHelp(argparse.RawDescriptionHelpFormatter):
    """Keeps examples as they are written, and the options in one column."""

    def __init__(self, prog: str, **how: Any) -> None:
        super().__init__(prog, max_help_position=_COLUMN, **how)


def help_formatter(prog: str, **how: Any) -> argparse.HelpFormatter:
    """Make what writes help: in colour only where people see it, for others it is text.

    :param prog: the program's name.
    :param how: what a newer argparse tells more.
    """
    if not sys.stdout.isatty():
        return PlainHelp(prog, **how)
    from rich_argparse import RawDescriptionRichHelpFormatter

    class ColouredHelp(RawDescriptionRichHelpFormatter):
        # Brackets in our texts are brackets, and headings stay as they are written.
        help_markup = text_markup = False
        group_name_formatter = str

    return ColouredHelp(prog, max_help_position=_COLUMN, **how)
