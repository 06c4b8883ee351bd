"""Logs are passed on byte by byte or line by line, each by its exact command."""

from __future__ import annotations

import queue
import shlex
import signal
from typing import Any

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.calls import Call
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Process
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import ACCESSES, HANG_SECONDS, Desk


def _stream(kubectl: Kubectl, **changes: Any) -> tuple[Call, bytes]:
    """Start reading a log, wait until that has ended, and return what came."""
    ended: queue.SimpleQueue[Process] = queue.SimpleQueue()
    output: list[bytes] = []
    chosen: dict[str, Any] = {"follow": False, "previous": False, "since": None} | changes
    call = kubectl.start_stream_of_logs("p", "main", **chosen, on_output=output.append, on_exit=ended.put)
    assert ended.get(timeout=HANG_SECONDS) is call.process
    return call, b"".join(output)


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, ()),
        ({"follow": True}, ("--follow",)),
        ({"previous": True}, ("--previous",)),
        ({"follow": True, "since": "2026-11-20T19:25:02Z"}, ("--since-time=2026-11-20T19:25:02Z", "--follow")),
    ],
)
def test_a_stream_of_logs_runs_exactly_its_command_and_passes_its_bytes_on(
    fake_kubectl: FakeKubectl, access: str, changes: dict[str, Any], more: tuple[str, ...]
) -> None:
    chosen, flags = ACCESSES[access]
    fake_kubectl.answers("logs", stdout=b"a\xff\nb")
    desk = Desk(chosen)
    call, output = _stream(desk.kubectl, **changes)
    desk.kubectl.finish_stream(call, "2 lines")
    assert output == b"a\xff\nb"
    expected = ("kubectl", *flags, "-n", "here", "logs", "p", "-c", "main", "--timestamps", *more)
    assert fake_kubectl.called("logs") == [expected]
    assert expected in desk.commands
    assert "logs: 2 lines (" in desk.shown[-1]


def test_the_command_for_a_log_to_paste_is_the_one_that_reads_it(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("logs")
    since = "2026-11-20T19:25:02Z"
    pasted = [
        desk.kubectl.logs_command("p", "main", None),
        desk.kubectl.logs_command("p", "main", since, previous=True),
    ]
    assert fake_kubectl.calls == []
    for changes in ({}, {"since": since, "previous": True}):
        desk.kubectl.finish_stream(_stream(desk.kubectl, **changes)[0], "")
    assert [tuple(shlex.split(command)) for command in pasted] == fake_kubectl.called("logs")


def test_a_stream_that_fails_is_an_error_of_its_kind_after_its_bytes(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    not_found = 'Error from server (NotFound): pods "p" not found\n'
    fake_kubectl.answers("logs", stdout=b"a\n", stderr=not_found, return_code=1, times=1)
    fake_kubectl.answers("logs", stdout=b"b\n", by_signal=signal.SIGKILL)
    for kind, printed in ((ErrorKind.NOT_FOUND, b"a\n"), (ErrorKind.SIGNALLED, b"b\n")):
        call, output = _stream(desk.kubectl)
        with pytest.raises(KubectlError) as caught:
            desk.kubectl.finish_stream(call, "unsaid")
        assert (caught.value.kind, output) == (kind, printed)
    assert not any("unsaid" in line for line in desk.shown)


def test_lines_of_a_log_are_split_at_newlines_only(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("logs", stdout="a\r50%\rdone\n\n b\x0b\x85\u2028c\nlast")
    assert desk.kubectl.logs("p", "c", 3) == ["a\r50%\rdone", "", " b\x0b\x85\u2028c", "last"]


@pytest.mark.parametrize(("stdout", "lines"), [("", []), ("\n", [""]), ("a\n", ["a"]), ("a\n\n", ["a", ""])])
def test_an_empty_log_has_no_line_and_an_empty_line_is_one(
    fake_kubectl: FakeKubectl, desk: Desk, stdout: str, lines: list[str]
) -> None:
    fake_kubectl.answers("logs", stdout=stdout)
    assert desk.kubectl.logs("p", "c", 3) == lines
