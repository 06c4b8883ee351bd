"""``kubectl-job-operator validate``."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import (
    Options,
    add_cluster_options,
    add_kind_options,
    add_output_option,
    add_template_options,
)

if TYPE_CHECKING:
    from kubectl_job_operator.cli.checks import Check
    from kubectl_job_operator.cli.reports import Report

OPERANDS = "TEMPLATE... "
SUMMARY = "Check templates, and name the file and line of what is wrong"
DESCRIPTION = """\
Render templates and check what they give: by the operator's rules (exactly one Job, names, ...), and then by
Kubernetes' schemas without a cluster, or with --server by the API server itself, which changes nothing then. What is
wrong is told with the template's file and line; of a folder with a kustomization with the line of what kubectl
kustomize prints.

Examples:
  # Without a cluster; needs pip install 'kubectl-job-operator[validate]'
  kubectl-job-operator validate examples/01_countdown/countdown.yaml --set start=9

  # Let the cluster check, its admission rules too
  kubectl-job-operator validate load.yaml check.yaml --values values.yaml --server

  # For a CI system that shows tests
  kubectl-job-operator validate jobs/*.yaml.j2 --values values.yaml -o junit > validate.xml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument(
        "templates",
        metavar="TEMPLATE",
        nargs="+",
        help="Jinja templates that give YAML, or folders with kustomizations; - is stdin",
    )
    parser.add_argument(
        "--server", action="store_true", help="let the API server check, by kubectl apply --dry-run=server"
    )
    parser.add_argument(
        "--kubernetes-version", metavar="VERSION", help="whose schemas to check by, as 1.34 (default: the newest known)"
    )
    add_output_option(parser, "text", "json", "junit")
    add_template_options(parser)
    add_kind_options(parser)
    add_cluster_options(parser)


def run(options: Options) -> ExitCode:
    """Check each template, and tell what is wrong with it.

    :raises InputError: if templates cannot be checked at all.
    :raises KubectlError: if the cluster cannot be asked.
    """
    from kubectl_job_operator.cli.checks import SchemaCheck, ServerCheck
    from kubectl_job_operator.cli.connection import connect
    from kubectl_job_operator.cli.reports import as_json, as_junit
    from kubectl_job_operator.cli.source import refuse_stdin_twice
    from kubectl_job_operator.cli.streams import say

    refuse_stdin_twice(*options.templates)
    with contextlib.ExitStack() as stack:
        check: Check = (
            ServerCheck(stack.enter_context(connect(options)))
            if options.server
            else SchemaCheck(options.kubernetes_version)
        )
        reports = []
        for file in options.templates:
            reports.append(_report(file, options, check))
            if options.output == "text":
                _tell(reports[-1])
    if options.output != "text":
        say(as_json(reports) if options.output == "json" else as_junit(reports))
    return ExitCode.COMPLETE if all(report.is_valid for report in reports) else ExitCode.BAD_INPUT


def _tell(report: Report) -> None:
    """Tell about one template, for people."""
    from kubectl_job_operator.cli.streams import complain, say

    for problem in report.problems:
        complain(f"error: {problem}")
    if report.is_valid:
        say(f"{report.template}: valid {report.by} ({', '.join(report.documents)})")


def _report(file: str, options: Options, check: Check) -> Report:
    """Check one template."""
    from kubectl_job_operator.cli.reports import Report
    from kubectl_job_operator.cli.wording import in_options
    from kubectl_job_operator.errors import ManifestError, TemplateError

    try:
        return _checked(file, options, check)
    except (TemplateError, ManifestError) as error:
        return Report(file, str(check), (), [in_options(str(error))])


def _checked(file: str, options: Options, check: Check) -> Report:
    """Check one template.

    :raises InputError: if it cannot be rendered, or gives no manifest.
    """
    from kubectl_job_operator.cli.options import namespace_of, rules_of
    from kubectl_job_operator.cli.problems import Locator, Problem, document_name, yaml_place
    from kubectl_job_operator.cli.rendering import Template
    from kubectl_job_operator.cli.reports import Report
    from kubectl_job_operator.errors import ManifestError

    template = Template.of(file, options)
    rendered = template.render()
    lines = template.lines(rendered.text)
    try:
        manifest = template.manifest(rendered, rules_of(options))
    except ManifestError as error:
        place = yaml_place(error.__cause__, lines)
        if place is None:
            raise
        return Report(file, str(check), (), [Problem(place, str(error))])
    namespace = namespace_of(manifest, options)
    problems = check.problems(manifest, Locator(rendered.text, lines, rendered.source), namespace)
    return Report(file, str(check), tuple(map(document_name, manifest.documents)), problems)
