"""Waits and watches: their exact commands, and what comes of them."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.calls import Call
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Process
from tests.unit import recordings
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import HANG_SECONDS, Desk


def _start_wait(kubectl: Kubectl, condition: str, seconds: int = 3600) -> Call:
    """Start a wait and wait until it has ended."""
    ended: queue.SimpleQueue[Process] = queue.SimpleQueue()
    call = kubectl.start_wait("job/a", condition, seconds, ended.put)
    assert ended.get(timeout=HANG_SECONDS) is call.process
    return call


@pytest.mark.parametrize(
    ("condition", "output"),
    [("condition=complete", ("-o", "json")), ("condition=failed", ("-o", "json")), ("delete", ())],
)
def test_a_wait_runs_exactly_its_command(
    fake_kubectl: FakeKubectl, desk: Desk, condition: str, output: tuple[str, ...]
) -> None:
    fake_kubectl.answers("wait", stdout="job.batch/a condition met\n")
    desk.kubectl.finish_wait(_start_wait(desk.kubectl, condition, 12))
    expected = ("kubectl", "-n", "here", "wait", "job/a", f"--for={condition}", "--timeout=12s", *output)
    assert fake_kubectl.called("wait") == [expected]


def test_a_wait_gives_the_job_that_it_printed(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("wait", stdout=recordings.job("complete"))
    assert desk.kubectl.finish_wait(_start_wait(desk.kubectl, "condition=complete")) == recordings.job("complete")


@pytest.mark.parametrize("stdout", ["", "job.batch/a condition met\n"])
def test_a_wait_that_printed_no_json_gives_none(fake_kubectl: FakeKubectl, desk: Desk, stdout: str) -> None:
    fake_kubectl.answers("wait", stdout=stdout)
    assert desk.kubectl.finish_wait(_start_wait(desk.kubectl, "delete")) is None


def test_a_wait_that_timed_out_says_so(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("wait", stderr="error: timed out waiting for the condition on jobs/a\n", return_code=1)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.finish_wait(_start_wait(desk.kubectl, "condition=complete"))
    assert caught.value.kind is ErrorKind.CONDITION_TIMED_OUT


def test_a_watch_runs_exactly_its_command_and_passes_its_bytes_on(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get", stdout='{"type": "ADDED"}\n')
    ended: queue.SimpleQueue[Process] = queue.SimpleQueue()
    output: list[bytes] = []
    call = desk.kubectl.start_watch("pods", "a=b,c=d", output.append, ended.put)
    assert ended.get(timeout=HANG_SECONDS) is call.process
    desk.kubectl.finish_stream(call, "it has ended")
    assert b"".join(output) == b'{"type": "ADDED"}\n'
    words = ("get", "pods", "-l", "a=b,c=d", "--watch", "--output-watch-events", "--chunk-size=0", "-o", "json")
    assert fake_kubectl.called("get") == [("kubectl", "-n", "here", *words)]
    assert any("watch pods" in line and "it has ended" in line for line in desk.shown)


def test_kubectl_waits_anew_until_pods_are_gone_for_it_may_not_notice_their_end(
    fake_kubectl: FakeKubectl, desk: Desk
) -> None:
    late: dict[str, Any] = {"stderr": "error: timed out waiting for the condition on pods/p\n", "return_code": 1}
    fake_kubectl.answers("wait pods", times=2, **late)
    fake_kubectl.answers("wait pods")
    desk.kubectl.wait_until_gone("b=c", 300)
    assert [call[-1] for call in fake_kubectl.called("wait pods")] == ["--timeout=5s", "--timeout=10s", "--timeout=20s"]


def test_pods_that_stay_are_waited_for_no_longer_than_asked(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("wait pods", stderr="error: timed out waiting for the condition on pods/p\n", return_code=1)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.wait_until_gone("b=c", 20)
    assert caught.value.kind is ErrorKind.CONDITION_TIMED_OUT
    assert [call[-1] for call in fake_kubectl.called("wait pods")] == ["--timeout=5s", "--timeout=10s", "--timeout=5s"]
