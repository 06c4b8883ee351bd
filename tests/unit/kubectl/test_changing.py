"""What changes the cluster says what it has changed, and is ended where it never ends."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import calls, changing
from kubectl_job_operator.kubectl.access import Access
from tests.unit import stage
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


def test_a_job_is_deleted_by_its_path_if_it_is_as_it_was_seen(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("delete --raw", stage.DELETED_AS_SEEN)
    assert desk.kubectl.delete_as_seen(stage.job())
    (delete,) = fake_kubectl.called("delete")
    assert delete[5] == (
        "/apis/batch/v1/namespaces/here/jobs/countdown"
        f"?propagationPolicy=Background&uid={stage.UID}&resourceVersion={stage.job()['metadata']['resourceVersion']}"
    )
    assert desk.shown[-1].startswith("  -> delete: jobs/countdown deleted")


def test_a_job_that_stays_until_its_pods_are_gone_is_deleted_too(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("delete --raw", stage.job())
    assert desk.kubectl.delete_as_seen(stage.job())
    assert desk.shown[-1].startswith("  -> delete: job/countdown deleted")


def test_a_job_that_has_changed_is_not_deleted(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("delete --raw", **stage.HAS_CHANGED)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.delete_as_seen(stage.job())
    assert caught.value.kind is ErrorKind.CONFLICT


@pytest.mark.parametrize(
    "answer", [stage.NOT_FOUND, stage.FORBIDDEN, {"stdout": "<html>"}, {"stdout": {"kind": "Status"}}]
)
def test_what_has_not_deleted_a_job_is_told(answer: dict[str, Any], fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("delete --raw", **answer)
    assert not desk.kubectl.delete_as_seen(stage.job())


def test_an_outage_is_raised_for_whoever_tries_again(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("delete --raw", **stage.REFUSED)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.delete_as_seen(stage.job())
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_of_a_kind_whose_path_only_its_cluster_knows_nothing_is_deleted_so(
    fake_kubectl: FakeKubectl, desk: Desk
) -> None:
    assert not desk.kubectl.delete_as_seen({**stage.job(), "apiVersion": "example.com/v1", "kind": "Widget"})
    assert fake_kubectl.called("delete") == []


def test_a_pod_has_its_path_in_the_core(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("delete --raw", stage.DELETED_AS_SEEN)
    desk.kubectl.delete_as_seen({**stage.job(), "apiVersion": "v1", "kind": "Pod"})
    assert fake_kubectl.called("delete")[0][5].startswith("/api/v1/namespaces/here/pods/countdown?")
