"""An object that somebody names for kubectl, as ``deployment.apps/server``: refused where kubectl would take more.

It may begin with its namespace, as ``team-a/deployment.apps/server``; kubectl does not know that form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_KIND = re.compile(r"[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9][A-Za-z0-9.-]*)?")
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._:]*[A-Za-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def parted(target: str) -> tuple[str | None, str]:
    """Return the namespace that an object's name begins with, ``None`` without one, and the rest, as kubectl has it."""
    first, _, rest = target.partition("/")
    return (first, rest) if "/" in rest else (None, target)


def problem_of_target(value: Any) -> str | None:
    """Tell why something does not name one object; ``None`` if it does."""
    namespace, rest = parted(value) if isinstance(value, str) else (None, "")
    kind, slash, name = rest.partition("/")
    is_place = namespace is None or _NAMESPACE.fullmatch(namespace)
    if is_place and slash and _KIND.fullmatch(kind) and _NAME.fullmatch(name):
        return None
    return f"{value!r} is no kind and name, as deployment/server or persistentvolumeclaim/data"


def problem_of_namespaces(targets: Sequence[str], namespace: str | None) -> str | None:
    """Tell why objects are not all in one namespace; ``None`` if they are.

    :param namespace: the argument, which is that of those that name none.
    """
    own = {namespace} if namespace else set()
    found = own | {parted(target)[0] or namespace or None for target in targets}
    if len(found) <= 1:
        return None
    who = "the argument namespace and the names of the objects" if own else "the names of the objects"
    return f"{who} have different namespaces: {', '.join(sorted(one or '(none)' for one in found))}"


def problem_of_kinds(text: str) -> str | None:
    """Tell why a text does not name one or more kinds; ``None`` if it does."""
    if all(_KIND.fullmatch(word) and word.lower() != "all" for word in text.split(",")):
        return None
    return f"resource must be a kind, or some with commas between them, as jobs,configmaps, but is {text!r}"
