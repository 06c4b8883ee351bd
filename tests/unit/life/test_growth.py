"""What a change of one pod costs does not grow with the number of the Job's pods: counted as work, not as time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest

from kubectl_job_operator.attempt.groups import GroupedLog
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.settings import Following, Patience
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.life import obstacles as obstacles_module
from kubectl_job_operator.life import patience as patience_module
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.life.patience import WhoIsWaitedFor
from kubectl_job_operator.life.progress import Progress
from kubectl_job_operator.logs.follower import LogFollower
from kubectl_job_operator.logs.reading import Kind
from kubectl_job_operator.logs.source import LogSource
from kubectl_job_operator.watch import pace as pace_module
from kubectl_job_operator.watch.kept_pods import KeptPods
from kubectl_job_operator.watch.pace import Paced
from kubectl_job_operator.watch.pods import PodWatch
from kubectl_job_operator.watch.waiting import Chore
from kubectl_job_operator.watch.witnesses import Witnesses
from tests.benchmarks.model import job, pod_steps
from tests.unit.stage import Log

_AT_ONCE = 10
_FEW, _MANY = 40, 400
_LIVING_STEPS = 3
Count = dict[str, int]


class Work:
    """Counts how often something is done with a pod or with its log."""

    def __init__(self) -> None:
        self.done: Count = {}

    def add(self, what: str, count: int = 1) -> None:
        """Count it."""
        self.done[what] = self.done.get(what, 0) + count


class _NoEvents:
    is_reading = False

    def start(self, job: Any, waiting: Any) -> None:
        """Read none."""

    def handle(self, process: Any) -> None:
        """Have read none."""

    def pending(self) -> Sequence[Any]:
        """Read none."""
        return ()


class _Task:
    """The chores of a task whose Job has very many pods; no kubectl runs.

    :param pods: how many.
    """

    def __init__(self, pods: int) -> None:
        self.pods = pods
        made, log = job(pods, _AT_ONCE, is_complete=False), Log()
        mailbox, kubectl = Mailbox(), cast("Kubectl", None)
        self.watch = PodWatch(kubectl, made, mailbox, log)
        self.watch._watch = cast("Any", object())
        self.watch._output = Output(lambda: None)
        self.witnesses = Witnesses(made, self.watch)
        self.follower = LogFollower(kubectl, made, self.watch, mailbox, log=log, following=Following())
        watch = self.watch
        obstacles = Obstacles(
            made,
            _NoEvents(),
            log,
            pods=watch.telling,
            look=lambda: made,
            pods_of=lambda _: watch.telling(),
            patience=Patience(),
        )
        who = WhoIsWaitedFor(made, log, watch.telling, lambda: watch.left_out)
        self.chores: list[Chore] = [
            watch,
            Progress(made, watch, GroupedLog(log)),
            self.follower,
            Paced(watch, obstacles, cast("Chore", _Who(who))),
        ]

    def run(self, end: str = "Succeeded") -> None:
        """Let all pods live, one change after the other, and end with that phase."""
        for line in _lines(self.pods, end):
            assert self.watch._output is not None
            self.watch._output.put(line)
            self.round()
        assert self.watch.over_count == self.pods

    def round(self) -> None:
        """Do what is done whenever anything has come."""
        for chore in self.chores:
            chore.advance()
        self.witnesses.may_fail()
        self.witnesses.is_there()


class _Who:
    """Asks as the chore does that also reads the Job."""

    def __init__(self, who: WhoIsWaitedFor) -> None:
        self.advance = who.advance

    def handle(self, process: Any) -> None:
        """Run nothing."""

    def pending(self) -> Sequence[Any]:
        """Run nothing."""
        return ()


def _read_at_once(source: LogSource, kind: Kind) -> None:
    """Have read the log of a container that has ended; of one that runs nothing comes."""
    if kind is Kind.REST:
        source._log.turn_to(source._log.instance + 1)


def _lines(pods: int, end: str = "Succeeded") -> Iterator[bytes]:
    steps = [json.dumps(step).replace('"Succeeded"', f'"{end}"').encode() + b"\n" for step in pod_steps()]

    def of(number: int, some: Sequence[bytes]) -> Iterator[bytes]:
        return (step.replace(b"__NUMBER__", b"%08d" % number) for step in some)

    for number in range(pods + _AT_ONCE):
        if number < pods:
            yield from of(number, steps[:_LIVING_STEPS])
        if number >= _AT_ONCE:
            yield from of(number - _AT_ONCE, steps[_LIVING_STEPS:])


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Count what is done; of very many pods, too, each change is looked at at once."""
    work = Work()
    monkeypatch.setattr(pace_module, "_SECONDS_PER_POD", 0.0)

    def counted(owner: Any, name: str, what: str, size: Callable[..., int] = lambda *_, **__: 1) -> None:
        real = getattr(owner, name)

        def counting(*positional: Any, **named: Any) -> Any:
            work.add(what, size(*positional, **named))
            return real(*positional, **named)

        monkeypatch.setattr(owner, name, counting)

    monkeypatch.setattr(LogSource, "start", _read_at_once)
    counted(KeptPods, "__getitem__", "pods taken")
    counted(json, "loads", "documents read")
    counted(obstacles_module, "obstacles", "pods judged", lambda _job, pods, *_: len(pods))
    counted(patience_module, "lingering", "pods waited for", lambda _job, pods, *_: len(pods))
    counted(LogSource, "advance", "logs looked at")
    return work


def _of_each(work: Work, end: str) -> dict[str, tuple[float, float]]:
    """Return how often each thing is done for one pod of few, and for one of many."""
    _Task(_FEW).run(end)
    few, work.done = work.done, {}
    _Task(_MANY).run(end)
    return {what: (count / _FEW, work.done[what] / _MANY) for what, count in few.items()}


def test_each_pod_costs_the_same_however_many_there_are(work: Work) -> None:
    each = _of_each(work, "Succeeded")
    assert {what for what, (one, other) in each.items() if other > 1.3 * one} == set(), each
    assert each.keys() >= {"pods taken", "documents read", "pods judged", "pods waited for", "logs looked at"}


def test_no_pod_that_has_failed_is_unpacked_for_each_look_at_all_that_have(work: Work) -> None:
    each = _of_each(work, "Failed")
    for what in ("pods taken", "documents read"):
        few, many = each[what]
        assert many <= 1.3 * few, each


def test_a_line_of_a_log_makes_nobody_look_at_the_pods(work: Work) -> None:
    task = _Task(_FEW)
    task.run()
    work.done = {}
    for _ in range(100):
        task.round()
    assert {what: count for what, count in work.done.items() if what != "logs looked at"} == {}


@pytest.mark.parametrize(("restarts", "is_read_on"), [(0, False), (1, True)])
def test_of_a_log_that_was_shown_to_its_end_only_a_later_run_is_read(
    work: Work, restarts: int, *, is_read_on: bool
) -> None:
    task = _Task(1)
    task.run()
    assert work.done["logs looked at"] > 0
    assert task.follower._sources == {}
    again = json.loads(next(_lines(1)))["object"]
    again["status"]["containerStatuses"][0].update(restartCount=restarts, state={"running": {}})
    task.watch.see(again)
    task.round()
    assert [source._log.instance for source in task.follower._sources.values()] == [1] * is_read_on


def test_pods_that_have_ended_are_kept_in_little_memory_and_whole() -> None:
    kept = KeptPods()
    bodies = [json.loads(line)["object"] for line in _lines(300)]
    for body in bodies:
        kept.put(body["metadata"]["uid"], body)
        if body["status"]["phase"] == "Succeeded":
            kept.settle(body["metadata"]["uid"])
    last = {body["metadata"]["uid"]: body for body in bodies}
    assert dict(kept) == last
    packed = [len(one) for one in kept._pods.values() if isinstance(one, bytes)]
    assert len(packed) >= 200
    assert max(packed[1:]) < 500
    assert len(json.dumps(bodies[-1])) > 5_000
