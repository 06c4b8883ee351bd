"""What Airflow is told about this package: its configuration, and the link to the folder of a failed try."""

from __future__ import annotations

import importlib
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.airflow import links
from kubectl_job_operator.airflow.compat import redact
from kubectl_job_operator.airflow.links import ReplayLink
from kubectl_job_operator.airflow.secrets import caller, mask_by_name
from kubectl_job_operator.errors import JobFailedError
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.airflow.test_operators import MANIFEST, operator, settings
from tests.unit.fake_kubectl import FakeKubectl

VARIABLE = "AIRFLOW__KUBECTL_JOB_OPERATOR__REPLAY_DIR"


def context(task: Any) -> Any:
    made = context_for(task)
    # Airflow 2 keeps values for links as XComs.
    made["ti"].xcom_push = lambda **_: None
    return made


def test_a_failed_try_has_a_link_that_names_its_folder_and_a_success_has_none(
    fake_kubectl: FakeKubectl, tmp_path: Path
) -> None:
    fake_kubectl.answers("get events", {"items": []})
    fake_kubectl.answers("version -o json", {"clientVersion": {"gitVersion": "v1.32.4"}})
    stage.script(fake_kubectl, end="failed")
    task = operator(job_yaml=MANIFEST, replay_dir=str(tmp_path / "re plays"))
    made = context(task)
    with pytest.raises(JobFailedError):
        task.execute(made)
    (folder,) = (tmp_path / "re plays").iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (link,) = task.operator_extra_links
    assert link.get_link(task, ti_key=made["ti"]) == folder.as_uri()
    assert "%20" in folder.as_uri()


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
