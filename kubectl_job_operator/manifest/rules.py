"""When an object has come to its end: what ``kubectl wait --for`` waits for, and the same read from its JSON."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from kubectl_job_operator.manifest import field_path
from kubectl_job_operator.manifest.field_path import FieldPath
from kubectl_job_operator.objects import Object

_CONDITION = re.compile(r"(?P<type>[A-Za-z0-9][A-Za-z0-9._/-]*)(?:=(?P<status>True|False|Unknown))?", re.IGNORECASE)
_PATH = re.compile(r"(?P<path>\{.*\})=(?P<value>.*)")
_WORDS_BESIDE = ("reason", "message", "errorMessage")


@dataclass(frozen=True)
class Sign:
    """What in an object tells that a rule holds.

    :param reason: one word or a short sentence, as ``BackoffLimitExceeded`` or ``.status.phase is Failed``.
    :param message: in the cluster's words; may be empty.
    """

    reason: str
    message: str = ""


class Rule(Protocol):
    """Something that an object comes to one day."""

    @property
    def wait_for(self) -> str:
        """What ``kubectl wait --for=`` takes."""

    def sign_in(self, thing: Object) -> Sign | None:
        """Return what tells that it holds; ``None`` if it does not."""


@dataclass(frozen=True)
class ConditionRule:
    """A condition of the object's status, as ``Complete`` or ``Ready=False``. As for kubectl, case does not matter.

    :param type: the condition's type.
    :param status: ``True``, ``False`` or ``Unknown``; empty is ``True``.
    """

    type: str
    status: str = ""

    @property
    def wait_for(self) -> str:
        """What ``kubectl wait --for=`` takes."""
        return f"condition={self.type}" + (f"={self.status}" if self.status else "")

    def sign_in(self, thing: Object) -> Sign | None:
        """Return the condition's reason and message if it holds."""
        wanted = (self.type.lower(), (self.status or "True").lower())
        for condition in (thing.get("status") or {}).get("conditions") or ():
            found = (str(condition.get("type")).lower(), str(condition.get("status")).lower())
            if found == wanted and not _is_outdated(thing, condition):
                return Sign(condition.get("reason") or "", condition.get("message") or "")
        return None


@dataclass(frozen=True)
class FieldRule:
    """A field with a value, as ``{.status.phase}=Succeeded``.

    :param text: the field, as kubectl takes it: ``{.status.phase}``.
    :param path: the same, read.
    :param value: as text; numbers and booleans are compared as kubectl prints them.
    """

    text: str
    path: FieldPath
    value: str

    @property
    def wait_for(self) -> str:
        """What ``kubectl wait --for=`` takes."""
        return f"jsonpath={self.text}={self.value}"

    def sign_in(self, thing: Object) -> Sign | None:
        """Return the field with its value if it holds, and the message that stands beside it."""
        if _printed(field_path.look_up(thing, self.path)) != self.value:
            return None
        beside = field_path.look_up(thing, self.path[:-1])
        words = [beside.get(key) for key in _WORDS_BESIDE] if isinstance(beside, Mapping) else []
        said = dict.fromkeys(word for word in words if isinstance(word, str) and word)
        return Sign(f"{self.text.strip('{}')} is {self.value}", ": ".join(said))


def parse_all(texts: Iterable[str]) -> tuple[Rule, ...]:
    """Read rules of which any may hold; empty ones are left out.

    :raises ValueError: if one of them is no rule.
    """
    return tuple(parse(text) for text in texts if text.strip())


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Rule:
    """Read a rule.

    :param text: a condition (``Complete``, ``Ready=False``), or a field and its value
        (``{.status.phase}=Succeeded``, ``jsonpath={.status.phase}=Succeeded``).
    :raises ValueError: if it is neither.
    """
    text = text.strip().removeprefix("condition=")
    of_field = _PATH.fullmatch(text.removeprefix("jsonpath="))
    if of_field and (value := of_field["value"].strip().strip("'\"").strip()):
        return FieldRule(of_field["path"], field_path.parse(of_field["path"]), value)
    of_condition = _CONDITION.fullmatch(text)
    if of_condition and not of_field:
        return ConditionRule(of_condition["type"], of_condition["status"] or "")
    raise ValueError(
        f"{text!r} is neither the type of a condition, as Complete or Ready=False, nor a field and its value, as "
        "{.status.phase}=Succeeded"
    )


def _is_outdated(thing: Object, condition: Object) -> bool:
    """Whether it was said of an earlier state of the object's spec: kubectl does not take it for true then."""
    observed = condition.get("observedGeneration", (thing.get("status") or {}).get("observedGeneration"))
    generation = thing["metadata"].get("generation") if "metadata" in thing else None
    return isinstance(observed, int) and isinstance(generation, int) and observed < generation


def _printed(value: Any) -> str | None:
    """Return a value as kubectl compares it; ``None`` for what it cannot compare."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value).strip() if isinstance(value, (str, int)) else None
