"""What is known of a try without asking the cluster, for what it leaves when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.masking import Mask, masks_nothing


@dataclass(frozen=True)
class Caller:
    """What only the caller of a run knows.

    :param mask: replaces the secrets that the caller knows in a text.
    :param versions: what takes part in a run, each with its version.
    """

    mask: Mask = masks_nothing
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FailedTry:
    """A try that may fail.

    :param manifest: as the author asked for it, without what makes its objects this task's own.
    :param identity: the try.
    :param access: which cluster, as whom.
    :param environment: kubectl's.
    :param kubeconfig: a kubeconfig that does not outlive the try; ``None`` if there is none.
    :param transcript: the try's commands.
    :param caller: what only the caller knows.
    """

    manifest: Manifest
    identity: Identity
    access: Access
    environment: Mapping[str, str]
    kubeconfig: Path | None
    transcript: Transcript
    caller: Caller
