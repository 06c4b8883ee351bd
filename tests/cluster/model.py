"""What a caller gets: a cluster that is up."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Cluster:
    """A cluster that answers: `given` by the caller, made by `kind`, or one `debian` node on this machine."""

    kubeconfig: Path
    context: str
    kind: Literal["given", "kind", "debian"]
