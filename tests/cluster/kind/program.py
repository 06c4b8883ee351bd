"""The `kind` program: the one on PATH where it is new enough, else one that is built from its module."""

import os
import re
import shutil
from collections.abc import Mapping

from tests.cluster.debian.commands import output_of
from tests.cluster.errors import ClusterError, MissingError
from tests.cluster.kubernetes import build, modules

# The one that the image in kind-config.yaml was released with.
MINIMUM = (0, 33)
ANSWER_SECONDS = 20


def on_path() -> str:
    """Return the kind on PATH; empty where there is none, or an old one."""
    program = shutil.which("kind")
    return program if program and _version(program) >= MINIMUM else ""


def lacking() -> str:
    """Return one sentence that tells why no kind can be had, or an empty string."""
    if on_path():
        return ""
    why = build.lacking(modules.KIND)
    wanted = ".".join(str(number) for number in MINIMUM)
    return f"there is no kind of version {wanted} or later on PATH, and {why}" if why else ""


def run(arguments: tuple[str, ...], environment: Mapping[str, str], seconds: float) -> str:
    """Run kind to its end, which must come within the seconds, and return its stdout."""
    program = on_path()
    if not program:
        why = lacking()
        if why:
            raise MissingError(f"No cluster of kind can be had: {why}.")
        program = str(build.programs(modules.KIND) / "kind")
    # Each of these would win over what the command line says, or send kind to another engine.
    others = ("KIND_CLUSTER_NAME", "KIND_EXPERIMENTAL_PROVIDER", "KIND_EXPERIMENTAL_DOCKER_NETWORK", "KUBECONFIG")
    clean = {name: value for name, value in environment.items() if name not in others}
    return output_of((program, *arguments), environment={**clean, "LC_ALL": "C.UTF-8"}, seconds=seconds)


def _version(program: str) -> tuple[int, ...]:
    """Return a kind's version; zero where it does not tell."""
    try:
        answer = output_of((program, "version"), environment=dict(os.environ), seconds=ANSWER_SECONDS)
    except ClusterError:
        return (0,)
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)", answer)
    return tuple(int(number) for number in found.groups()) if found else (0,)
