"""What is there of the whole run after its end, beside what is a single task instance's: processes and secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from kubectl_job_operator.attempt.memory_disk import memory_disk
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.attempt.sweeping import sweep
from tests.faults.judge import Finding, Harm


def kubectls_left(processes: Iterable[psutil.Process]) -> Iterator[Finding]:
    """Return those of these kubectls that still live."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            yield Finding(Harm.LEFT_BEHIND, "no task", f"kubectl still runs: {' '.join(process.cmdline())}")


def sweep_as_the_next_task() -> None:
    """Remove what died with its process from the disk in memory, as every task does when it begins."""
    disk = memory_disk()
    sweep([disk] if disk else [], Keeping())


def secrets_left(kubeconfig: Path, folders: Iterable[Path]) -> Iterator[Finding]:
    """Return the other files in which a secret of the kubeconfig stands.

    :param kubeconfig: as JSON, with a client's key in it.
    :param folders: where to look, at all depths.
    """
    secrets = [one["user"]["client-key-data"].encode() for one in json.loads(kubeconfig.read_text())["users"]]
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and file != kubeconfig and any(secret in file.read_bytes() for secret in secrets):
                yield Finding(Harm.LEFT_BEHIND, "no task", f"the key of a kubeconfig is in {file}")
