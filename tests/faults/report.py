"""The table that the bench prints, and a sentence for each harm below it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.judge import Finding, Harm

_COLUMNS = [harm for harm in Harm if harm is not Harm.LATE]


@dataclass(frozen=True)
class Row:
    """What came of one fault.

    :param fault: its title.
    :param runs: how many task instances there were.
    :param hits: how many of them it hit.
    :param faults: how often it was injected: less than hits where several task instances share one.
    :param findings: the harm.
    :param notices: seconds from each Job's end until its worker noticed.
    :param log_folder: below it, a folder for each task instance has its logs.
    """

    fault: str
    runs: int
    hits: int
    faults: int
    findings: Sequence[Finding]
    notices: Sequence[float]
    log_folder: Path


def table(rows: Sequence[Row]) -> str:
    """Return the table, and what happened for each harm."""
    heads = ["fault", "runs", "hit", "faults", *(harm.value for harm in _COLUMNS), "noticed (s)", "worst"]
    cells = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    lines = [
        "  ".join(_aligned(text, width, column) for column, (text, width) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    ]
    return "\n".join([*lines, *(sentence for row in rows for sentence in _sentences(row))])


def _cells(row: Row) -> list[str]:
    counts = [str(sum(finding.harm is harm for finding in row.findings)) for harm in _COLUMNS]
    notices = [f"{statistics.median(row.notices):.2f}", f"{max(row.notices):.2f}"] if row.notices else ["-", "-"]
    return [row.fault, str(row.runs), str(row.hits), str(row.faults), *counts, *notices]


def _sentences(row: Row) -> list[str]:
    return [
        f"{row.fault}, {finding.task_id}: {finding.harm.value}: {finding.sentence}.\n"
        f"  its log: {row.log_folder}/task_id={finding.task_id}"
        for finding in row.findings
    ]


def _aligned(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)
