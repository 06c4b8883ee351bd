"""What is built of this tree: for a release the room ``airflow/`` alone, which needs the command line's distribution.

That one has all other rooms. From a checkout, ``pip install .`` gets everything at once: no index has the other half of
a checkout. ``make wheel`` and the workflow of a release say which of both it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # which hatchling brings

IS_RELEASE = os.environ.get("KUBECTL_JOB_OPERATOR_RELEASE") == "yes"
AIRFLOW = "apache-airflow>=2.10"
COMMAND_LINE = "kubectl-job-operator-cli"


class Needs(MetadataHookInterface):
    """Says what the distribution needs."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Say it."""
        other = tomllib.loads(Path(self.root, "command-line", "pyproject.toml").read_text())["project"]
        extras = other["optional-dependencies"]
        if IS_RELEASE:
            metadata["dependencies"] = [AIRFLOW, f"{COMMAND_LINE}=={metadata['version']}"]
            metadata["optional-dependencies"] = {extra: [f"{COMMAND_LINE}[{extra}]"] for extra in extras}
        else:
            metadata["dependencies"] = [AIRFLOW, *other["dependencies"]]
            metadata["optional-dependencies"] = extras
            metadata["scripts"] = other["scripts"]


class Rooms(BuildHookInterface):  # type: ignore[type-arg]  # of whose settings it knows nothing
    """Says which rooms are in it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as hatchling calls it
        """Leave out those of the other distribution."""
        if IS_RELEASE:
            self.build_config.target_config["only-include"] = ["kubectl_job_operator/airflow"]
