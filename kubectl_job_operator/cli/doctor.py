"""``kubectl-job-operator doctor``."""

from __future__ import annotations

import argparse

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options, add_cluster_options

OPERANDS = ""
SUMMARY = "Check kubectl, the way into the cluster and the account's rights"
DESCRIPTION = """\
Check all that a run needs, and say what to do about what is not right: kubectl and its version,
the context, whether the cluster answers, the namespace, and each right that the operator needs
there. Changes nothing.

Examples:
  kubectl-job-operator doctor

  kubectl-job-operator doctor --kubeconfig ~/.kube/staging --namespace jobs"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    add_cluster_options(parser)


def run(options: Options) -> ExitCode:
    """Print what was found, and return the code of the worst of it."""
    from kubectl_job_operator.cli.examination import examine, worst
    from kubectl_job_operator.cli.findings_table import show

    findings = list(examine(options))
    show(findings)
    return worst(findings)
