"""The ends of the logs are shown by pod and container; that they cannot be had is no more than a warning."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kubectl_job_operator.attempt.settings import Following
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.logs.tails import LogTails
from kubectl_job_operator.status.result import MARKER
from tests.unit import recordings
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.logs.test_follower import LevelLog
from tests.unit.stage import Log

JOB = recordings.job("complete")
FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods" in API group\n',
    "return_code": 1,
}


@pytest.fixture
def log() -> Log:
    """Give a log."""
    return Log()


@pytest.fixture
def tails(fake_kubectl: FakeKubectl, log: Log) -> Iterator[LogTails]:  # noqa: ARG001 - it is on PATH
    """Give the code under test with the fake behind it."""
    processes = Processes(os.environ)
    yield LogTails(Kubectl(Access(), "here", processes, Transcript(lambda _: None)), log)
    processes.close()


def test_lines_are_grouped_by_pod_and_container_without_their_prefix(
    fake_kubectl: FakeKubectl, tails: LogTails, log: Log
) -> None:
    fake_kubectl.answers(
        "logs",
        stdout="[pod/a-1/main] one\n[pod/a-1/main] [pod/x/y] two\n[pod/a-1/side]   three\n[pod/a-2/main] \n",
    )
    tails.show(JOB, 7)
    assert log.lines == [
        "----- pod a-1, container main: the last 2 lines -----",
        "one\n[pod/x/y] two",
        "----- pod a-1, container main: end -----",
        "----- pod a-1, container side: the last 1 line -----",
        "  three",
        "----- pod a-1, container side: end -----",
        "----- pod a-2, container main: the last 1 line -----",
        "",
        "----- pod a-2, container main: end -----",
    ]
    assert log.warnings == []


@pytest.mark.parametrize(
    "pods",
    [
        ("job-aaaaa", "job-bbbbb", "job-ccccc"),
        ("job-0-aaaaa", "job-1-bbbbb", "job-12-ccccc"),
        ("set-work-0-0-aaaaa", "set-work-0-1-bbbbb", "set-work-1-0-ccccc"),
    ],
    ids=["a Job", "an Indexed Job", "a set of Indexed Jobs"],
)
def test_last_lines_without_newline_are_parted_and_each_is_its_own_pods(
    fake_kubectl: FakeKubectl, log: Log, pods: Sequence[str]
) -> None:
    processes = Processes(os.environ)
    tails = LogTails(Kubectl(Access(), "here", processes, Transcript(lambda _: None)), log, hides_results=True)
    first, second, third = pods
    printed = f"[pod/{first}/main] one, no newline[pod/{second}/main] {MARKER} 5[pod/{third}/main] [pod/x/y] three"
    fake_kubectl.answers("logs", stdout=printed)
    tails.show(JOB, 7)
    processes.close()
    assert log.lines == [
        f"----- pod {first}, container main: the last 1 line -----",
        "one, no newline",
        f"----- pod {first}, container main: end -----",
        f"----- pod {second}, container main: the last 0 lines -----",
        f"----- pod {second}, container main: end -----",
        f"----- pod {third}, container main: the last 1 line -----",
        "[pod/x/y] three",
        f"----- pod {third}, container main: end -----",
    ]


def test_the_jobs_own_selector_picks_the_pods(fake_kubectl: FakeKubectl, tails: LogTails) -> None:
    fake_kubectl.answers("logs")
    tails.show(JOB, 7)
    (call,) = fake_kubectl.called("logs")
    selector = f"batch.kubernetes.io/controller-uid={JOB['metadata']['uid']}"
    assert call[call.index("-l") + 1] == selector
    assert "--tail=7" in call


def test_lines_without_a_prefix_are_shown_as_they_are(fake_kubectl: FakeKubectl, tails: LogTails, log: Log) -> None:
    fake_kubectl.answers("logs", stdout="somebody says something\n")
    tails.show(JOB, 7)
    assert log.lines[1] == "somebody says something"


@pytest.mark.parametrize("newline", ["", "\n"])
def test_the_kubelets_words_are_no_last_lines_and_are_said_once_with_the_cure(
    fake_kubectl: FakeKubectl, tails: LogTails, log: Log, newline: str
) -> None:
    words = "unable to retrieve container logs for containerd://0123"
    fake_kubectl.answers("logs", stdout=f"[pod/a-1/main] {words}{newline}[pod/a-1/side] one\n")
    tails.show(JOB, 7)
    tails.show(JOB, 7)
    (warning,) = log.warnings
    assert warning.startswith(
        f"The log of pod a-1, container main cannot be had. The kubelet says: {words}\nWhat to do"
    )
    assert log.lines.count("one") == 2
    assert not [line for line in log.lines if "container main: the last" in line]


def test_the_last_lines_have_levels_and_are_dressed_as_all_lines_are(fake_kubectl: FakeKubectl, log: Log) -> None:
    containers = LevelLog()
    processes = Processes(os.environ)
    kubectl = Kubectl(Access(), "here", processes, Transcript(lambda _: None))
    following = Following(formatter=lambda container, line: f"{container}> {line}", strip_colours=True)
    tails = LogTails(kubectl, log, container_log=containers, following=following)
    printed = ("one", "\x1b[31mERROR: two\x1b[0m", " 1%\r 100%", "three " + "x" * 100_000 + " end")
    fake_kubectl.answers("logs", stdout="".join(f"[pod/a-1/main] {line}\n" for line in printed))
    tails.show(JOB, 7)
    processes.close()
    (one, two, three) = containers.records
    assert (one, two) == (("info", "main> one"), ("error", "main> ERROR: two"))
    assert three[1].startswith("main>  100%\nmain> three xxx")
    assert three[1].endswith("xxx end")
    assert len(three[1]) < 62_000
    assert len(log.lines) == 2


def test_huge_last_lines_are_cut_for_the_error(fake_kubectl: FakeKubectl, tails: LogTails) -> None:
    fake_kubectl.answers("logs p -c main --tail=3", stdout=f"a\rb\nbegin{'x' * 1_000_000}end\n")
    lines = tails.last_lines("p", "main", 3)
    assert lines is not None
    first, second = lines
    assert first == "b"
    assert second.startswith("beginxxx")
    assert second.endswith("xxxend")
    assert len(second) < 2_200


def test_no_log_at_all_shows_nothing(fake_kubectl: FakeKubectl, tails: LogTails, log: Log) -> None:
    fake_kubectl.answers("logs")
    tails.show(JOB, 7)
    assert log.lines == []


def test_logs_that_cannot_be_read_are_a_warning_with_kubectls_words(
    fake_kubectl: FakeKubectl, tails: LogTails, log: Log
) -> None:
    fake_kubectl.answers("logs", **FORBIDDEN)
    tails.show(JOB, 7)
    assert tails.last_lines("p", "main", 3) is None
    assert log.lines == log.warnings
    first, second = log.warnings
    assert first.startswith("The logs cannot be read.\n")
    assert second.startswith("The log of pod p, container main cannot be read.\n")
    assert all("Error from server (Forbidden)" in warning for warning in log.warnings)


def test_the_kubelets_word_of_a_removed_container_is_not_its_last_line(
    fake_kubectl: FakeKubectl, tails: LogTails, log: Log
) -> None:
    fake_kubectl.answers("logs", stdout="unable to retrieve container logs for containerd://0123")
    assert tails.last_lines("p", "main", 3) is None
    assert log.lines == []


def test_the_last_lines_of_one_container_are_returned(fake_kubectl: FakeKubectl, tails: LogTails, log: Log) -> None:
    fake_kubectl.answers("logs p -c main --tail=3", stdout="a\nb\n")
    assert tails.last_lines("p", "main", 3) == ["a", "b"]
    assert log.lines == []
