"""What is secret by its name is masked in the log, at whatever depth it stands."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow import compat, secrets
from kubectl_job_operator.airflow.compat import is_secret_name
from kubectl_job_operator.airflow.secrets import mask_by_name, mask_secrets_of
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit.stage import MANIFEST


@pytest.mark.parametrize(
    ("values", "masked"),
    [
        ({"password": "a", "user": "b"}, {"a"}),
        ({"connections": [{"password": "a"}, {"user": "b"}]}, {"a"}),
        ({"password": {"primary": "a", "others": ["b", {"c": "d"}]}}, {"a", "b", "d"}),
        ({"api_key": [["a"], ("b",)]}, {"a", "b"}),
        ({"a": {"b": {"secret": {"c": "d"}}}}, {"d"}),
        ({"token": 1234567890}, {"1234567890"}),
        ({"token": 123.456}, {"123.456"}),
        ({"password": 8080, "secret": True, "token": None}, set()),
        ([{"name": "DB_PASSWORD", "value": "a"}, {"name": "USER", "value": "b"}], {"a"}),
        ([{"name": "init", "env": [{"name": "API_KEY", "value": "a"}]}], {"a"}),
        ({"passwords": {"when": datetime.date(2026, 1, 31)}}, set()),
        ("password", set()),
        (None, set()),
    ],
)
def test_all_that_stands_under_a_secret_name_is_masked_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, values: Any, masked: set[str]
) -> None:
    found: dict[str, str] = {}
    monkeypatch.setattr(secrets, "mask_secret", lambda value, name: found.update({value: name}))
    mask_by_name(values)
    assert set(found) == masked
    assert all(is_secret_name(name) for name in found.values())


PLAIN = "a-value-of-no-name"
IN_A_SECRET = "a-value-of-a-secret"
SECRET = f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: keys}}
data: {{encoded: aHVudGVyMi1lbmNvZGVk, binary: /////w==}}
stringData:
  key: {IN_A_SECRET}
  short: true1
  flag: "yes"
  file: |
    [login]
    password = of-several-lines
"""


def test_what_a_rendered_secret_holds_is_masked_and_a_template_field_of_no_such_name_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    masked: list[tuple[str, str | None]] = []
    monkeypatch.setattr(secrets, "mask_secret", lambda value, name=None: masked.append((value, name)))
    task = KubernetesJobOperator(
        task_id="a",
        dag=DAG("dag", schedule=None),
        job_yaml=MANIFEST + SECRET,
        yaml_template_fields={"schema": PLAIN, "password": "named"},
    )
    task.render_template_fields(context_for(task))
    assert ("named", "password") in masked
    values = {value for value, _ in masked}
    assert {IN_A_SECRET, "hunter2-encoded", "aHVudGVyMi1lbmNvZGVk", "true1", "password = of-several-lines"} <= values
    assert not {PLAIN, "yes", "[login]"} & values


def test_what_airflow_finds_too_short_to_mask_gives_no_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compat, "_shortest_secret", lambda: 5)
    compat.mask_secret("abc", "password")
    assert "too short" not in caplog.text
    assert compat.redact("x abc y") == "x abc y"


def test_a_value_of_several_lines_is_masked_line_by_line_as_containers_print_it() -> None:
    mask_secrets_of([{"kind": "Secret", "stringData": {"pem": "first-line-of-it\nsecond-line-of-it\n"}}])
    assert compat.redact("it says second-line-of-it") == "it says ***"
