"""The simulation's own proof: one rule of the code is taken away at a time, and some history must show it.

``python -m tests.simulation.mutants [WORDS]`` prints how many histories it took for each, or for those with these words
in their names; 10,000 are the most.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from kubectl_job_operator.attempt import decision
from kubectl_job_operator.attempt.decision import Decision, Made
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.life import beginning, unwinding
from kubectl_job_operator.life.beginning import Beginning
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.life.unwinding import Unwinding
from kubectl_job_operator.logs import source
from kubectl_job_operator.logs.resumption import Position, Resumption
from tests.simulation.history import History
from tests.simulation.invariants import broken

_MOST = 10_000


@dataclass(frozen=True)
class Mutant:
    """A rule that is taken away.

    :param name: which.
    :param where: whose attribute is another one meanwhile.
    :param attribute: its name.
    :param value: the other one.
    """

    name: str
    where: Any
    attribute: str
    value: Any

    def living(self) -> Any:
        """Return what lets it live for a while."""
        return mock.patch.object(self.where, self.attribute, self.value)


def _adopts_whatever_is_there(job: Any, _: Any) -> tuple[Decision, str]:
    return (Decision.APPLY, "there is none") if job is None else (Decision.ADOPT, "it is there")


def _never_adopts(job: Any, identity: Any, decide: Callable[..., Any] = decision.decide) -> tuple[Decision, str]:
    decided, why = decide(job, identity)
    return (Decision.REFUSE if decided is Decision.ADOPT else decided), why


def _begins_anew(job: Any, identity: Any, made_by: Callable[..., Any] = decision.made_by) -> Any:
    return made_by(job, replace(identity, has_exact_round=False))


def _without_clocks(make: Callable[..., None] = Obstacles.__init__) -> Callable[..., None]:
    def begin(self: Obstacles, *arguments: Any, **more: Any) -> None:
        make(self, *arguments, **{**more, "waited_seconds": 0.0, "clocks": ""})

    return begin


MUTANTS = (
    Mutant("adoption: whatever has the name is adopted", beginning, "decide", _adopts_whatever_is_there),
    Mutant("adoption: its own Job is not", beginning, "decide", _never_adopts),
    Mutant("adoption: of any round", decision, "made_by", lambda *_: Made.BY_EARLIER_TRY),
    Mutant("adoption: not by a try that is begun anew", decision, "made_by", _begins_anew),
    Mutant("no look: the first finds nothing", Beginning, "_first_look", lambda _: None),
    Mutant("no look: not between two applies", Beginning, "_made_meanwhile", lambda _: None),
    Mutant("no look: what failed in between is forgotten", beginning, "is_own_and_over", lambda *_: False),
    Mutant("no wait for the pods of an earlier Job", Beginning, "_wait_for_own_pods", lambda _: None),
    Mutant("resuming: nothing was shown before", Resumption, "unseen", lambda _, lines: lines),
    Mutant("resuming: from the beginning of a run", source, "Resumption", lambda _: Resumption(Position())),
    Mutant("the handover's clocks begin anew", Obstacles, "__init__", _without_clocks()),
    Mutant("after a kill nothing is deleted", Unwinding, "_delete_what_is_left", lambda *_, **__: None),
    Mutant("a Job is deleted whatever it has become since the look", Kubectl, "delete_as_seen", lambda *_: False),
    Mutant("what earlier tries have left is not looked for", unwinding, "left_by_earlier_tries", lambda *_: (None, ())),
    Mutant("a kill sets no flag", Mailbox, "kill", lambda self: self.wake()),
    Mutant("a kill is not looked for", Mailbox, "check", lambda _: None),
)


def died_after(mutant: Mutant, most: int = _MOST) -> tuple[int, str]:
    """Return how many histories a mutant has survived, and what has shown it then; nothing if it lives on."""
    with mutant.living():
        for seed in range(most):
            if found := broken(History(str(seed))):
                return seed, found[0]
    return most, ""


def main() -> int:
    """Print a line for each mutant; return 1 if one survives."""
    survivors = 0
    for mutant in (one for one in MUTANTS if " ".join(sys.argv[1:]) in one.name):
        count, shown = died_after(mutant)
        survivors += not shown
        print(f"{mutant.name:46} {f'died in history {count}: {shown}' if shown else 'SURVIVED'}", flush=True)
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
