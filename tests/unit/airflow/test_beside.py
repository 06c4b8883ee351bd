"""What a DAG's author meets who applies, deletes or waits for objects: refusals, templates, and what runs."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator import KubectlApplyOperator, KubectlDeleteOperator, KubectlWaitSensor
from kubectl_job_operator.airflow.compat.imports import AirflowFailException, import_sensor_timeout
from kubectl_job_operator.airflow.redaction import redact
from kubectl_job_operator.airflow.wait_trigger import KubectlWaitTrigger
from kubectl_job_operator.errors import (
    DeferralError,
    ObjectFailedError,
    RightsMissingError,
    TaskKilledError,
    TaskTimeoutError,
)
from kubectl_job_operator.life import deferred_look
from kubectl_job_operator.watch import event_loop_watch, object_watch
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.beside import CLAIM, SERVER, YAML, claim, listed, ready, server
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.shared import run
from tests.waiting import in_background

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"day": "{{ ds }}"}}
IN_TEAM_A = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "team-a"}}
WAIT_ON = {"target": "deployment/server", "wait_for": "Available"}

REFUSED: list[tuple[type, dict[str, Any], tuple[str, ...]]] = [
    (KubectlApplyOperator, {}, ("yaml_file_name", "yaml", "none")),
    (KubectlApplyOperator, {"yaml": "x", "yaml_file_name": "y"}, ("yaml_file_name", "yaml", "both")),
    (KubectlApplyOperator, {"yaml": 3}, ("yaml", "int")),
    (KubectlApplyOperator, {"yaml": {"a": object()}}, ("yaml.a",)),
    (KubectlApplyOperator, {"yaml": "x", "wait_for": "a b"}, ("wait_for", "'a b'")),
    (KubectlApplyOperator, {"yaml": "x", "wait_for": "delete"}, ("wait_for", "KubectlDeleteOperator")),
    (KubectlApplyOperator, {"yaml": "x", "wait_for": {"Deployment": 3}}, ("wait_for", "3")),
    (KubectlApplyOperator, {"yaml": "x", "wait_for": ["Ready"]}, ("wait_for", "['Ready']")),
    (KubectlApplyOperator, {"yaml": "x", "wait_timeout_seconds": -1}, ("wait_timeout_seconds",)),
    (KubectlApplyOperator, {"yaml": "x", "wait_timeout_seconds": "5"}, ("wait_timeout_seconds",)),
    (KubectlApplyOperator, {"yaml": "x", "labels": ["a"]}, ("labels",)),
    (KubectlApplyOperator, {"yaml": "x", "delete_on_failure": "no"}, ("delete_on_failure",)),
    (KubectlApplyOperator, {"yaml": "x", "in_cluster": True, "config_file": "c"}, ("in_cluster", "config_file")),
    (KubectlApplyOperator, {"yaml": "x", "namespace": 3}, ("namespace", "3")),
    (KubectlApplyOperator, {"yaml": "x", "log_yaml": 1}, ("log_yaml",)),
    (KubectlApplyOperator, {"yaml": "x", "outage_tolerance_seconds": -1}, ("outage_tolerance_seconds",)),
    (KubectlDeleteOperator, {}, ("targets", "resource", "none")),
    (KubectlDeleteOperator, {"targets": "a/b", "yaml": "x"}, ("targets", "yaml", "several")),
    (KubectlDeleteOperator, {"resource": "pvc"}, ("resource", "label_selector", "all of a kind")),
    (KubectlDeleteOperator, {"label_selector": "a=b"}, ("resource", "label_selector")),
    (KubectlDeleteOperator, {"targets": 3}, ("targets", "3")),
    (KubectlDeleteOperator, {"targets": "a/b", "wait": "yes"}, ("wait", "yes")),
    (KubectlWaitSensor, {**WAIT_ON, "target": "server"}, ("target", "'server'")),
    (KubectlWaitSensor, {**WAIT_ON, "wait_for": "a b"}, ("wait_for", "'a b'")),
    (KubectlWaitSensor, {**WAIT_ON, "failure_when": "a b"}, ("failure_when", "'a b'")),
    (KubectlWaitSensor, {**WAIT_ON, "target": None}, ("target",)),
    (KubectlWaitSensor, {**WAIT_ON, "deferrable": "yes"}, ("deferrable",)),
    (KubectlWaitSensor, {**WAIT_ON, "deferrable": True, "silent_fail": True}, ("silent_fail", "deferrable")),
    (KubectlWaitSensor, {**WAIT_ON, "deferrable": True, "never_fail": True}, ("never_fail", "deferrable")),
    (KubectlWaitSensor, {**WAIT_ON, "target": "team-a/deployment/server"}, ("target", "here, team-a")),
    (KubectlWaitSensor, {**WAIT_ON, "in_cluster": True, "cluster_context": "c"}, ("in_cluster", "cluster_context")),
]


def import_task_deferred() -> Any:
    for home in ("airflow.sdk.exceptions", "airflow.exceptions"):
        with contextlib.suppress(ModuleNotFoundError, AttributeError):
            return importlib.import_module(home).TaskDeferred
    raise AssertionError("this Airflow defers nothing")


def make(operator: type, **arguments: Any) -> Any:
    with DAG("dag", schedule=None, start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)):
        return operator(**{"task_id": "task", "namespace": stage.NAMESPACE, **arguments})


def execute(task: Any, **variables: Any) -> Any:
    context = {**context_for(task), "ds": "2026-01-01", **variables}
    task.render_template_fields(context)
    return task.execute(context)


@pytest.mark.parametrize(("operator", "arguments", "words"), REFUSED)
def test_what_cannot_work_is_refused_when_the_dag_is_parsed(
    operator: type, arguments: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="a") as refusal:
        make(operator, **arguments)
    assert all(word in str(refusal.value) for word in words), refusal.value


def test_reading_a_dag_imports_neither_kubectl_nor_yaml_of_ours() -> None:
    code = (
        "import sys, kubectl_job_operator as k\n"
        "k.KubectlApplyOperator(task_id='a', yaml='x'); k.KubectlDeleteOperator(task_id='d', targets='a/b')\n"
        "k.KubectlWaitSensor(task_id='w', target='a/b', wait_for='{{ x }}')\n"
        "print([m for m in sys.modules if m.startswith(('kubectl_job_operator.life', 'kubectl_job_operator.watch'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_inline_yaml_is_rendered_and_its_names_are_the_result(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(MAP))
    task = make(KubectlApplyOperator, yaml=MAP, labels={"run": "{{ ds }}"})
    assert execute(task) == ["configmap/a"]
    assert "day: 2026-01-01" in task.rendered_yaml
    assert "run: 2026-01-01" in task.rendered_yaml


@pytest.mark.parametrize(
    ("namespace", "where", "name"), [(None, "team-a", "team-a/configmap/a"), ("here", "here", "configmap/a")]
)
def test_a_name_begins_with_the_namespace_that_only_the_yaml_names(
    namespace: str | None, where: str, name: str, fake_kubectl: FakeKubectl
) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(IN_TEAM_A))
    assert execute(make(KubectlApplyOperator, yaml=IN_TEAM_A, namespace=namespace)) == [name]
    (call,) = fake_kubectl.called("apply")
    assert call[1:3] == ("-n", where)


@pytest.mark.parametrize("namespace", [None, "team-a"])
def test_what_a_name_with_a_namespace_names_is_deleted_there(namespace: str | None, fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("delete configmap/a", "configmap/a\n")
    task = make(KubectlDeleteOperator, targets=["team-a/configmap/a"], namespace=namespace)
    assert execute(task) == ["configmap/a"]
    (call,) = fake_kubectl.called("delete")
    assert call[1:5] == ("-n", "team-a", "delete", "configmap/a")


def test_a_sensor_looks_for_a_name_with_a_namespace_there(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get deployment/server", server())
    target = "team-a/deployment/server"
    with pytest.raises(import_task_deferred()) as deferral:
        execute(make(KubectlWaitSensor, **{**WAIT_ON, "target": target}, namespace=None, deferrable=True))
    _, kept = deferral.value.trigger.serialize()
    assert (kept["namespace"], kept["name"]) == ("team-a", "server")


def test_what_the_template_makes_of_a_secret_is_masked_where_airflow_shows_it(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {key: very-secret}}"
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers(
        "apply --server-side", listed(json.loads('{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}'))
    )
    task = make(KubectlApplyOperator, yaml=secret)
    assert execute(task) == ["secret/a"]
    assert "very-secret" not in task.rendered_yaml


def test_what_a_name_says_to_be_secret_is_masked_as_for_a_job(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(server()))
    env = [{"name": "DB_PASSWORD", "value": "{{ 'beside-' ~ 'a-container' }}"}]
    pod = {"spec": {"containers": [{"name": "a", "image": "b", "env": env}]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "server"},
        "spec": {"template": pod},
    }
    task = make(KubectlApplyOperator, yaml=deployment)
    context = context_for(task)
    context["params"] = {"password": "beside-the-params"}
    task.render_template_fields(context)
    task.execute(context)
    assert redact("beside-a-container, beside-the-params") == "***, ***"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"yaml": "{kind: ConfigMap}"}, ("without apiVersion",)),
        ({"yaml": "{{ nothing }}"}, ("nothing",)),
        ({"yaml": YAML, "wait_for": {"Job": "complete"}}, ("wait_for names Job", "persistentvolumeclaim/data")),
        ({"yaml": YAML, "wait_for": {"Deployment/other": "Available"}}, ("Deployment/other",)),
        ({"yaml": YAML, "wait_for": "{{ 'a b' }}"}, ("wait_for", "'a b'")),
        ({"yaml": YAML, "labels": {"a": object()}}, ("labels['a']",)),
        ({"yaml": YAML, "namespace": "{{ 1 +  }}"}, ("The argument namespace cannot be rendered",)),
        ({"yaml": YAML, "namespace": "{{ 'a\\tb' }}"}, ("namespace must be a str, but has signs",)),
    ],
)
def test_input_that_cannot_work_fails_the_task_without_a_retry_and_without_a_kubectl(
    arguments: dict[str, Any], words: tuple[str, ...], fake_kubectl: FakeKubectl
) -> None:
    with pytest.raises(AirflowFailException) as failure:
        execute(make(KubectlApplyOperator, **arguments))
    assert all(word in str(failure.value) for word in words), failure.value
    assert fake_kubectl.calls == []


@pytest.mark.parametrize(
    ("wait_for", "waited"),
    [
        ("{.metadata.name}=x", [CLAIM, SERVER]),
        ({"Deployment": "Available"}, [SERVER]),
        ({"persistentvolumeclaim/data": "{.status.phase}=Bound", "Deployment": "Available"}, [CLAIM, SERVER]),
    ],
)
def test_a_wait_is_for_all_objects_or_for_those_that_are_named(
    wait_for: Any, waited: list[str], fake_kubectl: FakeKubectl
) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("apply --server-side", listed(claim(), server()))
    fake_kubectl.answers("wait", "{}")
    execute(make(KubectlApplyOperator, yaml=YAML, wait_for=wait_for))
    assert sorted(call[4] for call in fake_kubectl.called("wait")) == sorted(waited)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"targets": "{{ ds }}"}, ("targets", "2026-01-01")),
        ({"targets": ["pvc/data", "--all"]}, ("--all",)),
        ({"targets": ["team-a/pvc/data"]}, ("targets", "the argument namespace", "here, team-a")),
        ({"targets": ["a/pvc/data", "b/pvc/data"], "namespace": None}, ("targets", "different namespaces: a, b")),
        ({"targets": ["a/pvc/data", "pvc/data"], "namespace": None}, ("targets", "different namespaces: (none), a")),
        ({"resource": "{{ 'all' }}", "label_selector": "a=b"}, ("resource", "'all'")),
        ({"resource": "pvc", "label_selector": "{{ '' }}"}, ("label_selector",)),
        ({"resource": "pvc", "label_selector": "{{ '--all' }}"}, ("label_selector",)),
    ],
)
def test_a_delete_that_could_hit_too_much_is_refused_before_any_kubectl(
    arguments: dict[str, Any], words: tuple[str, ...], fake_kubectl: FakeKubectl
) -> None:
    with pytest.raises(AirflowFailException) as failure:
        execute(make(KubectlDeleteOperator, **arguments))
    assert all(word in str(failure.value) for word in (*words, "Nothing was deleted.")), failure.value
    assert fake_kubectl.calls == []


def test_a_kubeconfig_may_be_a_path(tmp_path: Path) -> None:
    assert make(KubectlDeleteOperator, targets="a/b", config_file=tmp_path).config_file == str(tmp_path)


def test_nothing_to_delete_is_no_error_and_needs_no_kubectl(fake_kubectl: FakeKubectl) -> None:
    assert execute(make(KubectlDeleteOperator, targets=[])) == []
    assert fake_kubectl.calls == []


def test_a_task_that_is_killed_before_it_has_begun_changes_nothing(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.forgive_unscripted()
    task = make(KubectlDeleteOperator, targets="pvc/data")
    context = context_for(task)
    task.render_template_fields(context)
    task.on_kill()
    with pytest.raises(TaskKilledError):
        task.execute(context)
    assert not fake_kubectl.called("delete")
    fake_kubectl.forgive_unscripted()


def test_a_sensor_pokes_until_the_object_has_come_to_it_and_asks_for_the_version_once(
    fake_kubectl: FakeKubectl,
) -> None:
    fake_kubectl.answers("get deployment/server", "", times=1)
    fake_kubectl.answers("get deployment/server", server(), times=1)
    fake_kubectl.answers("get deployment/server", server("True"))
    assert execute(make(KubectlWaitSensor, **WAIT_ON, poke_interval=0.01)) is None
    assert len(fake_kubectl.called("get deployment/server")) == 3
    assert len(fake_kubectl.called("version")) == 1


def test_a_sensor_whose_argument_cannot_be_rendered_tells_so_in_execute_where_its_log_is_read(
    fake_kubectl: FakeKubectl,
) -> None:
    task = make(KubectlWaitSensor, **{**WAIT_ON, "target": "{{ 1 +  }}"})
    context = context_for(task)
    task.render_template_fields(context)
    with pytest.raises(AirflowFailException, match="The argument target cannot be rendered"):
        task.execute(context)
    assert fake_kubectl.calls == []


def test_a_sensor_bears_an_api_server_that_is_away_for_a_while(
    fake_kubectl: FakeKubectl,
    hasty: None,  # noqa: ARG001 - for its pauses
) -> None:
    fake_kubectl.answers("get deployment/server", **stage.REFUSED, times=3)
    fake_kubectl.answers("get deployment/server", server("True"))
    execute(make(KubectlWaitSensor, **WAIT_ON, poke_interval=0.01))
    assert len(fake_kubectl.called("get deployment/server")) == 4


def test_a_sensor_fails_at_once_by_failure_when(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get deployment/server", server())
    with pytest.raises(ObjectFailedError, match="Available is False"):
        execute(make(KubectlWaitSensor, **{**WAIT_ON, "wait_for": "Ready"}, failure_when="Available=False"))


def test_a_sensor_ends_by_its_timeout_as_every_sensor_of_airflow(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get deployment/server", server())
    with pytest.raises(import_sensor_timeout()):
        execute(make(KubectlWaitSensor, **WAIT_ON, poke_interval=0.01, timeout=0.2))


@pytest.mark.parametrize("rule", ["never_fail", "silent_fail"])
def test_a_sensor_that_is_killed_while_it_looks_is_killed_whatever_is_to_become_of_errors(
    rule: str, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get deployment/server", after_seconds=NEVER)
    arguments: dict[str, Any] = {**WAIT_ON, "poke_interval": 0.01, "timeout": 0.5, rule: True}
    task = make(KubectlWaitSensor, **arguments)

    def kill() -> None:
        fake_kubectl.wait_for_call("get deployment/server")
        task.on_kill()

    in_background(kill)
    with pytest.raises(TaskKilledError, match="The task was told to stop"):
        execute(task)


@pytest.mark.parametrize("rule", ["never_fail", "silent_fail"])
def test_a_sensor_with_a_rule_for_its_pokes_is_not_deferred_by_default(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "True")
    arguments: dict[str, Any] = {**WAIT_ON, rule: True}
    assert make(KubectlWaitSensor, **WAIT_ON).deferrable is True
    assert make(KubectlWaitSensor, **arguments).deferrable is False


def test_a_deferrable_sensor_looks_first_and_defers_only_what_is_yet_to_come(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get deployment/server", server("True"), times=1)
    fake_kubectl.answers("get deployment/server", server())
    task = make(KubectlWaitSensor, **WAIT_ON, deferrable=True, timeout=60)
    assert execute(task) is None
    with pytest.raises(import_task_deferred()) as deferral:
        execute(task)
    _, kept = deferral.value.trigger.serialize()
    left = kept.pop("deadline") - time.time()
    assert 0 < left <= 60
    assert kept == {
        "resource": "deployments.apps",
        "name": "server",
        "namespace": "here",
        "wait_for": "Available",
        "outage_tolerance_seconds": 600,
    }
    assert json.loads(json.dumps(kept)) == kept


@pytest.mark.parametrize(
    ("execution_seconds", "error", "words"),
    [(30, TaskTimeoutError, "execution_timeout"), (90, import_sensor_timeout(), r"60 s \(timeout\)")],
)
def test_a_deferred_sensor_ends_by_the_limit_that_is_over_first_and_tells_which(
    execution_seconds: int, error: type[Exception], words: str, fake_kubectl: FakeKubectl
) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get deployment/server", server())
    execution_timeout = datetime.timedelta(seconds=execution_seconds)
    task = make(KubectlWaitSensor, **WAIT_ON, deferrable=True, timeout=60, execution_timeout=execution_timeout)
    began = time.time()
    with pytest.raises(import_task_deferred()) as deferral:
        execute(task)
    _, kept = deferral.value.trigger.serialize()
    assert kept["deadline"] - began == pytest.approx(min(60, execution_seconds), abs=0.5), "the first look counts too"
    with pytest.raises(error, match=words):
        task.execute_complete({}, {"news": "time over", "state": "not there"})


def test_a_deferrable_sensor_whose_account_may_not_watch_is_told_so_on_the_worker(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl, "deployments.apps  []  []  [get]\n")
    fake_kubectl.answers("get deployment/server", server())
    with pytest.raises(RightsMissingError, match=r"list deployments\.apps, watch deployments\.apps") as failure:
        execute(make(KubectlWaitSensor, **WAIT_ON, deferrable=True))
    assert "leave deferrable=True out" in str(failure.value)


@pytest.mark.parametrize(
    ("event", "error", "words"),
    [
        ({"news": "failed", "state": "it is bad"}, ObjectFailedError, ("deployment/server", "it is bad")),
        ({"news": "gave up", "state": "no answer"}, DeferralError, ("deployment/server", "no answer")),
        ({"news": "time over", "state": "not there"}, import_sensor_timeout(), ("Available", "60 s", "not there")),
    ],
)
def test_a_sensor_that_comes_back_ends_as_the_triggerer_has_found_it(
    event: dict[str, str], error: type[Exception], words: tuple[str, ...]
) -> None:
    task = make(KubectlWaitSensor, **WAIT_ON, deferrable=True, timeout=60)
    task.execute_complete({}, {"news": "met", "state": "well"})
    with pytest.raises(error) as failure:
        task.execute_complete({}, event)
    assert all(word in str(failure.value) for word in words)


def test_a_sensor_that_airflow_sends_back_without_an_event_begins_anew(fake_kubectl: FakeKubectl) -> None:
    ready(fake_kubectl)
    fake_kubectl.answers("get deployment/server", server())
    task = make(KubectlWaitSensor, **WAIT_ON, deferrable=True)
    with pytest.raises(import_task_deferred()):
        task.execute_complete(context_for(task))
    assert fake_kubectl.called("get deployment/server")


def test_the_trigger_waits_and_tells_what_came_of_it(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop_watch, "_LINGER_SECONDS", 0.01)
    monkeypatch.setattr(object_watch, "_LOOK_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(deferred_look, "_SPREAD_SECONDS", 0.01)
    fake_kubectl.answers("get deployments.apps --watch", after_seconds=NEVER)
    fake_kubectl.answers("get deployments.apps", listed(server("True")))
    trigger = KubectlWaitTrigger(resource="deployments.apps", name="server", namespace="here", wait_for="Available")

    async def first_event() -> Any:
        event: Any = await anext(aiter(trigger.run()))
        return event.payload

    assert run(first_event()) == {"news": "met", "state": "Available is True (MinimumReplicasUnavailable)"}


def test_a_trigger_without_a_way_into_the_cluster_gives_up_with_the_reason() -> None:
    trigger = KubectlWaitTrigger(resource="pods", name="a", namespace="here", wait_for="Ready", config_file="/nowhere")

    async def first_event() -> Any:
        event: Any = await anext(aiter(trigger.run()))
        return event.payload

    payload = run(first_event())
    assert payload["news"] == "gave up"
    assert "/nowhere" in payload["state"]
