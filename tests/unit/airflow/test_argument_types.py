"""What a type checker and an editor know of the arguments is what there is, and a wrong type is a sentence."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from kubectl_job_operator import KubernetesJobOperator, KubernetesLegacyJobOperator
from kubectl_job_operator.airflow.argument_types import (
    AirflowArguments,
    DeletePolicyChoice,
    FinishChoice,
    KillChoice,
    PodKillChoice,
    ResultChoice,
    ShorthandArguments,
)
from kubectl_job_operator.airflow.compat.imports import BaseOperator
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from kubectl_job_operator.attempt.settings import DeletePolicy, KillAction
from kubectl_job_operator.status.result import ResultSource
from tests.airflow_dag import DAG
from tests.unit.airflow.test_legacy import legacy
from tests.unit.airflow.test_operators import operator


def signature_of(owner: type) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(inspect.unwrap(vars(owner)["__init__"])).parameters
    return {name: one for name, one in parameters.items() if name not in ("self", "kwargs")}


def test_every_argument_of_this_airflows_operators_is_typed() -> None:
    own = {"do_xcom_push"}
    assert set(signature_of(BaseOperator)) - own - set(AirflowArguments.__annotations__) == set()
    assert own <= set(signature_of(KubernetesJobOperator))


def test_the_shorthand_is_typed_as_its_own_class_has_it() -> None:
    typed = {
        name: getattr(kind, "__forward_arg__", kind)
        for name, kind in ShorthandArguments.__annotations__.items()
        if name not in AirflowArguments.__annotations__
    }
    assert typed == {name: one.annotation for name, one in signature_of(ShorthandOperator).items()}
    assert set(typed) & set(signature_of(KubernetesJobOperator)) == set()


def test_the_choices_are_those_that_the_code_knows() -> None:
    assert set(get_args(DeletePolicyChoice)) == {one.value for one in DeletePolicy}
    assert set(get_args(KillChoice)) == {one.value for one in KillAction}
    assert set(get_args(ResultChoice)) == {one.value for one in ResultSource}
    for chosen in get_args(FinishChoice):
        assert legacy(on_finish_action=chosen).delete_policy in get_args(DeletePolicyChoice)
    for chosen in get_args(PodKillChoice):
        assert legacy(on_kill_action=chosen).on_kill_action in get_args(KillChoice)


WRONG: list[tuple[str, Any, str]] = [
    ("yaml_file_name", 3, "a str, but is 3"),
    ("yaml_write_path", ["a"], "a str, but is ['a']"),
    ("namespace", {"a": "b"}, "a str, but is {'a': 'b'}"),
    ("kubernetes_conn_id", True, "a str, but is True"),
    ("config_file", b"c", "a str, but is b'c'"),
    ("cluster_context", 3.5, "a str, but is 3.5"),
    ("pod_selector", {"app": "a"}, "a str, but is {'app': 'a'}"),
    ("replay_dir", 1, "a str, but is 1"),
    ("yaml_template_fields", ["a"], "a dict, but is ['a']"),
    ("labels", "a=b", "a dict, but is 'a=b'"),
    ("annotations", [("a", "b")], "a dict, but is [('a', 'b')]"),
    ("env_vars", "A=1", "a dict or a list of dicts, but is a str"),
    ("log_yaml", "yes", "a bool, but is 'yes'"),
    ("unique_name", None, "a bool, but is None"),
    ("in_cluster", "true", "a bool, but is 'true'"),
    ("get_logs", 1, "a bool, but is 1"),
    ("deferrable", "no", "a bool, but is 'no'"),
    ("delete_completed_job", 0, "a bool, but is 0"),
    ("backoff_limit", "3", "an int, but is '3'"),
    ("backoff_limit", True, "an int, but is True"),
    ("max_log_streams", 2.5, "an int, but is 2.5"),
    ("tail_logs_line_count", "10", "an int, but is '10'"),
    ("replay_keep", "all", "an int, but is 'all'"),
    ("termination_grace_period_seconds", [], "an int, but is []"),
    ("tail_logs_every", "5", "a number of seconds, but is '5'"),
    ("startup_timeout_seconds", [], "a number of seconds, but is []"),
    ("outage_tolerance_seconds", "10m", "a number of seconds, but is '10m'"),
    ("container_logs", 3, "a bool, a str or a list of str, but is 3"),
    ("init_container_logs", ["a", 3], "a bool, a str or a list of str, but is ['a', 3]"),
    ("image", 3, "a str, but is 3"),
    ("image_pull_policy", "Sometimes", "one of Always, IfNotPresent, Never, but is 'Sometimes'"),
    ("delete_policy", ["Never"], "one of Always, IfSucceeded, IfFailed, Never, but is ['Never']"),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG)
def test_a_value_of_a_wrong_type_is_refused_when_the_dag_is_parsed(name: str, value: Any, words: str) -> None:
    source = {} if name == "yaml_file_name" else {"job_yaml": "x"}
    with pytest.raises(ValueError, match=f"^{name} must be ") as refusal:
        operator(**{**source, name: value})
    assert str(refusal.value) == f"{name} must be {words}"


def test_every_argument_is_looked_at() -> None:
    """But for the one that is Airflow's own, which Airflow looks at."""
    for name in set(signature_of(KubernetesJobOperator)) - {"do_xcom_push"}:
        is_number = signature_of(KubernetesJobOperator)[name].annotation in ("int", "int | None")
        source = {} if name in ("yaml_file_name", "job_yaml") else {"job_yaml": "x"}
        with pytest.raises(ValueError, match=name):
            operator(**{**source, name: "a" if is_number or "exit_code" in name else 3})


def test_what_airflow_has_yet_to_fetch_or_to_render_is_looked_at_later() -> None:
    with DAG("dag", schedule=None):
        output = KubernetesJobOperator(task_id="first", job_yaml="x").output
        task = KubernetesJobOperator(
            task_id="second",
            job_yaml="x",
            yaml_template_fields=output,
            namespace=output,
            labels="{{ params.labels }}",  # type: ignore[arg-type]
            image_pull_policy="{{ params.policy }}",  # type: ignore[arg-type]
        )
    assert repr([task.namespace, task.yaml_template_fields]) == repr([output, output])
    assert str(operator(yaml_file_name=Path("job.yaml")).yaml_file_name) == "job.yaml"


def test_a_pod_operators_number_of_a_wrong_type_is_refused_in_the_same_way() -> None:
    with pytest.raises(ValueError, match=r"^startup_timeout_seconds must be a number of seconds, but is '5'$"):
        legacy(startup_timeout_seconds="5")
    with pytest.raises(ValueError, match=r"^schedule_timeout_seconds must be a number of seconds, but is '5'$"):
        legacy(schedule_timeout_seconds="5")


def test_a_pod_operators_choice_may_be_the_providers_own_value() -> None:
    given = SimpleNamespace(value="keep_pod")
    assert legacy(on_finish_action=given).delete_policy == "Never"
    assert isinstance(legacy(), KubernetesLegacyJobOperator)
