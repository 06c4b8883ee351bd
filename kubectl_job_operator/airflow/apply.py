"""``KubectlApplyOperator``: objects that a run needs, beside its Jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kubectl_job_operator.airflow import way_in
from kubectl_job_operator.airflow.argument_types import ObjectArguments, fetched
from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.airflow.defaults import chosen
from kubectl_job_operator.airflow.object_operator import ObjectOperator
from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from airflow.sdk import XComArg
    from typing_extensions import Unpack

    from kubectl_job_operator.manifest.object_list import ObjectList
    from kubectl_job_operator.status.awaited import Awaited


class KubectlApplyOperator(ObjectOperator):
    """Apply the objects of a manifest, and wait for them if asked to; made for a setup.

    The result is the list of their names, as ``["persistentvolumeclaim/data"]``, which ``KubectlDeleteOperator`` takes
    as ``targets``. Where only the YAML names the namespace each begins with it, as
    ``"team-a/persistentvolumeclaim/data"``. If the task fails, or is killed, what it has made is deleted, since Airflow
    runs no teardown for a setup that has failed. The arguments of the manifest and the cluster are those of
    :class:`~kubectl_job_operator.airflow.object_operator.ObjectOperator`; one of ``yaml_file_name`` and ``yaml`` is
    needed.

    :param wait_for: (str, or dict of str, default None) what to wait for, in the words of ``kubectl wait --for``: a
        condition (``"Available"``, ``"Ready=False"``), or a field and its value (``"{.status.phase}=Bound"``). A str is
        for all objects; a dict has it for some: ``{"Deployment": "Available"}``, or ``{"Deployment/server": ...}``
        where there are several of a kind. Values are templated.
    :param wait_timeout_seconds: (int, seconds, default 300) for how long, all objects together; also for how long it
        waits for what has one of the names and is still being deleted.
    :param labels: (dict, default ``{}``) added to every object. Templated.
    :param delete_on_failure: (bool, default True) delete what the task has made if it fails or is killed. What was
        there before stays in any case.
    :raises ValueError: when the DAG is parsed, if one of them is not what it must be.
    """

    template_fields: Sequence[str] = (*ObjectOperator.template_fields, "wait_for", "labels")
    template_fields_renderers: ClassVar[dict[str, str]] = {**ObjectOperator.template_fields_renderers, "labels": "json"}

    def __init__(
        self,
        *,
        wait_for: str | Mapping[str, str] | None = None,
        wait_timeout_seconds: int = 300,
        labels: Mapping[str, Any] | XComArg | None = None,
        delete_on_failure: bool = True,
        **kwargs: Unpack[ObjectArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for = wait_for
        self.wait_timeout_seconds = wait_timeout_seconds
        self.labels = fetched(labels or {})
        self.delete_on_failure = delete_on_failure
        self.deployment_labels: Mapping[str, Any] = chosen("labels") or {}
        if not self.has_yaml:
            raise ValueError("give one of yaml_file_name and yaml; none of them is given")
        if not isinstance(delete_on_failure, bool):
            raise ValueError(f"delete_on_failure must be a bool, but is {delete_on_failure!r}")  # noqa: TRY004
        if not isinstance(self.labels, (Mapping, str)) and not is_reference(self.labels):
            raise ValueError(f"labels must be a dict, but is {self.labels!r}")
        way_in.check_not_negative(self, "wait_timeout_seconds")
        self._check_wait_for()

    def _act(self, context: Context) -> list[str]:
        from kubectl_job_operator.airflow.stopping import stop_of
        from kubectl_job_operator.airflow.task_instance import has_next_try, identity_of
        from kubectl_job_operator.life.applying import Applying, Terms

        manifest = self._rendered_manifest(context)
        terms = Terms(
            self._wishes(manifest),
            self.wait_timeout_seconds,
            deletes_on_failure=self.delete_on_failure,
            keeps_on_worker_stop=has_next_try(context),
            log_yaml=self.log_yaml,
        )
        session = self._open_session(manifest.namespace)
        names = Applying(session, manifest, identity_of(self, context), terms, lambda: stop_of(context)).run()
        if self.namespace or not manifest.namespace:
            return names
        # Whoever takes the names does not know the YAML, and would look in another namespace.
        return [f"{manifest.namespace}/{name}" for name in names]

    def _render_objects(self, context: Context) -> ObjectList:
        from kubectl_job_operator.manifest.texts import texts_of

        labels = {**texts_of("labels", self.deployment_labels), **texts_of("labels", self.labels)}
        return super()._render_objects(context).with_metadata(labels, {})

    def _wishes(self, manifest: ObjectList) -> dict[str, Awaited]:
        """Return what each object is waited for, by its name.

        :raises InputError: if that names what is not there, or is no rule.
        """
        from kubectl_job_operator.manifest.object_list import name_of
        from kubectl_job_operator.status.awaited import Awaited

        if self.wait_for is None:
            return {}
        chosen_by = self.wait_for if isinstance(self.wait_for, Mapping) else {"": self.wait_for}
        wishes: dict[str, Awaited] = {}
        for which, rule in chosen_by.items():
            found = [document for document in manifest.documents if _is_meant(document, which)]
            if not found:
                raise InputError(
                    f"wait_for names {which}, but there is none in the manifest from {manifest.source}, only "
                    f"{', '.join(map(name_of, manifest.documents))}. Nothing was created.\n"
                    "What to do: name a kind as the manifest has it, as Deployment, or one object of it, as "
                    "Deployment/server."
                )
            try:
                wishes.update(dict.fromkeys(map(name_of, found), Awaited.parse(rule)))
            except ValueError as error:
                raise InputError(f"wait_for: {error}. Nothing was created.\nWhat to do: mend it.") from None
        return wishes

    def _check_wait_for(self) -> None:
        from kubectl_job_operator.manifest import rules

        given = self.wait_for
        if not isinstance(given, (str, Mapping, type(None))):
            raise ValueError(f"wait_for must be a str or a dict of such, but is {given!r}")  # noqa: TRY004
        for rule in given.values() if isinstance(given, Mapping) else [given]:
            if isinstance(rule, str) and "{{" not in rule:
                try:
                    rules.parse(rule)
                except ValueError as error:
                    raise ValueError(f"wait_for: {error}") from None
                if rule.strip() == "delete":
                    raise ValueError(
                        "wait_for: what is applied is not waited for to be deleted; KubectlDeleteOperator is"
                    )
            elif rule is not None and not isinstance(rule, str):
                raise ValueError(f"wait_for must be a str or a dict of such, but has {rule!r}")


def _is_meant(document: Mapping[str, Any], which: str) -> bool:
    """Whether a kind, or a kind and a name, is that of an object; nothing is that of all."""
    kind, _, name = which.partition("/")
    return (not kind or kind.lower() == document["kind"].lower()) and name in ("", document["metadata"]["name"])
