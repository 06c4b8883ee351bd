"""What a DAG's author writes. Light on purpose: reading a DAG file starts no process and touches no cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kubectl_job_operator.airflow.compat import AirflowFailException, BaseOperator, Context
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from kubectl_job_operator.jobs.identity import Identity
    from kubectl_job_operator.jobs.manifest import Manifest
    from kubectl_job_operator.jobs.runner import JobRunner


class KubernetesJobOperator(BaseOperator):
    """Run a Kubernetes Job, described by a YAML template, with kubectl.

    The task renders the template, applies it, waits until the Job is Complete or Failed and succeeds or fails with it.
    Every kubectl command stands in the task's log as it ran.

    :param yaml_file_name: the template: an absolute path, or a name that is looked for beside the DAG's file and in the
        DAG's ``template_searchpath``. Jinja; may itself be templated.
    :param yaml_template_fields: variables for the template, before all that Airflow gives a task (``ds``, ``params``,
        ...). Default: none. Values may be Airflow templates.
    :param namespace: where the Job runs, if the manifest names no namespace. Default: the context's; in a pod without a
        kubeconfig, the pod's own.
    :param in_cluster: use the service account of the pod that the task runs in. Default: False, and kubectl finds its
        configuration as it does in a shell: ``KUBECONFIG``, then ``~/.kube/config``, then the pod's service account.
    :param config_file: path of a kubeconfig. Default: as above.
    :param cluster_context: a context in the kubeconfig. Default: its current one.
    :param tail_logs: show the last lines of every container once the Job has ended. Default: False.
    :param tail_logs_line_count: how many lines that is. Default: 100.
    :param delete_completed_job: delete the Job once it is Complete; a failed one stays, for a look. Default: True.
    :raises ValueError: when the DAG is parsed, if arguments contradict each other.
    """

    template_fields: Sequence[str] = (
        "yaml_file_name",
        "yaml_template_fields",
        "namespace",
        "config_file",
        "cluster_context",
    )
    # Empty on purpose: Airflow would replace an argument that ends so by the content of a file.
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {"yaml_template_fields": "json"}
    ui_color = "#326ce5"
    ui_fgcolor = "#ffffff"

    def __init__(
        self,
        *,
        yaml_file_name: str,
        yaml_template_fields: Mapping[str, Any] | None = None,
        namespace: str | None = None,
        in_cluster: bool | None = None,
        config_file: str | None = None,
        cluster_context: str | None = None,
        tail_logs: bool = False,
        tail_logs_line_count: int = 100,
        delete_completed_job: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.yaml_file_name = yaml_file_name
        self.yaml_template_fields = yaml_template_fields or {}
        self.namespace = namespace
        self.in_cluster = in_cluster
        self.config_file = config_file
        self.cluster_context = cluster_context
        self.tail_logs = tail_logs
        self.tail_logs_line_count = tail_logs_line_count
        self.delete_completed_job = delete_completed_job
        self._runner: JobRunner | None = None
        self._is_killed = False
        self._check_arguments()

    def execute(self, context: Context) -> None:
        """Run the Job.

        :raises AirflowFailException: if the task's input cannot work, so that a retry would be in vain.
        :raises JobFailedError: if the Job failed.
        :raises KubectlJobOperatorError: for all else that this package knows to go wrong.
        """
        try:
            runner = self._make_runner(context)
            self._runner = runner
            if self._is_killed:
                runner.kill()
            runner.run()
        except InputError as error:
            raise AirflowFailException(str(error)) from None
        finally:
            self._runner = None
            self._is_killed = False

    def on_kill(self) -> None:
        """End ``execute`` at once: it stops its children, deletes the Job and raises. Never waits."""
        self._is_killed = True
        if self._runner is not None:
            self._runner.kill()

    def _check_arguments(self) -> None:
        """Refuse contradictions while the DAG is parsed."""
        for other in ("config_file", "cluster_context"):
            if self.in_cluster and getattr(self, other) is not None:
                raise ValueError(f"in_cluster=True and {other} contradict each other; give one of them")
        if self.tail_logs_line_count < 0:
            raise ValueError(f"tail_logs_line_count must not be negative, but is {self.tail_logs_line_count}")

    def _make_runner(self, context: Context) -> JobRunner:
        from kubectl_job_operator.jobs.runner import JobRunner, Settings
        from kubectl_job_operator.kubectl.access import Access

        return JobRunner(
            self._make_manifest(context),
            _identity(self, context),
            Access(self.config_file, self.cluster_context, bool(self.in_cluster)),
            namespace=self.namespace,
            settings=Settings(
                tail_logs=self.tail_logs,
                tail_logs_line_count=self.tail_logs_line_count,
                delete_completed_job=self.delete_completed_job,
            ),
            log=self.log,
        )

    def _make_manifest(self, context: Context) -> Manifest:
        from kubectl_job_operator.jobs.manifest import Manifest
        from kubectl_job_operator.jobs.template import render_file

        dag = self.get_dag()
        if dag is None:
            raise AirflowFailException("the task is in no DAG, so there is nowhere to look for its template")
        search_path = [dag.folder, *_as_tuple(dag.template_searchpath)]
        rendered = render_file(
            self.yaml_file_name,
            search_path,
            {**context, **self.yaml_template_fields},
            dag.get_template_env(force_sandboxed=True),
        )
        return Manifest.parse(rendered.text, str(rendered.path))


def _identity(task: BaseOperator, context: Context) -> Identity:
    from kubectl_job_operator.jobs.identity import Identity

    instance = context["ti"]
    return Identity(
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        run_id=instance.run_id,
        map_index=instance.map_index if instance.map_index is not None else -1,
        try_number=instance.try_number,
        # A Clear raises max_tries by the retries that the task has, so that this is its first try again.
        first_try=max(1, (instance.max_tries or 0) - (task.retries or 0) + 1),
    )


def _as_tuple(paths: str | Iterable[str] | None) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else tuple(paths or ())
