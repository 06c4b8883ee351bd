"""A task whose manifest only kubectl can give."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.rendering import render_manifest
from kubectl_job_operator.manifest.manifest import Manifest
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import MANIFEST, NAMESPACE

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-5f8h2\ndata: {a: b}\n"
USES = MANIFEST + "        envFrom: [{configMapRef: {name: settings-5f8h2}}]\n"
OF_CRONJOB = MANIFEST.replace(
    "  name: countdown", "  name: nightly\n  namespace: here\n  ownerReferences: [{kind: CronJob, name: nightly}]", 1
)


def operator(**arguments: Any) -> KubernetesJobOperator:
    with DAG("my_dag", schedule=None, start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)):
        return KubernetesJobOperator(**{"task_id": "task", "namespace": NAMESPACE, **arguments})


def rendered(task: KubernetesJobOperator) -> Manifest:
    return render_manifest(task, context_for(task))


@pytest.fixture
def overlay(tmp_path: Path) -> str:
    (tmp_path / "kustomization.yaml").touch()
    return str(tmp_path)


def test_the_manifest_is_what_kubectl_prints_with_the_arguments_over_it(
    fake_kubectl: FakeKubectl, overlay: str
) -> None:
    fake_kubectl.answers("kustomize", f"{CONFIG}---\n{USES}")
    manifest = rendered(operator(kustomize_dir=overlay, image="alpine", unique_name=True, labels={"team": "a"}))
    container = manifest.job["spec"]["template"]["spec"]["containers"][0]
    (config,) = manifest.companions
    assert container["image"] == "alpine"
    assert container["envFrom"] == [{"configMapRef": {"name": config["metadata"]["name"]}}]
    assert config["metadata"]["name"].startswith("settings-5f8h2-")
    assert config["metadata"]["labels"]["team"] == "a"


def test_kubectl_is_run_when_the_task_runs_and_not_where_its_fields_are_rendered(
    fake_kubectl: FakeKubectl, overlay: str
) -> None:
    task = operator(kustomize_dir=f"{{{{ '{overlay}' }}}}")
    context = context_for(task)
    task.render_template_fields(context)
    assert (task.kustomize_dir, task.rendered_yaml, fake_kubectl.calls) == (overlay, None, [])
    fake_kubectl.answers("kustomize", MANIFEST)
    task._make_manifest(context)
    assert "name: countdown" in str(task.rendered_yaml)
    assert task.overwrite_rtif_after_execution


def test_a_broken_kustomization_is_not_tried_again(fake_kubectl: FakeKubectl, overlay: str) -> None:
    fake_kubectl.answers("kustomize", stderr="error: no\n", return_code=1)
    task = operator(kustomize_dir=overlay)
    with pytest.raises(AirflowFailException, match="cannot be built"):
        task._make_manifest(context_for(task))


def test_a_job_of_a_cronjob_is_the_tasks_own_with_a_name_for_each_run(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("create job nightly --from=cronjob/nightly", OF_CRONJOB)
    task = operator(from_cronjob="nightly", arguments=["--day", "x"])
    manifests = [render_manifest(task, context_for(task, run_id=run_id)) for run_id in ("one", "two")]
    names = {manifest.name for manifest in manifests}
    assert len(names) == 2
    assert all(name.startswith("nightly-") for name in names)
    assert [manifest.namespace for manifest in manifests] == ["here", "here"]
    assert not any("ownerReferences" in manifest.text() for manifest in manifests)
    assert manifests[0].job["spec"]["template"]["spec"]["containers"][0]["args"] == ["--day", "x"]


def test_a_name_that_is_given_wins_over_the_cronjobs(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("create job", OF_CRONJOB)
    assert rendered(operator(from_cronjob="nightly", name="mine")).name == "mine"


def test_yaml_without_a_name_has_that_of_the_task_with_a_suffix_for_each_run() -> None:
    task = operator(job_yaml=MANIFEST.replace("  name: countdown\n", "  labels: {a: b}\n"))
    first, again, other = (
        render_manifest(task, context_for(task, run_id=run_id, try_number=number)).name
        for run_id, number in (("one", 1), ("one", 2), ("two", 1))
    )
    assert first == again != other
    assert first.startswith("my-dag-task-")


def test_a_template_is_found_beside_the_dag_by_a_name_that_says_here(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_text(MANIFEST)
    with DAG("dag", schedule=None, template_searchpath=[str(tmp_path)]):
        task = KubernetesJobOperator(task_id="task", yaml_file_name="./job.yaml")
    assert rendered(task).name == "countdown"


def test_a_main_container_leaves_the_retries_to_the_task() -> None:
    manifest = rendered(operator(job_yaml=MANIFEST, main_container="main", retries=3))
    assert manifest.job["spec"]["backoffLimit"] == 0
    assert rendered(operator(job_yaml=MANIFEST, retries=3)).job["spec"]["backoffLimit"] == 3
