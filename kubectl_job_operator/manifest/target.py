"""An object that somebody names for kubectl, as ``deployment.apps/server``: refused where kubectl would take more."""

from __future__ import annotations

import re
from typing import Any

_KIND = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9.-]*)?")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._:]*[A-Za-z0-9])?")


def problem_of_target(value: Any) -> str | None:
    """Tell why something does not name one object; ``None`` if it does."""
    kind, slash, name = value.partition("/") if isinstance(value, str) else ("", "", "")
    if slash and _KIND.fullmatch(kind) and _NAME.fullmatch(name):
        return None
    return f"{value!r} is no kind and name, as deployment/server or persistentvolumeclaim/data"


def problem_of_kinds(text: str) -> str | None:
    """Tell why a text does not name one or more kinds; ``None`` if it does."""
    if all(_KIND.fullmatch(word) and word.lower() != "all" for word in text.split(",")):
        return None
    return f"resource must be a kind, or some with commas between them, as jobs,configmaps, but is {text!r}"
