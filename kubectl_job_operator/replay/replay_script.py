"""``replay.sh``: a program that runs a Job again without Airflow. Pure text."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubectl_job_operator.printable import plain
from kubectl_job_operator.replay import script_text

_MANIFEST = '"$folder/manifest.yaml"'
_IS_MASKED = '"Values in $folder/manifest.yaml are masked (***), for they are secret: put the real ones in first."'


@dataclass(frozen=True)
class Target:
    """What a ``replay.sh`` runs, if that is no Job.

    :param kind: its kind, for people.
    :param target: what kubectl calls it, as ``widget.v1.example.com/NAME``.
    :param created: what ``kubectl create -o name`` prints for it.
    :param success: what ``kubectl wait --for`` takes; any of these holds when it did its work.
    :param failure: the same for when it failed.
    :param pods: what ``kubectl logs`` takes for its pods; empty if they are not known.
    """

    kind: str
    target: str
    created: str
    success: Sequence[str]
    failure: Sequence[str]
    pods: Sequence[str] = ()


@dataclass(frozen=True)
class Script:
    """What a ``replay.sh`` must know.

    :param job: the Job's name.
    :param what: which try of which task it was, for people.
    :param namespace: where it runs unless ``NAMESPACE`` is set.
    :param context: the context unless ``CONTEXT`` is set; empty for the current one.
    :param kubeconfig: ``KUBECONFIG`` unless it is set; empty where kubectl finds its configuration by itself.
    :param is_kubeconfig_lost: whether the kubeconfig of the try is not kept, so that ``KUBECONFIG`` must be set.
    :param flags: what else every command begins with, wherever it goes: as whom.
    :param secrets: the names of the Secrets that must be there before.
    :param has_masked_values: whether the manifest cannot be used before the masked values are put in.
    :param other: what runs instead of a Job; ``None`` for a Job.
    """

    job: str
    what: str
    namespace: str
    context: str = ""
    kubeconfig: str = ""
    is_kubeconfig_lost: bool = False
    flags: Sequence[str] = ()
    secrets: Sequence[str] = ()
    has_masked_values: bool = False
    other: Target | None = None

    def text(self) -> str:
        """Return the program."""
        checks = script_text.check_of_masks(_MANIFEST, _IS_MASKED) if self.has_masked_values else ""
        if self.secrets:
            checks += script_text.CHECK_OF_SECRETS.replace("@secrets@", " ".join(map(shlex.quote, self.secrets)))
        other = self.other
        values = {
            **_parts_of(other),
            "kind": _one_line(other.kind) if other else "Job",
            "kind_word": shlex.quote(other.kind if other else "Job"),
            "target": shlex.quote(other.target if other else f"job/{self.job}"),
            "created": shlex.quote(other.created if other else f"job.batch/{self.job}"),
            "job": _one_line(self.job),
            "what": _one_line(self.what),
            "job_word": shlex.quote(self.job),
            "namespace": shlex.quote(self.namespace),
            "context": shlex.quote(self.context),
            "kubeconfig": self._kubeconfig(),
            "flags": "".join(f" {shlex.quote(flag)}" for flag in self.flags),
            "checks": checks,
        }
        return _filled(script_text.SCRIPT, values)

    def _kubeconfig(self) -> str:
        if self.is_kubeconfig_lost:
            return script_text.KUBECONFIG_IS_NOT_KEPT
        if not self.kubeconfig:
            return ""
        files = [os.path.abspath(file) for file in self.kubeconfig.split(os.pathsep) if file]  # noqa: PTH100
        words = shlex.quote(os.pathsep.join(files))
        return f'default_kubeconfig={words}\nexport KUBECONFIG="${{KUBECONFIG:-$default_kubeconfig}}"\n'


def knows_of_masked_values(script: str) -> bool:
    """Whether a script that this module has made was told of masked values."""
    return _IS_MASKED in script


def _parts_of(other: Target | None) -> dict[str, str]:
    """Return what differs between a Job and other kinds."""
    if other is None:
        return {name: part.strip("\n") for name, part in script_text.OF_JOB.items()}
    values = {
        "failure": _counted(other.failure),
        "success": _counted(other.success),
        "pods": shlex.join(other.pods),
    }
    parts = {**script_text.OF_OTHER_KIND, "show": script_text.OF_OTHER_KIND["show" if other.pods else "show nothing"]}
    return {name: _filled(part.strip("\n"), values) for name, part in parts.items()}


def _counted(words: Sequence[str]) -> str:
    return shlex.join([str(len(words)), *words])


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put the values in where their names stand between two ``@``."""
    return re.sub(f"@({'|'.join(values)})@", lambda name: values[name[1]], text)


def _one_line(text: str) -> str:
    return plain(" ".join(text.split()))
