"""Where variables are put among others, so that ``$(NAME)`` finds what it refers to: only what stands before it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubectl_job_operator.manifest.list_items import last_ones

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][\w.-]*)\)")

Variable = Mapping[str, Any]


def joined_env(present: Sequence[Variable], added: Iterable[Variable]) -> list[Any]:
    """Return a container's ``env`` with variables added.

    One that replaces another takes its place. Another one stands first, so that those that are there can refer to it,
    unless it refers to one of them itself: then it stands right behind that.
    """
    result: list[Any] = last_ones("env", list(present))
    first_ones = 0
    for variable in last_ones("env", list(added)):
        names = [_name(one) for one in result]
        name = _name(variable)
        if name in names:
            result[names.index(name)] = dict(variable)
            continue
        places = [place + 1 for place, other in enumerate(names) if other in _references(variable)]
        place = max([first_ones, *places])
        first_ones += place == first_ones
        result.insert(place, dict(variable))
    return result


def without_present(present: Sequence[Variable], added: Iterable[Variable]) -> list[Variable]:
    """Return the variables of which none is there yet."""
    names = {_name(one) for one in present}
    return [variable for variable in added if _name(variable) not in names]


def _name(variable: Any) -> Any:
    return variable.get("name") if isinstance(variable, Mapping) else None


def _references(variable: Variable) -> set[str]:
    value = variable.get("value")
    return {name for name in _REFERENCE.findall(value) if name} if isinstance(value, str) else set()
