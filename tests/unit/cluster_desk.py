"""A machine as `python3 -m tests.cluster` sees it: only scripted programs are on PATH, and each call is noted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.paths import repository

ANSWERING_KUBECTL = """
case "$*" in
    *"--raw /readyz"*) printf ok ;;
    *"--raw /version"*) echo "{}" ;;
    *"get nodes"*) echo True; echo True ;;
    *"config current-context"*) echo from-the-file ;;
    *"config get-contexts"*) echo theirs; echo mine ;;
esac
"""
DEAF_KUBECTL = """
case "$*" in
    *"config current-context"*) echo from-the-file ;;
    *) echo "connection refused" >&2; exit 1 ;;
esac
"""
ANSWERING_DOCKER = """
case "$1" in
    info) echo 28.0.0 ;;
    network) echo bridge ;;
esac
"""
DEAF_DOCKER = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"
# Creating writes the kubeconfig, as kind does: its path is the argument after --kubeconfig.
WORKING_KIND = """
case "$1" in
    version) echo "kind v0.33.0 go1.26 linux/amd64" ;;
    create) while [ "$1" != --kubeconfig ]; do shift; done; echo "apiVersion: v1" > "$2" ;;
esac
"""


@dataclass(frozen=True)
class Desk:
    """The folder of one such machine."""

    folder: Path

    @property
    def path(self) -> Path:
        """Return the only folder on PATH."""
        return self.folder / "bin"

    @property
    def kind_folder(self) -> Path:
        """Return where the kind cluster keeps its files."""
        return self.folder / "cache" / "kubectl-job-operator" / "kind"

    def program(self, name: str, script: str) -> None:
        """Put a scripted program on PATH."""
        self.path.mkdir(exist_ok=True)
        file = self.path / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.folder}/calls"\n{script}\n')
        file.chmod(0o755)

    def kubeconfig(self, name: str = "given") -> Path:
        """Write a kubeconfig file."""
        file = self.folder / name
        file.write_text("apiVersion: v1\n")
        return file

    def calls(self) -> list[str]:
        """Return the command line of every call, in order."""
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def calls_of(self, *programs: str) -> list[str]:
        """Return the calls of some programs."""
        return [call for call in self.calls() if call.split()[0] in programs]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the whole environment of a run."""
        own = {"PATH": str(self.path), "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return {**own, **more}

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the program to its end; whatever happens, it shows no traceback."""
        done = subprocess.run(
            (sys.executable, "-m", "tests.cluster", command),
            cwd=repository(),
            env=self.environment(**environment),
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return done
