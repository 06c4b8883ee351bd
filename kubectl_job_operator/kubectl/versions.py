"""kubectl's version and the server's, as ``kubectl version`` prints them."""

from __future__ import annotations

import json
import re

from kubectl_job_operator.errors import KubectlMissingError

OLDEST = (1, 28)
"""The oldest kubectl that will do."""


def version(stdout: str) -> tuple[int, int]:
    """Read kubectl's version; the words around it differ between its builds."""
    match = re.search(r'"gitVersion":\s*"v(\d+)\.(\d+)', stdout)
    if match is None:
        raise KubectlMissingError(f"kubectl does not tell its version; it printed {stdout[:200]!r}")
    return int(match[1]), int(match[2])


def full_version(stdout: str, whose: str = "clientVersion") -> str:
    """Read a version with its patch number."""
    return str((json.loads(stdout).get(whose) or {}).get("gitVersion", "?")).removeprefix("v")


def dotted(version: tuple[int, int]) -> str:
    """Write a version as people do."""
    return ".".join(map(str, version))
