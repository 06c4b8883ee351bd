"""Jobs as today's Kubernetes runs them: tests run each through the operator, `record` keeps what the cluster said."""

import pytest

from .scenario import Scenario

__all__ = ["Scenario", "outcome_of"]


def outcome_of(scenario: Scenario) -> pytest.MarkDecorator:
    """Give a test the outcome of a scenario, as its argument ``outcome``."""
    return pytest.mark.parametrize("outcome", [scenario], indirect=True, ids=str)
