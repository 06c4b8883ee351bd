"""A DAG's file, read outside of a run: its tasks, for the command line's ``--dag``."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow.compat.imports import Context, import_macros, read_dags
from kubectl_job_operator.airflow.decorators import KubernetesJobDecoratedOperator
from kubectl_job_operator.airflow.operators import KubernetesJobOperator
from kubectl_job_operator.airflow.rendering import render_manifest, search_path_of
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    import jinja2
    from jinja2.ext import Extension

    from kubectl_job_operator.manifest.manifest import Manifest


@dataclass(frozen=True)
class FoundTask:
    """A task that runs a Job.

    :param task: the operator; of a mapped task one of its instances.
    :param map_index: which of them; -1 where the task is not mapped.
    :param unknown: why its manifest is known only in a run; empty where it may be known before.
    """

    task: Any
    map_index: int = -1
    unknown: str = ""

    @property
    def dag_id(self) -> str:
        """The DAG it is in."""
        return str(self.task.dag_id)

    @property
    def task_id(self) -> str:
        """What it is called in it."""
        return str(self.task.task_id)

    @property
    def template_file(self) -> str | None:
        """The name of its template; ``None`` where it has no file."""
        given = vars(self.task) if isinstance(self.task, KubernetesJobOperator) else self.task.partial_kwargs
        name = given.get("yaml_file_name")
        return name if isinstance(name, str) else None

    @property
    def template_text(self) -> str | None:
        """Its template, where the DAG's file has it as text."""
        return self.task.job_yaml if isinstance(self.task.job_yaml, str) else None

    @property
    def search_path(self) -> Sequence[str]:
        """Where its template looks for others."""
        return search_path_of(self.task.get_dag())

    def names(self) -> dict[str, Any]:
        """Return what Airflow gives its templates, as far as a DAG's file says it."""
        dag, now = self.task.get_dag(), datetime.datetime.now(datetime.timezone.utc)
        return {
            "dag": dag,
            "task": self.task,
            "params": _defaults(self.task.params),
            "macros": import_macros(),
            "ti": {
                "map_index": self.map_index,
                "max_tries": self.task.retries or 0,
                "next_method": None,
                "start_date": now,
            },
            "dag_run": {"clear_number": 0, "start_date": now},
        }

    def take(self, names: Mapping[str, Any]) -> dict[str, Any]:
        """Render its arguments, and return the variables of its template that are its own.

        :param names: what templates may use, the missing ones of a run included.
        """
        # Else it would render the template too, in words for a task's log.
        self.task.renders_before_execute = False
        self.task.render_template_fields(_context(names))
        return dict(self.task.yaml_template_fields)

    def give(self, own: Mapping[str, Any]) -> None:
        """Let its template have other variables of its own than ``take`` has returned."""
        self.task.yaml_template_fields = dict(own)

    def manifest(self, names: Mapping[str, Any]) -> Manifest:
        """Return what the task would apply, after ``take``.

        :raises InputError: if the template or the manifest cannot be used.
        """
        return render_manifest(self.task, _context(names))

    def environment(self, *extensions: type[Extension]) -> jinja2.Environment:
        """Make what renders its template, with the DAG's filters and macros."""
        made: jinja2.Environment = self.task.get_dag().get_template_env(force_sandboxed=True)
        for extension in extensions:
            made.add_extension(extension)
        return made


def tasks_of(file: str) -> list[FoundTask]:
    """Read a DAG's file, and return the tasks in it that run a Job.

    :raises InputError: if Airflow cannot read it.
    """
    dags, words = read_dags(file)
    if words:
        raise InputError(f"Airflow cannot read the DAG's file {file}:\n{words}\nWhat to do: mend the file.")
    return [found for dag in dags.values() for task in dag.tasks for found in _found(task)]


def _found(task: Any) -> Iterator[FoundTask]:
    """Yield a task as often as it runs, as far as its file tells."""
    is_mapped = not isinstance(task, KubernetesJobOperator)
    kind = getattr(task, "operator_class", None) if is_mapped else type(task)
    if not (isinstance(kind, type) and issubclass(kind, KubernetesJobOperator)):
        return
    if issubclass(kind, KubernetesJobDecoratedOperator):
        yield FoundTask(task, unknown="its function is called only in a run")
    elif (task.partial_kwargs if is_mapped else vars(task)).get("from_cronjob") is not None:
        yield FoundTask(task, unknown="its CronJob is asked for only in a run")
    elif not is_mapped:
        yield FoundTask(task)
    else:
        yield from _instances(task)


def _instances(task: Any) -> Iterator[FoundTask]:
    """Yield the instances of a mapped task, if its file has all that it is mapped over."""
    given = task._get_specified_expand_input().value  # noqa: SLF001 - Airflow has no other name for it
    choices: list[Mapping[str, Any]] | None = None
    if isinstance(given, Mapping) and all(isinstance(value, (list, tuple, dict)) for value in given.values()):
        lists = [list(value.items()) if isinstance(value, dict) else list(value) for value in given.values()]
        choices = [dict(zip(given, chosen, strict=True)) for chosen in itertools.product(*lists)]
    elif isinstance(given, (list, tuple)) and all(isinstance(one, Mapping) for one in given):
        choices = list(given)
    if choices is None:
        yield FoundTask(task, unknown="what it is mapped over is known only in a run")
        return
    for index, chosen in enumerate(choices):
        yield FoundTask(task.unmap(chosen), index)


def _defaults(params: Any) -> dict[str, Any]:
    """Return the params that have a value before a run."""
    found = {}
    for name in params or ():
        param = params.get_param(name)
        if param.has_value:
            found[name] = param.value
    return found


def _context(names: Mapping[str, Any]) -> Context:
    context: Any = dict(names)
    return context  # type: ignore[no-any-return]
