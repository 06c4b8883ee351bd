"""Where the test cluster keeps its files: all of them below one folder of the user's cache."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of everything that is kept between runs: built binaries, state, locks."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "kubectl-job-operator"


def node_folder() -> Path:
    """Return the folder of the running Debian node; a short name, as a unix socket's path ends at 104 characters."""
    return cache_folder() / "node"


def kind_folder() -> Path:
    """Return the folder of the running kind cluster's kubeconfig."""
    return cache_folder() / "kind"


def engine_folder() -> Path:
    """Return the folder of the Docker engine that we start; short for the same reason."""
    return cache_folder() / "engine"


def built_folder() -> Path:
    """Return the folder of what is built once and kept: programs, packages, images."""
    return cache_folder() / "built"


def lock_file() -> Path:
    """Return the file that keeps two `up` or `down` from running at once."""
    return cache_folder() / "lock"


def repository() -> Path:
    """Return the root of the repository."""
    return Path(__file__).resolve().parents[2]
