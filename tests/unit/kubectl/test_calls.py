"""No kubectl that is too old is trusted; each command is shown, ended and told with what came of it."""

from __future__ import annotations

import os
import threading
import time

import pytest

from kubectl_job_operator.errors import KubectlError, KubectlMissingError, TaskKilledError
from kubectl_job_operator.kubectl import calls
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.kubectl.desk import BAD_VERSIONS, FILE, HANG_SECONDS, JOB, Desk, no_room
from tests.waiting import until


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
    desk: Desk,
    no_kubectl: None,  # noqa: ARG001 - and not before the scripted one is there
) -> None:
    with pytest.raises(
        KubectlMissingError, match=r"There is no kubectl on the PATH(?s:.*)install kubectl 1\.28 or later"
    ):
        desk.kubectl.get("job/a")
    assert desk.shown == []


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
    monkeypatch.setattr(calls, "_STOP_SECONDS", 0.2)
    fake_kubectl.answers("wait", stdout="begun", then=("free",), is_stubborn=True)
    waits = [desk.kubectl.start_wait(f"job/{name}", "delete", 60, lambda _: None) for name in "abc"]
    until(lambda: len(fake_kubectl.called("wait")) == 3, "the commands did not start")
    time.sleep(0.1)  # until each has begun to ignore the signal
    began = time.monotonic()
    desk.kubectl.stop(*waits)
    assert 0.19 < time.monotonic() - began < HANG_SECONDS / 2
    assert all(call.process.is_running for call in waits)
    fake_kubectl.open_gate("free")


def test_a_command_that_could_not_be_started_does_no_harm_when_it_is_stopped(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kubectl.answers("get", stdout=JOB)
    fake_kubectl.answers("wait", after_seconds=NEVER)
    desk.kubectl.get("job/a")
    waits = [desk.kubectl.start_wait("job/a", "delete", 60, _ignore)]
    fake_kubectl.wait_for_call("wait")
    with monkeypatch.context() as full:
        full.setattr(os, "fork", no_room)
        waits.insert(0, desk.kubectl.start_wait("job/b", "delete", 60, _ignore))
        until(lambda: not waits[0].process.is_running, "it has begun")
    desk.kubectl.stop(*waits)
    assert not any(call.process.is_running for call in waits)
    assert "stopped, no longer needed" in desk.shown[-1]


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


def test_without_a_namespace_no_command_is_run(fake_kubectl: FakeKubectl) -> None:
    with pytest.raises(ValueError, match="namespace is not known"):
        Desk(namespace=None).kubectl.delete("job", "a=b")
    assert not fake_kubectl.called("delete")


def test_a_command_of_a_moment_does_not_collect_its_garbage_and_what_runs_beside_the_job_stays_small(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOGC", raising=False)
    fake_kubectl.answers("get job/a", "")
    fake_kubectl.answers("wait", after_seconds=NEVER)
    fake_kubectl.answers("get pods", after_seconds=NEVER)
    fake_kubectl.answers("logs", after_seconds=NEVER)
    desk.kubectl.get("job/a")
    long = [
        desk.kubectl.start_wait("job/a", "condition=complete", 9, _ignore),
        desk.kubectl.start_watch("pods", "a=b", _ignore, _ignore),
        desk.kubectl.start_stream_of_logs(
            "p", "main", follow=True, previous=False, since=None, on_output=_ignore, on_exit=_ignore
        ),
    ]
    until(lambda: len(fake_kubectl.calls) == 5, "not all have run")
    chosen = {" ".join(call[3:5]): environment.get("GOGC") for call, environment in _ran(fake_kubectl)}
    del chosen["-o json"]  # of the version
    assert chosen == {"get job/a": "400", "wait job/a": None, "get pods": None, "logs p": None}
    desk.kubectl.stop(*long)


def test_a_setting_of_the_worker_for_its_programs_in_go_stays(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOGC", "50")
    fake_kubectl.answers("get job/a", "")
    desk = Desk()
    desk.kubectl.get("job/a")
    assert {environment["GOGC"] for environment in fake_kubectl.environments} == {"50"}


def _ran(fake_kubectl: FakeKubectl) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    return list(zip(fake_kubectl.calls, fake_kubectl.environments, strict=True))


def _ignore(_: object) -> None:
    """Take what nobody wants."""
