"""The arguments that describe a Job without YAML: the operator's own base class, so that each floor stays readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from kubectl_job_operator.airflow.argument_types import CompletionModeChoice, PullPolicyChoice, Words, fetched
from kubectl_job_operator.airflow.compat.imports import BaseOperator
from kubectl_job_operator.airflow.elsewhere import check_names
from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.manifest.shorthand import normal, problem_of, settled

if TYPE_CHECKING:
    from airflow.sdk import XComArg

    from kubectl_job_operator.manifest.template import Renderer


class ShorthandOperator(BaseOperator):
    """The arguments that describe a Job without YAML, or are filled into the YAML's Job and its first container.

    They are named as those of Airflow's KubernetesPodOperator, and all are templated. Values are plain dicts, lists and
    strings, as Kubernetes has them in YAML; the objects of a Kubernetes client are taken too.

    Together with YAML an argument wins over what stands there, and the log says so. ``volumes``, ``init_containers``,
    ``volume_mounts``, ``env_from``, ``secrets`` and ``configmaps`` are added, and win over what has the same name or
    path; of several items of an argument with one name the last wins. Variables out of ``secrets`` go to every
    container, init containers too, as ``env_vars`` do; the others of these are for the first container.

    :param image: (str, default None) the container's image. Needed where there is no YAML.
    :param cmds: (list of str, default None) the container's ``command``. By default the image's own.
    :param arguments: (list of str, default None) the container's ``args``. By default the image's own.
    :param name: (str, default None) the Job's name, made valid. By default the YAML's, and without YAML the task's id
        with a suffix as ``unique_name`` appends it.
    :param env_from: (list of dict, default None) whole ConfigMaps and Secrets as environment variables: ``envFrom``.
    :param secrets: (list of dict, default None) keys of Secrets as variables or files, each as ``{"deploy_type": "env"
        or "volume", "deploy_target": the variable or the folder, "secret": its name, "key": a key}``. For ``env``,
        without target and key, every key becomes a variable; for ``volume``, without key, every key becomes a file.
        The worker never reads what is in them. ``Secret`` objects of Airflow's provider are taken too.
    :param configmaps: (list of str, default None) names of ConfigMaps whose keys all become environment variables.
    :param container_resources: (dict, default None) the container's ``resources``: ``requests`` and ``limits``.
    :param volumes: (list of dict, default None) the pods' ``volumes``.
    :param volume_mounts: (list of dict, default None) the container's ``volumeMounts``.
    :param node_selector: (dict, default None) labels of the nodes to run on.
    :param tolerations: (list of dict, default None) the pods' ``tolerations``.
    :param affinity: (dict, default None) the pods' ``affinity``.
    :param service_account_name: (str, default None) the pods' service account.
    :param image_pull_policy: (str, default None) ``"Always"``, ``"IfNotPresent"`` or ``"Never"``.
    :param image_pull_secrets: (list of str or dict, or str, default None) names of Secrets for the image's registry; a
        str may have several, with commas between them.
    :param security_context: (dict, default None) the pods' ``securityContext``.
    :param container_security_context: (dict, default None) the container's ``securityContext``.
    :param init_containers: (list of dict, default None) containers that run before the others.
    :param parallelism: (int, pods, default None) how many pods may run at once.
    :param completions: (int, pods, default None) how many pods must succeed.
    :param completion_mode: (str, default None) ``"NonIndexed"`` or ``"Indexed"``.
    :param active_deadline_seconds: (int, seconds, default None) how long the Job may run, all its pods together, before
        the cluster fails it.
    :param ttl_seconds_after_finished: (int, seconds, default None) when the cluster itself deletes the Job once it has
        ended.
    :param suspend: (bool, default None) create the Job suspended; the task waits until somebody resumes it.
    :param priority_class_name: (str, default None) the pods' ``priorityClassName``.
    :param termination_grace_period: (int, seconds, default None) another name of ``termination_grace_period_seconds``;
        giving both is refused.
    :raises ValueError: when the DAG is parsed, if one of them is not what it must be.
    :raises TypeError: then too, for an argument that there is not, if it can be said which one was meant.
    """

    shorthand_names: ClassVar[Sequence[str]] = (
        "image",
        "cmds",
        "arguments",
        "name",
        "env_from",
        "secrets",
        "configmaps",
        "container_resources",
        "volumes",
        "volume_mounts",
        "node_selector",
        "tolerations",
        "affinity",
        "service_account_name",
        "image_pull_policy",
        "image_pull_secrets",
        "security_context",
        "container_security_context",
        "init_containers",
        "parallelism",
        "completions",
        "completion_mode",
        "active_deadline_seconds",
        "ttl_seconds_after_finished",
        "suspend",
        "priority_class_name",
        "termination_grace_period",
    )

    def __init__(
        self,
        *,
        image: str | XComArg | None = None,
        cmds: Words | XComArg | None = None,
        arguments: Words | XComArg | None = None,
        name: str | XComArg | None = None,
        env_from: Sequence[Any] | XComArg | None = None,
        secrets: Sequence[Any] | XComArg | None = None,
        configmaps: Words | XComArg | None = None,
        container_resources: Any = None,
        volumes: Sequence[Any] | XComArg | None = None,
        volume_mounts: Sequence[Any] | XComArg | None = None,
        node_selector: Mapping[str, str] | XComArg | None = None,
        tolerations: Sequence[Any] | XComArg | None = None,
        affinity: Any = None,
        service_account_name: str | XComArg | None = None,
        image_pull_policy: PullPolicyChoice | XComArg | None = None,
        image_pull_secrets: Sequence[Any] | str | XComArg | None = None,
        security_context: Any = None,
        container_security_context: Any = None,
        init_containers: Sequence[Any] | XComArg | None = None,
        parallelism: int | str | XComArg | None = None,
        completions: int | str | XComArg | None = None,
        completion_mode: CompletionModeChoice | XComArg | None = None,
        active_deadline_seconds: int | str | XComArg | None = None,
        ttl_seconds_after_finished: int | str | XComArg | None = None,
        suspend: bool | str | XComArg | None = None,
        priority_class_name: str | XComArg | None = None,
        termination_grace_period: int | str | XComArg | None = None,
        **kwargs: Any,
    ) -> None:
        check_names(kwargs, type(self))
        super().__init__(**kwargs)
        self.image = fetched(image)
        # Plain from the beginning, so that Airflow finds the strings to render and can show them.
        self.cmds = normal("cmds", cmds)
        self.arguments = normal("arguments", arguments)
        self.name = fetched(name)
        self.env_from = normal("env_from", env_from)
        self.secrets = normal("secrets", secrets)
        self.configmaps = normal("configmaps", configmaps)
        self.container_resources = normal("container_resources", container_resources)
        self.volumes = normal("volumes", volumes)
        self.volume_mounts = normal("volume_mounts", volume_mounts)
        self.node_selector = normal("node_selector", node_selector)
        self.tolerations = normal("tolerations", tolerations)
        self.affinity = normal("affinity", affinity)
        self.service_account_name = fetched(service_account_name)
        self.image_pull_policy = fetched(image_pull_policy)
        self.image_pull_secrets = normal("image_pull_secrets", image_pull_secrets)
        self.security_context = normal("security_context", security_context)
        self.container_security_context = normal("container_security_context", container_security_context)
        self.init_containers = normal("init_containers", init_containers)
        self.parallelism = fetched(parallelism)
        self.completions = fetched(completions)
        self.completion_mode = fetched(completion_mode)
        self.active_deadline_seconds = fetched(active_deadline_seconds)
        self.ttl_seconds_after_finished = fetched(ttl_seconds_after_finished)
        self.suspend = fetched(suspend)
        self.priority_class_name = fetched(priority_class_name)
        self.termination_grace_period = fetched(termination_grace_period)

    @property
    def has_pod(self) -> bool:
        """Whether the arguments describe a pod without YAML."""
        return self.image is not None

    def shorthand(self) -> dict[str, Any]:
        """Return the arguments that were given, by name."""
        given = {name: getattr(self, name) for name in self.shorthand_names}
        return {name: value for name, value in given.items() if value is not None}

    def pod_to_begin_with(self, renderer: Renderer) -> Mapping[str, Any] | None:  # noqa: ARG002 - for a subclass
        """Return the pod that the arguments are filled into where there is no YAML; ``None`` for an empty one."""
        return None


def check_shorthand(given: Mapping[str, Any]) -> None:
    """Refuse values that can never be right; what Airflow has yet to render or to fetch is looked at later.

    :raises ValueError: naming the argument.
    """
    for name, value in given.items():
        is_known = not (isinstance(value, str) and "{" in value)
        if is_known and not _has_references(value):
            final = settled(name, value)
            problem = None if final is None else problem_of(name, final)
            if problem is not None:
                raise ValueError(problem)
            if name == "image_pull_policy" and value not in get_args(PullPolicyChoice):
                raise ValueError(f"{name} must be one of {', '.join(get_args(PullPolicyChoice))}, but is {value!r}")


def _has_references(value: Any) -> bool:
    """Whether a value holds what an earlier task returns, which only a worker can look at."""
    if isinstance(value, Mapping):
        return any(_has_references(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_references(item) for item in value)
    return is_reference(value)
