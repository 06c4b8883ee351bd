"""What a DAG's author writes. Light on purpose: reading a DAG file starts no process and touches no cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kubectl_job_operator.airflow.argument_types import (
    ContainerNames,
    DeletePolicyChoice,
    ExitCodes,
    KillChoice,
    ResultChoice,
    ShorthandArguments,
    WorkerStopChoice,
    fetched,
)
from kubectl_job_operator.airflow.arguments import check_arguments
from kubectl_job_operator.airflow.defaults import REPLAY_BASE_URL, chosen, settled
from kubectl_job_operator.airflow.deferral import defers_by_default
from kubectl_job_operator.airflow.execution import JobExecution
from kubectl_job_operator.airflow.links import ReplayLinks
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from kubectl_job_operator.airflow.xcoms_in_yaml import references_in
from kubectl_job_operator.manifest.plain import as_plain

if TYPE_CHECKING:
    from airflow.sdk import XComArg
    from typing_extensions import Unpack

_DEFAULT_LINE_COUNT = 100


class KubernetesJobOperator(JobExecution):
    """Run a Kubernetes Job, described by YAML or by an image and a command, with kubectl.

    The task renders the YAML, applies it, waits until the Job is Complete or Failed and succeeds or fails with it.
    Every kubectl command stands in the task's log as it ran. The arguments that describe a Job without YAML (``image``,
    ``cmds``, ``volumes``, ...) are those of :class:`~kubectl_job_operator.airflow.shorthand.ShorthandOperator`.
    ``[kubectl_job_operator]`` in Airflow's configuration may give some of the arguments another default.

    The manifest:

    :param yaml_file_name: (str) the template: an absolute path, or a name that is looked for beside the DAG's file and
        in the DAG's ``template_searchpath``. Templated. At most one of this, ``job_yaml``, ``kustomize_dir`` and
        ``from_cronjob``; without all of them an ``image`` is needed.
    :param job_yaml: (str, dict or list of dicts) the manifest itself. A str is a template, and so is every string in a
        dict. What an earlier task returns may stand for all of it or for any value in it.
    :param kustomize_dir: (str, default None) a folder with a kustomization, looked for as ``yaml_file_name`` is, or a
        remote address that kubectl takes: the manifest is what ``kubectl kustomize`` prints. Templated. Instead of
        ``yaml_file_name`` and ``job_yaml``.
    :param from_cronjob: (str, default None) the name of a CronJob in the cluster, which may be suspended: the manifest
        is the Job that it would start now. It gets a suffix to its name, and does not count among the CronJob's own.
        Templated. Instead of ``yaml_file_name`` and ``job_yaml``.
    :param yaml_template_fields: (dict, default ``{}``) variables for the template, before all that Airflow gives a
        task (``ds``, ``params``, ...). Templated.
    :param yaml_write_path: (str, default None) a folder where the rendered YAML is also written, to stay there; made if
        it is missing. Refused before anything is created if it cannot be written. Templated.
    :param yaml_write_filename: (str, default the template's name without ``.j2`` or ``.tmpl``) the name of that file.
        Templated. Needs ``yaml_write_path``.
    :param log_yaml: (bool, default True) show the rendered YAML in the log, Secrets masked.
    :param labels: (dict, default ``{}``) added to every object and to the Job's pods. Templated.
    :param annotations: (dict, default ``{}``) added to every object and to the Job's pods. Templated.
    :param env_vars: (dict, or list of dicts as Kubernetes has them, default ``{}``) variables of the first container,
        and of every other one that does not set them, before those that the YAML has. Values become text: a dict or a
        list JSON; ``None`` is left out. Templated.
    :param unique_name: (bool, default False) append a suffix to the names of the Job and its companions, and wherever
        the manifest refers to them: the same for all tries of a task instance, another for each run and map index, so
        that these do not get in each other's way; at most 63 characters in all.
    :param max_name_length: (int, characters, default None) how long the Job's name may be with that suffix, where 63
        are too many for what a controller makes of it. Known are the indexes of a Job, and what RayJob,
        SparkApplication, JobSet, Volcano and Kubeflow append.
    :param backoff_limit: (int, default None) the Job's ``backoffLimit``, whatever the YAML says. By default the YAML's,
        and where it has none, the task's ``retries``.
    :param success_when: (str or list of str, default None) the task runs an object of another kind than Job and Pod,
        and this is when it did its work: a condition (``"Complete"``, ``"Ready=False"``) or a field and its value
        (``"{.status.phase}=Succeeded"``), as ``kubectl wait --for`` takes them; of a list, any.
    :param failure_when: (str or list of str, default None) the same for when it failed; wins where both hold. Without
        it, only a Job and a Pod can fail.
    :param main_container: (str, default None) the name of the container that decides: the task ends when it does, by
        its exit code, although others of its pod run on, and these are then ended. For a Pod, and for a Job of one pod
        that is not replaced (``backoffLimit: 0``, the default then). The worker waits, also where ``deferrable``.
        Templated.
    :param pod_selector: (str, default None) the label selector of that object's pods, whose logs are shown. By default
        the pod templates in the object get a label for it. Templated.

    The cluster:

    :param namespace: (str, default None) where the Job runs, whatever the YAML says. Default: the YAML's, else the
        connection's, else the context's, else in a pod the pod's own. Always given to kubectl as ``-n``. Templated.
    :param kubernetes_conn_id: (str, default None) an Airflow connection of type ``kubectl`` or ``kubernetes``; the
        arguments below win over it. Templated.
    :param in_cluster: (bool, default None) use the service account of the pod that the task runs in. By default kubectl
        finds its configuration as in a shell: ``KUBECONFIG``, ``~/.kube/config``, the pod's service account.
    :param config_file: (str, default None) the path of a kubeconfig, or several with ``:`` between them; ``~`` and
        ``$VAR`` as in a shell. Templated.
    :param cluster_context: (str, default None) a context in the kubeconfig. Templated.

    The logs. Setting any ``tail_logs`` argument chooses among these; by default ``get_logs`` holds:

    :param get_logs: (bool, default True) show every line of every container, once, while they run; where there is more
        than one container or pod, or where a line could be taken for the operator's own, behind ``[pod/container]``.
    :param container_logs: (bool, str or list of str, default True) the containers whose logs ``get_logs`` shows: all,
        none, or these names.
    :param init_container_logs: (bool, str or list of str, default True) the same for init containers.
    :param log_formatter: (function, default None) takes a container's name and a line, returns the line to show.
    :param detect_log_level: (bool, default True) log a line that claims a level (``ERROR ...``, ``level=warning``,
        ``"level": "error"``) at that level, and a traceback as an error.
    :param strip_log_colors: (bool, default False) leave out the codes that colour a line on a terminal.
    :param max_log_streams: (int, default 20) how many containers ``get_logs`` follows at once; the others are read
        whole when they have ended.
    :param log_drain_seconds: (int, seconds, default 30) how long, after the Job has ended, the rest of the logs may
        take.
    :param tail_logs: (bool, default False) show the last lines of every container once the Job has ended.
    :param tail_logs_every: (int, seconds, default None) show them also every so many seconds while the Job runs;
        rounded to the nearest 5, at least 5.
    :param tail_logs_line_count: (int, lines, default 100) how many lines from the end of each container's log.
    :param tail_logs_only_at_end: (bool, default False) show them only once the Job has ended.

    The end:

    :param delete_policy: (str, default ``"IfSucceeded"``) when a Job that has ended is deleted, with its companions:
        ``"Always"``, ``"IfSucceeded"``, ``"IfFailed"`` or ``"Never"``. A failed one stays by default, for a look. A Job
        that did not start in time is always deleted.
    :param delete_completed_job: (bool, default True) the older way to say it: False is ``delete_policy="Never"``.
    :param on_kill_action: (str, default ``"delete"``) what becomes of the Job when the task is cleared or marked, or
        runs into its ``execution_timeout``: ``"delete"`` or ``"keep"``.
    :param on_worker_stop: (str, default ``"adopt"``) what becomes of it when only the worker is told to stop, as in a
        deployment: ``"adopt"`` keeps it for the next try if there is one, ``"delete"`` deletes it.
    :param skip_on_exit_code: (int or list of int, default None) the task is skipped, not failed, if a container of a
        failed pod ended with one of these. The Job is cleaned up as a failed one.
    :param fail_on_exit_code: (int or list of int, default None) the task fails without a retry if a container of a
        failed pod ended with one of these; wins over ``skip_on_exit_code`` where different pods ended with both.

    The result. Whatever these are, ``job_name``, ``job_namespace`` and ``job_uid`` are pushed to XCom when the Job is
    there, and ``pod_names`` when it is Complete:

    :param do_xcom_push: (bool, default False) make the JSON that the Job's container hands over the task's result: its
        XCom ``return_value``. Of a Job with several pods it is the list of theirs, in the order of the completion
        indexes where it has some. What is not JSON fails the task; a Job that failed pushes nothing.
    :param xcom_from: (str, default ``"file"``) how it hands it over: ``"file"`` is ``/airflow/xcom/return.json``, up to
        4096 bytes, in a pod of more than three containers each its part of 12 KiB; ``"logs"`` is a line of its log,
        ``::kubectl-job-operator/result::`` and the JSON, up to 1 MiB; the log is then read once more, and the line is
        not shown. Without such a line, LamaAni's ``::kube_api:xcom={...}``, each key an XCom of its own too.

    Time:

    :param startup_timeout_seconds: (int, seconds, default 600) how long it may take until the first container runs; 0
        is without limit. The time while the Job is suspended, or its pods are gated, does not count. What cannot heal,
        as an image's name that is none or a variable's Secret that does not exist, fails the task after 15 seconds.
    :param image_pull_grace_seconds: (int, seconds, default 120) how long the pull of an image may fail, from the first
        failure on; 0 leaves it to ``startup_timeout_seconds``.
    :param outage_tolerance_seconds: (int, seconds, default 600) how long the cluster may be away while the task waits.
    :param deadline_from_timeout: (bool, default False) give the Job the task's ``execution_timeout`` as its
        ``activeDeadlineSeconds`` where the YAML sets none, so that the cluster stops it even if Airflow is dead.
    :param termination_grace_period_seconds: (int, seconds, default None) the pods' ``terminationGracePeriodSeconds``,
        whatever the YAML says.

    Deferring:

    :param deferrable: (bool, default ``[operators] default_deferrable`` of Airflow's configuration, else False) leave
        the worker while the Job runs: the triggerer waits, and a worker shows the logs and the verdict at the end.
    :param logging_interval: (int, seconds, default None) how often a deferred task comes back to a worker to show what
        is new in the logs. By default only when the Job has ended. Needs ``deferrable``.

    For a look at a failed try:

    :param replay_dir: (str, default None) a folder on the worker that gets a folder for each failed try: ``replay.sh``,
        which runs it again, the manifest, the Job, its pods and events, the commands and a picture, all without
        secrets. Its path is the XCom ``replay_folder``. Default: ``[kubectl_job_operator] replay_dir`` of Airflow's
        configuration. Templated.
    :param replay_keep: (int, folders, default 50) how many of them stay there, the latest; 0 is all.
    :raises ValueError: when the DAG is parsed, if arguments contradict each other.
    """

    template_fields: Sequence[str] = (
        "rendered_yaml",  # first, for "Rendered Template" shows them in this order
        *ShorthandOperator.shorthand_names,
        "yaml_file_name",
        "job_yaml_xcoms",
        "kustomize_dir",
        "from_cronjob",
        "yaml_template_fields",
        "yaml_write_path",
        "yaml_write_filename",
        "labels",
        "annotations",
        "env_vars",
        "main_container",
        "pod_selector",
        "namespace",
        "kubernetes_conn_id",
        "config_file",
        "cluster_context",
        "replay_dir",
    )
    # Empty on purpose: Airflow would replace an argument that ends so by the content of a file.
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "yaml_template_fields": "json",
        "labels": "json",
        "annotations": "json",
        "env_vars": "json",
        "rendered_yaml": "yaml",
    }
    operator_extra_links = ReplayLinks()
    ui_color = "#326ce5"
    ui_fgcolor = "#ffffff"

    def __init__(  # noqa: PLR0915 - Airflow wants every argument as an attribute
        self,
        *,
        # The manifest
        yaml_file_name: str | XComArg | None = None,
        job_yaml: str | dict[str, Any] | list[dict[str, Any]] | XComArg | None = None,
        kustomize_dir: str | XComArg | None = None,
        from_cronjob: str | XComArg | None = None,
        yaml_template_fields: Mapping[str, Any] | XComArg | None = None,
        yaml_write_path: str | XComArg | None = None,
        yaml_write_filename: str | XComArg | None = None,
        log_yaml: bool | None = None,
        labels: Mapping[str, Any] | XComArg | None = None,
        annotations: Mapping[str, Any] | XComArg | None = None,
        env_vars: Mapping[str, Any] | Sequence[Any] | XComArg | None = None,
        unique_name: bool = False,
        max_name_length: int | None = None,
        backoff_limit: int | None = None,
        success_when: str | list[str] | None = None,
        failure_when: str | list[str] | None = None,
        main_container: str | XComArg | None = None,
        pod_selector: str | XComArg | None = None,
        # The cluster
        namespace: str | XComArg | None = None,
        kubernetes_conn_id: str | XComArg | None = None,
        in_cluster: bool | None = None,
        config_file: str | XComArg | None = None,
        cluster_context: str | XComArg | None = None,
        # The logs
        get_logs: bool | None = None,
        container_logs: ContainerNames = True,
        init_container_logs: ContainerNames | None = None,
        log_formatter: Callable[[str, str], str] | None = None,
        detect_log_level: bool | None = None,
        strip_log_colors: bool | None = None,
        max_log_streams: int = 20,
        log_drain_seconds: int | None = None,
        tail_logs: bool = False,
        tail_logs_every: int | None = None,
        tail_logs_line_count: int | None = None,
        tail_logs_only_at_end: bool = False,
        # The end
        delete_policy: DeletePolicyChoice | None = None,
        delete_completed_job: bool | None = None,
        on_kill_action: KillChoice = "delete",
        on_worker_stop: WorkerStopChoice = "adopt",
        skip_on_exit_code: ExitCodes | None = None,
        fail_on_exit_code: ExitCodes | None = None,
        # The result
        do_xcom_push: bool = False,
        xcom_from: ResultChoice = "file",
        # Time
        startup_timeout_seconds: int | None = None,
        image_pull_grace_seconds: int | None = None,
        outage_tolerance_seconds: int = 600,
        deadline_from_timeout: bool = False,
        termination_grace_period_seconds: int | None = None,
        # Deferring
        deferrable: bool | None = None,
        logging_interval: int | None = None,
        # For a look at a failed try
        replay_dir: str | XComArg | None = None,
        replay_keep: int | None = None,
        **kwargs: Unpack[ShorthandArguments],
    ) -> None:
        super().__init__(do_xcom_push=do_xcom_push, **kwargs)
        # The manifest
        self.yaml_file_name = fetched(yaml_file_name)
        self.job_yaml = as_plain(job_yaml)
        # Airflow waits for the tasks that these come from, and puts what they returned in their places.
        self.job_yaml_xcoms = references_in(self.job_yaml)
        self.kustomize_dir = fetched(kustomize_dir)
        self.from_cronjob = fetched(from_cronjob)
        self.yaml_template_fields = fetched(yaml_template_fields or {})
        self.yaml_write_path = fetched(yaml_write_path)
        self.yaml_write_filename = fetched(yaml_write_filename)
        self.log_yaml = settled("log_yaml", log_yaml)
        self.labels = fetched(labels or {})
        self.annotations = fetched(annotations or {})
        self.env_vars = as_plain(env_vars) or {}
        self.unique_name = unique_name
        self.max_name_length = max_name_length
        self.backoff_limit = backoff_limit
        self.success_when = success_when
        self.failure_when = failure_when
        self.main_container = fetched(main_container)
        self.pod_selector = fetched(pod_selector)
        # The cluster
        self.namespace = fetched(namespace)
        self.kubernetes_conn_id = fetched(kubernetes_conn_id)
        self.in_cluster = in_cluster
        self.config_file = fetched(config_file)
        self.cluster_context = fetched(cluster_context)
        # The logs
        self.get_logs = settled("get_logs", get_logs)
        self.container_logs = container_logs
        self.init_container_logs = (
            init_container_logs if init_container_logs is not None else chosen("init_container_logs")
        )
        self.log_formatter = log_formatter
        self.detect_log_level = settled("detect_log_level", detect_log_level)
        self.strip_log_colors = settled("strip_log_colors", strip_log_colors)
        self.max_log_streams = max_log_streams
        self.log_drain_seconds = settled("log_drain_seconds", log_drain_seconds)
        self.tail_logs = tail_logs
        self.tail_logs_every = tail_logs_every
        self.tail_logs_line_count = tail_logs_line_count
        self.tail_logs_only_at_end = tail_logs_only_at_end
        # The end
        self.delete_policy = delete_policy
        self.delete_completed_job = delete_completed_job
        self.on_kill_action = on_kill_action
        self.on_worker_stop = on_worker_stop
        self.skip_on_exit_code = skip_on_exit_code
        self.fail_on_exit_code = fail_on_exit_code
        # The result
        self.xcom_from = xcom_from
        # Time
        self.startup_timeout_seconds = settled("startup_timeout_seconds", startup_timeout_seconds)
        self.image_pull_grace_seconds = settled("image_pull_grace_seconds", image_pull_grace_seconds)
        self.outage_tolerance_seconds = outage_tolerance_seconds
        self.deadline_from_timeout = deadline_from_timeout
        self.termination_grace_period_seconds = termination_grace_period_seconds
        # Deferring
        self.deferrable = deferrable if deferrable is not None else defers_by_default()
        self.logging_interval = logging_interval
        # For a look at a failed try
        self.replay_dir = fetched(replay_dir)
        self.replay_keep = settled("replay_keep", replay_keep)
        check_arguments(self)
        self._settle_defaults()
        if self.asks_kubectl:
            # What stands in the "Rendered Template" tab is there only then.
            self.overwrite_rtif_after_execution = True

    def _settle_defaults(self) -> None:
        """Replace what was not given by what it then means."""
        chosen(REPLAY_BASE_URL)  # refused here, not where Airflow asks for the links
        self.deployment_labels: Mapping[str, Any] = chosen("labels") or {}
        if self.kubernetes_conn_id is None and self.config_file is None and not self.in_cluster:
            # A task that names a way into a cluster means that one.
            self.kubernetes_conn_id = chosen("kubernetes_conn_id")
            self.cluster_context = settled("cluster_context", self.cluster_context)
        self.is_tail_chosen = (
            self.tail_logs
            or self.tail_logs_only_at_end
            or self.tail_logs_every is not None
            or self.tail_logs_line_count is not None
        )
        if self.tail_logs_line_count is None:
            self.tail_logs_line_count = _DEFAULT_LINE_COUNT
        if self.delete_policy is None and self.delete_completed_job is not None:
            self.delete_policy = "IfSucceeded" if self.delete_completed_job else "Never"
        self.delete_policy = settled("delete_policy", self.delete_policy)
        self.delete_completed_job = self.delete_policy in ("Always", "IfSucceeded")

    @property
    def has_yaml(self) -> bool:
        """Whether the Job is described by YAML."""
        return self.has_template or self.asks_kubectl

    @property
    def has_template(self) -> bool:
        """Whether that YAML is a template of the author's, which may use variables."""
        return self.yaml_file_name is not None or self.job_yaml is not None

    @property
    def asks_kubectl(self) -> bool:
        """Whether only kubectl can give the YAML: it is started in ``execute``, and not where fields are rendered."""
        return self.kustomize_dir is not None or self.from_cronjob is not None
