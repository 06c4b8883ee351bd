"""``kubectl-job-operator validate``."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options, add_cluster_options, add_template_options

if TYPE_CHECKING:
    from kubectl_job_operator.cli.checks import Check

OPERANDS = "TEMPLATE... "
SUMMARY = "Check templates, and name the file and line of what is wrong"
DESCRIPTION = """\
Render templates and check what they give: by the operator's rules (exactly one Job, names, ...), and then by
Kubernetes' schemas without a cluster, or with --server by the API server itself, which changes nothing then. What is
wrong is told with the template's file and line.

Examples:
  # Without a cluster; needs pip install 'kubectl-job-operator[validate]'
  kubectl-job-operator validate examples/01_countdown/countdown.yaml --set start=9

  # Let the cluster check, its admission rules too
  kubectl-job-operator validate load.yaml check.yaml --values values.yaml --server"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument("templates", metavar="TEMPLATE", nargs="+", help="Jinja templates that give YAML")
    parser.add_argument(
        "--server", action="store_true", help="let the API server check, by kubectl apply --dry-run=server"
    )
    parser.add_argument(
        "--kubernetes-version", metavar="VERSION", help="whose schemas to check by, as 1.34 (default: the newest known)"
    )
    add_template_options(parser)
    add_cluster_options(parser)


def run(options: Options) -> ExitCode:
    """Check each template, and tell what is wrong with it.

    :raises InputError: if templates cannot be checked at all.
    :raises KubectlError: if the cluster cannot be asked.
    """
    from kubectl_job_operator.cli.checks import SchemaCheck, ServerCheck
    from kubectl_job_operator.cli.connection import connect

    with contextlib.ExitStack() as stack:
        check: Check = (
            ServerCheck(stack.enter_context(connect(options)))
            if options.server
            else SchemaCheck(options.kubernetes_version)
        )
        are_valid = [_report(file, options, check) for file in options.templates]
    return ExitCode.COMPLETE if all(are_valid) else ExitCode.BAD_INPUT


def _report(file: str, options: Options, check: Check) -> bool:
    """Tell about one template, and whether it is valid."""
    from kubectl_job_operator.cli.streams import complain, say
    from kubectl_job_operator.cli.wording import in_options
    from kubectl_job_operator.errors import ManifestError, TemplateError

    try:
        problems, summary = _problems(file, options, check)
    except (TemplateError, ManifestError) as error:
        problems, summary = [in_options(str(error))], ""
    for problem in problems:
        complain(f"error: {problem}")
    if not problems:
        say(f"{file}: valid {check} ({summary})")
    return not problems


def _problems(file: str, options: Options, check: Check) -> tuple[Sequence[object], str]:
    """Return what is wrong with one template, and what is in it."""
    from kubectl_job_operator.cli.options import namespace_of
    from kubectl_job_operator.cli.problems import Locator, Problem, document_name, yaml_place
    from kubectl_job_operator.cli.rendering import Template
    from kubectl_job_operator.errors import ManifestError
    from kubectl_job_operator.manifest.manifest import Manifest

    template = Template.of(file, options)
    rendered = template.render()
    lines = template.lines(rendered.text)
    try:
        manifest = Manifest.parse(rendered.text, rendered.source)
    except ManifestError as error:
        place = yaml_place(error.__cause__, lines)
        if place is None:
            raise
        return [Problem(place, str(error))], ""
    namespace = namespace_of(manifest, options)
    problems = check.problems(manifest, Locator(rendered.text, lines, rendered.source), namespace)
    return problems, ", ".join(map(document_name, manifest.documents))
