"""The document that the task waits for need not have a name; the others must."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.kinds import annotations_of
from kubectl_job_operator.manifest.manifest import Manifest
from tests.unit.stage import MANIFEST

NO_NAME = MANIFEST.replace("  name: countdown\n", "  labels: {a: b}\n")
NO_METADATA = MANIFEST.replace("metadata:\n  name: countdown\n", "")
GENERATED = MANIFEST.replace("name: countdown", "generateName: count-")
POD = "{apiVersion: v1, kind: Pod, spec: {restartPolicy: Never, containers: [{name: a}]}}"
CONFIG = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: config}}\n"


def parsed(text: str, **arguments: Any) -> Manifest:
    return Manifest.parse(text, "job.yaml", name="dag-task", **arguments)


@pytest.mark.parametrize(
    ("text", "name"),
    [(NO_NAME, "dag-task"), (NO_METADATA, "dag-task"), (GENERATED, "count"), (POD, "dag-task")],
    ids=["no name", "no metadata", "generateName", "Pod"],
)
def test_a_job_without_a_name_gets_the_one_that_is_given_or_that_it_begins_with(text: str, name: str) -> None:
    manifest = parsed(text)
    assert (manifest.name, manifest.is_unnamed) == (name, True)
    assert "generateName" not in manifest.text()


def test_a_name_is_left_as_it_is_also_beside_generatename() -> None:
    both = parsed(MANIFEST.replace("name: countdown", "name: countdown\n  generateName: other-"))
    assert (both.name, both.is_unnamed) == ("countdown", False)
    assert "generateName" not in both.text()


def test_it_stays_unnamed_when_its_job_is_changed() -> None:
    manifest = parsed(NO_NAME)
    assert manifest.with_job(manifest.job).with_labels({"c": "d"}).is_unnamed


def test_what_is_chosen_by_success_when_may_be_without_a_name() -> None:
    widget = "{apiVersion: example.com/v1, kind: Widget}\n" + CONFIG
    assert parsed(widget, job_annotations=annotations_of(["Ready"], [], None)).name == "dag-task"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{MANIFEST}---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{}}}}",
            "ConfigMap (document 2) without a name",
        ),
        (f"{MANIFEST}---\n{{apiVersion: v1, kind: Secret, metadata: {{generateName: a-}}}}", "with generateName"),
        (f"{NO_NAME}---\n{NO_NAME}", "has 2 Jobs"),
    ],
)
def test_a_companion_without_a_name_is_refused_and_so_are_two_jobs(text: str, words: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parsed(text)
    assert words in str(caught.value)


def test_where_nobody_gives_a_name_a_job_must_have_one() -> None:
    with pytest.raises(ManifestError, match="without a name"):
        Manifest.parse(NO_NAME, "job.yaml")
