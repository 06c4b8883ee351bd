"""A kubectl that waits until a test lets it go on."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from tests.integration.namespace import Namespace
from tests.waiting import in_background, until

UNTIL_TOLD = "until [ -f /tmp/told ]; do sleep 0.2; done"
"""What a container does until ``ends_the_job_meanwhile`` tells it."""


def holds_the_first(subcommand: str, folder: Path, then: str = "") -> Path:
    """Write a kubectl whose first command of a kind does nothing until the folder ``held`` is gone.

    :param then: what the shell does before the command itself.
    """
    script = folder / "kubectl"
    script.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *" {subcommand} "*) if mkdir {folder}/seen 2> {os.devnull}; then\n'
        f"mkdir {folder}/held; while [ -d {folder}/held ]; do sleep 0.1; done; {then}\n"
        "fi ;; esac\n"
        f'exec {shutil.which("kubectl")} "$@"\n'
    )
    script.chmod(0o755)
    return script


def ends_the_job_meanwhile(namespace: Namespace, folder: Path) -> threading.Thread:
    """Let the one Job become Complete as soon as a kubectl is held, and then let that go on."""

    def end() -> None:
        until((folder / "held").exists, "there was no such kubectl", seconds=180)
        (pod,) = namespace.running_pods()
        namespace.kubectl("exec", pod, "--", "touch", "/tmp/told")
        namespace.kubectl("wait", "job/job", "--for=condition=complete", "--timeout=60s")
        (folder / "held").rmdir()

    return in_background(end)
