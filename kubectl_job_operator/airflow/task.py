"""What the other files of this room may ask of the operator, so that none of them imports it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from kubectl_job_operator.airflow.argument_types import (
    ContainerNames,
    DeletePolicyChoice,
    ExitCodes,
    KillChoice,
    ResultChoice,
    WorkerStopChoice,
)
from kubectl_job_operator.airflow.connection import Addressed
from kubectl_job_operator.manifest.template import Renderer


class Templated(Protocol):
    """A task whose YAML is a template."""

    yaml_template_fields: Mapping[str, Any]

    def get_dag(self) -> Any:
        """Return the DAG of the task; ``None`` if it has none."""


class JobTask(Addressed, Protocol):
    """A task that runs a Job: the arguments of ``KubernetesJobOperator``, by the groups of its docstring."""

    # Airflow's own
    task_id: str
    retries: int | None
    execution_timeout: datetime.timedelta | None
    do_xcom_push: bool

    # The manifest
    yaml_file_name: str | None
    job_yaml: str | dict[str, Any] | list[dict[str, Any]] | None
    job_yaml_xcoms: dict[str, Any]
    kustomize_dir: str | None
    from_cronjob: str | None
    yaml_template_fields: Mapping[str, Any]
    yaml_write_path: str | None
    yaml_write_filename: str | None
    log_yaml: bool
    labels: Mapping[str, Any]
    deployment_labels: Mapping[str, Any]
    annotations: Mapping[str, Any]
    env_vars: Any
    unique_name: bool
    max_name_length: int | None
    backoff_limit: int | None
    success_when: str | list[str] | None
    failure_when: str | list[str] | None
    main_container: str | None
    pod_selector: str | None

    # The logs
    get_logs: bool
    container_logs: ContainerNames
    init_container_logs: ContainerNames
    log_formatter: Callable[[str, str], str] | None
    detect_log_level: bool
    strip_log_colors: bool
    max_log_streams: int
    log_drain_seconds: int
    tail_logs_every: int | None
    tail_logs_line_count: int | None
    tail_logs_only_at_end: bool
    is_tail_chosen: bool

    # The end
    delete_policy: DeletePolicyChoice | None
    delete_completed_job: bool | None
    on_kill_action: KillChoice
    on_worker_stop: WorkerStopChoice
    skip_on_exit_code: ExitCodes | None
    fail_on_exit_code: ExitCodes | None

    # The result
    xcom_from: ResultChoice

    # Time
    startup_timeout_seconds: int
    image_pull_grace_seconds: int
    outage_tolerance_seconds: int
    deadline_from_timeout: bool
    termination_grace_period_seconds: int | None

    # Deferring
    deferrable: bool
    logging_interval: int | None

    # A look at a failed try
    replay_dir: str | None
    replay_keep: int
    replay_folder: str | None

    # The shorthand
    name: str | None
    termination_grace_period: int | str | None

    @property
    def dag_id(self) -> str:
        """Airflow's."""

    @property
    def log(self) -> Any:
        """Where the task logs."""

    @property
    def has_yaml(self) -> bool:
        """Whether the Job is described by YAML."""

    @property
    def has_template(self) -> bool:
        """Whether that YAML is a template of the author's, which may use variables."""

    @property
    def asks_kubectl(self) -> bool:
        """Whether only kubectl can give the YAML."""

    @property
    def has_pod(self) -> bool:
        """Whether the arguments describe a pod without YAML."""

    def get_dag(self) -> Any:
        """Return the DAG of the task; ``None`` if it has none."""

    def shorthand(self) -> dict[str, Any]:
        """Return the arguments of the shorthand that were given, by name."""

    def pod_to_begin_with(self, renderer: Renderer) -> Mapping[str, Any] | None:
        """Return the pod that the arguments are filled into where there is no YAML; ``None`` for an empty one."""
