"""From an operator's YAML and Airflow's context to the objects in it."""

from __future__ import annotations

from typing import Any, Protocol

from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.airflow.compat.masking import is_secret_name
from kubectl_job_operator.airflow.rendering import rendered_argument, renderer_of
from kubectl_job_operator.airflow.task import Templated
from kubectl_job_operator.manifest.object_list import ObjectList

ARGUMENT = "yaml"


class ObjectTask(Templated, Protocol):
    """A task whose YAML has objects of any kind."""

    yaml_file_name: str | None
    yaml: str | dict[str, Any] | list[dict[str, Any]] | None
    yaml_xcoms: dict[str, Any]
    namespace: str | None


def render_objects(task: ObjectTask, context: Context) -> ObjectList:
    """Render the task's YAML.

    :raises InputError: if the template or the objects cannot be used.
    """
    manifest = _rendered(task, context)
    return manifest.with_namespace(task.namespace) if task.namespace else manifest


def _rendered(task: ObjectTask, context: Context) -> ObjectList:
    renderer = renderer_of(task, context)
    if task.yaml_file_name is not None:
        rendered = renderer.render_file(task.yaml_file_name)
        return ObjectList.parse(rendered.text, rendered.source, is_secret_name)
    given = rendered_argument(task.yaml, task.yaml_xcoms, renderer, ARGUMENT)
    if isinstance(given, str):
        return ObjectList.parse(given, ARGUMENT, is_secret_name)
    return ObjectList.of(given if isinstance(given, list) else [given], ARGUMENT)
