"""What is secret by its name is masked in the log, at whatever depth it stands."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubectl_job_operator import KubectlApplyOperator, KubernetesJobOperator, KubernetesLegacyJobOperator
from kubectl_job_operator.airflow import secrets
from kubectl_job_operator.airflow.compat import masking
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.compat.masking import is_secret_name
from kubectl_job_operator.airflow.redaction import redact
from kubectl_job_operator.airflow.secrets import mask_by_name, mask_credentials, mask_secrets_of
from kubectl_job_operator.manifest.spellings import spellings
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit.fake_kubectl import FakeKubectl
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
        ([{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "word"}}}], set()),
        ({"imagePullSecrets": [{"name": "registry"}], "envFrom": [{"secretRef": {"name": "keys"}}]}, set()),
        ({"passwords": {"when": datetime.date(2026, 1, 31)}}, set()),
        ("password", set()),
        (None, set()),
    ],
)
def test_all_that_stands_under_a_secret_name_is_masked_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, values: Any, masked: set[str]
) -> None:
    found: dict[str, str] = {}
    monkeypatch.setattr(secrets, "mask_secrets", lambda values, name: found.update(dict.fromkeys(values, name)))
    mask_by_name(values)
    assert set(found) == {spelling for value in masked for spelling in spellings(value)}
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
    monkeypatch.setattr(
        secrets, "mask_secrets", lambda values, name=None: masked.extend((value, name) for value in values)
    )
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


VARIABLE = MANIFEST + "        env:\n        - name: DB_PASSWORD\n          value: {{ given }}\n"


@pytest.mark.parametrize("given", ["@Tr0ub4dor&3", "hun: Tr0ub4dor", "a\nb: c\n@Tr0ub4dor"])
@pytest.mark.parametrize("operator", ["job_yaml", "yaml", "pod_template_file", "kustomize_dir"])
def test_a_variable_of_a_secret_name_whose_value_breaks_the_yaml_is_not_shown(
    operator: str, given: str, tmp_path: Path, fake_kubectl: FakeKubectl
) -> None:
    arguments: dict[str, Any] = {
        "task_id": "a",
        "dag": DAG("dag", schedule=None),
        "yaml_template_fields": {"given": given},
        "namespace": "here",
    }
    if operator == "kustomize_dir":
        del arguments["yaml_template_fields"]
    (tmp_path / "pod.yaml").write_text(VARIABLE, encoding="utf-8")
    (tmp_path / "kustomization.yaml").touch()
    fake_kubectl.answers("kustomize", VARIABLE.replace("{{ given }}", given))
    makers: dict[str, Callable[[], Any]] = {
        "job_yaml": lambda: KubernetesJobOperator(job_yaml=VARIABLE, **arguments),
        "yaml": lambda: KubectlApplyOperator(yaml=VARIABLE, **arguments),
        "pod_template_file": lambda: KubernetesLegacyJobOperator(
            pod_template_file=str(tmp_path / "pod.yaml"), **arguments
        ),
        "kustomize_dir": lambda: KubernetesJobOperator(kustomize_dir=str(tmp_path), **arguments),
    }
    task = makers[operator]()
    task.render_template_fields(context_for(task))
    with pytest.raises(AirflowFailException) as failure:
        task.execute(context_for(task))
    assert "is not valid YAML: line" in str(failure.value)
    assert "the line is not shown" in str(failure.value)
    assert "Tr0ub4dor" not in f"{failure.value} {task.rendered_yaml}"


def test_what_airflow_finds_too_short_to_mask_gives_no_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(masking, "_shortest_secret", lambda: 5)
    masking.mask_secrets(["abc"], "password")
    assert "too short" not in caplog.text
    assert masking.redact("x abc y") == "x abc y"


def test_a_value_is_masked_however_it_is_quoted_and_a_word_is_not_spelled_out() -> None:
    value = 'a"b&c\\d<é>\te'
    mask_by_name({"password": value})
    for quoted in (
        json.dumps(value),
        json.dumps(value, ensure_ascii=False),
        repr(value),
        r"a\"b\u0026c\\d\u003cé\u003e\te",
    ):
        assert value[:4] not in masking.redact(f"say {quoted}")
        assert "***" in masking.redact(f"say {quoted}")
    assert list(spellings("true")) == ["true"]


def test_the_credentials_of_a_kubeconfig_are_masked_and_what_is_no_secret_is_not() -> None:
    env = [{"name": "CLIENT_SECRET", "value": "of-the-plugin"}, {"name": "PROFILE", "value": "production"}]
    user = {"token": "of-the-token", "client-key-data": "b2YtdGhlLWtleQ==", "exec": {"command": "c", "env": env}}
    mask_credentials("of-the-password", yaml.safe_dump({"users": [{"name": "somebody", "user": user}, {"name": "x"}]}))
    told = "of-the-password of-the-token of-the-key b2YtdGhlLWtleQ== of-the-plugin production somebody"
    assert masking.redact(told) == "*** *** *** *** *** production somebody"


def test_airflow_is_told_the_key_of_a_kubeconfig_as_a_whole_and_its_lines_are_masked_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(secrets, "mask_secrets", told.extend)
    key = "".join(f"line-{number}-of-the-key\n" for number in range(30))
    encoded = base64.b64encode(key.encode()).decode()
    mask_credentials(None, yaml.safe_dump({"users": [{"name": "x", "user": {"client-key-data": encoded}}]}))
    assert {key, encoded} <= set(told)
    assert len(told) < 10
    assert redact("somebody prints line-7-of-the-key of it") == "somebody prints *** of it"


@pytest.mark.parametrize("broken", ["[", "text", "{}", "users: 3", "users: [3]", "users: [{user: [1]}]"])
def test_a_kubeconfig_that_is_none_is_left_to_kubectl(broken: str) -> None:
    mask_credentials(None, broken)


def test_a_value_of_several_lines_is_masked_line_by_line_as_containers_print_it() -> None:
    mask_secrets_of([{"kind": "Secret", "stringData": {"pem": "first-line-of-it\nsecond-line-of-it\n"}}])
    assert masking.redact("it says second-line-of-it") == "it says ***"
