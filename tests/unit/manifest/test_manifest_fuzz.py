"""Whatever stands in any field of a manifest, it is taken for the API server to judge or refused in a sentence."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.name_room import longest_name
from kubectl_job_operator.manifest.overrides import overridden
from kubectl_job_operator.manifest.shorthand import fill
from kubectl_job_operator.manifest.yaml_text import load_all

TEXT = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: here, labels: {a: b}}
data: {a: b}
---
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: here}
stringData: {a: very-secret}
---
apiVersion: batch/v1
kind: Job
metadata: {name: j, namespace: here, labels: {a: b}, annotations: {a: b}}
spec:
  backoffLimit: 1
  completionMode: Indexed
  completions: 3
  template:
    metadata: {labels: {a: b}, annotations: {a: b}}
    spec:
      restartPolicy: Never
      volumes: [{name: v, emptyDir: {}}]
      initContainers: [{name: i, image: x, env: [{name: A, value: b}]}]
      containers:
      - name: main
        image: x
        command: [sh]
        env: [{name: A, value: b}]
        envFrom: [{configMapRef: {name: c}}]
        ports: [{containerPort: 80}]
        volumeMounts: [{name: v, mountPath: /v}]
"""
ANYTHING: list[Any] = [None, True, 3, 0.5, "", "a", [], [1], ["a"], [{}], [None], {}, {"a": 1}, {"name": ["a"]}]
VARIABLES = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}]
ARGUMENTS = {
    "image": "y",
    "name": "k",
    "volumes": [{"name": "w"}],
    "volume_mounts": [{"name": "w", "mountPath": "/w"}],
    "secrets": [
        {"deploy_type": "env", "secret": "s"},
        {"deploy_type": "env", "deploy_target": "S", "secret": "s", "key": "k"},
    ],
    "init_containers": [{"name": "j"}],
    "ports": [{"containerPort": 81}],
}


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every value in a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*place, key)
        yield from places(item, (*place, key))


def with_other(documents: list[Any], place: tuple[Any, ...], other: Any) -> list[Any]:
    changed = copy.deepcopy(documents)
    part: Any = changed
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = other
    return changed


def used(manifest: Manifest) -> None:
    """Do what a task does with a manifest."""
    other = manifest.with_job(fill(manifest.job, ARGUMENTS)).with_env_vars(VARIABLES)
    other = other.with_backoff_limit(2, override=False).with_termination_message_path("/p").with_grace_period(3)
    other = other.with_active_deadline(3).with_namespace("m").with_keep_labels().with_names("a-{}".format)
    other = other.with_labels({"a": "c"}).with_annotations({"a": "c"}, on_pods=True)
    overridden(manifest.job, other.job)
    longest_name(manifest.job)
    for one in (manifest, other):
        one.text()
        one.masked_text()


@pytest.mark.parametrize("place", list(places(load_all(TEXT))), ids=lambda place: ".".join(map(str, place)))
def test_anything_in_a_field_is_taken_or_refused_in_a_sentence(place: tuple[Any, ...]) -> None:
    documents = load_all(TEXT)
    used(Manifest.of(documents, "template"))
    for other in ANYTHING:
        try:
            used(Manifest.of(with_other(documents, place, other), "template"))
        except InputError as error:
            message = str(error)
        else:
            continue
        assert "What to do: " in message
        assert "very-secret" not in message
