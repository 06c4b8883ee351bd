"""What an object is waited for to come to, and how far it is: pure functions over its JSON."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from kubectl_job_operator import objects
from kubectl_job_operator.manifest import field_path, rules
from kubectl_job_operator.manifest.rules import ConditionRule, FieldRule, Rule
from kubectl_job_operator.objects import Object

DELETE = "delete"
"""In the place of a rule: that there is no such object."""

_LONGEST_VALUE = 200


@dataclass(frozen=True)
class Awaited:
    """What is waited for.

    :param success: the rule that has to hold; ``None`` is the object's deletion.
    :param failure: a rule after which nobody waits any longer; ``None`` for none.
    :param text: as its author wrote the first one.
    """

    success: Rule | None
    failure: Rule | None
    text: str

    @classmethod
    def parse(cls, wait_for: str, failure_when: str | None = None) -> Awaited:
        """Read what an author has written.

        :param wait_for: a rule, or ``delete``.
        :param failure_when: a rule.
        :raises ValueError: if one of them is none.
        """
        text = wait_for.strip()
        return cls(
            None if text == DELETE else rules.parse(text),
            rules.parse(failure_when) if failure_when is not None else None,
            text,
        )

    @property
    def words(self) -> str:
        """What is waited for, in a word or two."""
        return "deletion" if self.success is None else self.text


class Verdict(enum.Enum):
    """How an object stands to what it is waited for."""

    MET = "met"
    FAILED = "failed"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Judgement:
    """What an object tells.

    :param verdict: whether it has come to what it is waited for.
    :param state: how it is, in a few words behind its name and a colon.
    """

    verdict: Verdict
    state: str


def judge(thing: Object | None, awaited: Awaited) -> Judgement:
    """Judge an object as it was seen; ``None`` where there is none."""
    if thing is None:
        is_met = awaited.success is None
        return Judgement(Verdict.MET if is_met else Verdict.NOT_YET, "there is none")
    failed = awaited.failure.sign_in(thing) if awaited.failure is not None else None
    if awaited.failure is not None and failed is not None:
        return Judgement(Verdict.FAILED, state_of(thing, awaited.failure))
    if awaited.success is None:
        return Judgement(Verdict.NOT_YET, state_of(thing, None))
    is_met = awaited.success.sign_in(thing) is not None
    return Judgement(Verdict.MET if is_met else Verdict.NOT_YET, state_of(thing, awaited.success))


def state_of(thing: Object, rule: Rule | None) -> str:
    """Tell how an object is, as far as the rule is about it; without a rule, whether it is being deleted."""
    parts = [_of_rule(thing, rule)] if rule is not None else []
    if objects.is_being_deleted(thing):
        finalizers = ", ".join(thing["metadata"].get("finalizers") or ())
        held = f", held by {finalizers}" if finalizers else ""
        parts.append(f"it is being deleted since {thing['metadata']['deletionTimestamp']}{held}")
    return "; ".join(parts) or "it is there"


def _of_rule(thing: Object, rule: Rule) -> str:
    if isinstance(rule, ConditionRule):
        return _of_condition(thing, rule.type)
    if isinstance(rule, FieldRule):
        return _of_field(thing, rule)
    raise AssertionError(f"there is no other kind of rule, but this is {rule!r}")


def _of_condition(thing: Object, type_: str) -> str:
    conditions = objects.status_of(thing).get("conditions") or ()
    found = next((one for one in conditions if str(one.get("type")).lower() == type_.lower()), None)
    if found is None:
        others = ", ".join(f"{one.get('type')}={one.get('status')}" for one in conditions)
        return f"it has no condition {type_}" + (f", but {others}" if others else "")
    said = ": ".join(filter(None, (found.get("reason"), found.get("message"))))
    return f"{found.get('type')} is {found.get('status')}" + (f" ({_cut(said)})" if said else "")


def _of_field(thing: Object, rule: FieldRule) -> str:
    name = rule.text.strip("{}")
    value = field_path.look_up(thing, rule.path)
    if value is None:
        return f"it has no {name}"
    if thing.get("kind") == "Secret":
        return f"it has {name}, which is not shown"
    return f"{name} is {_cut(str(value))}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
