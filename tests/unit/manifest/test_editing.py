"""A manifest is changed only where it must be, and the original not at all."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.manifest.manifest import Manifest
from tests.unit.manifest.texts import CONFIG, JOB, SECRET, SOURCE, job_with, parse

IDENTITY = Identity(dag_id="d", task_id="t", run_id="r")
LABELS = {"kubectl-job-operator/task-instance": "0123", "app.kubernetes.io/managed-by": "kubectl-job-operator"}


@pytest.fixture
def manifest() -> Manifest:
    """Give a manifest with three documents."""
    return parse(SECRET, job_with("metadata:\n", "metadata:\n  labels: {team: blue}\n"), CONFIG)


def _unchanged(manifest: Manifest, change: Any) -> Manifest:
    """Change it; see that the original did not."""
    before = copy.deepcopy(manifest.documents)
    changed: Manifest = change(manifest)
    assert manifest.documents == before
    assert changed.source == manifest.source
    return changed


def test_labels_come_to_every_document_and_to_the_pods_beside_their_own(manifest: Manifest) -> None:
    changed = _unchanged(manifest, lambda one: one.with_labels(LABELS))
    assert [document["metadata"]["labels"] for document in changed.documents] == [
        LABELS,
        {"team": "blue", **LABELS},
        LABELS,
    ]
    assert changed.job["spec"]["template"]["metadata"]["labels"] == LABELS


def test_labels_that_the_pods_have_stay(manifest: Manifest) -> None:
    documents = copy.deepcopy(list(manifest.documents))
    documents[1]["spec"]["template"]["metadata"] = {"labels": {"app": "x"}, "annotations": {"a": "b"}}
    template = Manifest.of(documents, SOURCE).with_labels(LABELS).job["spec"]["template"]
    assert template["metadata"] == {"labels": {"app": "x", **LABELS}, "annotations": {"a": "b"}}
    assert template["spec"] == manifest.job["spec"]["template"]["spec"]


@pytest.mark.parametrize("empty", [{"labels": None, "annotations": None}, None, {}])
def test_empty_metadata_of_the_pods_is_no_obstacle(manifest: Manifest, empty: dict[str, Any] | None) -> None:
    documents = copy.deepcopy(list(manifest.documents))
    documents[1]["spec"]["template"]["metadata"] = empty
    changed = Manifest.of(documents, SOURCE).with_labels(LABELS).with_annotations({"a": "b"}, on_pods=True)
    metadata = changed.job["spec"]["template"]["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == (LABELS, {"a": "b"})


@pytest.mark.parametrize("on_pods", [False, True])
def test_annotations_come_to_every_document_and_to_the_pods_if_asked_for(manifest: Manifest, *, on_pods: bool) -> None:
    changed = _unchanged(manifest, lambda one: one.with_annotations({"a": "b"}, on_pods=on_pods))
    assert [document["metadata"]["annotations"] for document in changed.documents] == [{"a": "b"}] * 3
    pods = changed.job["spec"]["template"].get("metadata", {})
    assert pods.get("annotations") == ({"a": "b"} if on_pods else None)


def test_marks_survive_being_written_and_read(manifest: Manifest) -> None:
    changed = manifest.with_labels(LABELS).with_annotations(
        {"run": "scheduled__2026-01-01T00:00:00+00:00"}, on_pods=True
    )
    assert Manifest.parse(changed.text(), SOURCE).documents == changed.documents


def test_variables_come_to_every_container_and_win_in_the_first(manifest: Manifest) -> None:
    documents = copy.deepcopy(list(manifest.documents))
    pod = documents[1]["spec"]["template"]["spec"]
    pod["initContainers"] = [{"name": "init", "env": [{"name": "A", "value": "own"}]}]
    pod["containers"][0]["env"] = [{"name": "A", "value": "own"}]
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    changed = _unchanged(Manifest.of(documents, SOURCE), lambda one: one.with_env_vars(variables))
    changed_pod = changed.job["spec"]["template"]["spec"]
    assert changed_pod["initContainers"][0]["env"] == [{"name": "B", "value": "2"}, {"name": "A", "value": "own"}]
    assert changed_pod["containers"][0]["env"] == [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]


def test_the_backoff_limit_of_the_text_stays_unless_it_is_to_be_overridden(manifest: Manifest) -> None:
    limited = _unchanged(manifest, lambda one: one.with_backoff_limit(0, override=False))
    assert limited.job["spec"]["backoffLimit"] == 0
    assert limited.with_backoff_limit(3, override=False).job["spec"]["backoffLimit"] == 0
    assert limited.with_backoff_limit(3, override=True).job["spec"]["backoffLimit"] == 3


def test_a_limit_for_each_index_counts_as_one_for_the_job() -> None:
    manifest = Manifest.parse(JOB.replace("spec:\n", "spec:\n  backoffLimitPerIndex: 1\n", 1), SOURCE)
    assert "backoffLimit" not in manifest.with_backoff_limit(0, override=False).job["spec"]
    assert manifest.with_backoff_limit(0, override=True).job["spec"]["backoffLimit"] == 0


def test_of_a_job_that_must_have_a_short_name_the_companions_names_stay_whole_and_different() -> None:
    job = """\
apiVersion: ray.io/v1
kind: RayJob
metadata:
  name: ray-train-recommendation-model-nightly
  annotations: {kubectl-job-operator/success-when: "{.status.jobStatus}=SUCCEEDED"}
spec: {}
"""
    names = [f"ray-train-recommendation-model-nightly-{what}" for what in ("config", "script")]
    manifest = parse(job, *(CONFIG.replace("settings", name) for name in names)).with_names(IDENTITY.unique_name)
    suffix = IDENTITY.unique_name("a")[1:]
    assert manifest.name == f"ray-train-recommendation-model-nightly{suffix}"
    assert [one["metadata"]["name"] for one in manifest.companions] == [f"{name}{suffix}" for name in names]
    assert manifest.with_names(IDENTITY.unique_name, 20).name == f"ray-train-r{suffix}"


def test_names_that_would_be_cut_to_the_same_stay_different_and_are_followed() -> None:
    front = "load-the-orders-of-all-shops-of-the-northern-half-of-the-country-at-night"
    names = [f"{front}-{what}" for what in ("config", "script", "other")]
    uses = "".join(f"        - configMapRef: {{name: {name}}}\n" for name in names)
    job = f"{JOB}        envFrom:\n{uses}"
    configs = [CONFIG.replace("settings", name) for name in names]
    others = [SECRET.replace("keys", names[0]), configs[1].replace("v1", "a.example/v1")]
    manifest = parse(job, *configs, *others)
    renamed = manifest.with_names(IDENTITY.unique_name)
    made = [one["metadata"]["name"] for one in renamed.companions]
    assert made[0] == made[3] == IDENTITY.unique_name(names[0])
    assert made[1] == made[4]
    assert len(set(made[:3])) == 3
    assert {len(name) for name in made} == {63}
    references = renamed.job["spec"]["template"]["spec"]["containers"][0]["envFrom"]
    assert [one["configMapRef"]["name"] for one in references] == made[:3]
    assert renamed == manifest.with_names(IDENTITY.unique_name)
