"""What an existing companion has otherwise than the template is named, never shown."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.manifest.difference import difference

SECRET = {"kind": "Secret", "data": {"a": "eA==", "b": "eQ=="}, "type": "Opaque"}
PORTS = {"spec": {"ports": [{"port": 2, "protocol": "TCP"}]}}


@pytest.mark.parametrize(
    ("document", "existing", "expected"),
    [
        ({"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}}, ""),
        ({"data": {"a": "1"}}, {"data": {"a": "2"}}, "data.a"),
        ({"data": {"a": "1"}}, {}, "data"),
        ({"spec": {"ports": [{"port": 1}]}}, PORTS, "spec.ports[0].port"),
        ({"spec": {"ports": [{"port": 1}]}}, {"spec": {"ports": []}}, "spec.ports"),
        ({"metadata": {"labels": {"a": "b"}}, "spec": {}}, {"metadata": {}}, ""),
        ({"stringData": {"a": "x"}}, SECRET, ""),
        ({"stringData": {"a": "secret"}}, SECRET, "data.a"),
        ({"data": {"b": "eQ=="}, "stringData": {"a": "x"}}, SECRET, ""),
        ({"data": {str(n): "1" for n in range(7)}}, {"data": {}}, "data.0, data.1, data.2, data.3, data.4 and 2 more"),
    ],
)
def test_the_fields_that_differ_are_named(document: Any, existing: Any, expected: str) -> None:
    assert difference(document, existing) == expected
