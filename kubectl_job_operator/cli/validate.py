"""``kubectl-job-operator validate``."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.dag_options import add_dag_options
from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import (
    Options,
    add_cluster_options,
    add_kind_options,
    add_output_option,
    add_template_options,
)

if TYPE_CHECKING:
    from kubectl_job_operator.cli.manifest_checks import Check
    from kubectl_job_operator.cli.reports import Report

OPERANDS = "[TEMPLATE...] "
SUMMARY = "Check templates, and name the file and line of what is wrong"
DESCRIPTION = """\
Render templates and check what they give: by the operator's rules (exactly one Job, names, ...), and then by
Kubernetes' schemas without a cluster, or with --server by the API server itself, which changes nothing then. What is
wrong is told with the template's file and line; of a folder with a kustomization with the line of what kubectl
kustomize prints.

TEMPLATE may be the file of a DAG, which ends in .py; that is as --dag. A template that a task of such a file has is
then checked as that task has it, and not alone.

Examples:
  # Without a cluster; needs pip install 'kubectl-job-operator-cli[validate]'
  kubectl-job-operator validate examples/01_countdown/countdown.yaml --set start=9

  # Let the cluster check, its admission rules too
  kubectl-job-operator validate load.yaml check.yaml --values values.yaml --server

  # All tasks of all DAGs in a folder, with the variables and arguments that they have there; needs Airflow
  kubectl-job-operator validate --dag dags/

  # For a CI system that shows tests
  kubectl-job-operator validate jobs/*.yaml.j2 --values values.yaml -o junit > validate.xml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument(
        "templates",
        metavar="TEMPLATE",
        nargs="*",
        help="Jinja templates that give YAML, or folders with kustomizations; - is stdin",
    )
    add_dag_options(parser)
    parser.add_argument(
        "--ignore-other-yaml",
        action="store_true",
        help="pass over a file that has no line with kind: Job or kind: Pod, and a Python file that does not name this "
        "operator, as for pre-commit",
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
    from kubectl_job_operator.cli.connection import connect
    from kubectl_job_operator.cli.manifest_checks import SchemaCheck, ServerCheck
    from kubectl_job_operator.cli.reports import as_json, as_junit
    from kubectl_job_operator.cli.source import refuse_stdin_twice
    from kubectl_job_operator.cli.streams import say
    from kubectl_job_operator.cli.validating import reports_of
    from kubectl_job_operator.errors import InputError

    if not options.templates and not options.dags:
        raise InputError("There is nothing to check.\nWhat to do: give a template, or --dag and the file of a DAG.")
    refuse_stdin_twice(*options.templates)
    with contextlib.ExitStack() as stack:
        check: Check = (
            ServerCheck(stack.enter_context(connect(options)))
            if options.server
            else SchemaCheck(options.kubernetes_version)
        )
        reports = []
        for report in reports_of(options, check):
            reports.append(report)
            if options.output == "text":
                _tell(report)
    if options.output != "text":
        say(as_json(reports) if options.output == "json" else as_junit(reports))
    return ExitCode.COMPLETE if all(report.is_valid for report in reports) else ExitCode.BAD_INPUT


def _tell(report: Report) -> None:
    """Tell about one template, for people."""
    from kubectl_job_operator.cli.streams import complain, say

    for problem in report.problems:
        complain(f"error: {problem}")
    if report.unchecked:
        say(f"{report.template}: not checked: {report.unchecked}")
    elif report.is_valid:
        say(f"{report.template}: valid {report.by} ({', '.join(report.documents)})")
