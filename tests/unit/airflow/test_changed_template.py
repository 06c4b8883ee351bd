"""A task whose template is broken, or that comes back without an event: its log says so, and its Job gets its end."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import jinja2
import pytest
from airflow.exceptions import TaskDeferred

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl

CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\n"


@pytest.fixture(autouse=True)
def _logs(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Let the task's log come to caplog, which Airflow's own does not in every version."""
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(KubernetesJobOperator, "log", logging.getLogger(__name__))


def task_of(folder: Path, text: str, **arguments: Any) -> KubernetesJobOperator:
    """Return a task with this template, as a worker makes it from the DAG file."""
    (folder / "job.yaml").write_text(text)
    with DAG("dag", schedule=None, template_searchpath=str(folder)):
        return KubernetesJobOperator(task_id="task", yaml_file_name="job.yaml", namespace=stage.NAMESPACE, **arguments)


def handover_of(folder: Path, text: str) -> str:
    """Run the first half of a deferred task, and return what it hands over."""
    task = task_of(folder, text, deferrable=True)
    context = context_for(task)
    task.render_template_fields(context)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    handover: str = deferred.value.trigger.serialize()[1]["handover"]
    return handover


def come_back(task: KubernetesJobOperator, handover: str) -> None:
    """Run the second half."""
    context = context_for(task)
    task.render_template_fields(context)
    task.execute_complete(context, {"handover": handover, "news": "ended", "message": "", "job": ""})


def script(fake_kubectl: FakeKubectl, end: str = "complete") -> None:
    """Script a Job that has ended when the task comes back."""
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers(f"get {stage.TARGET}", "", times=1)
    fake_kubectl.answers(f"get {stage.TARGET}", stage.job(end))
    stage.script(fake_kubectl, end=end)


def test_a_template_that_cannot_be_rendered_fails_the_task_in_execute_where_its_log_is_read(
    tmp_path: Path, fake_kubectl: FakeKubectl
) -> None:
    task = task_of(tmp_path, "{{ nothing }}")
    context = context_for(task)
    task.render_template_fields(context)
    assert "nothing" in str(task.rendered_yaml)
    with pytest.raises(AirflowFailException, match="'nothing' is undefined"):
        task.execute(context)
    assert fake_kubectl.calls == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"namespace": "{{ nothing }}"}, ("The argument namespace cannot be rendered: 'nothing'", "mend its")),
        ({"labels": {"day": "{{ ds }}"}}, ("The argument labels", "give the DAG run a logical date", "{{ run_id }}")),
        ({"labels": {"day": "{{ a b }}"}}, ("The argument labels cannot be rendered: expected token",)),
    ],
)
def test_an_argument_that_cannot_be_rendered_is_named_in_execute_where_its_log_is_read(
    fake_kubectl: FakeKubectl, arguments: dict[str, Any], words: tuple[str, ...]
) -> None:
    with DAG("dag", schedule=None, template_undefined=jinja2.StrictUndefined):
        task = KubernetesJobOperator(task_id="task", image="x", cmds=["true"], **{"namespace": "here", **arguments})
    context = context_for(task)
    context.pop("ds", None)
    task.render_template_fields(context)
    with pytest.raises(AirflowFailException) as failure:
        task.execute(context)
    assert all(word in str(failure.value) for word in words), failure.value
    assert fake_kubectl.calls == []


def test_an_argument_whose_own_code_fails_is_no_lasting_error(fake_kubectl: FakeKubectl) -> None:
    def broken(**_: Any) -> Any:
        raise LookupError("the database is away")

    with DAG("dag", schedule=None, user_defined_macros={"look_up": broken}):
        task = KubernetesJobOperator(task_id="task", image="x", cmds=["true"], namespace="{{ look_up() }}")
    context = context_for(task)
    task.render_template_fields(context)
    with pytest.raises(LookupError, match="the database is away"):
        task.execute(context)
    assert fake_kubectl.calls == []


@pytest.mark.parametrize("text", ["{{ nothing }}", "no: manifest", "a: [", "{% include 'gone.yaml' %}"])
def test_a_deferred_task_whose_template_was_broken_since_still_gets_its_verdict_and_cleans_up(
    text: str, tmp_path: Path, fake_kubectl: FakeKubectl, caplog: pytest.LogCaptureFixture
) -> None:
    script(fake_kubectl)
    handover = handover_of(tmp_path, stage.MANIFEST + CONFIG)
    come_back(task_of(tmp_path, text, deferrable=True), handover)
    assert "cannot be rendered any more; the task goes on with the Job that is there" in caplog.text
    assert "is Complete after" in caplog.text
    (delete,) = fake_kubectl.called("delete")
    assert delete[4] == "job.v1.batch,configmap"


def test_what_is_deleted_is_what_was_made_whatever_the_template_says_since(
    tmp_path: Path, fake_kubectl: FakeKubectl
) -> None:
    script(fake_kubectl)
    handover = handover_of(tmp_path, stage.MANIFEST + CONFIG)
    come_back(task_of(tmp_path, stage.MANIFEST.replace("countdown", "renamed"), deferrable=True), handover)
    (delete,) = fake_kubectl.called("delete")
    assert delete[4] == "job.v1.batch,configmap"


def test_a_job_that_failed_while_its_template_was_broken_is_told_with_its_cause(
    tmp_path: Path, fake_kubectl: FakeKubectl
) -> None:
    script(fake_kubectl, "failed")
    handover = handover_of(tmp_path, stage.MANIFEST)
    with pytest.raises(Exception, match="exit code 3"):
        come_back(task_of(tmp_path, "{{ nothing }}", deferrable=True), handover)


def test_a_short_ttl_is_set_back_though_the_template_no_longer_says_it(
    tmp_path: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("patch", "job.batch/countdown patched\n")
    script(fake_kubectl)
    handover = handover_of(tmp_path, stage.MANIFEST.replace("spec:\n", "spec:\n  ttlSecondsAfterFinished: 5\n", 1))
    come_back(task_of(tmp_path, "{{ nothing }}", deferrable=True, delete_policy="Never"), handover)
    (patch,) = fake_kubectl.called("patch")
    assert json.loads(patch[-1]) == {"metadata": {"uid": stage.UID}, "spec": {"ttlSecondsAfterFinished": 5}}


def test_a_task_that_airflow_sends_back_without_an_event_begins_anew(
    tmp_path: Path, fake_kubectl: FakeKubectl, caplog: pytest.LogCaptureFixture
) -> None:
    """So it does with one that is cleared in the moment of its deferral."""
    script(fake_kubectl)
    task = task_of(tmp_path, stage.MANIFEST, deferrable=True)
    context = context_for(task)
    task.render_template_fields(context)
    with pytest.raises(TaskDeferred):
        task.execute_complete(context)
    assert "so it begins anew" in caplog.text
    assert len(fake_kubectl.called("apply")) == 1
