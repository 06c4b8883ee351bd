"""The arguments of the provider's KubernetesPodOperator: from the installed provider, and as they were recorded.

``python -m tests.provider.signature`` records them anew, where the provider is installed.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import json
from pathlib import Path
from typing import Any

DISTRIBUTION = "apache-airflow-providers-cncf-kubernetes"
RECORDING = Path(__file__).parents[1] / "fixtures" / "kubernetes-pod-operator.json"


def recorded() -> dict[str, Any]:
    """Return what was recorded."""
    recording: dict[str, Any] = json.loads(RECORDING.read_text())
    return recording


def installed() -> dict[str, Any]:
    """Return the same from the provider that is installed."""
    operator = importlib.import_module("airflow.providers.cncf.kubernetes.operators.pod").KubernetesPodOperator
    parameters = inspect.signature(inspect.unwrap(operator.__init__)).parameters
    return {
        "version": importlib.metadata.version(DISTRIBUTION),
        "arguments": {name: one.default for name, one in parameters.items() if name not in ("self", "kwargs")},
        "template_fields": list(operator.template_fields),
    }


if __name__ == "__main__":
    RECORDING.write_text(json.dumps(installed(), indent=2) + "\n")
