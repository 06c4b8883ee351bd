"""``kubectl-job-operator render``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options, add_kind_options, add_output_option, add_template_options

if TYPE_CHECKING:
    from kubectl_job_operator.manifest.manifest import Manifest

OPERANDS = "TEMPLATE "
SUMMARY = "Print the YAML that a template gives"
DESCRIPTION = """\
Print the YAML that a template gives, by the operator's own rules: an undefined variable is an error, and so is what is
not a manifest with exactly one Job. Names that Airflow gives a task (ds, ts, run_id, params, ti, ...) have stand-ins
for today, and can be given like any other.

What a Secret holds is masked, and then the YAML is written anew; --raw shows it, and also shows what is no manifest.
A folder with a kustomization may stand for the template: then it is what kubectl kustomize prints.

Examples:
  # Give a variable
  kubectl-job-operator render examples/01_countdown/countdown.yaml --set start=9

  # Give many, and another day
  kubectl-job-operator render load.yaml --values load-values.yaml --set ds=2026-01-31

  # From another program, as JSON
  make-template | kubectl-job-operator render - -o json

  # What an overlay gives
  kubectl-job-operator render overlays/prod

  # Apply it by hand
  kubectl-job-operator render load.yaml --set table=orders --raw | kubectl apply --server-side -f -"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument(
        "template",
        metavar="TEMPLATE",
        help="a Jinja template that gives YAML, or a folder with a kustomization; - is stdin",
    )
    add_template_options(parser)
    add_kind_options(parser)
    add_output_option(parser, "yaml", "json")
    parser.add_argument(
        "--raw", action="store_true", help="print the text as it was rendered: unchecked, Secrets in plain text"
    )


def run(options: Options) -> ExitCode:
    """Print the YAML.

    :raises InputError: if the template cannot be rendered, or gives no manifest.
    """
    import sys

    from kubectl_job_operator.cli.options import rules_of
    from kubectl_job_operator.cli.rendering import Template
    from kubectl_job_operator.cli.streams import complain, write
    from kubectl_job_operator.errors import InputError
    from kubectl_job_operator.manifest import kinds

    if options.raw and options.output != "yaml":
        raise InputError("--raw is the text as it is, which -o json is not.\nWhat to do: give one of them.")

    template = Template.of(options.template, options)
    rendered = template.render()
    text = rendered.text
    if not options.raw:
        manifest = template.manifest(rendered, rules_of(options))
        if manifest.has_secret or manifest.is_unnamed:
            text = manifest.masked_text()
        if manifest.has_secret:
            complain("note: what the Secrets hold is masked; --raw shows it.")
        if manifest.is_unnamed:
            complain(f"note: the YAML has no name for the {kinds.word(manifest.job)}; each run makes one, as this.")
        if options.output == "json":
            text = _as_json(manifest)
    write(sys.stdout, text if text.endswith("\n") else f"{text}\n")
    return ExitCode.COMPLETE


def _as_json(manifest: Manifest) -> str:
    """Write the documents as kubectl does: one as it is, several as a List; without what Secrets hold."""
    import json

    from kubectl_job_operator.manifest.masking import masked

    documents = [masked(document) for document in manifest.documents]
    listed = {"apiVersion": "v1", "kind": "List", "items": documents}
    return json.dumps(documents[0] if len(documents) == 1 else listed, indent=2)
