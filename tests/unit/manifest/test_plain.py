"""Objects of a Kubernetes client become what YAML has, without that client."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from kubectl_job_operator.manifest.plain import as_plain, is_plain


class KeyToPath:
    """As the models that the Kubernetes client generates."""

    openapi_types: ClassVar[dict[str, str]] = {"key": "str", "path": "str", "mode": "int"}
    attribute_map: ClassVar[dict[str, str]] = {"key": "key", "path": "path", "mode": "mode"}

    def __init__(self, **given: Any) -> None:
        self.key, self.path, self.mode = (given.get(name) for name in self.openapi_types)


class SecretVolumeSource:
    """A model with another one in it, and names that Kubernetes writes otherwise."""

    openapi_types: ClassVar[dict[str, str]] = {"secret_name": "str", "items": "list[V1KeyToPath]", "optional": "bool"}
    attribute_map: ClassVar[dict[str, str]] = {"secret_name": "secretName", "items": "items", "optional": "optional"}

    def __init__(self, **given: Any) -> None:
        self.secret_name, self.items, self.optional = (given.get(name) for name in self.openapi_types)

    def to_dict(self) -> Mapping[str, Any]:
        """Return Python's names, which Kubernetes does not know."""
        raise AssertionError("Kubernetes' names are in attribute_map")


class OldVolume:
    """As the classes of old Airflows."""

    def to_k8s_client_obj(self) -> Any:
        """Return the model that stands for it."""
        return SecretVolumeSource(secret_name="s")


class Port:
    """Any other client's object."""

    def to_dict(self) -> Mapping[str, Any]:
        """Return what is in it."""
        return {"containerPort": 80}


def test_a_model_has_kubernetes_names_and_only_what_is_set() -> None:
    source = SecretVolumeSource(secret_name="s", items=[KeyToPath(key="k", path="p")], optional=False)
    assert as_plain(source) == {"secretName": "s", "items": [{"key": "k", "path": "p"}], "optional": False}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ("text", "text"),
        (1.5, 1.5),
        (("a", {"b": (1,)}), ["a", {"b": [1]}]),
        (OldVolume(), {"secretName": "s"}),
        ([Port()], [{"containerPort": 80}]),
        (datetime.date(2026, 1, 31), "2026-01-31"),
    ],
)
def test_values_are_plain_at_any_depth(value: Any, plain: Any) -> None:
    assert as_plain(value) == plain
    assert is_plain(as_plain(value))


def test_what_is_neither_plain_nor_an_object_stays_for_airflow_to_resolve() -> None:
    reference = object()
    assert as_plain({"a": [reference]}) == {"a": [reference]}
    assert not is_plain({"a": [reference]})
