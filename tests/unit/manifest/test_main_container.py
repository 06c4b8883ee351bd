"""When one container may decide about a Job or a Pod."""

from __future__ import annotations

import re

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import main_container
from kubectl_job_operator.manifest.labels import MAIN_CONTAINER_EXIT_CODE
from kubectl_job_operator.manifest.manifest import Manifest
from tests.unit.stage import MANIFEST

DECIDES = main_container.annotation("main")
POD = "{apiVersion: v1, kind: Pod, metadata: {name: pod}, spec: {restartPolicy: Never, containers: [{name: main}]}}"
SIDECAR = MANIFEST.replace("containers:\n", "containers:\n      - name: beside\n        image: busybox:1.36\n")


def with_spec(line: str) -> str:
    return MANIFEST.replace("spec:\n", f"spec:\n  {line}\n", 1)


@pytest.mark.parametrize("text", [SIDECAR, POD, with_spec("backoffLimit: 0"), with_spec("completions: 1")])
def test_it_decides_about_a_pod_and_about_a_job_of_one_pod(text: str) -> None:
    assert main_container.name_in(Manifest.parse(text, "job.yaml", DECIDES).job) == "main"


@pytest.mark.parametrize("key", main_container.OF_LAMAANI)
def test_the_annotation_of_another_operator_names_it_too(key: str) -> None:
    text = MANIFEST.replace("  name: countdown", f"  name: countdown\n  annotations: {{{key}: main}}", 1)
    assert main_container.name_in(Manifest.parse(text, "job.yaml").job) == "main"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (with_spec("backoffLimit: 2"), "main_container and backoffLimit: 2; only for a Job of one pod"),
        (with_spec("parallelism: 3"), "main_container and parallelism: 3"),
        (with_spec("completions: 3"), "main_container and completions: 3"),
        (with_spec("podFailurePolicy: {rules: []}"), "main_container and podFailurePolicy"),
        (MANIFEST.replace("name: main", "name: other"), "without the main_container 'main'; its containers are other"),
        (
            MANIFEST.replace(
                "  name: countdown",
                '  name: countdown\n  annotations: {kubectl-job-operator/success-when: "Ready"}',
                1,
            ),
            "main_container and with success_when",
        ),
    ],
)
def test_where_it_cannot_decide_that_is_said(text: str, words: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(words)):
        Manifest.parse(text, "job.yaml", DECIDES)


def test_an_argument_cannot_give_pods_beside_it_either() -> None:
    with pytest.raises(ManifestError, match="backoffLimit: 3"):
        Manifest.parse(MANIFEST, "job.yaml", DECIDES).with_backoff_limit(3, override=True)


def test_its_exit_code_is_never_the_authors() -> None:
    text = MANIFEST.replace(
        "  name: countdown", f"  name: countdown\n  annotations: {{{MAIN_CONTAINER_EXIT_CODE}: '0'}}", 1
    )
    with pytest.raises(ManifestError, match="which only a task writes"):
        Manifest.parse(text, "job.yaml")
