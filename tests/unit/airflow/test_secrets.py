"""What is secret by its name is masked in the log, at whatever depth it stands."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from kubectl_job_operator.airflow import secrets
from kubectl_job_operator.airflow.compat import is_secret_name
from kubectl_job_operator.airflow.secrets import mask_by_name


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
