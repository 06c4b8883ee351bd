"""What changes the cluster says what it has changed, and is ended where it never ends."""

from __future__ import annotations

import shlex

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import calls, changing
from kubectl_job_operator.kubectl.access import Access
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.kubectl.desk import FILE, JOB, POD, Desk


def test_apply_gives_one_object_or_each_of_a_list(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("apply", stdout=JOB, times=1)
    assert desk.kubectl.apply(FILE) == [JOB]
    fake_kubectl.answers("apply", stdout={"kind": "List", "items": [POD, JOB]})
    assert desk.kubectl.apply(FILE) == [POD, JOB]


def test_an_apply_without_an_answer_is_told_while_it_waits(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "_SILENT_SECONDS", 0.3)
    fake_kubectl.answers("apply", stdout=JOB, after_seconds=1.5)
    assert desk.kubectl.apply(FILE) == [JOB]
    told, ended = (line for line in desk.shown if line.startswith("  -> apply"))
    assert told == ("  -> apply: no answer for 0.3 s, so the cluster may be away; it may take up to 60 s.")
    assert "uid" in ended


def test_an_apply_that_is_answered_soon_is_not(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("apply", stdout=JOB)
    desk.kubectl.apply(FILE)
    assert not any("no answer" in line for line in desk.shown)


def test_the_command_to_delete_is_the_one_that_delete_runs(fake_kubectl: FakeKubectl) -> None:
    desk = Desk(Access("/my config", "there"))
    fake_kubectl.answers("delete")
    pasted = desk.kubectl.delete_command("job", "a=b")
    assert fake_kubectl.calls == []
    desk.kubectl.delete("job", "a=b")
    assert tuple(shlex.split(pasted)) == fake_kubectl.called("delete")[0]


def test_a_deletion_that_never_ends_is_ended(
    fake_kubectl: FakeKubectl, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kubectl.answers("delete", after_seconds=NEVER)
    monkeypatch.setattr(changing, "CHANGE_SECONDS", 0.2)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.delete_and_wait("a", "b=c", 0)
    assert caught.value.kind is ErrorKind.NO_ANSWER
