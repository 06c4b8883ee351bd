"""What Airflow is told about this package: its configuration, and the link to the folder of a failed try."""

from __future__ import annotations

import importlib
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow import links
from kubectl_job_operator.airflow.compat.masking import redact
from kubectl_job_operator.airflow.links import ReplayLink
from kubectl_job_operator.airflow.secrets import caller, mask_by_name
from kubectl_job_operator.errors import JobFailedError
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.airflow.test_operators import MANIFEST, operator, settings
from tests.unit.fake_kubectl import FakeKubectl

BASE_URL = "AIRFLOW__KUBECTL_JOB_OPERATOR__REPLAY_BASE_URL"
VARIABLE = "AIRFLOW__KUBECTL_JOB_OPERATOR__REPLAY_DIR"


def context(task: Any) -> Any:
    made = context_for(task)
    # Airflow 2 keeps values for links as XComs.
    made["ti"].xcom_push = lambda **_: None
    return made


def test_a_failed_try_says_by_xcom_where_its_folder_is_and_by_a_link_where_a_browser_finds_it(
    fake_kubectl: FakeKubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BASE_URL, "https://files.example.com/replay/")
    fake_kubectl.answers("get events", {"items": []})
    fake_kubectl.answers("version -o json", {"clientVersion": {"gitVersion": "v1.32.4"}})
    stage.script(fake_kubectl, end="failed")
    task = operator(job_yaml=MANIFEST, replay_dir=str(tmp_path / "re plays"))
    made, pushed = context(task), {}
    made["ti"].xcom_push = lambda *, key, value: pushed.update({key: value})
    with pytest.raises(JobFailedError):
        task.execute(made)
    (folder,) = (tmp_path / "re plays").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert pushed["replay_folder"] == str(folder)
    (link,) = task.operator_extra_links
    assert link.get_link(task, ti_key=made["ti"]) == f"https://files.example.com/replay/{folder.name}/"
    monkeypatch.delenv(BASE_URL)
    assert link.get_link(task, ti_key=made["ti"]) == "", "an address that leads nowhere is none"


@pytest.mark.parametrize(
    ("base_url", "folder", "count"), [("", "", 0), ("", "/kept", 0), ("https://f", "", 0), ("https://f", "/kept", 1)]
)
def test_only_a_task_whose_folder_can_be_opened_has_a_button_for_it(
    base_url: str, folder: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BASE_URL, base_url)
    assert len(operator(job_yaml=MANIFEST, replay_dir=folder).operator_extra_links) == count
    monkeypatch.setenv(VARIABLE, folder)
    assert len(operator(job_yaml=MANIFEST).operator_extra_links) == count
    mapped = KubernetesJobOperator.partial(task_id="m", job_yaml=MANIFEST).expand(yaml_template_fields=[{}])
    assert len(mapped.operator_extra_links) == (1 if base_url else 0)


def test_a_try_that_left_nothing_has_an_empty_link(monkeypatch: pytest.MonkeyPatch) -> None:
    # Airflow 2 would look into its database.
    monkeypatch.setattr(links, "pull_for_link", lambda *_: None)
    task = operator(job_yaml=MANIFEST)
    assert task.replay_folder is None
    assert ReplayLink().get_link(_Bare(), ti_key=None) == ""  # type: ignore[arg-type]


class _Bare:
    replay_folder = None


def test_the_folder_of_the_configuration_serves_where_the_argument_is_not_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert settings().replay_dir is None
    monkeypatch.setenv(VARIABLE, "/from/configuration")
    assert settings().replay_dir == "/from/configuration"
    assert settings(replay_dir="/from/argument").replay_dir == "/from/argument"
    assert (settings().replay_keep, settings(replay_keep=0).replay_keep) == (50, 0)


def test_airflow_finds_the_provider_and_accepts_what_it_tells() -> None:
    from airflow import providers_manager

    pyproject = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    match = re.search(r'entry-points.apache_airflow_provider\]\nprovider_info = "([^:]+):([^"]+)"', pyproject)
    assert match
    info = getattr(importlib.import_module(match[1]), match[2])()
    validator: Any = providers_manager
    validator._create_provider_info_schema_validator().validate(info)
    assert info["extra-links"] == [f"{ReplayLink.__module__}.{ReplayLink.__qualname__}"]


def test_what_is_called_a_password_is_masked_and_other_values_are_not() -> None:
    mask_by_name(
        {
            "password": "hunter2-plain",
            "nested": {"api_key": ["hunter2-listed"], "name": "a-name-to-show"},
            "number": 5,
        }
    )
    text = redact("hunter2-plain hunter2-listed a-name-to-show 5")
    assert text == "*** *** a-name-to-show 5"
    assert caller().mask("x hunter2-plain y") == "x *** y"
    assert set(caller().versions) == {"Airflow", "kubectl-job-operator"}
