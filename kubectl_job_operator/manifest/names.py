"""Names that Kubernetes takes."""

from __future__ import annotations

import re

LONGEST_NAME = 63
"""Of a Job, since its pods carry its name as a label."""


def valid_name(text: str) -> str:
    """Return the nearest name that a Job may have: lower case, digits and hyphens, at most 63 characters."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:LONGEST_NAME].rstrip("-")
    return name or "job"
