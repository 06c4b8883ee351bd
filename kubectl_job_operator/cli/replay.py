"""``kubectl-job-operator replay``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options, add_cluster_options, add_output_option, add_run_options

if TYPE_CHECKING:
    from pathlib import Path

    from kubectl_job_operator.manifest.manifest import Manifest

OPERANDS = "FOLDER "
SUMMARY = "Run again what failed, from the folder that it left"
DESCRIPTION = """\
Run the Job of a failed try again, from the folder that the try left in replay_dir: its manifest.yaml, as it was applied
then. By default in the same namespace, with this machine's own way into the cluster.

Examples:
  kubectl-job-operator replay /replays/load-orders-try-2

  # Somewhere else, beside what still runs
  kubectl-job-operator replay /replays/load-orders-try-2 --namespace sandbox --unique-name"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument("folder", metavar="FOLDER", help="with manifest.yaml, and job.json if there was a Job")
    add_output_option(parser, "text", "json")
    add_cluster_options(parser)
    add_run_options(parser)


def run(options: Options) -> ExitCode:
    """Run the Job.

    :raises KubectlJobOperatorError: unless it is Complete.
    """
    import datetime
    from pathlib import Path

    from kubectl_job_operator.cli.life import live
    from kubectl_job_operator.cli.options import new_identity

    folder = Path(options.folder)
    manifest = _without_masked_secrets(_manifest_in(folder), is_masked=_has_masked_values(folder))
    identity = new_identity(manifest.name, datetime.datetime.now(datetime.timezone.utc))
    if options.namespace:
        manifest = manifest.with_namespace(options.namespace)
    if options.unique_name:
        manifest = manifest.with_names(identity.unique_name)
    return live(manifest, identity, options.namespace or _namespace_in(folder), options)


def _manifest_in(folder: Path) -> Manifest:
    from kubectl_job_operator.errors import InputError
    from kubectl_job_operator.manifest.manifest import Manifest

    file = folder / "manifest.yaml"
    try:
        return Manifest.parse(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file} cannot be read: {getattr(error, 'strerror', None) or 'it is no UTF-8 text'}.\n"
            "What to do: give the folder of one failed try, as its log names it."
        ) from None


def _namespace_in(folder: Path) -> str | None:
    """Return the namespace where the Job was; ``None`` if no Job was kept."""
    import json

    from kubectl_job_operator.errors import InputError

    file = folder / "job.json"
    try:
        job = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}.\nWhat to do: give --namespace.") from None
    metadata = job.get("metadata") if isinstance(job, dict) else None
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    return str(namespace) if namespace else None


def _has_masked_values(folder: Path) -> bool:
    """Whether values beside the Secrets were masked, which the folder's script knows; what is three stars may be so."""
    from kubectl_job_operator.replay import bundle, replay_script

    try:
        return replay_script.knows_of_masked_values((folder / bundle.SCRIPT).read_text(encoding="utf-8"))
    except OSError:
        return True


def _without_masked_secrets(manifest: Manifest, *, is_masked: bool) -> Manifest:
    """Leave out the Secrets whose values were not kept: the ones in the namespace serve, if they are there.

    :param is_masked: whether values beside them were masked too.
    :raises ManifestError: if another companion has such a value: applied, it would take the place of the real one.
    """
    from dataclasses import replace

    from kubectl_job_operator.cli.streams import complain
    from kubectl_job_operator.manifest import yaml_text
    from kubectl_job_operator.manifest.documents import names_of
    from kubectl_job_operator.manifest.masking import MASK

    kept = []
    for document in manifest.documents:
        if document["kind"] == "Secret" and MASK in _values_of(document):
            name = document["metadata"]["name"]
            complain(
                f"note: Secret {name} is masked in the bundle and not applied; it must be in the namespace already."
            )
        else:
            kept.append(document)
    left = replace(manifest, documents=tuple(kept))
    masked = [companion for companion in left.companions if MASK in yaml_text.dump_all([companion])]
    if masked and is_masked:
        raise left.refusal(
            f"cannot be applied, for values of {names_of(masked)} are masked ({MASK})",
            "put the real ones in, or take out what is in the namespace already",
        )
    if MASK in left.text():
        complain(f"note: {MASK} in {manifest.source} may stand for a secret; if so, put the real value in first.")
    return left


def _values_of(secret: Mapping[str, Any]) -> list[Any]:
    """Return what a Secret holds."""
    return [value for field in ("data", "stringData") for value in (secret.get(field) or {}).values()]
