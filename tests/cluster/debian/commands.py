"""Runs other programs: to the end, quietly, with their words in the error when they fail."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.progress import Step

# Debian keeps iptables, ip and conntrack in sbin, which PATH often lacks; its own tools come first so that a newer go
# or python of the user never meets these old sources.
SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


def system_environment() -> dict[str, str]:
    """Return the caller's environment with the system's own programs first on PATH and English messages."""
    path = f"{SYSTEM_PATH}:{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"}


def output_of(
    command: Sequence[str],
    *,
    stdin: str | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> str:
    """Run a command to its end, which must come within the seconds if any are given, and return its stdout."""
    try:
        done = subprocess.run(
            command, input=stdin, cwd=folder, env=environment or system_environment(), timeout=seconds,
            text=True, capture_output=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ClusterError(f"`{shlex.join(command)}` did not end within {seconds:.0f} s.") from None
    if done.returncode:
        raise ClusterError(f"`{shlex.join(command)}` ended with return code {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


def run_logged(
    command: Sequence[str], log: Path, step: Step, what: str, *, folder: Path, environment: Mapping[str, str]
) -> None:
    """Run a long command with its output in a log file, saying now and then that it goes on."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            while process.poll() is None:
                time.sleep(0.2)
                step.still(what)
        finally:
            if process.poll() is None:
                # Interrupted: the compilers that it started end with it.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if process.returncode:
        last_words = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise ClusterError(
            f"`{shlex.join(command)}` ended with return code {process.returncode}; its last lines:\n{last_words}"
        )
