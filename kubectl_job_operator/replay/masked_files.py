"""What a replay shows in the log and keeps in its folder: each text with every secret in it masked."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kubectl_job_operator.kubectl.kubeconfig_paths import joined_paths
from kubectl_job_operator.manifest import kinds, yaml_text
from kubectl_job_operator.manifest.documents import Document
from kubectl_job_operator.manifest.masking import Mask, hides_something, holds_secrets, masked_values, masked_yaml
from kubectl_job_operator.printable import harmless, plain
from kubectl_job_operator.replay.bundle import SCRIPT
from kubectl_job_operator.replay.evidence import Evidence
from kubectl_job_operator.replay.failed_try import FailedTry
from kubectl_job_operator.replay.listings import events_text, transcript_text
from kubectl_job_operator.replay.replay import ManifestFile
from kubectl_job_operator.replay.replay_script import Script, Target
from kubectl_job_operator.replay.timeline_svg import timeline


def masked_manifest(path: Path, mask: Mask) -> ManifestFile:
    """Return a file that the try gave to kubectl; if it holds something secret, it is not to be kept, but this text.

    :param mask: hides what Airflow knows to be secret.
    """
    documents = yaml_text.load_all(path.read_text(encoding="utf-8"))
    if not hides_something(documents, mask):
        return ManifestFile(path)
    return ManifestFile(path, masked_yaml(documents, mask), _has_masked_values(documents, mask))


def masked_files(failed: FailedTry, evidence: Evidence, namespace: str) -> dict[str, str]:
    """Return the texts of the folder by their names, and nothing secret in any of them.

    :param failed: the try.
    :param evidence: what the cluster knew of the Job.
    :param namespace: where the Job was.
    """
    mask = failed.caller.mask
    documents = [_placeless(document) for document in (*failed.manifest.companions, failed.manifest.job)]
    secrets = [document for document in documents if holds_secrets(document)]
    job = evidence.job
    script = Script(
        job=failed.manifest.name,
        what=_what(failed),
        namespace=namespace,
        context=failed.access.context or "",
        kubeconfig=_default_kubeconfig(failed),
        is_kubeconfig_lost=failed.kubeconfig is not None,
        flags=failed.access.flags_beside_config(),
        secrets=[str(secret["metadata"]["name"]) for secret in secrets],
        has_masked_values=_has_masked_values(documents, mask),
        other=_other_kind(failed.manifest.job),
    )
    # Masked before it is drawn: in the picture's XML a secret is spelled otherwise.
    masked_job, pods, events = (masked_values(value, mask) for value in (job, evidence.pods, evidence.events))
    drawn = timeline(masked_job, pods, events) if job is not None else None
    texts = {
        SCRIPT: script.text(),
        "manifest.yaml": f"# {plain(_what(failed))}, for {SCRIPT}\n{masked_yaml(documents, mask)}",
        "job.json": _json(job, mask),
        "pods.json": _json({"apiVersion": "v1", "kind": "List", "items": evidence.pods}, mask),
        "events.txt": harmless(mask(events_text(evidence.events))),
        "transcript.txt": mask(transcript_text(failed.transcript)),
        "versions.txt": harmless(mask(_versions_text(failed, evidence.versions))),
    }
    return texts if drawn is None else {**texts, "timeline.svg": drawn}


def _has_masked_values(documents: Sequence[Document], mask: Mask) -> bool:
    """Whether something is masked beside the Secrets, which are comments."""
    return hides_something([document for document in documents if not holds_secrets(document)], mask)


def _what(failed: FailedTry) -> str:
    mapped = f", map index {failed.identity.map_index}" if failed.identity.map_index >= 0 else ""
    return (
        f"try {failed.identity.try_number} of task {failed.identity.task_id} of DAG {failed.identity.dag_id}, "
        f"run {failed.identity.run_id}{mapped}"
    )


def _default_kubeconfig(failed: FailedTry) -> str:
    """Return what ``KUBECONFIG`` must be to go where the try went; in a pod nothing but the pod's own will do."""
    if failed.kubeconfig is not None:
        return ""
    if failed.access.in_cluster:
        return os.devnull
    return joined_paths(failed.access.config_files()) or failed.environment.get("KUBECONFIG", "")


def _versions_text(failed: FailedTry, versions: Mapping[str, Any]) -> str:
    def of(side: str) -> str:
        return str((versions.get(side) or {}).get("gitVersion") or "not known")

    lines = {
        "kubectl": f"{of('clientVersion')} ({shutil.which(failed.access.kubectl()) or 'not found'})",
        "server": of("serverVersion"),
        **failed.caller.versions,
        "Python": platform.python_version(),
    }
    return "".join(f"{name}: {version}\n" for name, version in lines.items())


def _other_kind(job: Document) -> Target | None:
    """Return what the script must know of what is no Job."""
    if kinds.is_job(job):
        return None
    kind, selector = kinds.kind_of(job), kinds.chosen_pod_selector(job)
    group, name = str(job["apiVersion"]).rpartition("/")[0], job["metadata"]["name"]
    return Target(
        kind=kinds.word(job),
        target=kinds.target(job),
        created=".".join(filter(None, [kinds.word(job).lower(), group])) + f"/{name}",
        success=[rule.wait_for for rule in kind.success],
        failure=[rule.wait_for for rule in kind.failure],
        # The label that the task gives them is not theirs here.
        pods=["-l", selector] if selector else [kinds.target(job)] if kinds.is_pod(job) else [],
    )


def _placeless(document: Document) -> Document:
    """Leave the namespace out, so that another one can be chosen."""
    metadata = {key: value for key, value in document["metadata"].items() if key != "namespace"}
    return {**document, "metadata": metadata}


def _json(value: Any, mask: Mask) -> str:
    return mask(json.dumps(masked_values(value, mask), indent=2, ensure_ascii=False)) + "\n"
