"""A cluster in Docker, made by kind from `kind-config.yaml`; where nothing can be pulled, image and engine are ours."""

from . import faults, image, nodes
from .cluster import down, lacking, running, up
from .config import CONTEXT, NAME

__all__ = ["CONTEXT", "NAME", "down", "faults", "image", "lacking", "nodes", "running", "up"]
