"""What was made goes away again, and what is not there is no error."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import NotInTimeError, RightsMissingError
from kubectl_job_operator.life.deleting import Deleting, Doomed
from tests.unit.beside import CLAIM, SERVER, claim, objects, ready, session
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import REFUSED, Log

pytestmark = pytest.mark.usefixtures("hasty")

NO_WAIT = "--ignore-not-found --wait=false -o name"
WAYS: dict[str, tuple[Doomed, str]] = {
    "targets": (Doomed(targets=(CLAIM, SERVER)), f"delete {CLAIM} {SERVER} {NO_WAIT}"),
    "selector": (Doomed(resource="pvc,deploy", selector="app=x"), f"delete pvc,deploy -l app=x {NO_WAIT}"),
    "manifest": (Doomed(manifest=objects()), f"delete -f {NO_WAIT}"),
}


def run(log: Log, doomed: Doomed, **arguments: Any) -> list[str]:
    chosen: dict[str, Any] = {"wait_timeout_seconds": None, "log_yaml": True, "ask_stop": Stop, **arguments}
    return Deleting(session(log), doomed, **chosen).run()


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_say_what_is_one_command_and_the_result_is_what_was_there(
    way: str, fake_kubectl: FakeKubectl
) -> None:
    doomed, command = WAYS[way]
    ready(fake_kubectl)
    fake_kubectl.answers(command, f"{CLAIM}\n")
    assert run(Log(), doomed) == [CLAIM]
    assert not fake_kubectl.called("wait")


def test_where_nothing_is_there_nothing_is_waited_for_and_nothing_fails(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("delete", "")
    log = Log()
    assert run(log, WAYS["targets"][0], wait_timeout_seconds=10) == []
    assert "Deleted in namespace here: nothing" in log.lines


def test_it_waits_until_all_is_gone_if_asked_to(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("delete", f"{CLAIM}\n{SERVER}\n")
    fake_kubectl.answers(f"wait {CLAIM} --for=delete")
    fake_kubectl.answers(
        f"wait {SERVER} --for=delete",
        stderr='Error from server (NotFound): deployments.apps "server" not found\n',
        return_code=1,
    )
    run(Log(), WAYS["targets"][0], wait_timeout_seconds=10)
    assert len(fake_kubectl.called("wait --for=delete")) == 2


def test_what_does_not_go_is_told_with_who_holds_it(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("delete", f"{CLAIM}\n")
    fake_kubectl.answers("wait --for=delete", after_seconds=NEVER)
    leaving = claim(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["kubernetes.io/pvc-protection"])
    fake_kubectl.answers(f"get {CLAIM}", leaving)
    with pytest.raises(NotInTimeError, match=r"held by kubernetes\.io/pvc-protection"):
        run(Log(), WAYS["targets"][0], wait_timeout_seconds=0.3)


@pytest.mark.parametrize(
    ("way", "waits", "missing"),
    [
        ("targets", False, ["delete deployments.apps"]),
        ("manifest", False, ["delete deployments.apps"]),
        ("selector", False, ["delete deployments.apps", "list deployments.apps"]),
        ("targets", True, [f"{verb} deployments.apps" for verb in ("delete", "get", "list", "watch")]),
    ],
)
def test_without_a_right_nothing_is_deleted_and_the_right_is_named(
    way: str, waits: bool, missing: list[str], fake_kubectl: FakeKubectl
) -> None:
    ready(fake_kubectl, "persistentvolumeclaims  []  []  [*]\n")
    with pytest.raises(RightsMissingError) as refusal:
        run(Log(), WAYS[way][0], wait_timeout_seconds=10 if waits else None)
    assert list(refusal.value.missing) == missing
    assert "Nothing was deleted." in str(refusal.value)
    assert not fake_kubectl.called("delete")


def test_an_api_server_that_is_away_for_a_while_is_borne(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("delete", **REFUSED, times=2)
    fake_kubectl.answers("wait --for=delete", **REFUSED, times=2)
    ready(fake_kubectl)
    fake_kubectl.answers("delete", f"{CLAIM}\n")
    fake_kubectl.answers("wait --for=delete")
    assert run(Log(), WAYS["targets"][0], wait_timeout_seconds=10) == [CLAIM]
    assert len(fake_kubectl.called("delete")) == 3
