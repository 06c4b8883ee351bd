"""What a deployment chooses for all its tasks holds wherever a task says nothing, and only there."""

from __future__ import annotations

import inspect
import logging
import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.connection import find_place
from kubectl_job_operator.airflow.defaults import (
    INSTALLATION,
    KUBECTL,
    OPTIONS,
    REPLAY_BASE_URL,
    REPLAY_KEEP_DAYS,
    SECTION,
    chosen,
)
from kubectl_job_operator.airflow.provider_info import get_provider_info
from kubectl_job_operator.airflow.settings import settings_of
from kubectl_job_operator.attempt.settings import Keeping
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.airflow.test_legacy import legacy
from tests.unit.airflow.test_operators import operator
from tests.unit.airflow.test_shorthand import rendered


def configure(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"AIRFLOW__{SECTION.upper()}__{name.upper()}", value)


def job(**arguments: Any) -> KubernetesJobOperator:
    return operator(**{"job_yaml": stage.MANIFEST, "namespace": None, **arguments})


# What is configured, what it becomes, and an argument that is not the same.
CHOICES: list[tuple[str, str, Any, Any]] = [
    ("delete_policy", "Never", "Never", "Always"),
    ("startup_timeout_seconds", "30", 30, 0),
    ("image_pull_grace_seconds", "1.5", 1.5, 600),
    ("log_yaml", "False", False, True),
    ("get_logs", "false", False, True),
    ("init_container_logs", "0", False, ["init"]),
    ("detect_log_level", "F", False, True),
    ("strip_log_colors", "True", True, False),
    ("log_drain_seconds", "5", 5, 0),
    ("replay_keep", "0", 0, 50),
    ("kubernetes_conn_id", "ours", "ours", "mine"),
    ("cluster_context", "ours", "ours", "mine"),
]


@pytest.mark.parametrize(("name", "text", "value", "argument"), CHOICES)
def test_an_argument_wins_over_the_configuration_and_that_over_the_default(
    name: str, text: str, value: Any, argument: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert getattr(job(), name) == chosen(name) != value
    configure(monkeypatch, **{name: text})
    assert getattr(job(), name) == value
    assert getattr(job(**{name: argument}), name) == argument


def test_what_is_set_in_a_file_or_in_this_process_is_chosen_too() -> None:
    from airflow.configuration import conf

    is_new = not conf.has_section(SECTION)
    if is_new:
        conf.add_section(SECTION)
    conf.set(SECTION, "delete_policy", "Never")
    try:
        assert job().delete_policy == "Never"
    finally:
        conf.remove_option(SECTION, "delete_policy")
        if is_new:
            conf.remove_section(SECTION)
    assert job().delete_policy == "IfSucceeded"


def test_what_nobody_has_set_is_not_looked_for_in_all_that_airflow_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.configuration import conf

    asked: list[str] = []
    get = conf.get

    def note(section: str, name: str, **others: Any) -> Any:
        if section == SECTION:
            asked.append(name)
        return get(section, name, **others)

    monkeypatch.setattr(conf, "get", note)
    job()
    assert asked == []
    configure(monkeypatch, delete_policy="Never")
    job()
    assert set(asked) == {"delete_policy"}


def test_every_option_is_an_argument_or_its_test_is_missing() -> None:
    names = {option.name for option in OPTIONS} - {INSTALLATION, KUBECTL, REPLAY_BASE_URL, REPLAY_KEEP_DAYS}
    assert names <= set(inspect.signature(inspect.unwrap(KubernetesJobOperator.__init__)).parameters)
    assert names - {row[0] for row in CHOICES} == {"namespace", "labels", "replay_dir"}


def test_the_defaults_that_airflow_is_told_are_those_of_the_operator() -> None:
    told = get_provider_info()["config"][SECTION]["options"]
    task = job()
    for name, option in told.items():
        assert option["description"].endswith(".")
        if option["default"] is not None and name != REPLAY_KEEP_DAYS:
            assert str(getattr(task, name)) == option["default"], name


def test_the_deployment_alone_says_how_much_stays_of_what_all_tasks_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    task = job(replay_keep=7)
    assert settings_of(task, context_for(task)).keeping == Keeping(50, 30.0)
    configure(monkeypatch, replay_keep="3", replay_keep_days="1.5")
    settings = settings_of(task, context_for(task))
    assert (settings.replay_keep, settings.keeping) == (7, Keeping(3, 1.5))


@pytest.mark.parametrize("given", [{"config_file": "/c"}, {"in_cluster": True}, {"kubernetes_conn_id": "mine"}])
def test_a_task_that_names_a_way_into_a_cluster_means_that_one(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, kubernetes_conn_id="ours", cluster_context="ours")
    task = job(**given)
    assert task.kubernetes_conn_id == given.get("kubernetes_conn_id")
    assert task.cluster_context is None


def test_a_task_that_names_a_context_gets_the_deployments_connection_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, kubernetes_conn_id="ours", cluster_context="ours")
    task = job(cluster_context="mine")
    assert (task.kubernetes_conn_id, task.cluster_context) == ("ours", "mine")


def test_the_older_way_to_say_when_a_job_is_deleted_wins_too(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, delete_policy="IfFailed")
    assert job(delete_completed_job=True).delete_policy == "IfSucceeded"
    assert job(delete_completed_job=False).delete_policy == "Never"
    assert job().delete_completed_job is False


def test_what_the_pod_operator_has_a_default_for_is_as_there_whatever_is_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("kubernetes_conn_id", "delete_policy", "startup_timeout_seconds", "get_logs", "init_container_logs")
    before = [getattr(legacy(), name) for name in names]
    configure(monkeypatch, **{name: text for name, text, _, _ in CHOICES if name in names})
    assert [getattr(legacy(), name) for name in names] == before


def test_the_namespace_is_the_tasks_else_the_connections_else_the_configurations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WITH", '{"conn_type": "kubectl", "extra": {"namespace": "of-connection"}}')
    monkeypatch.setenv("AIRFLOW_CONN_WITHOUT", '{"conn_type": "kubectl"}')
    configure(monkeypatch, namespace="of-configuration")

    def found(**given: Any) -> str | None:
        none = {"namespace": None, "config_file": None, "cluster_context": None, "in_cluster": None}
        task: Any = SimpleNamespace(**{**none, "kubernetes_conn_id": None, **given})
        return find_place(task).namespace

    assert found() == found(kubernetes_conn_id="without") == found(config_file="/c") == "of-configuration"
    assert found(kubernetes_conn_id="with") == "of-connection"
    assert found(namespace="mine") == found(kubernetes_conn_id="with", namespace="mine") == "mine"


def test_labels_are_on_every_job_and_the_tasks_own_win(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, labels='{"team": "data", "cost-centre": 7}')
    manifest = rendered(job(labels={"team": "mine"}))
    for home in (manifest, manifest["spec"]["template"]):
        assert home["metadata"]["labels"] == {"team": "mine", "cost-centre": "7"}


def test_the_replay_folder_is_the_tasks_else_the_configurations(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, replay_dir="/ours")
    found = [settings_of(task, context_for(task)).replay_dir for task in (job(), job(replay_dir="/mine"))]
    assert found == ["/ours", "/mine"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("delete_policy", "sometimes", "one of Always, IfSucceeded, IfFailed, Never, but is 'sometimes'"),
        ("startup_timeout_seconds", "10m", "a number of seconds, not negative, but is '10m'"),
        ("image_pull_grace_seconds", "-1", "a number of seconds, not negative, but is '-1'"),
        ("replay_base_url", "file:///srv", "an address that begins with http:// or https://, but is 'file:///srv'"),
        ("replay_keep", "1.5", "a number, not negative, but is '1.5'"),
        ("get_logs", "yes", "True or False, but is 'yes'"),
        ("labels", "team=data", """JSON as {"key": "value"}, but is 'team=data'"""),
        ("labels", "[1]", """JSON as {"key": "value"}, but is '[1]'"""),
    ],
)
def test_a_configuration_that_cannot_be_used_is_said_when_a_dag_is_parsed(
    name: str, text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(monkeypatch, **{name: text})
    with pytest.raises(ValueError, match="in Airflow's configuration") as refusal:
        job()
    assert str(refusal.value) == f"[{SECTION}] {name} in Airflow's configuration must be {words}"


def test_what_is_not_set_is_no_reason_for_a_warning(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        rendered(job())
    assert caplog.records == []
    assert SECTION not in capfd.readouterr().err
