"""A Pod's and a Widget's life: the commands of a Job's, with other words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_job_operator.attempt.memory import Done
from kubectl_job_operator.errors import JobFailedError, JobVanishedError, RightsMissingError
from kubectl_job_operator.manifest.labels import FAILURE_WHEN, POD_SELECTOR, SUCCESS_WHEN
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.manifest.test_kinds import POD
from tests.unit.stage import US, Log, Notebook

pytestmark = pytest.mark.usefixtures("hasty")

TARGET = "widget.v1.example.com/widget"
RULES = {SUCCESS_WHEN: "{.status.phase}=Done\nSkipped", FAILURE_WHEN: "{.status.phase}=Broken", POD_SELECTOR: "app=w"}
WIDGET = f"""\
apiVersion: example.com/v1
kind: Widget
metadata:
  name: widget
  annotations:
    {SUCCESS_WHEN}: |
      {{.status.phase}}=Done
      Skipped
    {FAILURE_WHEN}: "{{.status.phase}}=Broken"
    {POD_SELECTOR}: app=w
"""
PHASE_DONE, SKIPPED, BROKEN = (
    f"wait {TARGET} --for={what}"
    for what in ("jsonpath={.status.phase}=Done", "condition=Skipped", "jsonpath={.status.phase}=Broken")
)
DELETED = f"wait {TARGET} --for=delete"

WIDGETS = "widgets   example.com/v1   true   Widget\n"


def widget(uid: str = stage.UID, **status: Any) -> dict[str, Any]:
    """Return the Widget as the cluster has it."""
    labels = US.object_labels()
    annotations = {**RULES, **US.annotations()}
    metadata = {
        "name": "widget",
        "namespace": stage.NAMESPACE,
        "uid": uid,
        "labels": labels,
        "annotations": annotations,
    }
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "status": status}


def pod(scenario: str) -> dict[str, Any]:
    """Return a recorded pod as one of the stage, without a Job."""
    made = copy.deepcopy(recordings.pods(scenario)[0])
    made["metadata"].update(
        name="pod", namespace=stage.NAMESPACE, uid=stage.UID, labels=US.object_labels(), annotations={}
    )
    return made


def script(fake_kubectl: FakeKubectl, end: str, ended: dict[str, Any] | None) -> None:
    """Script a Widget's life.

    :param end: the wait that returns.
    :param ended: the Widget that it prints.
    """
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("api-resources", WIDGETS)
    fake_kubectl.answers(f"get {TARGET}", "", times=1)
    fake_kubectl.answers(stage.PODS_WAIT)
    fake_kubectl.answers("apply --server-side", widget())
    for wait in (PHASE_DONE, SKIPPED, BROKEN):
        others = [other for other in (PHASE_DONE, SKIPPED, BROKEN) if other != wait]
        if wait == end:
            fake_kubectl.answers(wait, ended or "", once_called=others[-1])
        else:
            fake_kubectl.answers(wait, after_seconds=NEVER)
    fake_kubectl.answers(DELETED, after_seconds=NEVER)
    fake_kubectl.answers("get pods --watch", after_seconds=NEVER)
    fake_kubectl.answers("get pods", {"kind": "List", "items": []})
    fake_kubectl.answers("get events", {"kind": "List", "items": []})
    fake_kubectl.answers("delete", 'widget.example.com "widget" deleted\n')


@pytest.mark.parametrize(
    ("end", "ended"),
    [(PHASE_DONE, widget(phase="Done")), (SKIPPED, widget(conditions=[{"type": "Skipped", "status": "True"}]))],
)
def test_a_widget_is_a_success_by_any_of_its_rules_and_is_deleted(
    end: str, ended: dict[str, Any], fake_kubectl: FakeKubectl, log: Log
) -> None:
    script(fake_kubectl, end, ended)
    memory = Notebook()
    assert stage.runner(log, manifest=WIDGET, memory=memory).run() == ended
    assert f"Widget {stage.NAMESPACE}/widget is Complete after" in log.text
    assert "get pods -l app=w --watch" in log.text
    (deleted,) = fake_kubectl.called("delete")
    assert "widget.v1.example.com" in deleted
    assert memory.noted is not None


def test_a_later_try_does_not_run_a_widget_again_that_was_complete(fake_kubectl: FakeKubectl, log: Log) -> None:
    memory = Notebook()
    memory.note(Done(widget(phase="Done")))
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("api-resources", WIDGETS)
    fake_kubectl.answers(f"get {TARGET}", "")
    fake_kubectl.answers("delete")
    stage.runner(log, manifest=WIDGET, memory=memory).run()
    assert "was Complete in an earlier try, and is gone: it is not run again." in log.text
    assert fake_kubectl.called("apply") == []


def test_a_broken_widget_fails_with_what_it_says_and_stays(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, BROKEN, widget(phase="Broken", message="a wheel came off"))
    with pytest.raises(JobFailedError) as failure:
        stage.runner(log, manifest=WIDGET).run()
    headline = f"Widget {stage.NAMESPACE}/widget failed: .status.phase is Broken (a wheel came off)\n"
    assert str(failure.value).startswith(headline)
    assert "No pod with the labels app=w is known." in failure.value.report
    assert fake_kubectl.called("delete") == []
    assert f"delete {TARGET}  # CHANGES the cluster" in log.text


def test_a_widget_that_vanishes_is_named(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, PHASE_DONE, None)
    fake_kubectl.answers(f"get {TARGET}", "")
    with pytest.raises(JobVanishedError, match=f"Widget {stage.NAMESPACE}/widget was deleted while the task waited"):
        stage.runner(log, manifest=WIDGET).run()


def test_a_wait_that_is_met_by_what_we_do_not_take_for_the_end_is_not_repeated_without_a_pause(
    fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("kubectl_job_operator.attempt.mailbox.Mailbox.pause", lambda _, seconds: pauses.append(seconds))
    fake_kubectl.answers(PHASE_DONE, widget(phase="done"), times=2, once_called=BROKEN)
    script(fake_kubectl, PHASE_DONE, widget(phase="Done"))
    fake_kubectl.answers(f"get {TARGET}", widget(phase="done"))
    stage.runner(log, manifest=WIDGET).run()
    assert len(pauses) == 2


def test_an_account_without_rights_on_the_kind_s_own_resource_is_told_before_anything_is_created(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("auth can-i --list", "gadgets.example.com   []   []   [*]\n*   []   []   [*]\n")
    fake_kubectl.answers("api-resources --api-group=example.com", WIDGETS)
    fake_kubectl.answers(f"get {TARGET}", "")
    with pytest.raises(RightsMissingError, match=r"create widgets\.example\.com"):
        stage.runner(log, manifest=WIDGET).run()
    assert fake_kubectl.called("apply") == []


def test_a_kind_whose_resource_the_cluster_does_not_name_is_tried(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", "*   []   []   [*]\n", times=1)
    fake_kubectl.answers("api-resources", **stage.REFUSED)
    script(fake_kubectl, PHASE_DONE, widget(phase="Done"))
    stage.runner(log, manifest=WIDGET).run()
    assert fake_kubectl.called("apply")


@pytest.mark.parametrize("end", ["Succeeded", "Failed"])
def test_a_pod_ends_with_its_phase(end: str, fake_kubectl: FakeKubectl, log: Log) -> None:
    ended = pod("complete" if end == "Succeeded" else "failed-exit-code")
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("get pod/pod", "", times=1)
    fake_kubectl.answers(stage.PODS_WAIT)
    fake_kubectl.answers("apply --server-side", pod("unschedulable"))
    for phase, other in (("Succeeded", "Failed"), ("Failed", "Succeeded")):
        fake_kubectl.answers(
            f"wait pod/pod --for=jsonpath={{.status.phase}}={phase}",
            ended,
            once_called=f"wait pod/pod --for=jsonpath={{.status.phase}}={other}",
            after_seconds=0.0 if phase == end else NEVER,
        )
    fake_kubectl.answers("wait pod/pod --for=delete", after_seconds=NEVER)
    fake_kubectl.answers("get pods --watch", after_seconds=NEVER)
    fake_kubectl.answers("get pods", {"kind": "List", "items": [ended]})
    fake_kubectl.answers("get events", {"kind": "List", "items": []})
    fake_kubectl.answers("logs")
    fake_kubectl.answers("delete")
    runner = stage.runner(log, manifest=POD)
    if end == "Succeeded":
        runner.run()
        assert f"Pod {stage.NAMESPACE}/pod is Complete after" in log.text
    else:
        with pytest.raises(
            JobFailedError, match=f"Pod {stage.NAMESPACE}/pod failed: container main of pod pod ended with exit code 3"
        ) as failure:
            runner.run()
        assert failure.value.exit_codes
    assert len(fake_kubectl.called("delete")) == (end == "Succeeded")


def test_a_failed_widget_of_an_earlier_try_is_replaced_by_name_and_label(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"get {TARGET}", widget(uid="old", phase="Broken"), times=1)
    script(fake_kubectl, PHASE_DONE, widget(phase="Done"))
    stage.runner(log, manifest=WIDGET).run()
    replaced = fake_kubectl.called("delete")[0]
    assert "widget.v1.example.com" in replaced
    assert "--field-selector=metadata.name=widget" in replaced
