"""Kubectl: the exact command of each method, what comes out of it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError, KubectlMissingError, TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.printable import joined
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.kubectl.desk import (
    ACCESSES,
    BAD_VERSIONS,
    FILE,
    JOB,
    POD,
    REFUSED,
    VERSION_CALL,
    Desk,
    access_environment,
)

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
        lambda kubectl: kubectl.label("job,configmap", "a=b", {"c": "d"}),
        ("label", "job,configmap", "-l", "a=b", "c=d", "--overwrite"),
        "job.batch/a labeled\n",
    ),
    "patch": (
        lambda kubectl: kubectl.patch("job/a", "uid-of-a", {"spec": {"x": 1}}),
        ("patch", "job/a", "--type=merge", "-p", '{"metadata": {"uid": "uid-of-a"}, "spec": {"x": 1}}'),
        "job.batch/a patched\n",
    ),
    "get_file": (
        lambda kubectl: kubectl.get_file(Path("/f.yaml")),
        ("get", "-f", "/f.yaml", "-o", "json", "--ignore-not-found"),
        "",
    ),
    "get_file with who has applied what": (
        lambda kubectl: kubectl.get_file(Path("/f.yaml"), show_managed_fields=True),
        ("get", "-f", "/f.yaml", "-o", "json", "--ignore-not-found", "--show-managed-fields"),
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


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        ("get", "reading.READ_SECONDS"),
        ("select", "reading.READ_SECONDS"),
        ("apply", "changing.CHANGE_SECONDS"),
        ("delete", "changing.CHANGE_SECONDS"),
        ("logs", "logs._LOGS_SECONDS"),
        ("logs_of_all", "logs._LOGS_SECONDS"),
    ],
)
def test_a_command_that_never_answers_is_ended_and_can_be_tried_again(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str, limit: str
) -> None:
    run, arguments, _ = METHODS[method]
    fake_kubectl.answers("get job/first")
    desk.kubectl.get("job/first")
    fake_kubectl.answers(arguments[0], after_seconds=NEVER)
    monkeypatch.setattr(f"kubectl_job_operator.kubectl.{limit}", 0.2)
    # Where the limit is a default argument, it was read when the method was made.
    for finish in (Kubectl.finish_get, Kubectl.finish_select):
        monkeypatch.setattr(finish, "__defaults__", (0.2,))
    with pytest.raises(KubectlError) as caught:
        run(desk.kubectl)
    assert caught.value.kind is ErrorKind.NO_ANSWER
    assert caught.value.kind.can_pass
    assert any("no answer in" in line for line in desk.shown)


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
        assert f"$ {joined(call)}" in text
    # The version is asked beside the first command, so those two may swap places.
    shown = [line.removeprefix("$ ") for line in awkward.shown if line.startswith("$ ")]
    assert sorted(shown) == sorted(joined(call) for call in fake_kubectl.calls)
    assert len(shown) == 6


@pytest.mark.parametrize(
    ("stderr", "ready"),
    [
        ("", True),
        ('Error from server (InternalError): an error on the server ("[-]informer-sync failed") has prevented', False),
        (REFUSED, False),
        ('Error from server (Forbidden): forbidden: User "u" cannot get path "/readyz"', None),
        ("error: You must be logged in to the server (Unauthorized)", None),
        ("Error from server (NotFound): the server could not find the requested resource", None),
    ],
)
def test_the_server_is_asked_whether_it_is_ready(fake_kubectl: FakeKubectl, stderr: str, ready: bool | None) -> None:
    fake_kubectl.answers("get --raw /readyz", stderr=stderr, return_code=1 if stderr else 0)
    desk = Desk()
    assert desk.kubectl.is_ready() is ready
    assert fake_kubectl.called("get --raw") == [("kubectl", "get", "--raw", "/readyz")]
    desk.processes.close()


def test_of_a_manifest_that_is_too_large_the_bytes_of_its_file_are_told(
    fake_kubectl: FakeKubectl, tmp_path: Path
) -> None:
    file = tmp_path / "job.yaml"
    file.write_text("x" * 12_345)
    fake_kubectl.answers("apply", stderr="Error from server: etcdserver: request is too large\n", return_code=1)
    desk = Desk()
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.apply(file)
    assert caught.value.kind is ErrorKind.TOO_LARGE
    assert "What to do: the manifest has 12,345 bytes; put the data elsewhere" in str(caught.value)
    desk.processes.close()
