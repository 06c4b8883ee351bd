"""What the operators have in common that do something with objects: their YAML, their cluster, their end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kubectl_job_operator.airflow import way_in, xcoms_in_yaml
from kubectl_job_operator.airflow.argument_types import fetched
from kubectl_job_operator.airflow.bare_errors import bare
from kubectl_job_operator.airflow.compat.imports import AirflowFailException, BaseOperator, Context
from kubectl_job_operator.airflow.defaults import settled
from kubectl_job_operator.airflow.fields import RendersYaml
from kubectl_job_operator.airflow.on_kill import EndsOnKill
from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.plain import as_plain

if TYPE_CHECKING:
    from airflow.sdk import XComArg

    from kubectl_job_operator.attempt.session import Session
    from kubectl_job_operator.manifest.object_list import ObjectList

_YAML = "yaml"


class ObjectOperator(RendersYaml, EndsOnKill, BaseOperator):
    """The arguments of every operator that does something with the objects of a manifest.

    The manifest:

    :param yaml_file_name: (str, default None) the template: an absolute path, or a name that is looked for beside the
        DAG's file and in the DAG's ``template_searchpath``. Templated.
    :param yaml: (str, dict or list of dicts, default None) the objects themselves. A str is a template, and so is every
        string in a dict. What an earlier task returns may stand for all of it or for any value in it.
    :param yaml_template_fields: (dict, default ``{}``) variables for the template, before all that Airflow gives a
        task (``ds``, ``params``, ...). Templated.
    :param log_yaml: (bool, default True) show the rendered YAML in the log, Secrets masked.

    The cluster:

    :param namespace: (str, default None) where; wins over the YAML. By default the YAML's, then the connection's, then
        the one that kubectl itself would use. Templated.
    :param kubernetes_conn_id: (str, default None) an Airflow connection of type ``kubectl`` or ``kubernetes``.
        Templated.
    :param in_cluster: (bool, default None) use the service account of the pod that the task runs in. ``False``
        overrules the connection.
    :param config_file: (str, default None) path of a kubeconfig on the worker. Wins over the connection. Templated.
    :param cluster_context: (str, default None) a context of the kubeconfig. Wins over the connection. Templated.
    :param outage_tolerance_seconds: (int, seconds, default 600) for how long the API server may be away.
    :raises ValueError: when the DAG is parsed, if arguments contradict each other.
    """

    template_fields: Sequence[str] = (
        "yaml_file_name",
        "yaml_xcoms",
        "yaml_template_fields",
        *way_in.TEMPLATED,
        "rendered_yaml",
    )
    # Empty on purpose: Airflow would replace an argument that ends so by the content of a file.
    template_ext: Sequence[str] = ()
    yaml_argument = _YAML
    template_fields_renderers: ClassVar[dict[str, str]] = {"yaml_template_fields": "json", "rendered_yaml": "yaml"}
    ui_color = "#326ce5"
    ui_fgcolor = "#ffffff"

    def __init__(
        self,
        *,
        yaml_file_name: str | XComArg | None = None,
        yaml: str | dict[str, Any] | list[dict[str, Any]] | XComArg | None = None,
        yaml_template_fields: Mapping[str, Any] | XComArg | None = None,
        log_yaml: bool | None = None,
        namespace: str | XComArg | None = None,
        kubernetes_conn_id: str | XComArg | None = None,
        in_cluster: bool | None = None,
        config_file: str | XComArg | None = None,
        cluster_context: str | XComArg | None = None,
        outage_tolerance_seconds: int = 600,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.yaml_file_name = fetched(yaml_file_name)
        self.yaml = as_plain(yaml)
        # Airflow waits for the tasks that these come from, and puts what they returned in their places.
        self.yaml_xcoms = xcoms_in_yaml.references_in(self.yaml, _YAML)
        self.yaml_template_fields = fetched(yaml_template_fields or {})
        self.log_yaml = settled("log_yaml", log_yaml)
        self.namespace = fetched(namespace)
        self.kubernetes_conn_id = fetched(kubernetes_conn_id)
        self.in_cluster = in_cluster
        self.config_file = fetched(config_file)
        self.cluster_context = fetched(cluster_context)
        self.outage_tolerance_seconds = outage_tolerance_seconds
        self._manifest: ObjectList | None = None
        self._check_yaml()
        way_in.settle_way_in(self)

    @property
    def has_yaml(self) -> bool:
        """Whether there is a manifest."""
        return self.yaml_file_name is not None or self.yaml is not None

    def execute(self, context: Context) -> Any:
        """Do it.

        :raises AirflowFailException: if the task's input cannot work, so that a retry would be in vain.
        :raises KubectlJobOperatorError: for all else that this package knows to go wrong.
        """
        try:
            with self._running():
                return self._act(context)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise bare(error)  # noqa: B904 - it is the same

    def _act(self, context: Context) -> Any:
        """Do what the operator is there for, and return the result."""
        raise NotImplementedError

    def _open_session(self, namespace: str | None = None) -> Session:
        """Return what the task works with, which ``on_kill`` ends."""
        session = way_in.open_session(self, namespace)
        self._begin(session)
        return session

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        with self._until_over():
            from kubectl_job_operator.airflow.running import lasting_errors_for_airflow
            from kubectl_job_operator.airflow.signals import SIGNALS

            with SIGNALS.keeping(), lasting_errors_for_airflow(self.log):
                if self._rendering_error is not None:
                    raise self._rendering_error
                way_in.check_rendered_texts(self, self._texts)
                yield

    @property
    def _texts(self) -> Sequence[str]:
        """The arguments that must be text once they are rendered."""
        return ("yaml_file_name", *way_in.TEMPLATED)

    def _rendered_manifest(self, context: Context) -> ObjectList:
        """Return the rendered objects."""
        return self._manifest or self._make_manifest(context)

    def _make_manifest(self, context: Context) -> ObjectList:
        from kubectl_job_operator.airflow.secrets import mask_env_of, mask_given, mask_secrets_of

        # Before anything shows them: what is called a password is one.
        mask_given(context, self.yaml_template_fields, self.yaml_xcoms)
        if not isinstance(self.yaml_template_fields, Mapping):
            kind = type(self.yaml_template_fields).__name__
            raise AirflowFailException(f"yaml_template_fields must be a dict, but is a {kind}.")
        try:
            way_in.check_rendered_texts(self, self._texts)
            manifest = self._render_objects(context)
        except InputError as error:
            raise AirflowFailException(str(error)) from None
        mask_secrets_of(manifest.documents)
        mask_env_of(manifest.documents)
        return manifest

    def _render_objects(self, context: Context) -> ObjectList:
        """Render the objects.

        :raises InputError: if they cannot be used.
        """
        from kubectl_job_operator.airflow.object_rendering import render_objects

        return render_objects(self, context)

    def _render_yaml(self, context: Context) -> None:
        if self.has_yaml:
            self._manifest = self._make_manifest(context)
            self.rendered_yaml = self._manifest.masked_text()

    def _check_yaml(self) -> None:
        """Refuse what contradicts itself.

        :raises ValueError: naming the arguments.
        """
        if self.yaml_file_name is not None and self.yaml is not None:
            raise ValueError("give only one of yaml_file_name and yaml; both are given")
        if isinstance(self.yaml_file_name, os.PathLike):
            self.yaml_file_name = os.fspath(self.yaml_file_name)
        way_in.check_texts(self, ("yaml_file_name",))
        is_reference = xcoms_in_yaml.is_reference
        if self.yaml is not None and not (isinstance(self.yaml, (str, dict, list)) or is_reference(self.yaml)):
            raise ValueError(f"yaml must be a str, a dict or a list of dicts, but is a {type(self.yaml).__name__}")
        problem = xcoms_in_yaml.problem_of(self.yaml, _YAML) if isinstance(self.yaml, (dict, list)) else None
        if problem is not None:
            raise ValueError(problem)
        fields = self.yaml_template_fields
        if not isinstance(fields, (Mapping, str)) and not is_reference(fields):
            raise ValueError(f"yaml_template_fields must be a dict, but is {fields!r}")
        if not isinstance(self.log_yaml, bool):
            raise ValueError(f"log_yaml must be a bool, but is {self.log_yaml!r}")  # noqa: TRY004 - as all arguments
