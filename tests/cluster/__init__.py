"""The test cluster: `current()` is the one that is up, `ensure()` brings it up, `faults` breaks parts on purpose."""

from . import faults
from .choice import current, ensure
from .errors import ClusterError, MissingError
from .model import Cluster

__all__ = ["Cluster", "ClusterError", "MissingError", "current", "ensure", "faults"]
