"""A pod template is one Pod, or an error that says what it is instead."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.pod_template import checked_pod, parse_pod

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: main}]}\n"


def test_a_pod_is_read_with_empty_documents_beside_it() -> None:
    assert parse_pod(f"---\n---\n{POD}", "pod.yaml")["spec"] == {"containers": [{"name": "main"}]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{POD}---\n{POD}", "pod.yaml has 2 documents"),
        ("", "pod.yaml has 0 documents"),
        ("kind: Job", "pod.yaml has the kind Job"),
        ("[a]", "pod.yaml is a list"),
        ("a: b: c", "pod.yaml is not valid YAML"),
        ("spec: text", "pod.yaml has spec that is not a mapping"),
    ],
)
def test_anything_else_is_refused(text: str, words: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        parse_pod(text, "pod.yaml")
    assert words in str(refusal.value)
    assert "What to do:" in str(refusal.value)


@pytest.mark.parametrize("pod", [{}, {"spec": None}, {"kind": "Pod", "metadata": {}}])
def test_what_a_pod_leaves_out_is_no_error(pod: dict[str, Any]) -> None:
    assert checked_pod(pod, "pod_template_dict") == pod
