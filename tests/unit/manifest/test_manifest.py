"""A Job and its companions are read from text or documents in their order, and written for kubectl or for people."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.masking import MASK
from kubectl_job_operator.manifest.yaml_text import load_all
from tests.unit.manifest.texts import CONFIG, JOB, OTHER_JOB, SECRET, SOURCE, job_with, parse, refused


def test_a_job_and_its_companions_are_read_in_their_order() -> None:
    manifest = parse(SECRET, JOB, "# nothing\n", CONFIG)
    assert [document["kind"] for document in manifest.documents] == ["Secret", "Job", "ConfigMap"]
    assert manifest.name == "countdown"
    assert manifest.namespace is None
    assert manifest.job is manifest.documents[1]
    assert manifest.source == SOURCE


def test_the_namespace_is_the_one_that_the_documents_name() -> None:
    manifest = parse(job_with("metadata:\n", "metadata:\n  namespace: etl\n"), CONFIG)
    assert manifest.namespace == "etl"


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_both_restart_policies_of_jobs_are_taken(policy: str) -> None:
    assert parse(job_with("Never", policy)).job["spec"]["template"]["spec"]["restartPolicy"] == policy


def test_a_list_is_taken_apart() -> None:
    inner = "".join(f"- {document.replace(chr(10), chr(10) + '  ').rstrip()}\n" for document in (CONFIG, JOB))
    manifest = Manifest.parse(f"apiVersion: v1\nkind: List\nitems:\n{inner}", SOURCE)
    assert manifest.documents == parse(CONFIG, JOB).documents


def test_two_jobs_in_a_list_are_two_jobs() -> None:
    inner = "".join(f"- {document.replace(chr(10), chr(10) + '  ').rstrip()}\n" for document in (JOB, OTHER_JOB))
    assert "has 2 Jobs" in refused(f"apiVersion: v1\nkind: List\nitems:\n{inner}")


def test_json_is_yaml() -> None:
    text = (
        '{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},'
        ' "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a"}]}}}}'
    )
    assert Manifest.parse(text, SOURCE).name == "j"


def test_documents_that_were_read_already_are_held_to_the_same_rules() -> None:
    documents = load_all(f"{JOB}---\n{CONFIG}")
    assert Manifest.of([None, *documents], SOURCE).documents == tuple(documents)
    with pytest.raises(ManifestError, match="has 2 Jobs"):
        Manifest.of([*documents, load_all(OTHER_JOB)[0]], SOURCE)


def test_what_secrets_hold_is_masked_for_people_and_kept_for_kubectl() -> None:
    manifest = parse(SECRET, job_with("metadata:\n", "metadata:\n  labels: {team: blue}\n"), CONFIG)
    masked = manifest.masked_text()
    assert "very-secret" not in masked
    assert "aHVudGVyMg==" not in masked
    secret, job, config = load_all(masked)
    assert (secret["data"], secret["stringData"]) == ({"password": MASK}, {"token": MASK})
    assert (job, config) == manifest.documents[1:]
    assert tuple(load_all(manifest.text())) == manifest.documents
    assert "very-secret" in manifest.text()


@pytest.mark.parametrize("data", ["very-secret", ["very-secret"], None])
def test_a_secret_that_is_no_mapping_is_masked_too(data: Any) -> None:
    secret = {**load_all(SECRET)[0], "data": data}
    masked = Manifest((*load_all(JOB), secret), SOURCE).masked_text()
    assert "very-secret" not in masked
