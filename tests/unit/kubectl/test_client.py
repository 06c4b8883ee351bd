"""Kubectl: the exact command of each method, what comes out of it, and what is refused."""

from __future__ import annotations

import queue
import shlex
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.errors import AccessError, ErrorKind, KubectlError, KubectlMissingError, TaskKilledError
from kubectl_job_operator.kubectl import access as access_module
from kubectl_job_operator.kubectl import client
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Process, Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from tests.unit import recordings
from tests.unit.fake_kubectl import NEVER, FakeKubectl, until

HANG_SECONDS = 30.0
FILE = Path("/some where/job.yaml")
JOB = {"kind": "Job", "metadata": {"name": "a", "uid": "u1"}}
POD = {"kind": "Pod", "metadata": {"name": "p", "uid": "u2"}}
REFUSED = "The connection to the server 127.0.0.1:6553 was refused - did you specify the right host or port?\n"
VERSION_CALL = ("kubectl", "version", "--client", "-o", "json")

ACCESSES = {
    "the inherited configuration": (Access(), ()),
    "a kubeconfig and a context": (Access("/my config", "there"), ("--kubeconfig", "/my config", "--context", "there")),
    "the pod's service account": (Access(in_cluster=True), ("--kubeconfig", "/dev/null")),
}


class Desk:
    """A Kubectl with the fake behind it, and what it showed.

    :param access: which cluster.
    :param namespace: which namespace.
    """

    def __init__(self, access: Access | None = None, namespace: str | None = "here") -> None:
        self.processes = Processes(access_environment())
        self.shown: list[str] = []
        self.transcript = Transcript(self.shown.append)
        self.kubectl = Kubectl(access or Access(), namespace, self.processes, self.transcript)

    @property
    def commands(self) -> list[tuple[str, ...]]:
        """The commands that the task's log shows."""
        lines = "\n".join(self.shown).split("\n")
        return [tuple(shlex.split(line.removeprefix("$ "))) for line in lines if line.startswith("$ ")]


def access_environment() -> dict[str, str]:
    """Return the environment that children get."""
    import os

    return dict(os.environ)


@pytest.fixture
def desk(fake_kubectl: FakeKubectl) -> Any:  # noqa: ARG001 - it is on PATH
    """Give a desk that is closed behind the test."""
    desk = Desk()
    yield desk
    desk.processes.close()


METHODS: dict[str, tuple[Callable[[Kubectl], object], tuple[str, ...], Any]] = {
    "get": (lambda kubectl: kubectl.get("job/a"), ("get", "job/a", "-o", "json", "--ignore-not-found"), JOB),
    "select": (
        lambda kubectl: kubectl.select("pods", "a=b,c=d"),
        ("get", "pods", "-l", "a=b,c=d", "-o", "json"),
        {"kind": "List", "items": [POD]},
    ),
    "events": (
        lambda kubectl: kubectl.finish_events(kubectl.start_events("type=Warning")),
        ("get", "events", "--field-selector=type=Warning", "-o", "json"),
        {"kind": "List", "items": [{"kind": "Event"}, {"kind": "Event"}]},
    ),
    "apply": (
        lambda kubectl: kubectl.apply(FILE),
        ("apply", "--server-side", "--field-manager=kubectl-job-operator", "-f", str(FILE), "-o", "json"),
        JOB,
    ),
    "logs": (lambda kubectl: kubectl.logs("p", "main", 7), ("logs", "p", "-c", "main", "--tail=7"), "a\n"),
    "logs_of_all": (
        lambda kubectl: kubectl.finish_logs(kubectl.start_logs_of_all("a=b", 7)),
        ("logs", "-l", "a=b", "--all-containers", "--prefix", "--ignore-errors", "--tail=7"),
        "a\n",
    ),
    "delete": (
        lambda kubectl: kubectl.delete("job,configmap", "a=b,!c"),
        ("delete", "job,configmap", "-l", "a=b,!c", "--wait=false"),
        'job.batch "a" deleted\n',
    ),
    "label": (
        lambda kubectl: kubectl.label("job,configmap", "a=b", "c=d"),
        ("label", "job,configmap", "-l", "a=b", "c=d", "--overwrite"),
        "job.batch/a labeled\n",
    ),
    "patch": (
        lambda kubectl: kubectl.patch("job/a", {"spec": {"x": 1}}),
        ("patch", "job/a", "--type=merge", "-p", '{"spec": {"x": 1}}'),
        "job.batch/a patched\n",
    ),
    "get_file": (
        lambda kubectl: kubectl.get_file(Path("/f.yaml")),
        ("get", "-f", "/f.yaml", "-o", "json", "--ignore-not-found"),
        "",
    ),
    "delete_and_wait": (
        lambda kubectl: kubectl.delete_and_wait("a", "b=c", 9),
        (
            "delete",
            "job",
            "-l",
            "b=c",
            "--field-selector=metadata.name=a",
            "--cascade=foreground",
            "--timeout=9s",
        ),
        'job.batch "a" deleted\n',
    ),
    "wait_until_gone": (
        lambda kubectl: kubectl.wait_until_gone("b=c", 4),
        (
            "wait",
            "pods",
            "-l",
            "b=c",
            "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
            "--for=delete",
            "--timeout=4s",
        ),
        "",
    ),
}


def _start_wait(kubectl: Kubectl, condition: str, seconds: int = 3600) -> client.Call:
    """Start a wait and wait until it has ended."""
    ended: queue.SimpleQueue[Process] = queue.SimpleQueue()
    call = kubectl.start_wait("job/a", condition, seconds, ended.put)
    assert ended.get(timeout=HANG_SECONDS) is call.process
    return call


def _stream(kubectl: Kubectl, **changes: Any) -> tuple[client.Call, bytes]:
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


@pytest.mark.parametrize("access", ACCESSES)
@pytest.mark.parametrize("method", METHODS)
def test_each_method_runs_exactly_its_command_against_the_chosen_cluster_and_namespace(
    fake_kubectl: FakeKubectl, method: str, access: str
) -> None:
    run, arguments, stdout = METHODS[method]
    chosen, flags = ACCESSES[access]
    fake_kubectl.answers(arguments[0], stdout=stdout)
    desk = Desk(chosen, "here")
    run(desk.kubectl)
    expected = ("kubectl", *flags, "-n", "here", *arguments)
    assert sorted(fake_kubectl.calls) == sorted([VERSION_CALL, expected])


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


def test_the_version_is_asked_once(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get", stdout=JOB)
    for _ in range(3):
        assert desk.kubectl.get("job/a") == JOB
    assert len(fake_kubectl.called("version")) == 1


@pytest.mark.parametrize("version", ["v1.28.0", "v1.32.4-dispatcher", "v1.100.1+k3s1", "v2.0.0"])
def test_a_kubectl_that_is_new_enough_is_taken(fake_kubectl: FakeKubectl, desk: Desk, version: str) -> None:
    fake_kubectl.answers("version", stdout={"clientVersion": {"major": "1", "gitVersion": version}})
    fake_kubectl.answers("get", stdout=JOB)
    assert desk.kubectl.get("job/a") == JOB


@pytest.mark.parametrize("version", ["v1.27.16", "v1.9.0", "v0.32.0"])
def test_a_kubectl_that_is_too_old_is_refused_with_both_versions(
    fake_kubectl: FakeKubectl, desk: Desk, version: str
) -> None:
    fake_kubectl.answers("version", stdout={"clientVersion": {"gitVersion": version}})
    fake_kubectl.answers("get", stdout=JOB)
    with pytest.raises(KubectlMissingError) as caught:
        desk.kubectl.get("job/a")
    found = ".".join(version.lstrip("v").split(".")[:2])
    assert f"{fake_kubectl.program} is version {found}, but 1.28 or later is needed" in str(caught.value)


BAD_VERSIONS: dict[str, dict[str, Any]] = {
    "too old": {"stdout": {"clientVersion": {"gitVersion": "v1.27.3"}}},
    "not JSON": {"stdout": "Client Version: v1.32.4"},
    "silent": {"stdout": ""},
    "failing": {"stderr": "error: unknown flag: --client", "return_code": 1},
}


@pytest.mark.parametrize("bad", BAD_VERSIONS)
@pytest.mark.parametrize("method", ["apply", "delete", "delete_and_wait", "label", "patch"])
def test_a_kubectl_that_cannot_be_trusted_changes_nothing(
    fake_kubectl: FakeKubectl, desk: Desk, bad: str, method: str
) -> None:
    run, arguments, stdout = METHODS[method]
    fake_kubectl.answers("version", **BAD_VERSIONS[bad])
    fake_kubectl.answers(arguments[0], stdout=stdout)
    with pytest.raises((KubectlMissingError, KubectlError)):
        run(desk.kubectl)
    desk.processes.close()
    assert fake_kubectl.calls == [VERSION_CALL]


@pytest.mark.parametrize("bad", BAD_VERSIONS)
def test_nothing_that_an_untrusted_kubectl_read_is_given_out(fake_kubectl: FakeKubectl, desk: Desk, bad: str) -> None:
    fake_kubectl.answers("version", **BAD_VERSIONS[bad])
    fake_kubectl.answers("get", stdout=JOB)
    for _ in range(2):
        with pytest.raises((KubectlMissingError, KubectlError)):
            desk.kubectl.get("job/a")


def test_a_version_that_cannot_be_read_shows_what_was_printed(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("version", stdout="Client Version: v1.32.4")
    fake_kubectl.answers("get", stdout=JOB)
    with pytest.raises(KubectlMissingError, match=r"does not tell its version; it printed 'Client Version: v1\.32\.4'"):
        desk.kubectl.get("job/a")


def test_a_missing_kubectl_is_refused_and_nothing_is_shown_as_run(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        KubectlMissingError, match=r"There is no kubectl on the PATH(?s:.*)install kubectl 1\.28 or later"
    ):
        desk.kubectl.get("job/a")
    assert desk.shown == []


def test_get_gives_the_object(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    job = recordings.job("complete")
    fake_kubectl.answers("get job/complete", stdout=job)
    assert desk.kubectl.get("job/complete") == job


def test_get_gives_none_where_there_is_nothing(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get")
    assert desk.kubectl.get("job/a") is None


def test_select_gives_the_items(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get pods", stdout=recordings.pod_list("parallel-indexed"), times=1)
    assert desk.kubectl.select("pods", "a=b") == recordings.pods("parallel-indexed")
    fake_kubectl.answers("get pods", stdout={"kind": "List", "items": []})
    assert desk.kubectl.select("pods", "a=b") == []


def test_apply_gives_one_object_or_each_of_a_list(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("apply", stdout=JOB, times=1)
    assert desk.kubectl.apply(FILE) == [JOB]
    fake_kubectl.answers("apply", stdout={"kind": "List", "items": [POD, JOB]})
    assert desk.kubectl.apply(FILE) == [POD, JOB]


@pytest.mark.parametrize("stdout", ["no json at all", "{", '{"kind": '])
@pytest.mark.parametrize("method", ["get", "select", "apply"])
def test_what_is_not_json_is_an_error_that_shows_it(
    fake_kubectl: FakeKubectl, desk: Desk, method: str, stdout: str
) -> None:
    run, arguments, _ = METHODS[method]
    fake_kubectl.answers(arguments[0], stdout=stdout)
    with pytest.raises(KubectlError) as caught:
        run(desk.kubectl)
    assert caught.value.kind is ErrorKind.OTHER
    assert repr(stdout) in str(caught.value)
    assert caught.value.argv == fake_kubectl.called(arguments[0])[0]


@pytest.mark.parametrize("method", METHODS)
def test_a_failure_is_an_error_of_its_kind_with_the_command(fake_kubectl: FakeKubectl, desk: Desk, method: str) -> None:
    run, arguments, _ = METHODS[method]
    fake_kubectl.answers(arguments[0], stderr=REFUSED, return_code=1)
    with pytest.raises(KubectlError) as caught:
        run(desk.kubectl)
    assert caught.value.kind is ErrorKind.UNREACHABLE
    assert caught.value.argv == fake_kubectl.called(arguments[0])[0]
    assert any("return code 1" in line and "was refused" in line for line in desk.shown)


def test_lines_of_a_log_are_split_at_newlines_only(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("logs", stdout="a\r50%\rdone\n\n b\x0b\x85\u2028c\nlast")
    assert desk.kubectl.logs("p", "c", 3) == ["a\r50%\rdone", "", " b\x0b\x85\u2028c", "last"]


@pytest.mark.parametrize(("stdout", "lines"), [("", []), ("\n", [""]), ("a\n", ["a"]), ("a\n\n", ["a", ""])])
def test_an_empty_log_has_no_line_and_an_empty_line_is_one(
    fake_kubectl: FakeKubectl, desk: Desk, stdout: str, lines: list[str]
) -> None:
    fake_kubectl.answers("logs", stdout=stdout)
    assert desk.kubectl.logs("p", "c", 3) == lines


def test_the_command_to_delete_is_the_one_that_delete_runs(fake_kubectl: FakeKubectl) -> None:
    desk = Desk(Access("/my config", "there"))
    fake_kubectl.answers("delete")
    pasted = desk.kubectl.delete_command("job", "a=b")
    assert fake_kubectl.calls == []
    desk.kubectl.delete("job", "a=b")
    assert tuple(shlex.split(pasted)) == fake_kubectl.called("delete")[0]


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


def test_waits_that_are_not_needed_are_stopped_and_gone(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("wait", after_seconds=NEVER)
    fake_kubectl.answers("get", stdout=JOB)
    desk.kubectl.get("job/a")
    calls = [desk.kubectl.start_wait("job/a", word, 60, lambda _: None) for word in ("condition=complete", "delete")]
    desk.kubectl.stop(*calls)
    assert not any(call.process.is_running for call in calls)
    assert fake_kubectl.running() == []
    assert sum("stopped, no longer needed" in line for line in desk.shown) == 2


def test_what_is_stopped_and_does_not_end_is_not_waited_for_long(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_STOP_SECONDS", 0.2)
    fake_kubectl.answers("wait", stdout="begun", then=("free",), is_stubborn=True)
    calls = [desk.kubectl.start_wait(f"job/{name}", "delete", 60, lambda _: None) for name in "abc"]
    until(lambda: len(fake_kubectl.called("wait")) == 3, "the commands did not start")
    time.sleep(0.1)  # until each has begun to ignore the signal
    began = time.monotonic()
    desk.kubectl.stop(*calls)
    assert 0.19 < time.monotonic() - began < HANG_SECONDS / 2
    assert all(call.process.is_running for call in calls)
    fake_kubectl.open_gate("free")


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        ("get", "_READ_SECONDS"),
        ("select", "_READ_SECONDS"),
        ("apply", "_CHANGE_SECONDS"),
        ("delete", "_CHANGE_SECONDS"),
        ("logs", "_LOGS_SECONDS"),
        ("logs_of_all", "_LOGS_SECONDS"),
    ],
)
def test_a_command_that_never_answers_is_ended_and_can_be_tried_again(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str, limit: str
) -> None:
    run, arguments, _ = METHODS[method]
    fake_kubectl.answers("get job/first")
    desk.kubectl.get("job/first")
    fake_kubectl.answers(arguments[0], after_seconds=NEVER)
    monkeypatch.setattr(client, limit, 0.2)
    # Where the limit is a default argument, it was read when the method was made.
    for finish in (Kubectl.finish_get, Kubectl.finish_select):
        monkeypatch.setattr(finish, "__defaults__", (0.2,))
    with pytest.raises(KubectlError) as caught:
        run(desk.kubectl)
    assert caught.value.kind is ErrorKind.NO_ANSWER
    assert caught.value.kind.can_pass
    assert any("no answer in" in line for line in desk.shown)
    # That the fake is gone is looked after by its fixture.


def test_a_deletion_that_never_ends_is_ended(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kubectl.answers("delete", after_seconds=NEVER)
    monkeypatch.setattr(client, "_CHANGE_SECONDS", 0.2)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.delete_and_wait("a", "b=c", 0)
    assert caught.value.kind is ErrorKind.NO_ANSWER


def test_a_command_that_is_stopped_from_elsewhere_means_that_the_task_was_killed(
    fake_kubectl: FakeKubectl, desk: Desk
) -> None:
    fake_kubectl.answers("get", after_seconds=NEVER)

    def stop() -> None:
        fake_kubectl.wait_for_call("get")
        desk.processes.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(TaskKilledError):
        desk.kubectl.get("job/a")
    stopper.join()


def test_cleaning_up_works_after_all_children_were_stopped(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get", stdout=JOB)
    fake_kubectl.answers("delete", stdout="deleted\n")
    desk.kubectl.get("job/a")
    desk.processes.stop()
    with pytest.raises(TaskKilledError):
        desk.kubectl.get("job/a")
    processes = Processes(access_environment())
    desk.kubectl.with_processes(processes).delete("job", "a=b")
    processes.close()
    assert len(fake_kubectl.called("delete")) == 1
    assert len(fake_kubectl.called("version")) == 1


def test_every_command_stands_in_the_log_exactly_as_it_ran(fake_kubectl: FakeKubectl) -> None:
    awkward = Desk(Access("/my 'odd' config", "$HOME `id`"), "ü & n")
    fake_kubectl.answers("get", stdout={"kind": "List", "items": []})
    fake_kubectl.answers("apply", stdout=JOB)
    fake_kubectl.answers("logs")
    fake_kubectl.answers("delete", stderr=REFUSED, return_code=1)
    awkward.kubectl.get('job/it\'s "quoted"')
    awkward.kubectl.select("pods", "a in (b, c),!d")
    awkward.kubectl.apply(Path("/tmp/a b/$x;y.yaml"))
    awkward.kubectl.logs("p*", "new\nline", 3)
    with pytest.raises(KubectlError):
        awkward.kubectl.delete("job", "\\")
    text = "\n".join(awkward.shown)
    for call in fake_kubectl.calls:
        assert f"$ {shlex.join(call)}" in text
        assert tuple(shlex.split(shlex.join(call))) == call
    # The version is asked beside the first command, so those two may swap places.
    shown = [line.removeprefix("$ ") for line in awkward.shown if line.startswith("$ ")]
    assert sorted(shown) == sorted(shlex.join(call) for call in fake_kubectl.calls)
    assert len(shown) == 6


def test_every_command_is_followed_by_what_came_of_it(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get", stdout=JOB)
    fake_kubectl.answers("logs", stdout="a\nb\n")
    desk.kubectl.get("job/a")
    desk.kubectl.logs("p", "c", 3)
    outcomes = [line for line in desk.shown if line.startswith("  -> ")]
    assert [line.partition(" (0.")[0] for line in outcomes] == [
        "  -> version: 1.32",
        "  -> get: job/a (uid u1)",
        "  -> logs: 2 lines",
    ]


def test_warnings_of_the_server_are_shown_though_it_worked(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("apply", stdout=JOB, stderr="Warning: would violate PodSecurity\n")
    assert desk.kubectl.apply(FILE) == [JOB]
    assert any("Warning: would violate PodSecurity" in line for line in desk.shown)


def test_rights_are_listed_with_exactly_their_command(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("auth can-i", "pods   []   []   [get]\n")
    assert desk.kubectl.finish_can_i_list(desk.kubectl.start_can_i_list()) == "pods   []   []   [get]\n"
    assert fake_kubectl.called("auth") == [("kubectl", "-n", "here", "auth", "can-i", "--list", "--no-headers")]


@pytest.mark.parametrize(
    "answer",
    [
        {"stdout": "pods [] [] [get]\n", "stderr": "Warning: the list may be incomplete: webhook authorizer\n"},
        {"stderr": "Error from server (Forbidden): selfsubjectrulesreviews is forbidden\n", "return_code": 1},
    ],
)
def test_a_cluster_that_does_not_tell_all_rights_tells_none(
    fake_kubectl: FakeKubectl, desk: Desk, answer: dict[str, Any]
) -> None:
    fake_kubectl.answers("auth can-i", **answer)
    assert desk.kubectl.finish_can_i_list(desk.kubectl.start_can_i_list()) is None


def test_that_rights_cannot_be_listed_for_another_reason_is_an_error(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("auth can-i", stderr=REFUSED, return_code=1)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.finish_can_i_list(desk.kubectl.start_can_i_list())
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_resources_are_listed_with_exactly_their_command(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("api-resources", "pods   po   v1   true   Pod\n")
    assert desk.kubectl.finish_api_resources(desk.kubectl.start_api_resources("")) == "pods   po   v1   true   Pod\n"
    expected = ("kubectl", "-n", "here", "api-resources", "--api-group=", "--no-headers")
    assert fake_kubectl.called("api-resources") == [expected]


def test_resources_that_cannot_be_listed_are_none(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    words = (
        "error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: the server is currently "
    )
    fake_kubectl.answers("api-resources", stderr=f"{words}unable to handle the request\n", return_code=1)
    assert desk.kubectl.finish_api_resources(desk.kubectl.start_api_resources("metrics.k8s.io")) == ""


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


def test_without_a_namespace_no_command_is_run(fake_kubectl: FakeKubectl) -> None:
    with pytest.raises(ValueError, match="namespace is not known"):
        Desk(namespace=None).kubectl.delete("job", "a=b")
    assert not fake_kubectl.called("delete")


@pytest.mark.parametrize(
    ("config", "namespace"),
    [
        ({"contexts": [{"name": "c", "context": {"cluster": "c", "namespace": "etl"}}]}, "etl"),
        ({"contexts": [{"name": "c", "context": {"cluster": "c"}}]}, "default"),
        ({"contexts": None}, "default"),
    ],
)
def test_the_namespace_of_the_context_is_the_default(
    fake_kubectl: FakeKubectl, config: dict[str, Any], namespace: str
) -> None:
    desk = Desk(Access("/f", "c"), None)
    fake_kubectl.answers("config view", stdout=config)
    assert desk.kubectl.default_namespace() == namespace
    command = ("kubectl", "--kubeconfig", "/f", "--context", "c", "config", "view", "--minify", "-o", "json")
    assert fake_kubectl.called("config") == [command]
    assert any("its namespace: " in line for line in desk.shown)


def test_what_a_kubeconfig_holds_is_not_shown(fake_kubectl: FakeKubectl) -> None:
    desk = Desk(namespace=None)
    fake_kubectl.answers("config view", stdout={"contexts": [], "users": [{"user": {"token": "very-secret"}}]})
    desk.kubectl.default_namespace()
    assert desk.shown
    assert "very-secret" not in "\n".join(desk.shown)


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a pod's service account, still empty."""
    monkeypatch.setattr(access_module, "_SERVICE_ACCOUNT", tmp_path)
    return tmp_path


NO_CONTEXT: dict[str, Any] = {"stderr": "error: current-context must exist in order to minify\n", "return_code": 1}


def test_in_a_pod_without_a_kubeconfig_the_pods_namespace_is_the_default(
    fake_kubectl: FakeKubectl, desk: Desk, pod: Path
) -> None:
    (pod / "namespace").write_text("etl")
    fake_kubectl.answers("config view", **NO_CONTEXT)
    assert desk.kubectl.default_namespace() == "etl"


@pytest.mark.usefixtures("pod")
def test_neither_a_kubeconfig_nor_a_pod_is_an_error_with_advice(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("config view", **NO_CONTEXT)
    with pytest.raises(AccessError, match=r"no current context(?s:.*)What to do: set config_file"):
        desk.kubectl.default_namespace()


def test_with_the_pods_service_account_no_kubeconfig_is_read(fake_kubectl: FakeKubectl, pod: Path) -> None:
    kubectl = Desk(Access(in_cluster=True), None).kubectl
    assert kubectl.default_namespace() == "default"
    (pod / "namespace").write_text("etl")
    assert kubectl.default_namespace() == "etl"
    assert fake_kubectl.calls == []


def test_any_other_failure_of_config_view_is_told_as_it_is(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("config view", stderr='error: context "x" does not exist\n', return_code=1)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.default_namespace()
    assert caught.value.kind is ErrorKind.CONFIGURATION
