"""Fields in the words of the API server, and where they stand."""

from __future__ import annotations

import pytest

from kubectl_job_operator.cli import yaml_path
from kubectl_job_operator.manifest import yaml_text

DOCUMENT = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: a
  labels: {app.example/one: x}
spec:
  backoffLimit: zero
  template:
    spec:
      containers:
      - name: first
        image: a
      - name: main
        imagee: b
        ports:
        - containerPort: 80
"""
ROOTS = ("apiVersion", "kind", "metadata", "spec")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ('.spec.template.spec.containers[name="main"].imagee: field not declared in schema', 14),
        ('The Job "a" is invalid: spec.template.spec.containers[1].imagee: Required value', 14),
        ('strict decoding error: unknown field "spec.template.spec.containers[1].imagee"', 14),
        ('ValidationError(Job.spec.template.spec.containers[1]): unknown field "imagee" in io.k8s.Container', 14),
        (
            'ValidationError(Job.spec.template.spec.containers[1]): missing required field "image" in io.k8s.Container',
            13,
        ),
        ("json: cannot unmarshal string into Go struct field JobSpec.spec.backoffLimit of type int32", 7),
        ('spec.template.spec.containers[1].ports[containerPort=80,protocol="TCP"].nmae: field not declared', 16),
        ('metadata.labels: Invalid value: "a b": a valid label must be an empty string or consist of ...', 5),
        ('.metadata.labels["app.example/one"]: expected string', 5),
        ("spec.template.spec.restartPolicy: Required value: valid values: OnFailure, Never", 9),
        ("spec.template.spec.containers[7].image: Required value", 10),
    ],
)
def test_the_field_that_is_named_is_found(words: str, line: int) -> None:
    (document,) = yaml_text.compose_all(DOCUMENT)
    path = next(yaml_path.paths_in(words, ROOTS))
    assert yaml_path.find(document, path).start_mark.line + 1 == line


@pytest.mark.parametrize(
    "words",
    [
        "admission webhook policy.example.com denied the request: no",
        'namespaces "nope" not found',
        "see https://kubernetes.io/docs/spec.html",
    ],
)
def test_words_that_name_no_field_give_no_path(words: str) -> None:
    assert list(yaml_path.paths_in(words, ROOTS)) == []
