"""``kubectl-job-operator render``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.dag_options import add_dag_options
from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options, add_kind_options, add_output_option, add_template_options

if TYPE_CHECKING:
    from kubectl_job_operator.manifest.manifest import Manifest

OPERANDS = "[TEMPLATE] "
SUMMARY = "Print the YAML that a template gives"
DESCRIPTION = """\
Print the YAML that a template gives, by the operator's own rules: an undefined variable is an error, and so is what is
not a manifest with exactly one Job. Names that Airflow gives a task (ds, ts, run_id, params, ti, ...) have stand-ins
for today, and can be given like any other.

With --dag it is what the tasks of a DAG's file would apply, with the variables, filters, search path and arguments that
they have there.

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

  # What a task would apply; needs Airflow
  kubectl-job-operator render --dag dags/load.py --task load

  # Apply it by hand
  kubectl-job-operator render load.yaml --set table=orders --raw | kubectl apply --server-side -f -"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument(
        "template",
        metavar="TEMPLATE",
        nargs="?",
        help="a Jinja template that gives YAML, or a folder with a kustomization; - is stdin",
    )
    add_dag_options(parser)
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
    from kubectl_job_operator.errors import InputError

    if options.raw and options.output != "yaml":
        raise InputError("--raw is the text as it is, which -o json is not.\nWhat to do: give one of them.")
    if bool(options.template) == bool(options.dags):
        raise InputError("Either a template or --dag says what to render.\nWhat to do: give one of them.")
    return _of_dags(options) if options.dags else _of_template(options)


def _of_template(options: Options) -> ExitCode:
    """Print what one template gives.

    :raises InputError: if it cannot be rendered, or gives no manifest.
    """
    from kubectl_job_operator.cli.options import rules_of
    from kubectl_job_operator.cli.rendering import Template
    from kubectl_job_operator.cli.streams import complain
    from kubectl_job_operator.manifest import kinds

    template = Template.of(options.template, options)
    rendered = template.render()
    if options.raw:
        _print(rendered.text)
        return ExitCode.COMPLETE
    manifest = template.manifest(rendered, rules_of(options))
    if options.output == "json":
        _print(_as_json([manifest]))
    else:
        _print(manifest.masked_text() if manifest.has_secret or manifest.is_unnamed else rendered.text)
    _tell_of_secrets([manifest])
    if manifest.is_unnamed:
        complain(f"note: the YAML has no name for the {kinds.word(manifest.job)}; each run makes one, as this.")
    return ExitCode.COMPLETE


def _of_dags(options: Options) -> ExitCode:
    """Print what the tasks of DAGs would apply, as far as that is known before a run, and tell why the rest is not.

    :raises InputError: if a file or a task is not there.
    """
    from kubectl_job_operator.cli.dag import files_of, tasks_in
    from kubectl_job_operator.cli.streams import complain
    from kubectl_job_operator.manifest.yaml_text import dump_all

    manifests, is_wrong = [], False
    for task in (task for given in options.dags for file in files_of(given) for task in tasks_in(file, options)):
        if task.manifest is None:
            complain(f"error: {task.name}: {task.error}" if task.error else f"note: {task.name}: {task.unknown}.")
            is_wrong = is_wrong or task.error is not None
            continue
        manifests.append(task.manifest)
        if options.output == "yaml":
            text = dump_all(task.manifest.documents) if options.raw else task.manifest.masked_text()
            _print(f"---\n# {task.name}\n{text}")
    if options.output == "json" and manifests:
        _print(_as_json(manifests))
    if not options.raw:
        _tell_of_secrets(manifests)
    return ExitCode.COMPLETE if manifests and not is_wrong else ExitCode.BAD_INPUT


def _print(text: str) -> None:
    import sys

    from kubectl_job_operator.cli.streams import write

    write(sys.stdout, text if text.endswith("\n") else f"{text}\n")


def _tell_of_secrets(manifests: Sequence[Manifest]) -> None:
    from kubectl_job_operator.cli.streams import complain

    if any(manifest.has_secret for manifest in manifests):
        complain("note: what the Secrets hold is masked; --raw shows it.")


def _as_json(manifests: Sequence[Manifest]) -> str:
    """Write the documents as kubectl does: one as it is, several as a List; without what Secrets hold."""
    import json

    from kubectl_job_operator.manifest.masking import masked

    documents = [masked(document) for manifest in manifests for document in manifest.documents]
    listed = {"apiVersion": "v1", "kind": "List", "items": documents}
    return json.dumps(documents[0] if len(documents) == 1 else listed, indent=2)
