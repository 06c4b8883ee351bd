"""The ends of the logs are shown by pod and container; that they cannot be had is no more than a warning."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.logs.tails import LogTails
from tests.unit import recordings
from tests.unit.fake_kubectl import FakeKubectl
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
        "----- pod a-1, container main: the last 2 lines -----\none\n[pod/x/y] two\n"
        "----- pod a-1, container main: end -----",
        "----- pod a-1, container side: the last 1 line -----\n  three\n----- pod a-1, container side: end -----",
        "----- pod a-2, container main: the last 1 line -----\n\n----- pod a-2, container main: end -----",
    ]
    assert log.warnings == []


def test_the_jobs_own_selector_picks_the_pods(fake_kubectl: FakeKubectl, tails: LogTails) -> None:
    fake_kubectl.answers("logs")
    tails.show(JOB, 7)
    (call,) = fake_kubectl.called("logs")
    selector = f"batch.kubernetes.io/controller-uid={JOB['metadata']['uid']}"
    assert call[call.index("-l") + 1] == selector
    assert "--tail=7" in call


def test_lines_without_a_prefix_are_shown_as_they_are(fake_kubectl: FakeKubectl, tails: LogTails, log: Log) -> None:
    fake_kubectl.answers("logs", stdout="unable to retrieve container logs for containerd://0123\n")
    tails.show(JOB, 7)
    assert "unable to retrieve container logs for containerd://0123" in log.lines[0]


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
