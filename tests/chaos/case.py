"""All that the chaos bench knows of one task instance when it is over."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.blows import HITS, OF_TIMEOUT
from tests.chaos.storms import STORMS, Storm
from tests.faults.evidence import Evidence
from tests.faults.judge import Rules

_FILE = "cases.pickle"
_FELT_SECONDS = 75.0
"""So long after a scheduler has died the next one may take tasks away from their workers."""


@dataclass(frozen=True)
class Struck:
    """A blow that has hit a task instance.

    :param name: the plan's.
    :param at: Unix time.
    """

    name: str
    at: float = 0.0


@dataclass(frozen=True)
class Case:
    """A task instance.

    :param evidence: what others than the operator know of it.
    :param hits: the blows that have hit it.
    :param storms: all that there were.
    :param logs: what each of its tries has logged, by their numbers.
    :param triggerers_log: what all triggerers have logged of themselves.
    """

    evidence: Evidence
    hits: Sequence[Struck] = ()
    storms: Sequence[Storm] = ()
    logs: Mapping[int, str] = field(default_factory=dict)
    triggerers_log: str = ""

    @property
    def last_log(self) -> str:
        """Return what its last try has logged."""
        tries = self.evidence.tries
        return self.logs.get(tries[-1].number, "") if tries else ""

    @property
    def blows(self) -> set[str]:
        """Return the names of those that have hit it."""
        return {hit.name for hit in self.hits}

    @property
    def felt(self) -> list[Storm]:
        """Return the storms that blew while it was at work, or so soon before that it may have felt them."""
        tries = self.evidence.tries
        began = min((one.started_at for one in tries if one.started_at), default=0.0)
        over = max((one.ended_at for one in tries if one.ended_at), default=float("inf"))
        return [one for one in self.storms if one.at <= over and one.over_at + _FELT_SECONDS >= began]

    @property
    def rules(self) -> Rules:
        """Return what all that has hit it excuses together."""
        found = [HITS[name][1] for name in self.blows] + [STORMS[one.name][1] for one in self.felt]
        if self.evidence.plan.execution_timeout_seconds is not None:
            found.append(OF_TIMEOUT)
        return Rules(*(any(values) for values in zip(*map(astuple, [Rules(), *found]), strict=True)))


def said_in(log: str) -> str:
    """Return what is said in a log of Airflow's, which has an object in a line."""
    return "\n".join(str(record.get("event", "")) for record in records(log))


def records(log: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a log of Airflow's."""
    for line in log.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


def keep(cases: Iterable[Case], folder: Path) -> None:
    """Write them to a file, to be judged again."""
    (folder / _FILE).write_bytes(pickle.dumps(list(cases)))


def kept(folder: Path) -> list[Case]:
    """Return what was written there, by this same program."""
    found: list[Case] = pickle.loads((folder / _FILE).read_bytes())
    return found
