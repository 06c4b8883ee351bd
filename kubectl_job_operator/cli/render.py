"""``kubectl-job-operator render``."""

from __future__ import annotations

import argparse

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options, add_template_options

OPERANDS = "TEMPLATE "
SUMMARY = "Print the YAML that a template gives"
DESCRIPTION = """\
Print the YAML that a template gives, by the operator's own rules: an undefined variable is an error, and so is what is
not a manifest with exactly one Job. Names that Airflow gives a task (ds, ts, run_id, params, ti, ...) have stand-ins
for today, and can be given like any other.

What a Secret holds is masked, and then the YAML is written anew; --raw shows it, and also shows what is no manifest.

Examples:
  # Give a variable
  kubectl-job-operator render examples/01_countdown/countdown.yaml --set start=9

  # Give many, and another day
  kubectl-job-operator render load.yaml --values load-values.yaml --set ds=2026-01-31

  # Apply it by hand
  kubectl-job-operator render load.yaml --set table=orders --raw | kubectl apply --server-side -f -"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument("template", metavar="TEMPLATE", help="a Jinja template that gives YAML")
    add_template_options(parser)
    parser.add_argument(
        "--raw", action="store_true", help="print the text as it was rendered: unchecked, Secrets in plain text"
    )


def run(options: Options) -> ExitCode:
    """Print the YAML.

    :raises InputError: if the template cannot be rendered, or gives no manifest.
    """
    import sys

    from kubectl_job_operator.cli.rendering import Template
    from kubectl_job_operator.cli.streams import complain, write
    from kubectl_job_operator.manifest.manifest import Manifest

    rendered = Template.of(options.template, options).render()
    text = rendered.text
    if not options.raw:
        manifest = Manifest.parse(text, rendered.source)
        if manifest.has_secret:
            text = manifest.masked_text()
            complain("note: what the Secrets hold is masked; --raw shows it.")
    write(sys.stdout, text if text.endswith("\n") else f"{text}\n")
    return ExitCode.COMPLETE
