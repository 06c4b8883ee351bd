"""From an operator's arguments and Airflow's context to the Manifest."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow import sources
from kubectl_job_operator.airflow.arguments import rule_texts
from kubectl_job_operator.airflow.compat.imports import Context
from kubectl_job_operator.airflow.compat.masking import is_secret_name
from kubectl_job_operator.airflow.task_instance import identity_of
from kubectl_job_operator.airflow.xcoms_in_yaml import ARGUMENT, with_values
from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.name_room import longest_name
from kubectl_job_operator.manifest.names import valid_name
from kubectl_job_operator.manifest.overrides import overridden
from kubectl_job_operator.manifest.shorthand import environment, fill, job_around
from kubectl_job_operator.manifest.template import Renderer
from kubectl_job_operator.manifest.texts import texts_of
from kubectl_job_operator.status import result
from kubectl_job_operator.status.result import ResultSource

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask, Templated

_ARGUMENTS = "arguments"
"""What a manifest without a template is called in an error, and its file."""


def render_manifest(task: JobTask, context: Context) -> Manifest:
    """Render the task's template and add what its arguments add.

    :raises InputError: if the template or the manifest cannot be used.
    """
    manifest = _with_arguments(task, renderer_of(task, context))
    is_unnamed = manifest.is_unnamed and not task.name
    if task.backoff_limit is None:
        # One container decides about one pod: it is the task that tries again.
        limit = 0 if main_container.name_in(manifest.job) else task.retries or 0
        manifest = manifest.with_backoff_limit(limit, override=False)
    if task.do_xcom_push and task.xcom_from == ResultSource.FILE.value:
        manifest = manifest.with_termination_message_path(result.PATH)
    unique_name = identity_of(task, context).unique_name
    if task.unique_name:
        manifest = manifest.with_names(unique_name, task.max_name_length)
    elif is_unnamed:
        manifest = manifest.with_name(unique_name(manifest.name, longest_name(manifest.job, task.max_name_length)))
    if is_unnamed and task.has_yaml:
        task.log.info(
            "The manifest from %s has no name for the %s; this run's is %s.",
            manifest.source,
            kinds.word(manifest.job),
            manifest.name,
        )
    if task.deadline_from_timeout and task.execution_timeout is not None:
        manifest = manifest.with_active_deadline(max(1, math.ceil(task.execution_timeout.total_seconds())))
    labels = texts_of("labels", {**task.deployment_labels, **(task.labels or {})})
    return manifest.with_labels(labels).with_annotations(texts_of("annotations", task.annotations), on_pods=True)


def search_path_of(dag: Any) -> list[str]:
    """Return the folders in which files and folders are looked for: beside the DAG first."""
    return [] if dag is None else [dag.folder, *_as_tuple(dag.template_searchpath)]


def renderer_of(task: Templated, context: Context) -> Renderer:
    """Make what renders: the task's own variables before Airflow's, with the DAG's filters and macros."""
    with warnings.catch_warnings():
        # Airflow 2 warns of each old name in its context that is read, and here all are.
        warnings.simplefilter("ignore", DeprecationWarning)
        variables = {**context, **(task.yaml_template_fields or {})}
    dag = task.get_dag()
    if dag is None:
        return Renderer([], variables)
    # Sandboxed, it gives text also where the DAG wants native objects.
    return Renderer(search_path_of(dag), variables, dag.get_template_env(force_sandboxed=True))


def _with_arguments(task: JobTask, renderer: Renderer) -> Manifest:
    """Return the YAML's manifest with the arguments in it, which win, and tell where they did; or theirs alone."""
    manifest = said = _described(task, renderer)
    arguments = task.shorthand()
    if task.has_yaml and arguments:
        manifest = manifest.with_job(fill(manifest.job, arguments))
    env_vars = environment(task.env_vars or {})
    if env_vars:
        manifest = manifest.with_env_vars(env_vars)
    if task.backoff_limit is not None:
        manifest = manifest.with_backoff_limit(task.backoff_limit, override=True)
    if task.termination_grace_period_seconds is not None:
        manifest = manifest.with_grace_period(task.termination_grace_period_seconds)
    if task.namespace:
        manifest = manifest.with_namespace(task.namespace)
    found = overridden(said.job, manifest.job) if task.has_yaml else []
    if found:
        task.log.info("Arguments win over the YAML from %s: %s.", said.source, ", ".join(found))
    return manifest


def _described(task: JobTask, renderer: Renderer) -> Manifest:
    """Return what the YAML gives, or what the shorthand gives alone."""
    said = _said_of_end(task)
    if task.has_yaml:
        return _rendered(task, renderer, said)
    arguments = task.shorthand()
    job = job_around(task.pod_to_begin_with(renderer))
    name = arguments.get("name") or job["metadata"].get("name")
    arguments["name"] = name or task.task_id
    return replace(Manifest.of([fill(job, arguments)], _ARGUMENTS, said), is_unnamed=not name)


def _rendered(task: JobTask, renderer: Renderer, said: Mapping[str, str]) -> Manifest:
    """Return what the YAML gives, with what is said of its Job."""
    # Where the YAML has no name, that of the task is one that others do not have.
    name = valid_name(f"{task.dag_id}-{task.task_id}")
    if task.kustomize_dir is not None:
        return sources.kustomized(task, os.fspath(task.kustomize_dir), search_path_of(task.get_dag()), said, name)
    if task.from_cronjob is not None:
        return sources.of_from_cronjob(task, task.from_cronjob, said)
    if task.yaml_file_name is not None:
        rendered = renderer.render_file(task.yaml_file_name)
        return Manifest.parse(rendered.text, rendered.source, said, name, is_secret_name)
    given = rendered_argument(task.job_yaml, task.job_yaml_xcoms, renderer, ARGUMENT)
    if isinstance(given, str):
        return Manifest.parse(given, ARGUMENT, said, name, is_secret_name)
    return Manifest.of(given if isinstance(given, list) else [given], ARGUMENT, said, name)


def _said_of_end(task: JobTask) -> dict[str, str]:
    """Return the annotations that say when what the task runs has ended."""
    return {
        **kinds.annotations_of(rule_texts(task.success_when), rule_texts(task.failure_when), task.pod_selector),
        **main_container.annotation(task.main_container),
    }


def rendered_argument(given: Any, xcoms: Mapping[str, Any] | None, renderer: Renderer, argument: str) -> Any:
    """Return what an argument that holds YAML, as text or as objects, stands for.

    :param xcoms: what earlier tasks returned, by its place in the argument; strings in it are no templates.
    """
    returned = xcoms if isinstance(xcoms, Mapping) else {}
    rendered = given if argument in returned else with_rendered_strings(given, renderer, argument)
    return with_values(rendered, returned, argument)


def with_rendered_strings(value: Any, renderer: Renderer, argument: str) -> Any:
    """Render every string in a document that is given as objects; one without a mark of Jinja's stays as it is."""
    if isinstance(value, str):
        return renderer.render_text(value, argument).text if renderer.is_template(value) else value
    if isinstance(value, Mapping):
        return {key: with_rendered_strings(item, renderer, argument) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_rendered_strings(item, renderer, argument) for item in value]
    return value


def _as_tuple(paths: str | Iterable[str] | None) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else tuple(paths or ())
