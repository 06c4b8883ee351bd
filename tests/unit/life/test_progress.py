"""One line tells how far the Job is: when that changes, not too often, and when there was silence for long."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.attempt import sink as sink_module
from kubectl_job_operator.attempt.groups import GroupedLog
from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life import progress as progress_module
from kubectl_job_operator.life.progress import Progress, counts
from kubectl_job_operator.watch.pods import PodWatch
from tests.unit import recordings
from tests.unit.clock import Clock, stopped
from tests.unit.stage import Log
from tests.unit.watching import PARALLEL_JOB, pod


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the clock that the code under test reads."""
    return stopped(monkeypatch, progress_module, sink_module)


@pytest.fixture
def log(clock: Clock) -> Log:  # noqa: ARG001 - it comes first
    """Give a log."""
    return Log()


@pytest.fixture
def heard(log: Log) -> GroupedLog:
    """Give the log that knows when it was written to."""
    return GroupedLog(log)


@pytest.fixture
def watch(log: Log) -> Iterator[PodWatch]:
    """Give a watch whose pods the test sets by ``replace``; it starts nothing."""
    processes = Processes(os.environ)
    kubectl = Kubectl(Access(), "here", processes, Transcript(lambda _: None))
    yield PodWatch(kubectl, PARALLEL_JOB, Mailbox(), log)
    processes.close()


@pytest.fixture
def progress(watch: PodWatch, heard: GroupedLog) -> Progress:
    """Give the code under test."""
    return Progress(PARALLEL_JOB, watch, heard)


def test_each_change_is_told_with_the_seconds_since_the_beginning(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    progress.advance()
    for seconds, pods in (
        (0, [pod("a", "Pending")]),
        (5, [pod("a"), pod("b", "Pending")]),
        (10, [pod("a", "Succeeded"), pod("b")]),
        (10, [pod("a", "Succeeded"), pod("b")]),
        (20, [pod("a", "Succeeded"), pod("b", "Failed"), pod("c"), pod("d")]),
    ):
        clock.now += seconds
        watch.replace(pods)
        progress.advance()
    assert log.lines == [
        "Job parallel-indexed: 0/4 succeeded, 1 running, 1 pending, 5 s",
        "Job parallel-indexed: 1/4 succeeded, 1 running, 15 s",
        "Job parallel-indexed: 1/4 succeeded, 2 running, 1 failed, 45 s",
    ]


def test_a_pod_that_is_being_ended_is_not_called_running(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    ending = pod("a")
    ending["metadata"]["deletionTimestamp"] = "2026-11-20T19:25:02Z"
    watch.replace([ending, pod("b", "Pending")])
    clock.now += 5
    progress.advance()
    assert log.lines == ["Job parallel-indexed: 0/4 succeeded, 1 terminating, 1 pending, 5 s"]


def test_a_pod_whose_containers_all_start_anew_is_pending_again_and_never_called_none(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    for phase in ("Pending", "Running", "Pending", "Succeeded"):
        watch.replace([pod("a", phase)])
        progress.advance()
        clock.now += 5
    assert log.lines == [
        "Job parallel-indexed: 0/4 succeeded, 1 running, 5 s",
        "Job parallel-indexed: 0/4 succeeded, 1 pending, 10 s",
        "Job parallel-indexed: 1/4 succeeded, 15 s",
    ]


def test_changes_that_come_fast_are_told_at_most_once_a_second(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    for number in range(20):
        watch.replace([pod("a", ("Running", "Unknown")[number % 2])])
        progress.advance()
        clock.now += 0.1
    assert len(log.lines) == 2


def test_changes_of_many_pods_are_told_at_most_every_five_seconds(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    for number in range(20):
        watch.replace([pod(f"{other}") for other in range(number + 2)])
        told = len(log.lines)
        step = progress.advance()
        assert step <= 5.0 or len(log.lines) > told, "it does not ask to be asked again in time"
        clock.now += 0.5
    assert len(log.lines) == 2
    clock.now += 5.0
    progress.advance()
    assert len(log.lines) == 3
    assert log.lines[-1].startswith("Job parallel-indexed: 0/4 succeeded, 21 running, ")


def test_on_a_slow_cluster_many_pods_are_told_of_less_and_less_often(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    told: list[int] = []
    for second in range(3600):
        watch.replace([pod(f"{number}") for number in range(2 + second % 3)])
        step = progress.advance()
        told.append(len(log.lines))
        assert step <= 60.0, "silence is noticed too"
        log.lines.clear()
        progress._log.info("a container says something")
        log.lines.clear()
        clock.now += 1
    assert sum(told[:60]) == 5, "at the beginning, and after 5, 10, 20 and 40 s"
    assert sum(told) <= 20
    assert sum(told[-600:]) >= 2, "it never falls silent"


def test_a_change_of_many_pods_that_is_not_told_yet_does_not_make_it_silent(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    clock.now += 1000
    for count in (2, 3):
        watch.replace([pod(f"{number}") for number in range(count)])
        progress.advance()
    assert len(log.lines) == 1
    clock.now += 60
    progress.advance()
    assert log.lines[1:] == ["Job parallel-indexed: 0/4 succeeded, 3 running, 1060 s"]


def test_that_all_is_done_is_left_to_the_verdict(progress: Progress, watch: PodWatch, clock: Clock, log: Log) -> None:
    for phase in ("Running", "Succeeded"):
        watch.replace([pod(name, phase) for name in "abcd"])
        progress.advance()
        clock.now += 10
    assert log.lines == ["Job parallel-indexed: 0/4 succeeded, 4 running, 0 s"]
    clock.now += 60
    progress.advance()
    assert log.lines[1:] == ["Job parallel-indexed: 4/4 succeeded, 80 s"], "the verdict does not come"


def test_after_a_minute_of_silence_it_is_told_again(
    progress: Progress, watch: PodWatch, heard: GroupedLog, clock: Clock, log: Log
) -> None:
    assert progress.advance() == pytest.approx(60)
    clock.now += 59
    heard.error("something was said")
    assert progress.advance() == pytest.approx(60)
    clock.now += 60
    assert progress.advance() == pytest.approx(60)
    watch.replace([pod("a")])
    clock.now += 5
    progress.advance()
    clock.now += 60
    progress.advance()
    progress.advance()
    assert log.lines == [
        "something was said",
        "Job parallel-indexed: no pod yet, 119 s",
        "Job parallel-indexed: 0/4 succeeded, 1 running, 124 s",
        "Job parallel-indexed: 0/4 succeeded, 1 running, 184 s",
    ]


def test_a_pod_that_is_gone_counts_by_its_end_and_as_failed_if_it_had_none(
    progress: Progress, watch: PodWatch, log: Log
) -> None:
    watch.replace([pod("a", "Succeeded"), pod("b"), pod("c")])
    watch.replace([pod("c")])
    progress.advance()
    assert log.lines == ["Job parallel-indexed: 1/4 succeeded, 1 running, 1 failed, 0 s"]


def test_every_level_is_passed_on_and_heard(heard: GroupedLog, clock: Clock, log: Log) -> None:
    for level in ("info", "warning", "error", "critical"):
        clock.now += 1
        getattr(heard, level)(level)
        assert heard.last_at == clock.now
    assert log.lines == ["info", "warning", "error", "critical"]
    assert log.warnings == ["warning"]


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("complete", "1/1 succeeded"),
        ("parallel-indexed", "4/4 succeeded"),
        ("backoff-exhausted", "0/1 succeeded, 3 failed"),
        ("image-pull", ""),
        ("quota", ""),
    ],
)
def test_the_counts_of_recorded_jobs(scenario: str, expected: str) -> None:
    phases = [str(one["status"]["phase"]) for one in recordings.pods(scenario)]
    assert counts(recordings.job(scenario), Counter(phases)) == expected


def test_a_job_without_completions_has_no_goal() -> None:
    job: dict[str, Any] = {"metadata": {"name": "queue"}, "spec": {"parallelism": 3}}
    assert counts(job, Counter(["Succeeded", "Running", "Unknown"])) == "1 succeeded, 1 running, 1 unknown"


def test_nothing_runs_in_the_background(progress: Progress) -> None:
    progress.handle(None)
    assert re.fullmatch(r"\(\)", repr(tuple(progress.pending())))


@pytest.mark.parametrize(
    ("policy", "said"), [("TerminatingOrFailed", "0/4 succeeded, 1 failed"), ("Failed", "1/4 succeeded")]
)
def test_a_pod_that_ends_well_as_it_is_deleted_is_counted_as_kubernetes_counts_it(
    watch: PodWatch, clock: Clock, log: Log, policy: str, said: str
) -> None:
    job = {**PARALLEL_JOB, "spec": {**PARALLEL_JOB["spec"], "podReplacementPolicy": policy}}
    progress = Progress(job, watch, GroupedLog(log))
    for phase in ("Running", "Succeeded"):
        deleted = pod("a", phase)
        deleted["metadata"]["deletionTimestamp"] = "2026-11-20T10:00:33Z"
        watch.replace([deleted])
        progress.advance()
        clock.now += 9
    assert log.lines == [
        "Job parallel-indexed: 0/4 succeeded, 1 terminating, 0 s",
        f"Job parallel-indexed: {said}, 9 s",
    ]


def test_a_pod_that_is_deleted_after_its_end_is_counted_by_it(progress: Progress, watch: PodWatch, log: Log) -> None:
    deleted = pod("a", "Succeeded")
    deleted["metadata"]["deletionTimestamp"] = "2026-11-20T10:00:33Z"
    watch.replace([deleted])
    progress.advance()
    assert log.lines == ["Job parallel-indexed: 1/4 succeeded, 0 s"]


def test_after_a_minute_pods_that_only_wait_are_told_too(
    progress: Progress, watch: PodWatch, clock: Clock, log: Log
) -> None:
    watch.replace([pod("a", "Pending")])
    progress.advance()
    assert log.lines == []
    clock.now += 60
    progress.advance()
    assert log.lines == ["Job parallel-indexed: 0/4 succeeded, 1 pending, 60 s"]
