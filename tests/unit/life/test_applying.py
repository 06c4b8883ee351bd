"""Objects are applied and waited for, or nothing of them is left."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_job_operator.attempt import workspace
from kubectl_job_operator.attempt.identity import owner_of
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import (
    KubectlError,
    NotInTimeError,
    ObjectFailedError,
    RightsMissingError,
    TaskKilledError,
)
from kubectl_job_operator.life.applying import Applying, Terms
from kubectl_job_operator.manifest.labels import MADE_BY
from kubectl_job_operator.status.awaited import Awaited
from tests.unit.beside import CLAIM, NOT_FOUND, SERVER, YAML, claim, listed, objects, ready, server, session
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import REFUSED, US, Log
from tests.waiting import in_background

pytestmark = pytest.mark.usefixtures("hasty")

WRITTEN = {key: text for key, text in US.annotations().items() if not key.endswith("/round")}
OURS = {**WRITTEN, MADE_BY: US.digest}
AVAILABLE = {SERVER: Awaited.parse("Available")}
WAIT = f"wait {SERVER} --for=condition=Available"


def applying(log: Log, *, text: str = YAML, stop: Stop | None = None, **terms: Any) -> tuple[Applying, Any]:
    within = session(log)
    return Applying(within, objects(text), US, Terms(**terms), lambda: stop or Stop()), within


def run(log: Log, **arguments: Any) -> list[str]:
    return applying(log, **arguments)[0].run()


def made(fake_kubectl: FakeKubectl, *before: dict[str, Any]) -> None:
    """Script what is there before anything is applied, and then what the task has made of it."""
    fake_kubectl.answers("get -f", listed(*before), times=1)
    fake_kubectl.answers("get -f", listed(*(before or [claim(annotations=OURS)]), server(annotations=OURS)))


def deleted(fake_kubectl: FakeKubectl) -> list[str]:
    """Return what was deleted, by the names on the command lines."""
    return [word for call in fake_kubectl.called("delete") for word in call if "/" in word and not word.startswith("-")]


def test_the_result_is_the_objects_names_and_nobody_waits_who_was_not_told_to(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    log = Log()
    assert run(log) == [CLAIM, SERVER]
    assert "Applied in namespace here: persistentvolumeclaim/data, deployment.apps/server" in log.lines
    assert re.search(r"^\$ kubectl -n here apply --server-side ", log.text, re.MULTILINE)
    assert "kind: Deployment" in log.text


def test_who_applied_an_object_is_written_on_it(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    log = Log()
    run(log)
    for key, text in OURS.items():
        assert f"{key}: {text}" in log.text.replace("'", "")


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("pods", ("get", "create", "patch", "delete")),
        ("deployments.apps", ()),
    ],
)
def test_without_a_right_nothing_is_applied_and_the_right_is_named(
    granted: str, missing: tuple[str, ...], fake_kubectl: FakeKubectl
) -> None:
    rights = f"persistentvolumeclaims  []  []  [*]\n{granted}  []  []  [get create patch delete]\n"
    ready(fake_kubectl, rights)
    with pytest.raises(RightsMissingError) as refusal:
        run(Log(), wait_for=AVAILABLE)
    assert list(refusal.value.missing) == [f"{verb} deployments.apps" for verb in (*missing, "list", "watch")]
    assert "Nothing was created." in str(refusal.value)
    assert not fake_kubectl.called("apply")


def test_a_wait_ends_the_task_when_it_is_met(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers(WAIT, server("True"))
    log = Log()
    assert run(log, wait_for=AVAILABLE) == [CLAIM, SERVER]
    assert "Waiting up to 300 s for Available of deployment.apps/server" in log.lines
    assert deleted(fake_kubectl) == []


def test_what_does_not_come_in_time_is_told_with_its_state_and_what_was_made_is_deleted(
    fake_kubectl: FakeKubectl,
) -> None:
    ready(fake_kubectl)
    made(fake_kubectl, claim())
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers(WAIT, after_seconds=NEVER)
    fake_kubectl.answers(f"get {SERVER}", server())
    fake_kubectl.answers("delete", f"{SERVER}\n")
    log = Log()
    with pytest.raises(NotInTimeError) as failure:
        run(log, wait_for=AVAILABLE, wait_timeout_seconds=0.3)
    assert "deployment.apps/server (Available): Available is False (MinimumReplicasUnavailable)" in str(failure.value)
    assert "wait_timeout_seconds" in str(failure.value)
    assert deleted(fake_kubectl) == [SERVER], "the claim was there before"
    assert "persistentvolumeclaim/data was there before, and belongs to no task of Airflow: it is applied" in log.text


def test_what_an_earlier_try_has_only_applied_is_not_its_own_and_stays(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", listed(claim(annotations=WRITTEN), server(annotations=OURS)))
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    fake_kubectl.answers("delete", "")
    log = Log()
    with pytest.raises(KubectlError):
        run(log)
    assert deleted(fake_kubectl) == [SERVER]
    (call,) = fake_kubectl.called("apply")
    there, made = yaml.safe_load_all(Path(call[call.index("-f") + 1]).read_text())
    assert there["metadata"]["annotations"] == WRITTEN, "so a third try leaves it too"
    assert made["metadata"]["annotations"] == OURS


@pytest.mark.parametrize(("kind", "field"), [("ConfigMap", "data"), ("Secret", "stringData")])
def test_the_file_of_a_failed_try_does_not_stay_with_what_airflow_masks(
    kind: str, field: str, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever kind it is in, and where there is no memory to write it to."""
    monkeypatch.setattr(workspace, "memory_disk", lambda: None)
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    fake_kubectl.answers("delete", "")
    log = Log()
    within = session(log, mask=lambda text: text.replace("very-secret", "***"))
    manifest = objects(f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{field}: {{a: very-secret}}\n")
    with pytest.raises(KubectlError):
        Applying(within, manifest, US, Terms(), Stop).run()
    (call,) = fake_kubectl.called("apply")
    assert not Path(call[call.index("-f") + 1]).exists()
    assert "is not kept, as there is a secret in it." in log.text
    assert "very-secret" not in log.text


def test_an_object_that_an_earlier_try_of_this_task_has_made_is_its_own(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    made(fake_kubectl, claim(annotations=OURS))
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    fake_kubectl.answers("delete", "")
    with pytest.raises(KubectlError):
        run(Log())
    assert deleted(fake_kubectl) == [CLAIM, SERVER]


def test_what_was_made_stays_where_that_was_asked_for(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    log = Log()
    with pytest.raises(KubectlError):
        run(log, deletes_on_failure=False)
    assert not fake_kubectl.called("delete")
    assert "delete_on_failure=False" in log.text


def test_an_object_that_is_still_being_deleted_is_waited_for_before_it_is_applied_anew(
    fake_kubectl: FakeKubectl,
) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", listed(claim(deletionTimestamp="2026-01-01T00:00:00Z")), times=1)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers(f"wait {CLAIM} --for=delete")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    assert run(Log()) == [CLAIM, SERVER]
    order = [call[3] for call in fake_kubectl.calls if call[3:4] in (("wait",), ("apply",))]
    assert order == ["wait", "apply"]


def test_what_somebody_else_was_quicker_to_make_anew_stays(fake_kubectl: FakeKubectl) -> None:
    other = dataclasses.replace(US, run_id="another")
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", listed(claim(deletionTimestamp="2026-01-01T00:00:00Z")), times=1)
    fake_kubectl.answers(f"wait {CLAIM} --for=delete")
    fake_kubectl.answers("get -f", listed(claim(annotations=other.annotations())))
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    fake_kubectl.answers("delete", "")
    log = Log()
    with pytest.raises(KubectlError):
        run(log)
    assert deleted(fake_kubectl) == []
    assert f"{CLAIM} was there before, and belongs to {owner_of(claim(annotations=other.annotations()))}" in log.text


def test_what_has_become_another_runs_while_the_task_waited_stays(fake_kubectl: FakeKubectl) -> None:
    other = dataclasses.replace(US, run_id="another").annotations()
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "", times=1)
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers(WAIT, after_seconds=NEVER)
    fake_kubectl.answers(f"get {SERVER}", server())
    fake_kubectl.answers("get -f", listed(claim(annotations=other), server(annotations=OURS)))
    fake_kubectl.answers("delete", f"{SERVER}\n")
    log = Log()
    with pytest.raises(NotInTimeError):
        run(log, wait_for=AVAILABLE, wait_timeout_seconds=0.3)
    assert deleted(fake_kubectl) == [SERVER]
    assert f"{CLAIM} stays: it belongs to {owner_of(claim(annotations=other))}." in log.warnings


def test_an_api_server_that_is_away_for_a_while_is_borne_at_each_step(fake_kubectl: FakeKubectl) -> None:
    for words in ("auth can-i --list", "get -f", "apply --server-side", WAIT):
        fake_kubectl.answers(words, **REFUSED, times=2)
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers(WAIT, server("True"))
    log = Log()
    assert run(log, wait_for=AVAILABLE) == [CLAIM, SERVER]
    assert len(fake_kubectl.called("apply")) == 3
    assert len(fake_kubectl.called(WAIT)) == 3
    assert any("The cluster serves us again" in line for line in log.warnings)


def test_an_object_that_somebody_deletes_while_it_is_waited_for_fails_the_task(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers(WAIT, **NOT_FOUND)
    fake_kubectl.answers("delete", "")
    with pytest.raises(ObjectFailedError, match=r"deployment\.apps/server is gone"):
        run(Log(), wait_for=AVAILABLE)


@pytest.mark.parametrize("keeps", [False, True])
def test_a_killed_task_leaves_nothing_unless_its_next_try_goes_on(keeps: bool, fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    made(fake_kubectl)
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers(WAIT, after_seconds=NEVER)
    fake_kubectl.answers("delete", "")
    log = Log()
    task, within = applying(
        log, wait_for=AVAILABLE, keeps_on_worker_stop=keeps, stop=Stop("Only the worker was told to stop", keeps)
    )

    def kill() -> None:
        fake_kubectl.wait_for_call(WAIT)
        within.kill()

    in_background(kill)
    with pytest.raises(TaskKilledError, match="Only the worker was told to stop"):
        task.run()
    assert deleted(fake_kubectl) == ([] if keeps else [CLAIM, SERVER])


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_the_file_of_a_failed_try_stays_for_a_replay_unless_there_is_a_secret_in_it(
    kind: str, fake_kubectl: FakeKubectl, folders: Callable[[], list[Path]]
) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    fake_kubectl.answers("delete", "")
    log = Log()
    with pytest.raises(KubectlError):
        run(log, text=f"{{apiVersion: v1, kind: {kind}, metadata: {{name: a}}, data: {{key: dmVyeS1zZWNyZXQ=}}}}")
    kept = [file for folder in folders() for file in folder.glob("[!.]*")]
    assert [file.name for file in kept] == ([] if kind == "Secret" else ["things.yaml"])
    assert ("dmVyeS1zZWNyZXQ=" in log.text) == (kind == "ConfigMap")


def test_nothing_is_left_on_the_worker_after_a_success(
    fake_kubectl: FakeKubectl, folders: Callable[[], list[Path]]
) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    run(Log())
    assert folders() == []


def test_another_run_of_the_task_is_not_this_one(fake_kubectl: FakeKubectl) -> None:
    other = dataclasses.replace(US, run_id="another").annotations()
    ready(fake_kubectl)
    made(fake_kubectl, claim(annotations=other))
    fake_kubectl.answers("apply --server-side", stderr="error: no such field\n", return_code=1)
    fake_kubectl.answers("delete", "")
    with pytest.raises(KubectlError):
        run(Log())
    assert deleted(fake_kubectl) == [SERVER]
