"""What kubectl prints as it comes: the events of a watch, and the lines of a log."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kubectl_job_operator.objects import Object
from tests.simulation.cluster import Cluster, plural_of
from tests.simulation.controllers import Work
from tests.simulation.world import EPOCH

if TYPE_CHECKING:
    from tests.simulation.host import Run


def watch(
    run: Run, cluster: Cluster, plural: str, matches: Callable[[Object], bool], line_of: Callable[[str, Object], str]
) -> None:
    """Print all objects that there are, and then each change, until the connection is cut.

    :param line_of: makes of an event what is printed.
    """
    events: collections.deque[str] = collections.deque()

    def note(event: str, thing: Object) -> None:
        if plural_of(thing) == plural and matches(thing):
            events.append(line_of(event, thing))

    def begin() -> int:
        for thing in cluster.select(plural, matches):
            note("ADDED", thing)
        cluster.watchers.append(note)
        return cluster.cuts

    try:
        cuts = run.ask(begin)
        while True:
            while events:
                run.print(events.popleft())
            run.until(lambda: bool(events) or cluster.cuts != cuts)
            if cluster.cuts != cuts:
                return
            run.sleep(run.chance.uniform(0.001, 0.3))
    finally:
        if note in cluster.watchers:
            cluster.watchers.remove(note)


def follow(run: Run, cluster: Cluster, work: Work, since: str) -> None:
    """Print what a container has written, and then what it writes, until it ends or the connection is cut."""
    cuts, shown, was_over = cluster.cuts, 0, False

    def is_news() -> bool:
        return len(work.lines) > shown or work.is_over or is_cut()

    def is_cut() -> bool:
        return cluster.cuts != cuts or work.is_out_of_reach

    while not is_cut() and not was_over:
        # The kubelet ends a stream only after it has sent all.
        was_over, lines = work.is_over, work.lines[shown:]
        shown += len(lines)
        run.print("".join(stamped(lines, since)))
        if not was_over:
            run.until(is_news)
            run.sleep(run.chance.uniform(0.001, 0.2))


def stamped(lines: Sequence[tuple[float, str]], since: str) -> list[str]:
    """Return lines with their times before them, without those that are older."""
    return [f"{stamp} {text}\n" for at, text in lines if (stamp := _stamp(at)) >= since[:19]]


def _stamp(at: float) -> str:
    moment = EPOCH + datetime.timedelta(seconds=at)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z"
