"""The table that the bench prints, and a sentence for each harm below it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.judge import Finding, Harm
from tests.faults.telling import Told

_COLUMNS = (Harm.DUPLICATE, Harm.DOUBLED_WORK, Harm.WRONG_VERDICT, Harm.LEFT_BEHIND, Harm.ENDLESS, Harm.UNTOLD)


@dataclass(frozen=True)
class Row:
    """What came of one fault.

    :param fault: its title.
    :param runs: how many task instances there were.
    :param hits: how many of them it hit.
    :param faults: how often it was injected: less than hits where several task instances share one.
    :param findings: the harm.
    :param notices: seconds from each Job's end until its worker noticed.
    :param told: how each strike was told in the log of a task that it struck.
    :param log_folder: below it, a folder for each task instance has its logs.
    """

    fault: str
    runs: int
    hits: int
    faults: int
    findings: Sequence[Finding]
    notices: Sequence[float]
    log_folder: Path
    told: Sequence[Told] = ()


def in_short(row: Row) -> str:
    """Return what came of a fault in a few words."""
    parts = [f"{row.hits} hit", f"{len(row.findings)} harms" if row.findings else "no harm"]
    asked = [one for one in row.told if one.is_due]
    if asked:
        parts.append(f"{sum(one.is_in_time for one in asked)} of {len(asked)} logs named it in time")
    return ", ".join(parts)


def table(rows: Sequence[Row]) -> str:
    """Return the table, and what happened for each harm."""
    heads = ["fault", "runs", "hit", "faults", *(harm.value for harm in _COLUMNS), "noticed (s)", "worst"]
    lines = _lines([heads, *(_cells(row) for row in rows)])
    return "\n".join([*lines, *(sentence for row in rows for sentence in _sentences(row))])


def told_table(rows: Sequence[Row]) -> str:
    """Return how soon the tasks' logs named what struck them: of those that went on for long enough to be asked."""
    shown = [row for row in rows if row.told]
    heads = ["fault", "struck", "asked", "in time", "after it (s)", "worst", "after the cluster knew (s)", "worst"]
    lines = _lines([heads, *(_told_cells(row) for row in shown)])
    return "\n".join([*lines, *(_names(row) for row in shown)])


def _told_cells(row: Row) -> list[str]:
    asked = [one for one in row.told if one.is_due]
    strikes = [one.after_strike for one in asked if one.after_strike is not None]
    signs = [one.after_sign for one in asked if one.after_sign is not None]
    in_time = sum(one.is_in_time for one in asked)
    return [
        row.fault,
        *map(str, (len(row.told), len(asked), in_time)),
        *_middle_and_worst(strikes),
        *_middle_and_worst(signs),
    ]


def _names(row: Row) -> str:
    names = Counter(one.name or "nothing" for one in row.told if one.is_due)
    others = Counter(one.name or "nothing" for one in row.told if not one.is_due)
    parts = [", ".join(f"{name} {count} x" for name, count in found.most_common()) or "-" for found in (names, others)]
    return f"{row.fault}: by {parts[0]}; where nobody asked: {parts[1]}."


def _middle_and_worst(seconds: Sequence[float]) -> list[str]:
    return [f"{statistics.median(seconds):.2f}", f"{max(seconds):.2f}"] if seconds else ["-", "-"]


def _lines(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    return [
        "  ".join(_aligned(text, width, column) for column, (text, width) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    ]


def _cells(row: Row) -> list[str]:
    counts = [str(sum(finding.harm is harm for finding in row.findings)) for harm in _COLUMNS]
    return [row.fault, str(row.runs), str(row.hits), str(row.faults), *counts, *_middle_and_worst(row.notices)]


def _sentences(row: Row) -> list[str]:
    return [
        f"{row.fault}, {finding.task_id}: {finding.harm.value}: {finding.sentence}.\n"
        f"  its log: {row.log_folder}/task_id={finding.task_id}"
        for finding in row.findings
    ]


def _aligned(text: str, width: int, column: int) -> str:
    return text.ljust(width) if column == 0 else text.rjust(width)
