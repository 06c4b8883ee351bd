"""What the arguments may be, for an editor that completes them and a type checker that refuses the rest."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, cast

if TYPE_CHECKING:
    from airflow.sdk import DAG, TaskGroup, XComArg
    from typing_extensions import Required

DeletePolicyChoice = Literal["Always", "IfSucceeded", "IfFailed", "Never"]
KillChoice = Literal["delete", "keep"]
WorkerStopChoice = Literal["adopt", "delete"]
ResultChoice = Literal["file", "logs"]
PullPolicyChoice = Literal["Always", "IfNotPresent", "Never"]
CompletionModeChoice = Literal["NonIndexed", "Indexed"]

# Those of Airflow's KubernetesPodOperator.
FinishChoice = Literal["delete_pod", "delete_succeeded_pod", "keep_pod", "delete_active_pod"]
PodKillChoice = Literal["delete_pod", "keep_pod"]

ContainerNames = bool | str | Collection[str]
ExitCodes = int | list[int] | tuple[int, ...]
# Not a Sequence of str, which a lone str is too.
Words = list[str] | tuple[str, ...] | list[str | int | float]

Value = TypeVar("Value")

_Callback = Callable[[Any], Any]
_Callbacks = _Callback | Collection[_Callback] | None


class AirflowArguments(TypedDict, total=False):
    """What every operator of Airflow takes, those of Airflow 2 and of Airflow 3 together."""

    task_id: Required[str]
    owner: str
    email: str | Sequence[str] | None
    email_on_retry: bool
    email_on_failure: bool
    retries: int | None
    retry_delay: datetime.timedelta | float
    retry_exponential_backoff: bool | float
    max_retry_delay: datetime.timedelta | float | None
    retry_policy: Any
    start_date: datetime.datetime | None
    end_date: datetime.datetime | None
    depends_on_past: bool
    ignore_first_depends_on_past: bool
    wait_for_past_depends_before_skipping: bool
    wait_for_downstream: bool
    dag: DAG | None
    params: MutableMapping[str, Any] | None
    default_args: dict[str, Any] | None
    priority_weight: int
    weight_rule: Any
    queue: str
    pool: str | None
    pool_slots: int
    sla: datetime.timedelta | None
    execution_timeout: datetime.timedelta | None
    on_execute_callback: _Callbacks
    on_failure_callback: _Callbacks
    on_success_callback: _Callbacks
    on_retry_callback: _Callbacks
    on_skipped_callback: _Callbacks
    pre_execute: _Callback | None
    post_execute: Callable[[Any, Any], Any] | None
    trigger_rule: str
    resources: dict[str, Any] | None
    run_as_user: str | None
    map_index_template: str | None
    max_active_tis_per_dag: int | None
    max_active_tis_per_dagrun: int | None
    task_concurrency: int | None
    executor: str | None
    executor_config: dict[str, Any] | None
    multiple_outputs: bool
    inlets: Any
    outlets: Any
    task_group: TaskGroup | None
    doc: str | None
    doc_md: str | None
    doc_json: str | None
    doc_yaml: str | None
    doc_rst: str | None
    task_display_name: str | None
    logger_name: str | None
    allow_nested_operators: bool
    render_template_as_native_obj: bool | None


class ShorthandArguments(AirflowArguments, total=False):
    """The arguments of ``ShorthandOperator``, for a signature that need not repeat them; a number may be a template."""

    image: str | XComArg | None
    cmds: Words | XComArg | None
    arguments: Words | XComArg | None
    name: str | XComArg | None
    env_from: Sequence[Any] | XComArg | None
    secrets: Sequence[Any] | XComArg | None
    configmaps: Words | XComArg | None
    container_resources: Any
    volumes: Sequence[Any] | XComArg | None
    volume_mounts: Sequence[Any] | XComArg | None
    node_selector: Mapping[str, str] | XComArg | None
    tolerations: Sequence[Any] | XComArg | None
    affinity: Any
    service_account_name: str | XComArg | None
    image_pull_policy: PullPolicyChoice | XComArg | None
    image_pull_secrets: Sequence[Any] | str | XComArg | None
    security_context: Any
    container_security_context: Any
    init_containers: Sequence[Any] | XComArg | None
    parallelism: int | str | XComArg | None
    completions: int | str | XComArg | None
    completion_mode: CompletionModeChoice | XComArg | None
    active_deadline_seconds: int | str | XComArg | None
    ttl_seconds_after_finished: int | str | XComArg | None
    suspend: bool | str | XComArg | None
    priority_class_name: str | XComArg | None
    termination_grace_period: int | str | XComArg | None


class ClusterArguments(AirflowArguments, total=False):
    """What leads any task of this package into a cluster."""

    namespace: str | XComArg | None
    kubernetes_conn_id: str | XComArg | None
    in_cluster: bool | None
    config_file: str | XComArg | None
    cluster_context: str | XComArg | None
    outage_tolerance_seconds: int


class ObjectArguments(ClusterArguments, total=False):
    """The arguments of ``ObjectOperator``, for a signature that need not repeat them."""

    yaml_file_name: str | XComArg | None
    yaml: str | dict[str, Any] | list[dict[str, Any]] | XComArg | None
    yaml_template_fields: Mapping[str, Any] | XComArg | None
    log_yaml: bool | None
    do_xcom_push: bool


class SensorArguments(AirflowArguments, total=False):
    """What every sensor of Airflow takes."""

    do_xcom_push: bool
    poke_interval: datetime.timedelta | float
    timeout: datetime.timedelta | float
    soft_fail: bool
    mode: Literal["poke", "reschedule"]
    exponential_backoff: bool
    max_wait: datetime.timedelta | float | None
    silent_fail: bool
    never_fail: bool


def fetched(value: Value | XComArg) -> Value:
    """Take the output of an earlier task for what Airflow will have made of it when the task runs."""
    return cast("Value", value)
