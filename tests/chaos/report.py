"""What the run prints at its end: its faults, its harm, and a sentence for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.faults.judge import Finding, Harm

HARMS = (
    Harm.DUPLICATE,
    Harm.DOUBLED_WORK,
    Harm.WRONG_VERDICT,
    Harm.LEFT_BEHIND,
    Harm.OTHERS,
    Harm.LINES,
    Harm.ENDLESS,
)
_NAMES = [harm.value for harm in HARMS]


@dataclass(frozen=True)
class Outcome:
    """What came of the run.

    :param jobs: how many task instances there were.
    :param deferrable: how many of them were deferrable.
    :param hits: how many were hit by a fault of their own.
    :param faults: how often there was each kind of fault.
    :param findings: the harm.
    :param reasons: for what reason, and how often, something is no harm that looks like it.
    :param mishaps: of storms that did not go as they should.
    """

    jobs: int
    deferrable: int
    hits: int
    faults: Counter[str]
    findings: Sequence[Finding]
    reasons: Counter[str]
    mishaps: Sequence[str] = ()


def lines(outcome: Outcome, kinds: Sequence[str]) -> Iterator[str]:
    """Return what is printed.

    :param kinds: of faults, in the order in which they are shown; one that there was not is shown too.
    """
    yield (
        f"{outcome.jobs} task instances, {outcome.deferrable} of them deferrable; {outcome.hits} were hit by faults of "
        f"their own, and all by {sum(outcome.faults.values())} faults:"
    )
    width = max(map(len, [*kinds, *_NAMES]))
    yield from (f"  {kind:<{width}}  {outcome.faults[kind]:>4}" for kind in kinds)
    yield from (f"A storm did not go as it should, and was mended: {mishap}" for mishap in outcome.mishaps)
    yield from judgement(outcome.findings, outcome.reasons, width)


def judgement(findings: Sequence[Finding], reasons: Counter[str], width: int = max(map(len, _NAMES))) -> Iterator[str]:
    """Return what is printed of the harm alone.

    :param reasons: for what reason, and how often, something is no harm that looks like it.
    :param width: of the column of names.
    """
    yield "Harm:"
    for harm in HARMS:
        yield f"  {harm.value:<{width}}  {sum(one.harm is harm for one in findings):>4}"
    for reason, count in reasons.items():
        yield f"No harm, {count} x: {reason}."
    for one in findings:
        yield f"{one.task_id}: {one.harm.value}: {one.sentence}."
