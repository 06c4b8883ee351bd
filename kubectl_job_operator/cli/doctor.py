"""``kubectl-job-operator doctor``; what it looks at says ``life.examination``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.exit_code import ExitCode, exit_code_of
from kubectl_job_operator.cli.options import Options, access_of, add_cluster_options, add_output_option

if TYPE_CHECKING:
    from kubectl_job_operator.life.examination import Finding

OPERANDS = ""
SUMMARY = "Check kubectl, the way into the cluster and the account's rights"
DESCRIPTION = """\
Check all that a run needs, and say what to do about what is not right: kubectl and its version,
the context, whether the cluster answers, the namespace, and each right that the operator needs
there. Changes nothing.

Examples:
  kubectl-job-operator doctor

  kubectl-job-operator doctor --kubeconfig ~/.kube/staging --namespace jobs

  # For the operators that apply, delete and wait, too
  kubectl-job-operator doctor --resource configmaps --resource deployments.apps"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    add_output_option(parser, "text", "json")
    parser.add_argument(
        "--resource",
        action="append",
        default=[],
        dest="resources",
        metavar="NAME",
        help="also check the rights that apply, delete and wait need on this, as kubectl names it; may be repeated",
    )
    add_cluster_options(parser)


def run(options: Options) -> ExitCode:
    """Print what was found, and return the code of the worst of it."""
    from kubectl_job_operator.cli.findings_table import as_json, show
    from kubectl_job_operator.cli.streams import say
    from kubectl_job_operator.life.examination import examine

    findings = list(examine(access_of(options), options.namespace, options.resources))
    if options.output == "json":
        say(as_json(findings))
    else:
        show(findings)
    return max(map(_exit_code, findings))


def _exit_code(finding: Finding) -> ExitCode:
    """Tell what the program returns for one finding."""
    if finding.error is not None:
        return exit_code_of(finding.error)
    return ExitCode.BAD_INPUT if finding.is_bad else ExitCode.COMPLETE
