"""What a KubernetesPodOperator task becomes when its import is changed."""

from __future__ import annotations

import datetime
import enum
import warnings
from pathlib import Path
from typing import Any

import pytest

import kubectl_job_operator
from kubectl_job_operator import KubernetesLegacyJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.pod_operator_arguments import ARGUMENTS, Fate
from kubectl_job_operator.airflow.settings import settings_of
from kubectl_job_operator.attempt.settings import DeletePolicy, KillAction, Settings
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit.airflow.test_operators import loaded_by
from tests.unit.airflow.test_shorthand import rendered

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: from-file
  namespace: of-file
  labels: {from: file}
spec:
  restartPolicy: Always
  nodeSelector: {disk: ssd}
  containers:
    - name: whatever
      image: from-file
      command: ["sh", "-c", "echo {{ run_id }}"]
      env: [{name: A, value: file}]
    - name: side
      image: from-file
"""


def legacy(**arguments: Any) -> KubernetesLegacyJobOperator:
    with DAG("dag", schedule=None, start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)):
        return KubernetesLegacyJobOperator(**{"task_id": "task", "image": "busybox:1.36", **arguments})


def settings(**arguments: Any) -> Settings:
    task = legacy(**arguments)
    return settings_of(task, context_for(task))


def pods(**arguments: Any) -> dict[str, Any]:
    template: dict[str, Any] = rendered(legacy(**arguments))["spec"]["template"]
    return template


def test_it_is_a_public_name_that_needs_no_kubernetes_client() -> None:
    assert kubectl_job_operator.KubernetesLegacyJobOperator is KubernetesLegacyJobOperator
    assert loaded_by("import kubectl_job_operator.airflow.legacy", "kubernetes", "sh") == []


OTHER_VALUES: dict[str, Any] = {
    "startup_check_interval_seconds": 9,
    "base_container_status_polling_interval": 9,
    "xcom_sidecar_container_security_context": {"runAsUser": 1},
    "poll_interval": 9,
    "progress_callback": print,
    "trigger_kwargs": {"a": "b"},
}


@pytest.mark.parametrize("name", [one.name for one in ARGUMENTS if one.fate is Fate.IGNORED])
def test_an_argument_without_effect_is_accepted_and_said_once_with_the_reason(name: str) -> None:
    with pytest.warns(UserWarning, match=f"{name} has no effect with KubernetesLegacyJobOperator: ") as record:
        legacy(**{name: OTHER_VALUES[name]})
    assert [warning.filename for warning in record] == [__file__]


@pytest.mark.parametrize("name", [one.name for one in ARGUMENTS if one.fate is Fate.REFUSED])
def test_an_argument_that_a_task_could_not_do_without_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be used with KubernetesLegacyJobOperator: "):
        legacy(**{name: [object]})


def test_the_interval_of_the_logs_counts_for_a_deferred_task_as_in_the_provider() -> None:
    assert legacy(deferrable=True, logging_interval=9).logging_interval == 9
    assert legacy(logging_interval=9).logging_interval is None


def test_the_providers_defaults_given_again_are_no_reason_for_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        legacy(**{one.name: one.default for one in ARGUMENTS if one.name != "image"})


def test_the_base_container_is_called_base_and_only_its_log_is_shown() -> None:
    assert pods()["spec"]["containers"][0]["name"] == "base"
    following = settings().following
    assert following.chooses("base", is_init=False)
    assert not following.chooses("istio-proxy", is_init=False)
    assert not following.chooses("init", is_init=True)
    chosen = settings(base_container_name="other", container_logs=True, init_container_logs="init").following
    assert chosen.chooses("istio-proxy", is_init=False)
    assert chosen.chooses("init", is_init=True)
    assert settings(base_container_name="other").following.chooses("other", is_init=False)
    assert not settings(get_logs=False).following.is_on


class OnFinishAction(str, enum.Enum):
    """As the provider's."""

    KEEP_POD = "keep_pod"


@pytest.mark.parametrize(
    ("arguments", "policy"),
    [
        ({}, DeletePolicy.ALWAYS),
        ({"on_finish_action": "delete_succeeded_pod"}, DeletePolicy.IF_SUCCEEDED),
        ({"on_finish_action": "keep_pod"}, DeletePolicy.NEVER),
        ({"on_finish_action": OnFinishAction.KEEP_POD}, DeletePolicy.NEVER),
        ({"on_finish_action": "delete_active_pod"}, DeletePolicy.NEVER),
        ({"is_delete_operator_pod": False}, DeletePolicy.NEVER),
        ({"is_delete_operator_pod": True, "on_finish_action": "keep_pod"}, DeletePolicy.ALWAYS),
        ({"delete_policy": "IfFailed"}, DeletePolicy.IF_FAILED),
        ({"delete_completed_job": False}, DeletePolicy.NEVER),
    ],
)
def test_what_becomes_of_a_pod_that_has_ended_becomes_of_the_job(
    arguments: dict[str, Any], policy: DeletePolicy
) -> None:
    assert settings(**arguments).delete_policy is policy


def test_what_becomes_of_a_pod_that_is_killed_becomes_of_the_job() -> None:
    assert settings().on_kill is KillAction.DELETE
    assert settings(on_kill_action="keep_pod").on_kill is KillAction.KEEP
    with pytest.raises(ValueError, match="on_kill_action must be one of delete_pod, keep_pod, but is 'keep'"):
        legacy(on_kill_action="keep")


@pytest.mark.parametrize(
    ("arguments", "is_kept"),
    [
        ({}, True),
        ({"durable": False}, False),
        ({"reattach_on_restart": False}, False),
        ({"reattach_on_restart": False, "durable": True}, True),
    ],
)
def test_a_job_is_kept_for_the_next_try_unless_it_is_not_durable(arguments: dict[str, Any], is_kept: bool) -> None:
    assert settings(retries=1, **arguments).keep_on_worker_stop is is_kept


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        ({}, 240),
        ({"startup_timeout_seconds": 10}, 20),
        ({"startup_timeout_seconds": 10, "schedule_timeout_seconds": 300}, 310),
    ],
)
def test_the_times_to_be_scheduled_and_to_start_are_one(arguments: dict[str, Any], seconds: int) -> None:
    assert settings(**arguments).patience.startup_timeout_seconds == seconds


@pytest.mark.parametrize(
    ("given", "codes"), [(None, None), (3, 3), (0, None), ([0, 3], [3]), ({4, 3}, [3, 4]), (range(3, 6), [3, 4, 5])]
)
def test_exit_codes_that_skip_are_in_any_container(given: Any, codes: Any) -> None:
    assert legacy(skip_on_exit_code=given).skip_on_exit_code == codes


@pytest.mark.parametrize(("given", "is_shown"), [(True, None), (False, "line")])
def test_a_prefix_that_is_not_wanted_is_not_there(given: bool, is_shown: str | None) -> None:
    formatter = settings(container_name_log_prefix_enabled=given).following.formatter
    assert (formatter("base", "line") if formatter else None) == is_shown
    own = settings(container_name_log_prefix_enabled=given, log_formatter=lambda name, line: name + line)
    assert own.following.formatter is not None
    assert own.following.formatter("a", "b") == "ab"


def test_in_a_pod_other_ways_in_are_not_looked_at() -> None:
    task = legacy(in_cluster=True, cluster_context="c", config_file="f")
    assert (task.in_cluster, task.cluster_context, task.config_file) == (True, None, None)


def test_names_have_a_suffix_unless_it_is_not_wanted() -> None:
    assert rendered(legacy(name="a"))["metadata"]["name"].startswith("a-")
    assert rendered(legacy(name="a", random_name_suffix=False))["metadata"]["name"] == "a"
    assert rendered(legacy(random_name_suffix=False))["metadata"]["name"].startswith("task-")


def test_a_pod_template_file_is_the_jobs_pod_template(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    job = rendered(legacy(image=None, pod_template_file=str(path), env_vars={"A": "argument", "B": "argument"}))
    assert job["metadata"]["name"].startswith("from-file-")
    assert job["metadata"]["namespace"] == "of-file"
    template = job["spec"]["template"]
    assert template["metadata"]["labels"] == {"from": "file"}
    assert (template["spec"]["restartPolicy"], template["spec"]["nodeSelector"]) == ("Never", {"disk": "ssd"})
    base, side = template["spec"]["containers"]
    assert (base["name"], base["image"], base["command"][2]) == ("base", "from-file", "echo run")
    assert base["env"] == [{"name": "B", "value": "argument"}, {"name": "A", "value": "argument"}]
    assert side["name"] == "side"


def test_arguments_win_over_the_full_pod_spec_and_that_over_the_template() -> None:
    template = {"spec": {"hostNetwork": True, "containers": [{"image": "t", "command": ["t"], "workingDir": "/t"}]}}
    full = {"metadata": {"namespace": "full"}, "spec": {"containers": [{"image": "f", "command": ["f"]}]}}
    job = rendered(
        legacy(image="argument", pod_template_dict=template, full_pod_spec=full, namespace="argument", cmds=[])
    )
    spec = job["spec"]["template"]["spec"]
    base = spec["containers"][0]
    assert (base["image"], base["command"], base["workingDir"]) == ("argument", ["f"], "/t")
    assert (job["metadata"]["namespace"], spec["hostNetwork"]) == ("argument", True)


def test_what_is_no_pod_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text("kind: Deployment")
    task = legacy(pod_template_file=str(path))
    task.render_template_fields(context_for(task))
    with pytest.raises(AirflowFailException, match=r"pod\.yaml has the kind Deployment, but must be one Pod"):
        task.execute(context_for(task))
    with pytest.raises(ValueError, match="without YAML an image"):
        legacy(image=None)


def test_defaults_of_the_dag_hold_for_the_pod_operators_names() -> None:
    with DAG("dag", schedule=None, default_args={"on_finish_action": "keep_pod", "hostnetwork": True, "image": "i"}):
        task = KubernetesLegacyJobOperator(task_id="task")
    assert (task.delete_policy, task.hostnetwork, task.image) == ("Never", True, "i")


@pytest.mark.parametrize(
    ("defaults", "arguments", "name", "expected"),
    [
        ({"delete_policy": "Never"}, {}, "delete_policy", "Never"),
        ({"delete_policy": "Never"}, {"delete_policy": "IfFailed"}, "delete_policy", "IfFailed"),
        ({"delete_completed_job": False}, {}, "delete_completed_job", False),
        ({"unique_name": False}, {}, "unique_name", False),
        ({"on_worker_stop": "delete"}, {}, "on_worker_stop", "delete"),
        ({"delete_policy": "IfSucceeded"}, {"on_finish_action": "keep_pod"}, "delete_policy", "Never"),
        ({"delete_policy": "IfSucceeded"}, {"is_delete_operator_pod": False}, "delete_policy", "Never"),
        ({"delete_completed_job": True}, {"on_finish_action": "keep_pod"}, "delete_policy", "Never"),
        ({"on_worker_stop": "adopt"}, {"durable": False}, "on_worker_stop", "delete"),
        ({"on_worker_stop": "delete"}, {"durable": True}, "on_worker_stop", "adopt"),
        ({"unique_name": True}, {"random_name_suffix": False}, "unique_name", False),
        ({"deferrable": True}, {"deferrable": False}, "deferrable", False),
        ({"startup_timeout_seconds": 1}, {"startup_timeout_seconds": 5}, "startup_timeout_seconds", 10),
    ],
)
def test_defaults_of_the_dag_hold_for_the_job_operators_names(
    defaults: dict[str, Any], arguments: dict[str, Any], name: str, expected: Any
) -> None:
    with DAG("dag", schedule=None, default_args={"image": "i", **defaults}):
        task = KubernetesLegacyJobOperator(task_id="task", **arguments)
    assert getattr(task, name) == expected


@pytest.mark.parametrize("arguments", [{}, {"name": "of-the-argument"}])
def test_a_name_that_somebody_gave_has_no_suffix_where_none_is_wanted(arguments: dict[str, Any]) -> None:
    given = {"pod_template_dict": {"metadata": {"name": "of-the-template"}}, **arguments}
    named = rendered(legacy(random_name_suffix=False, **given))["metadata"]["name"]
    assert named == arguments.get("name", "of-the-template")


def test_a_task_may_be_mapped() -> None:
    with DAG("dag", schedule=None):
        mapped: Any = KubernetesLegacyJobOperator.partial(
            task_id="task", image="i", on_finish_action="keep_pod"
        ).expand(env_vars=[{"A": "1"}])
    task = mapped.unmap({"env_vars": {"A": "1"}})
    assert (task.delete_policy, task.env_vars) == ("Never", {"A": "1"})
