"""What is wrong with templates: those that stand alone, and those that the tasks of DAGs have."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from kubectl_job_operator.cli.dag import Task, files_of, has_our_tasks, tasks_in
from kubectl_job_operator.cli.lines import LineMap
from kubectl_job_operator.cli.manifest_checks import Check
from kubectl_job_operator.cli.options import Options, namespace_of, rules_of
from kubectl_job_operator.cli.problems import Locator, Problem, document_name, yaml_place
from kubectl_job_operator.cli.rendering import Template
from kubectl_job_operator.cli.reports import Report
from kubectl_job_operator.cli.wording import in_options
from kubectl_job_operator.errors import ManifestError, TemplateError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.yaml_text import dump_all

_RUN_BY_US = re.compile(r"""^[\s-]*kind:\s*["']?(?:Job|Pod)\b""", re.MULTILINE)


def reports_of(options: Options, check: Check) -> Iterator[Report]:
    """Yield what is found about each task of the DAGs, and then about each template that none of them has.

    :raises InputError: if the options name what is not there.
    :raises KubectlError: if the cluster cannot be asked.
    """
    ours = [file for file in options.templates if not (options.ignore_other_yaml and _is_other(file))]
    dags = [file for file in ours if file.endswith(".py")]
    of_tasks: set[str] = set()
    for file in dict.fromkeys([*itertools.chain.from_iterable(map(files_of, options.dags)), *dags]):
        for task in tasks_in(file, options):
            report, files = _of_task(task, options, check)
            of_tasks |= files
            yield report
    for file in ours:
        if file not in dags and os.path.abspath(file) not in of_tasks:  # noqa: PTH100 - as in source.py
            yield _of_template(file, options, check)


def _is_other(file: str) -> bool:
    """Whether a file has nothing to do with this operator."""
    if file.endswith(".py"):
        return not has_our_tasks(file)
    path = Path(file)
    if not path.is_file():  # stdin, a folder with a kustomization, or what is not there
        return False
    try:
        return not _RUN_BY_US.search(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return True


def _of_template(file: str, options: Options, check: Check) -> Report:
    """Check a template that stands alone."""
    try:
        template = Template.of(file, options)
        rendered = template.render()
        lines = template.lines(rendered.text)
        try:
            manifest = template.manifest(rendered, rules_of(options))
        except ManifestError as error:
            return _refused(file, check, error, lines)
        locator = Locator(rendered.text, lines, rendered.source)
        return _checked(file, manifest, locator, namespace_of(manifest, options), check)
    except (TemplateError, ManifestError) as error:
        return Report(file, str(check), (), [in_options(str(error))])


def _of_task(task: Task, options: Options, check: Check) -> tuple[Report, set[str]]:
    """Check what a task would apply, and return which files that was rendered from."""
    files = {task.file} if task.file else set()
    if task.unknown:
        return Report(task.name, str(check), (), [], task.unknown), files
    lines = text = None
    try:
        if task.template is not None:
            text = task.template.render().text
            lines = task.template.lines(text)
            files |= {place.file for place in lines.places}
    except TemplateError:
        # The task's own error tells it.
        lines = text = None
    if task.manifest is None:
        return _refused(task.name, check, task.error, lines), files
    if text is None:
        text = dump_all(task.manifest.documents)
    locator = Locator(text, lines, task.name)
    return _checked(task.name, task.manifest, locator, namespace_of(task.manifest, options), check), files


def _refused(name: str, check: Check, error: Exception | None, lines: LineMap | None) -> Report:
    """Report what is no manifest, with the line of the template where that is known."""
    place = None if lines is None or error is None else yaml_place(error.__cause__, lines)
    return Report(name, str(check), (), [Problem(name if place is None else place, str(error))])


def _checked(name: str, manifest: Manifest, locator: Locator, namespace: str | None, check: Check) -> Report:
    """Report what is wrong with a manifest."""
    problems = check.problems(manifest, locator, namespace)
    return Report(name, str(check), tuple(map(document_name, manifest.documents)), problems)
