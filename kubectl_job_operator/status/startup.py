"""Why a Job did not start: a line for people in a hurry, and all that is known below it. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import cause
from kubectl_job_operator.status import events as event_list
from kubectl_job_operator.status.outlook import Obstacle, Outlook, capital, grouped, line_of
from kubectl_job_operator.status.shortening import WIDTH

_MOST_LINES = 5
_WORST_FIRST = (Outlook.HOPELESS, Outlook.PULL_FAILING, Outlook.MAY_HEAL, Outlook.PASSING)


def report(job: Object, what: str, found: Sequence[Obstacle], events: Sequence[Object], remedy: str) -> str:
    """Tell why a Job is given up that does not start.

    :param what: which limit is over, as a sentence.
    :param found: what its pods wait for.
    :param events: the events about it.
    """
    head = f"{kinds.word(job)} {job['metadata']['namespace']}/{job['metadata']['name']} did not start: "
    groups = sorted(grouped(found), key=lambda group: _WORST_FIRST.index(group[0].outlook))
    told = [line_of(group) for group in groups[:_MOST_LINES]]
    reason = cause.of_obstacle(groups[0][0]).fitted(WIDTH - len(head)) if groups else "nothing of it ran"
    lines = [f"{head}{reason}", what]
    if told != [reason]:
        lines += [f"  {capital(line)}" for line in told]
    if not all(one.is_explained for one in found):
        lines += [f"  {line}" for line in event_list.grouped(job, events)]
    return "\n".join([*lines, f"What to do: {remedy}"])
