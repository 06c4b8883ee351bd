"""Whether a fault is named in the task's log, and how soon: after it struck, and after the cluster had noticed it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kubectl_job_operator import objects
from kubectl_job_operator.status import exit_codes_and_oom, pod_status
from tests.faults.deployment import Try

TOLD_SECONDS = 15.0
_SHORTEST_OUTAGE_SECONDS = 6.0
"""An outage of three seconds is no news, and that the server is back is known only some seconds later."""
_SIGHT_LOST = 255


@dataclass(frozen=True)
class Telling:
    """What tells people of a fault.

    :param sentences: patterns by a name for each sentence.
    :param needs_sign: whether the cluster itself has to notice first; else it is to be noticed by its silence.
    """

    sentences: Mapping[str, str]
    needs_sign: bool


OF_API_SERVER = Telling(
    {
        "does not serve us": r"^The cluster does not serve us now \(",
        "no answer": r"^-> apply: no answer for \d+ s, so the cluster may be away",
        "refuses us": r"^The cluster refuses us \(",
    },
    needs_sign=False,
)
OF_NODE = Telling(
    {
        "is being ended": r"^Pod \S+ on node \S+ is being ended: ",
        "is NotReady": r"its node \S+ is NotReady",
        "was to be gone": r"was to be gone at .* its node does not say",
        "cannot be reached": r"its node \S+ cannot be reached",
        "nothing runs": (
            r"^Nothing runs: pod \S+(, container \S+)? "
            r"(cannot be scheduled: |was given to node \S+, which has not begun|is being created on node )"
        ),
        "its verdict waits": r"its verdict waits for the end of pod",
        "was evicted": r"it was evicted through the API",
        "was started again": r"its node was started again while it ran",
        "lost with its node": r"its node got a taint|its node is gone|the node lost sight of it",
    },
    needs_sign=True,
)


@dataclass(frozen=True)
class Line:
    """A line of a task's log.

    :param at: when it was written, as Unix time.
    :param text: what it says.
    """

    at: float
    text: str


@dataclass(frozen=True)
class PodLife:
    """What a watch saw of a pod; all times are Unix times.

    :param job_name: its Job's.
    :param seen_at: when it came.
    :param ran_at: when it had begun; ``None`` if it never did.
    :param in_trouble_at: when the cluster first noticed that something was wrong with it; ``None`` if it never did.
    """

    job_name: str
    seen_at: float
    ran_at: float | None = None
    in_trouble_at: float | None = None

    def waits_from(self, strike: Strike) -> float | None:
        """Return since when it did not begin because of a strike; ``None`` where it did."""
        since = max(strike.at, self.seen_at)
        is_held = since <= strike.over_at and (self.ran_at is None or self.ran_at - since >= TOLD_SECONDS)
        return since if is_held else None


@dataclass(frozen=True)
class Strike:
    """A fault that struck a task instance; all times are Unix times.

    :param at: when.
    :param over_at: when the cluster served again.
    :param begins_at: when the task instance called its operator, if it waited at the gate.
    """

    at: float
    over_at: float
    begins_at: float = 0.0

    @property
    def felt_at(self) -> float:
        """When the task instance can have felt it first."""
        return max(self.at, self.begins_at)


@dataclass(frozen=True)
class Told:
    """How a strike was told in a task's log.

    :param is_due: whether it had to be: the task went on for long enough after it.
    :param name: the sentence's; empty where there was none.
    :param after_strike: seconds from the strike to it; ``None`` where there was none.
    :param after_sign: the same from when the cluster had noticed; ``None`` where it has not, either.
    """

    is_due: bool
    name: str = ""
    after_strike: float | None = None
    after_sign: float | None = None

    @property
    def is_in_time(self) -> bool:
        """Whether it was told, and soon."""
        return self.after_sign is not None and self.after_sign <= TOLD_SECONDS


def told(
    telling: Telling,
    strike: Strike,
    tries: Sequence[Try],
    logs: Mapping[int, Sequence[Line]],
    pods: Sequence[PodLife] = (),
) -> Told | None:
    """Return how a strike was told; ``None`` where no try went on while it struck.

    :param logs: by the tries' numbers.
    :param pods: those of the task's Jobs. Where the cluster has to notice first, it has when it shows one in trouble;
        and one that does not begin is to be told for that.
    """
    struck = next((one for one in tries if _goes_on(one, strike)), None)
    if struck is None or struck.ended_at is None:
        return None
    noticed_at, lines_from = strike.felt_at, strike.at
    if telling.needs_sign:
        signs = [one.in_trouble_at for one in pods if one.in_trouble_at is not None]
        signs = [at for at in signs if strike.at <= at <= struck.ended_at]
        held = [one for one in pods if one.waits_from(strike) is not None]
        noticed_at = min([*signs, *(max(strike.at, one.seen_at) for one in held)], default=math.inf)
        # That such a pod does not begin may stand there already.
        lines_from = min([strike.at, *(one.seen_at for one in held)])
    is_due = struck.ended_at - noticed_at >= TOLD_SECONDS
    if not telling.needs_sign:
        is_due = is_due and strike.over_at - strike.felt_at >= _SHORTEST_OUTAGE_SECONDS
    for line in logs.get(struck.number, ()):
        name = next((name for name, pattern in telling.sentences.items() if re.search(pattern, line.text)), "")
        if name and line.at >= lines_from:
            after_sign = None if noticed_at == math.inf else max(0.0, line.at - noticed_at)
            return Told(is_due, name, max(0.0, line.at - strike.felt_at), after_sign)
    return Told(is_due)


def _goes_on(one: Try, strike: Strike) -> bool:
    """Whether a try had begun its work before the strike was over, and ended after it."""
    is_there = one.started_at is not None and one.ended_at is not None and one.started_at <= strike.at
    return is_there and strike.begins_at <= strike.over_at and one.ended_at is not None and one.ended_at > strike.at


def read_log(text: str) -> list[Line]:
    """Read a log of Airflow's: an object a line; each line of its text counts alone."""
    found = []
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        entry = json.loads(line)
        at = datetime.fromisoformat(str(entry["timestamp"]).replace("Z", "+00:00")).timestamp()
        found += [Line(at, part.strip()) for part in str(entry.get("event", "")).splitlines()]
    return found


def pod_life(before: PodLife | None, pod: Mapping[str, Any], at: float) -> PodLife:
    """Return what is known of a pod after an event of a watch."""
    life = before or PodLife((pod["metadata"].get("labels") or {}).get("job-name", ""), at)
    if life.ran_at is None and pod_status.phase(dict(pod)) != "Pending":
        life = replace(life, ran_at=at)
    if life.in_trouble_at is None and is_in_trouble(pod):
        life = replace(life, in_trouble_at=at)
    return life


def is_in_trouble(pod: Mapping[str, Any]) -> bool:
    """Whether the cluster has noticed that something is wrong with a pod, or with its node."""
    thing = dict(pod)
    if exit_codes_and_oom.disruption_of(thing) or pod_status.phase(thing) == "Unknown":
        return True
    statuses = objects.status_of(thing).get("containerStatuses") or ()
    ends = [(one.get("state") or {}).get("terminated") or {} for one in statuses]
    if any(end.get("exitCode") == _SIGHT_LOST and end.get("reason") == "Unknown" for end in ends):
        return True
    if pod_status.has_ended(thing):
        return False
    ready = objects.condition(thing, "Ready")
    is_lost = pod_status.phase(thing) == "Running" and ready.get("status") == "False" and not ready.get("reason")
    return objects.is_being_deleted(thing) or is_lost
