"""``kubectl-job-operator run``."""

from __future__ import annotations

import argparse

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import (
    Options,
    add_cluster_options,
    add_kind_options,
    add_output_option,
    add_run_options,
    add_template_options,
)

OPERANDS = "TEMPLATE "
SUMMARY = "Run the Job of a template to its end"
DESCRIPTION = """\
Render a template, apply it, wait until its Job is Complete or Failed, show its logs and delete it, as a task of Airflow
would. Every kubectl command is shown as it runs. Ctrl-C deletes the Job; --keep leaves it.

Examples:
  # The first example, from 5
  kubectl-job-operator run examples/01_countdown/countdown.yaml --set start=5

  # In another cluster, and leave the Job there to look at
  kubectl-job-operator run load.yaml --values values.yaml --context staging --namespace jobs --keep

  # An overlay of a kustomization
  kubectl-job-operator run overlays/prod --unique-name

  # For a script: the log goes to stderr, and what came of it to stdout
  kubectl-job-operator run load.yaml --values values.yaml -o json | jq .outcome"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument(
        "template",
        metavar="TEMPLATE",
        help="a Jinja template that gives YAML with a Job, or a folder with a kustomization; - is stdin",
    )
    add_output_option(parser, "text", "json")
    add_template_options(parser)
    add_kind_options(parser)
    add_cluster_options(parser)
    add_run_options(parser)


def run(options: Options) -> ExitCode:
    """Run the Job.

    :raises KubectlJobOperatorError: unless it is Complete.
    """
    from kubectl_job_operator.cli.life import live
    from kubectl_job_operator.cli.options import namespace_of, rules_of
    from kubectl_job_operator.cli.rendering import Template
    from kubectl_job_operator.cli.streams import complain, say

    template = Template.of(options.template, options, complain if options.output == "json" else say)
    # Nobody tries again here, so as with a task that has no retries a pod is not replaced unless the YAML says so.
    manifest = template.manifest(template.render(), rules_of(options)).with_backoff_limit(0, override=False)
    if options.unique_name:
        manifest = manifest.with_names(template.identity.unique_name)
    return live(manifest, template.identity, namespace_of(manifest, options), options)
