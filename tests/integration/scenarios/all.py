"""All scenarios, by their names."""

from __future__ import annotations

from . import admission, disruptions, held_back, job_policies, sidecars
from .scenario import Scenario

_MODULES = (sidecars, job_policies, held_back, disruptions, admission)
SCENARIOS = {one.name: one for module in _MODULES for one in vars(module).values() if isinstance(one, Scenario)}
