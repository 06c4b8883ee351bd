"""``--dag``: templates as the tasks of a DAG's file have them."""

from __future__ import annotations

import contextlib
import datetime
import functools
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.cli.airflow_names import KnownOnlyInAirflowError, airflow_names, with_given
from kubectl_job_operator.cli.options import Options, new_identity
from kubectl_job_operator.cli.rendering import Template
from kubectl_job_operator.cli.source import Source
from kubectl_job_operator.cli.variables import variables_of
from kubectl_job_operator.errors import InputError, TemplateError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.template import find

# By its name, so that nothing here needs it: without Airflow it is not even installed.
_ROOM = "kubectl_job_operator.airflow.dag_file"
_OURS = ("kubectl_job_operator", "kubernetes_job")


@dataclass(frozen=True)
class Task:
    """What a DAG's file says of a task that runs a Job.

    :param name: the file, the DAG and the task; the file alone where Airflow cannot read it.
    :param file: its template's file; ``None`` if it has none.
    :param manifest: what it would apply; ``None`` where that is wrong or not known.
    :param template: what that is rendered from, as far as it is known; ``None`` where nobody wrote a text of it.
    :param error: what is wrong.
    :param unknown: what only a run knows; empty where that is nothing.
    """

    name: str
    file: str | None = None
    manifest: Manifest | None = None
    template: Template | None = None
    error: InputError | None = None
    unknown: str = ""


def files_of(given: str) -> list[str]:
    """Return the files of DAGs that are given by their own name or a folder's.

    :raises InputError: if there are none.
    """
    path = Path(given)
    if path.is_dir():
        files = sorted(str(file) for file in path.rglob("*.py") if _is_shown(file, path) and has_our_tasks(str(file)))
        if not files:
            raise InputError(f"No file in {given} has a DAG with a task of this operator.\nWhat to do: check --dag.")
        return files
    if not path.is_file():
        raise InputError(f"There is no file of a DAG {given!r}.\nWhat to do: check the path.")
    return [given]


def has_our_tasks(file: str) -> bool:
    """Whether the text of a Python file names this operator."""
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    return any(word in text for word in _OURS)


def tasks_in(file: str, options: Options) -> Iterator[Task]:
    """Read a DAG's file, and yield its tasks that run a Job, in the order in which it has them.

    :raises InputError: if Airflow is not there, or there is no such task.
    """
    given = variables_of(options.values_files, options.assignments)
    # What the file itself prints, and what Airflow logs in spite of all, must not get among our answers.
    with _quiet_airflow(Path(file)):
        with contextlib.redirect_stdout(sys.stderr):
            room = _room()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found = room.tasks_of(os.path.abspath(file))  # noqa: PTH100 - as in source.py
        except InputError as error:
            yield Task(file, error=error)
            return
        chosen = [one for one in found if options.task in (None, one.task_id, f"{one.dag_id}.{one.task_id}")]
        if not chosen:
            raise InputError(_none_of(file, options.task, [f"{one.dag_id}.{one.task_id}" for one in found]))
        for one in chosen:
            with contextlib.redirect_stdout(sys.stderr):
                task = _look(one, file, given)
            yield task


def _look(found: Any, file: str, given: dict[str, Any]) -> Task:
    """Render what a task would apply."""
    index = "" if found.map_index < 0 else f"[{found.map_index}]"
    task = Task(f"{file}: {found.dag_id}.{found.task_id}{index}", _file_of(found), unknown=found.unknown)
    if task.unknown:
        return task
    now = datetime.datetime.now(datetime.timezone.utc)
    identity = Identity(found.dag_id, found.task_id, new_identity(found.task_id, now).run_id, found.map_index)
    names = with_given(with_given(airflow_names(identity, now), found.names()), given)
    try:
        own = found.take(names)
        own = with_given(own, {name: value for name, value in given.items() if name in own})
        found.give(own)
        variables = {**names, **own}
        task = replace(task, file=_file_of(found))
        source = _source_of(found, task)
        if source is not None:
            template = Template(source, found.search_path, variables, identity, found.environment)
            task = replace(task, template=template)
        return replace(task, manifest=found.manifest(names))
    except Exception as error:  # noqa: BLE001 - it is told with the task that it belongs to
        unknown = _unknown(error)
        if unknown:
            return replace(task, unknown=unknown)
        if not isinstance(error, InputError):
            words = f"The arguments cannot be rendered: {type(error).__name__}: {error}."
            error = InputError(f"{words}\nWhat to do: mend them.")
        return replace(task, error=error)


def _file_of(found: Any) -> str | None:
    """Return the path of a task's template, if it has one that is there."""
    if found.template_file is None:
        return None
    try:
        return str(find(found.template_file, [Path(folder) for folder in found.search_path]))
    except TemplateError:
        return None


def _source_of(found: Any, task: Task) -> Source | None:
    """Return what a task's manifest is rendered from; ``None`` if there is no text of it."""
    if found.template_text is not None:
        return Source(f"{task.name}, job_yaml", found.template_text)
    return None if task.file is None else Source(task.file)


def _unknown(error: BaseException | None) -> str:
    """Return what only a run knows, if that is why a template cannot be rendered."""
    while error is not None:
        if isinstance(error, KnownOnlyInAirflowError):
            return str(error)
        error = error.__cause__ or error.__context__
    return ""


def _room() -> Any:
    """Import what reads a DAG's file.

    :raises InputError: if it is not installed.
    """
    if importlib.util.find_spec("airflow") is None or importlib.util.find_spec(_ROOM.rpartition(".")[0]) is None:
        raise InputError(
            "--dag needs Airflow, for only Airflow can read a DAG's file, and the operator.\n"
            "What to do: pip install kubectl-job-operator, where Airflow is."
        )
    return importlib.import_module(_ROOM)


@contextlib.contextmanager
def _quiet_airflow(file: Path) -> Iterator[None]:
    """Let Airflow find what lies beside the file, log nothing, and not make a home where the user has none."""
    environment, path = dict(os.environ), list(sys.path)
    try:
        os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
        if "AIRFLOW_HOME" not in os.environ and not Path("~/airflow").expanduser().exists():
            os.environ["AIRFLOW_HOME"] = _home().name
        sys.path += [str(file.resolve().parent), str(Path.cwd())]
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path


@functools.cache
def _home() -> tempfile.TemporaryDirectory[str]:
    """Make a folder that is there as long as this process."""
    return tempfile.TemporaryDirectory(prefix="kubectl-job-operator-airflow-")


def _is_shown(file: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in file.relative_to(folder).parts)


def _none_of(file: str, task: str | None, tasks: list[str]) -> str:
    if not tasks:
        return f"The file {file} has no task that runs a Job.\nWhat to do: check which file has the DAG."
    return (
        f"The file {file} has no task {task!r} that runs a Job, but {', '.join(dict.fromkeys(tasks))}.\n"
        "What to do: mend --task."
    )
