"""KubernetesPodOperator's arguments, run as a Job: changing the import of a DAG is enough."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable, Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.configuration import conf

from kubectl_job_operator.airflow.argument_types import ContainerNames, FinishChoice, PodKillChoice
from kubectl_job_operator.airflow.compat.masking import is_secret_name
from kubectl_job_operator.airflow.operators import KubernetesJobOperator
from kubectl_job_operator.airflow.pod_operator_arguments import ARGUMENTS, Fate
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from kubectl_job_operator.airflow.type_checks import check_seconds
from kubectl_job_operator.manifest.plain import as_plain
from kubectl_job_operator.manifest.pod_overlay import overlaid
from kubectl_job_operator.manifest.pod_template import checked_pod, parse_pod
from kubectl_job_operator.manifest.shorthand import normal

if TYPE_CHECKING:
    from kubectl_job_operator.manifest.template import Renderer

_BASE_CONTAINER = "base"
_DELETE_POLICIES = {
    "delete_pod": "Always",
    "delete_succeeded_pod": "IfSucceeded",
    "keep_pod": "Never",
    # A Job that has ended has no active pod, and one that has not is a matter of on_kill_action.
    "delete_active_pod": "Never",
}
_KILL_ACTIONS = {"delete_pod": "delete", "keep_pod": "keep"}
_LARGEST_EXIT_CODE = 255


class KubernetesLegacyJobOperator(KubernetesJobOperator):
    """Run what a KubernetesPodOperator describes as a Job, with kubectl.

    Takes every argument of the KubernetesPodOperator in Airflow's Kubernetes provider, by its name and with its
    default, and all of :class:`KubernetesJobOperator` beside them. ``docs/pod-operator-arguments.md`` says of each what
    becomes of it. The provider and the Kubernetes client need not be installed; their objects are taken where they are.

    :param kubernetes_conn_id: (str, default ``"kubernetes_default"``) need not exist if it is the default.
    :param random_name_suffix: (bool, default True) as ``unique_name``.
    :param on_finish_action: (str, default ``"delete_pod"``) what becomes of the Job with its pods when it has ended.
    :param is_delete_operator_pod: (bool, default None) the older way to say it; wins.
    :param pod_template_file: (str, default None) a file with a Pod, which is a template as ``yaml_file_name`` is.
    :param pod_template_dict: (dict, default None) a Pod.
    :param full_pod_spec: (dict or a client's V1Pod, default None) a Pod, laid over the two above.
    :raises ValueError: when the DAG is parsed, if an argument is refused or contradicts another.
    """

    shorthand_names: ClassVar[Sequence[str]] = (
        *ShorthandOperator.shorthand_names,
        "ports",
        "base_container_name",
        "runtime_class_name",
        "automount_service_account_token",
        "hostnetwork",
        "host_aliases",
        "dnspolicy",
        "dns_config",
        "hostname",
        "subdomain",
        "schedulername",
        "pod_runtime_info_envs",
        "termination_message_policy",
    )
    template_fields: Sequence[str] = (
        *KubernetesJobOperator.template_fields,
        "hostname",
        "base_container_name",
        "pod_template_file",
        "pod_template_dict",
        "trigger_kwargs",
    )

    def __init__(
        self,
        *,
        kubernetes_conn_id: str | None = "kubernetes_default",
        random_name_suffix: bool = True,
        ports: Sequence[Any] | None = None,
        in_cluster: bool | None = None,
        cluster_context: str | None = None,
        config_file: str | None = None,
        reattach_on_restart: bool | None = None,
        durable: bool | None = None,
        startup_timeout_seconds: int = 120,
        startup_check_interval_seconds: int = 5,
        schedule_timeout_seconds: int | None = None,
        get_logs: bool = True,
        base_container_name: str | None = None,
        base_container_status_polling_interval: float = 1,
        init_container_logs: ContainerNames | None = None,
        container_logs: ContainerNames | None = None,
        runtime_class_name: str | None = None,
        automount_service_account_token: bool | None = None,
        hostnetwork: bool = False,
        host_aliases: Sequence[Any] | None = None,
        xcom_sidecar_container_security_context: Any = None,
        dnspolicy: str | None = None,
        dns_config: Any = None,
        hostname: str | None = None,
        subdomain: str | None = None,
        schedulername: str | None = None,
        full_pod_spec: Any = None,
        log_events_on_failure: bool = False,
        log_events_on_startup: bool = True,
        do_xcom_push: bool = False,
        pod_template_file: str | None = None,
        pod_template_dict: Mapping[str, Any] | None = None,
        pod_runtime_info_envs: Sequence[Any] | None = None,
        skip_on_exit_code: int | Container[int] | None = None,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poll_interval: float = 2,
        log_pod_spec_on_failure: bool = True,
        on_finish_action: FinishChoice | enum.Enum = "delete_pod",
        on_kill_action: PodKillChoice | enum.Enum = "delete_pod",
        is_delete_operator_pod: bool | None = None,
        termination_message_policy: str = "File",
        callbacks: Any = None,
        progress_callback: Callable[[str], None] | None = None,
        logging_interval: int | None = None,
        trigger_kwargs: Mapping[str, Any] | None = None,
        container_name_log_prefix_enabled: bool = True,
        log_formatter: Callable[[str, str], str] | None = None,
        **kwargs: Any,
    ) -> None:
        _refuse_or_warn(
            startup_check_interval_seconds=startup_check_interval_seconds,
            base_container_status_polling_interval=base_container_status_polling_interval,
            xcom_sidecar_container_security_context=xcom_sidecar_container_security_context,
            poll_interval=poll_interval,
            callbacks=callbacks,
            progress_callback=progress_callback,
            trigger_kwargs=trigger_kwargs,
        )
        check_seconds("startup_timeout_seconds", startup_timeout_seconds)
        check_seconds("schedule_timeout_seconds", schedule_timeout_seconds or startup_timeout_seconds)
        # What follows is looked at by checks that the base class makes while it is made.
        self.base_container_name = base_container_name or _BASE_CONTAINER
        self.pod_template_file = pod_template_file
        self.pod_template_dict = as_plain(pod_template_dict)
        self.full_pod_spec = as_plain(full_pod_spec)
        self.ports = normal("ports", ports)
        self.runtime_class_name = runtime_class_name
        self.automount_service_account_token = automount_service_account_token
        self.hostnetwork = hostnetwork or None
        self.host_aliases = normal("host_aliases", host_aliases)
        self.dnspolicy = dnspolicy
        self.dns_config = normal("dns_config", dns_config)
        self.hostname = hostname
        self.subdomain = subdomain
        self.schedulername = schedulername
        self.pod_runtime_info_envs = normal("pod_runtime_info_envs", pod_runtime_info_envs)
        self.termination_message_policy = termination_message_policy
        self.trigger_kwargs = trigger_kwargs
        self.log_events_on_failure = log_events_on_failure
        self.log_events_on_startup = log_events_on_startup
        self.log_pod_spec_on_failure = log_pod_spec_on_failure
        translated = {
            "kubernetes_conn_id": kubernetes_conn_id,
            "unique_name": random_name_suffix,
            "in_cluster": in_cluster,
            "cluster_context": None if in_cluster else cluster_context,
            "config_file": None if in_cluster else config_file,
            "on_worker_stop": "adopt" if _is_durable(reattach_on_restart, durable) else "delete",
            "startup_timeout_seconds": startup_timeout_seconds + (schedule_timeout_seconds or startup_timeout_seconds),
            "get_logs": get_logs,
            "container_logs": container_logs,
            "init_container_logs": init_container_logs or False,
            "do_xcom_push": do_xcom_push,
            "skip_on_exit_code": _listed(skip_on_exit_code),
            "delete_policy": _delete_policy(on_finish_action, is_delete_operator_pod),
            "on_kill_action": _chosen("on_kill_action", on_kill_action, _KILL_ACTIONS),
            "deferrable": deferrable,
            "logging_interval": logging_interval if deferrable else None,
            "log_formatter": log_formatter or (None if container_name_log_prefix_enabled else _bare),
        }
        is_default = {
            "unique_name": random_name_suffix,
            "on_worker_stop": reattach_on_restart is None and durable is None,
            "delete_policy": on_finish_action == "delete_pod" and is_delete_operator_pod is None,
        }
        super().__init__(**_over(translated, is_default, kwargs))

    @property
    def container_logs(self) -> ContainerNames:
        """The containers whose logs are shown: by default the base container, whose name may be a template."""
        return self._container_logs or self.base_container_name

    @container_logs.setter
    def container_logs(self, chosen: ContainerNames | None) -> None:
        self._container_logs = chosen

    @property
    def has_pod(self) -> bool:
        """Whether the arguments describe a pod without YAML."""
        return super().has_pod or any((self.pod_template_file, self.pod_template_dict, self.full_pod_spec))

    def shorthand(self) -> dict[str, Any]:
        """Return the arguments that were given; as in the pod operator, what is empty was not."""
        return {name: value for name, value in super().shorthand().items() if value not in ([], {}, "")}

    def pod_to_begin_with(self, renderer: Renderer) -> dict[str, Any]:
        """Return the pod template, with the full pod spec laid over it."""
        pod: dict[str, Any] = {}
        if self.pod_template_file:
            rendered = renderer.render_file(self.pod_template_file)
            pod = parse_pod(rendered.text, rendered.source, is_secret_name)
        elif self.pod_template_dict:
            pod = checked_pod(self.pod_template_dict, "pod_template_dict")
        if self.full_pod_spec:
            pod = overlaid(pod, checked_pod(self.full_pod_spec, "full_pod_spec"))
        return pod


def _over(translated: Mapping[str, Any], is_default: Mapping[str, bool], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Job operator's arguments: whoever gives one by its own name means that.

    Airflow fills in the Job operator's names out of a DAG's ``default_args`` later; they count where the task says
    nothing.

    :param translated: what the pod operator's arguments come to.
    :param is_default: of those that have another name there, whether it is what nobody has asked for.
    :param given: the others, as they were given.
    """
    defaults, older = given.get("default_args") or {}, "delete_completed_job"
    left_to_airflow = {name for name, is_unsaid in is_default.items() if is_unsaid and name in defaults}
    has_older = given.get(older) is not None or (is_default["delete_policy"] and older in defaults)
    if has_older:
        left_to_airflow.add("delete_policy")
    merged = {name: value for name, value in translated.items() if name not in left_to_airflow}
    return {**merged, **({} if has_older else {older: None}), **given}


def _refuse_or_warn(**given: Any) -> None:
    """Speak of arguments that are given but have no effect here.

    :raises ValueError: for one that a task could not do without.
    """
    for argument in ARGUMENTS:
        if given.get(argument.name, argument.default) == argument.default:
            continue
        if argument.fate is Fate.REFUSED:
            raise ValueError(f"{argument.name} cannot be used with KubernetesLegacyJobOperator: {argument.note}")
        # Past this function, __init__ and what Airflow wraps around it: the line of the DAG's file.
        message = f"{argument.name} has no effect with KubernetesLegacyJobOperator: {argument.note}"
        warnings.warn(message, UserWarning, stacklevel=4)


def _is_durable(reattach_on_restart: bool | None, durable: bool | None) -> bool:
    """Whether the next try goes on with what an earlier one started; the newer argument wins."""
    chosen = durable if durable is not None else reattach_on_restart
    return chosen is None or chosen


def _delete_policy(on_finish_action: FinishChoice | enum.Enum, is_delete_operator_pod: bool | None) -> str:
    if is_delete_operator_pod is not None:
        on_finish_action = "delete_pod" if is_delete_operator_pod else "keep_pod"
    return _chosen("on_finish_action", on_finish_action, _DELETE_POLICIES)


def _chosen(name: str, given: Any, meanings: Mapping[str, str]) -> str:
    """Translate a choice, which may be one of the provider's enums."""
    value = getattr(given, "value", given)
    if not isinstance(value, str) or value not in meanings:
        raise ValueError(f"{name} must be one of {', '.join(meanings)}, but is {value!r}")
    return meanings[value]


def _listed(codes: int | Container[int] | None) -> int | list[int] | None:
    """Return the exit codes that a container of them has, whatever kind it is."""
    if codes is None or isinstance(codes, int):
        return codes or None
    return [code for code in range(1, _LARGEST_EXIT_CODE + 1) if code in codes]


def _bare(_container: str, line: str) -> str:
    """Show a line as it is."""
    return line
