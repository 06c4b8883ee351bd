"""``@task.kubernetes_job``: a function on the worker says what a Job shall do."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from kubectl_job_operator.airflow.compat.imports import (
    Context,
    DecoratedOperator,
    determine_kwargs,
    task_decorator_factory,
)
from kubectl_job_operator.airflow.operators import KubernetesJobOperator
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from kubectl_job_operator.manifest.manifest import Manifest


class KubernetesJobDecoratedOperator(DecoratedOperator, KubernetesJobOperator):
    """Runs a Job with what a decorated function returns.

    :param python_callable: (function) returns the container's command, as a str for a shell or as a list of str; or a
        dict, where there is YAML: variables for the template beside those of ``yaml_template_fields``. Strings in it
        are rendered by Airflow. It runs on the worker, when the task does, and again when a deferred task comes back
        to one.
    :raises ValueError: when the DAG is parsed, for ``cmds``, which is what the function is there for.
    """

    template_fields: Sequence[str] = (*DecoratedOperator.template_fields, *KubernetesJobOperator.template_fields)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **KubernetesJobOperator.template_fields_renderers,
    }
    custom_operator_name = "@task.kubernetes_job"
    # The fields are complete only when the function has run.
    overwrite_rtif_after_execution = True
    renders_before_execute = False

    def __init__(self, *, python_callable: Callable[..., Any], **kwargs: Any) -> None:
        if kwargs.get("cmds") is not None:
            raise ValueError("cmds cannot be given to @task.kubernetes_job: the function returns the command")
        super().__init__(python_callable=python_callable, **kwargs)

    def execute(self, context: Context) -> Any:
        """Run the Job; see KubernetesJobOperator."""
        # Not DecoratedOperator's, which would take the result for the function's.
        return KubernetesJobOperator.execute(self, context)

    def _make_manifest(self, context: Context) -> Manifest:
        self._take(self.render_template(self._call(context), context, self.get_template_env()))
        manifest = super()._make_manifest(context)
        self.rendered_yaml = manifest.masked_text()
        return manifest

    def _call(self, context: Context) -> Any:
        with warnings.catch_warnings():
            # Airflow 2 warns of each old name in its context that is read, and here all are.
            warnings.simplefilter("ignore", DeprecationWarning)
            variables = {**context, **self.op_kwargs}
        return self.python_callable(*self.op_args, **determine_kwargs(self.python_callable, self.op_args, variables))

    def _take(self, returned: Any) -> None:
        """Put what the function has returned where it belongs.

        :raises InputError: if it can be neither a command nor variables.
        """
        from kubectl_job_operator.airflow.secrets import mask_by_name

        mask_by_name(returned)  # an error would show it
        if isinstance(returned, Mapping) and self.has_template:
            self.yaml_template_fields = {**self.yaml_template_fields, **returned}
        elif isinstance(returned, str) and returned.strip():
            self.cmds = ["sh", "-c", returned]
        elif isinstance(returned, (list, tuple)) and returned:
            self.cmds = list(returned)
        else:
            wanted = "a command (a str or a list of str)" + (" or a dict of variables" if self.has_template else "")
            raise InputError(
                f"The function {self.python_callable.__name__} must return {wanted}, but has returned {returned!r}.\n"
                "What to do: return the command; a dict needs yaml_file_name or job_yaml."
            )


def kubernetes_job_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> Any:
    """Make a task out of a function: what Airflow calls for ``@task.kubernetes_job``.

    :param python_callable: the function.
    :param kwargs: the arguments of KubernetesJobOperator.
    """
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=KubernetesJobDecoratedOperator, **kwargs
    )
