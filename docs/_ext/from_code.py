"""Directives that write a page out of the code, so that each fact stands in one place: there."""

from __future__ import annotations

import argparse
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar

from docstrings import Argument, parts_of
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class _Generated(SphinxDirective):
    """Makes nodes out of reStructuredText that the code gives."""

    def _parsed(self, lines: Iterable[str]) -> list[nodes.Node]:
        text = StringList([part for line in lines for part in line.split("\n")], source=self.get_source_info()[0])
        parent = nodes.container()
        self.state.nested_parse(text, self.content_offset, parent)
        return list(parent.children)


class Arguments(_Generated):
    """``.. arguments:: CLASS``: those of its docstring, with type, default and meaning.

    With ``:listed:`` they are a mere list: an argument's name is a place of its own once only.
    """

    required_arguments: ClassVar[int] = 1
    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {"listed": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Write one entry for each argument, below the headings that the docstring has."""
        module, _, name = self.arguments[0].rpartition(".")
        doc = inspect.getdoc(getattr(importlib.import_module(module), name)) or ""
        return self._parsed(self._lines(doc))

    def _lines(self, doc: str) -> Iterator[str]:
        for part in parts_of(doc):
            if isinstance(part, Argument) and "listed" in self.options:
                yield from (f"``{part.name}``", f"   ({part.kind}) {part.meaning}", "")
            elif isinstance(part, Argument):
                yield from (f".. argument:: {part.name}", "", f"   ({part.kind}) {part.meaning}", "")
            elif part.endswith(":"):
                yield from (f".. rubric:: {part.removesuffix(':')}", "")
            else:
                yield from (part, "")


class CommandLine(_Generated):
    """``.. command-line::``: the help of the program and of each of its commands."""

    def run(self) -> list[nodes.Node]:
        """Write a section for each."""
        from kubectl_job_operator.cli.main import make_parser

        parser = make_parser()
        made = [_section(parser.prog, parser)]
        for action in parser._actions:  # noqa: SLF001 - argparse has no other way to its subcommands
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
                made += [_section(f"{parser.prog} {name}", command) for name, command in action.choices.items()]
        return made


class Configuration(_Generated):
    """``.. configuration::``: the options of the section in Airflow's configuration."""

    def run(self) -> list[nodes.Node]:
        """Write one entry for each option."""
        from kubectl_job_operator.airflow.defaults import OPTIONS

        lines: list[str] = []
        for one in OPTIONS:
            lines += [f".. confval:: {one.name}", f"   :type: {one.kind}"]
            lines += [f"   :default: ``{one.default}``"] if one.default else []
            lines += ["", f"   {one.description}"]
            lines += ["", f"   For example ``{one.example}``."] if one.example else []
            lines.append("")
        return self._parsed(lines)


class ElsewhereArguments(_Generated):
    """``.. elsewhere:: OPERATOR``: what becomes of the arguments of another operator."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """Write a table with a row for each."""
        from kubectl_job_operator.airflow.elsewhere import ELSEWHERE

        lines = [".. list-table::", "   :header-rows: 1", "", "   * - there", "     - here", "     - note"]
        for one in ELSEWHERE[self.arguments[0]]:
            here = f"``{one.here}``" if one.here else "none"
            lines += [f"   * - ``{one.there}``", f"     - {here}", f"     - {one.note}"]
        return self._parsed(lines)


def _section(title: str, parser: argparse.ArgumentParser) -> nodes.section:
    """Make a section of a program's help."""
    from kubectl_job_operator.cli.help import PlainHelp

    section = nodes.section(ids=[nodes.make_id(title)], names=[title])
    section += nodes.title(title, title)
    parser.formatter_class = PlainHelp  # also where the site is built on a terminal
    text = parser.format_help().rstrip()
    section += nodes.literal_block(text, text, language="text")
    return section


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_object_type("argument", "argument", "single: %s (argument)")
    app.add_directive("arguments", Arguments)
    app.add_directive("command-line", CommandLine)
    app.add_directive("configuration", Configuration)
    app.add_directive("elsewhere", ElsewhereArguments)
    return {"parallel_read_safe": True}
