"""The doctor's table, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kubectl_job_operator.cli.wording import advice_in_options, in_options
from kubectl_job_operator.life.examination import Finding, Mark
from kubectl_job_operator.printable import harmless

_STYLES = {Mark.GOOD: "green", Mark.UNSURE: "yellow", Mark.BAD: "bold red"}
_WIDTH_OF_A_FILE = 10_000  # one line for each row, for grep


def show(findings: Sequence[Finding]) -> None:
    """Print a row for each finding; the last column is there only where something is to be done."""
    has_advice = any(finding.advice for finding in findings)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("found", overflow="fold")
    if has_advice:
        table.add_column("what to do", overflow="fold")
    for one in findings:
        cells = [Text(one.mark.value, style=_STYLES[one.mark]), Text(one.what), Text(harmless(in_options(one.found)))]
        table.add_row(*cells, *([Text(advice_in_options(one.advice))] if has_advice else []))
    Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_FILE).print(table)


def as_json(findings: Sequence[Finding]) -> str:
    """Write a list with an object for each finding; it is good, bad or unsure."""
    return json.dumps(
        [
            {
                "what": one.what,
                "state": one.mark.name.lower(),
                "found": in_options(one.found),
                "advice": advice_in_options(one.advice) or None,
            }
            for one in findings
        ],
        indent=2,
    )
