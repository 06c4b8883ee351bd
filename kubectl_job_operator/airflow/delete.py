"""``KubectlDeleteOperator``: what a run needed goes away again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow import way_in
from kubectl_job_operator.airflow.argument_types import ObjectArguments, fetched
from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.airflow.object_operator import ObjectOperator
from kubectl_job_operator.airflow.xcoms_in_yaml import is_reference
from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.target import parted, problem_of_kinds, problem_of_namespaces, problem_of_target

if TYPE_CHECKING:
    from airflow.sdk import XComArg
    from typing_extensions import Unpack

    from kubectl_job_operator.life.deleting import Doomed


class KubectlDeleteOperator(ObjectOperator):
    """Delete objects, and wait until they are gone if asked to; made for a teardown.

    Which, is said in one of three ways: by a manifest (``yaml_file_name`` or ``yaml``), by names (``targets``), or by a
    kind and labels (``resource`` and ``label_selector``). What is not there is no error. The result is the list of the
    names of those that were. The arguments of the manifest and the cluster are those of
    :class:`~kubectl_job_operator.airflow.object_operator.ObjectOperator`.

    :param targets: (str or list of str, default None) objects by kind and name, as ``"pvc/data"``; what
        ``KubectlApplyOperator`` returns. They may begin with their namespace, as ``"team-a/pvc/data"``, which is the
        same for all and contradicts no ``namespace``. Templated.
    :param resource: (str, default None) the kind of what the labels pick, as ``"pvc"`` or ``"jobs,configmaps"``.
        Templated. Needs ``label_selector``.
    :param label_selector: (str, default None) the labels of what is deleted, as ``kubectl -l`` takes them; never empty.
        Templated. Needs ``resource``.
    :param wait: (bool, default False) wait until all is gone.
    :param wait_timeout_seconds: (int, seconds, default 300) for how long; then the task fails.
    :raises ValueError: when the DAG is parsed, if they do not say in one way what to delete.
    """

    template_fields: Sequence[str] = (*ObjectOperator.template_fields, "targets", "resource", "label_selector")

    def __init__(
        self,
        *,
        targets: str | Sequence[str] | XComArg | None = None,
        resource: str | XComArg | None = None,
        label_selector: str | XComArg | None = None,
        wait: bool = False,
        wait_timeout_seconds: int = 300,
        **kwargs: Unpack[ObjectArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.targets = fetched(targets)
        self.resource = fetched(resource)
        self.label_selector = fetched(label_selector)
        self.wait = wait
        self.wait_timeout_seconds = wait_timeout_seconds
        way_in.check_texts(self, ("resource", "label_selector"))
        way_in.check_not_negative(self, "wait_timeout_seconds")
        if not isinstance(wait, bool):
            raise ValueError(f"wait must be a bool, but is {wait!r}")  # noqa: TRY004 - as all arguments
        if not is_reference(targets) and not isinstance(targets, (str, list, tuple, type(None))):
            raise ValueError(f"targets must be a str or a list of str, but is {targets!r}")
        if (resource is None) != (label_selector is None):
            raise ValueError("resource and label_selector need each other: without labels, all of a kind would go")
        ways = [self.has_yaml, targets is not None, resource is not None]
        if sum(ways) != 1:
            raise ValueError(
                "say in one way what to delete: yaml_file_name or yaml, or targets, or resource and label_selector; "
                f"{'none of them is' if not any(ways) else 'several are'} given"
            )

    def _act(self, context: Context) -> list[str]:
        from kubectl_job_operator.airflow.stopping import stop_of
        from kubectl_job_operator.life.deleting import Deleting

        doomed = self._doomed(context)
        if doomed is None:
            self.log.info("targets is empty: there is nothing to delete.")
            return []
        return Deleting(
            self._open_session(doomed.namespace),
            doomed,
            wait_timeout_seconds=self.wait_timeout_seconds if self.wait else None,
            log_yaml=self.log_yaml,
            ask_stop=lambda: stop_of(context),
        ).run()

    @property
    def _texts(self) -> Sequence[str]:
        return (*super()._texts, "resource", "label_selector")

    def _doomed(self, context: Context) -> Doomed | None:
        """Return what is to be deleted; ``None`` if an earlier task has named nothing.

        :raises InputError: if it is not what it must be.
        """
        from kubectl_job_operator.life.deleting import Doomed

        if self.has_yaml:
            manifest = self._rendered_manifest(context)
            return Doomed(manifest=manifest, namespace=manifest.namespace)
        if self.resource is not None:
            problem = problem_of_kinds(self.resource)
            selector = (self.label_selector or "").strip()
            if problem is not None or not selector or selector.startswith("-"):
                raise _refusal(problem or "label_selector is empty or begins with a dash")
            return Doomed(resource=self.resource, selector=selector)
        targets: Any = [self.targets] if isinstance(self.targets, str) else self.targets
        if not isinstance(targets, (list, tuple)) and not hasattr(targets, "__iter__"):
            raise _refusal(f"targets must be a str or a list of str, but is a {type(targets).__name__}")
        named = list(targets)
        problem = next((problem for one in named if (problem := problem_of_target(one)) is not None), None)
        problem = problem or problem_of_namespaces(named, self.namespace)
        if problem is not None:
            raise _refusal(f"targets: {problem}")
        parts = [parted(one) for one in named]
        return Doomed(targets=tuple(name for _, name in parts), namespace=parts[0][0]) if parts else None


def _refusal(problem: str) -> InputError:
    return InputError(
        f"{problem}. Nothing was deleted.\nWhat to do: mend the argument, or what the earlier task returns for it."
    )
