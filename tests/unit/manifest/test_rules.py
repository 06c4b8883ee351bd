"""A rule waits for what kubectl waits for, and is read from the JSON as kubectl reads it."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.manifest.rules import ConditionRule, Sign, parse, parse_all

READY = {"type": "Ready", "status": "True", "reason": "AllSet", "message": "3 of 3"}


def thing(*conditions: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "status": {"conditions": list(conditions), **status}}


@pytest.mark.parametrize(
    ("text", "wait_for"),
    [
        ("Complete", "condition=Complete"),
        ("condition=Complete", "condition=Complete"),
        ("Ready=False", "condition=Ready=False"),
        ("example.com/Ready=unknown", "condition=example.com/Ready=unknown"),
        ("{.status.phase}=Succeeded", "jsonpath={.status.phase}=Succeeded"),
        ("jsonpath={.status.phase}=Succeeded", "jsonpath={.status.phase}=Succeeded"),
        ("{.status.phase}='All done'", "jsonpath={.status.phase}=All done"),
        ("{.status.applied}=a=b", "jsonpath={.status.applied}=a=b"),
        (" {.status.app.state}=ok ", "jsonpath={.status.app.state}=ok"),
    ],
)
def test_a_rule_is_what_kubectl_wait_takes(text: str, wait_for: str) -> None:
    assert parse(text).wait_for == wait_for


@pytest.mark.parametrize(
    "text",
    [
        "",
        "status.phase=Succeeded",
        "jsonpath=.status.phase=Succeeded",
        "Ready=Maybe",
        "Ready=",
        "=True",
        "two words",
        "{.status.phase}",
        "{.status.phase}=",
        "{.status.phase}=''",
        "{.status.*}=Succeeded",
        '{.status.conditions[?(@.type=="Ready")].status}=True',
    ],
)
def test_what_is_no_rule_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"\{\.status\.phase\}"):
        parse(text)


def test_of_many_rules_the_empty_ones_are_left_out() -> None:
    assert parse_all(["", "Complete", " "]) == (ConditionRule("Complete"),)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("Ready", True), ("ready=true", True), ("Ready=False", False), ("Read", False), ("Complete", False)],
)
def test_a_condition_holds_with_its_type_and_status_in_any_case(text: str, holds: bool) -> None:
    assert (parse(text).sign_in(thing(READY)) is not None) is holds


def test_a_condition_tells_its_reason_and_message() -> None:
    assert parse("Ready").sign_in(thing(READY)) == Sign("AllSet", "3 of 3")
    assert parse("Ready").sign_in(thing({"type": "Ready", "status": "True"})) == Sign("", "")


def test_a_condition_of_an_earlier_generation_does_not_hold_yet() -> None:
    assert parse("Ready").sign_in(thing({**READY, "observedGeneration": 1})) is None
    assert parse("Ready").sign_in(thing({**READY, "observedGeneration": 2})) is not None
    assert parse("Ready").sign_in(thing(READY, observedGeneration=1)) is None


@pytest.mark.parametrize("bare", [{}, {"status": {}}, {"status": {"conditions": None}}, {"status": None}])
def test_nothing_holds_of_an_object_without_a_status(bare: dict[str, Any]) -> None:
    assert parse("Ready").sign_in(bare) is None
    assert parse("{.status.phase}=Done").sign_in(bare) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("Done", "Done"), (" Done ", "Done"), (True, "true"), (3, "3"), (0, "0"), (1.5, "1.5"), (2.0, "2")],
)
def test_a_field_holds_as_kubectl_prints_it(value: Any, text: str) -> None:
    rule = parse(f"{{.status.x}}={text}")
    assert rule.sign_in(thing(x=value)) == Sign(f".status.x is {text}")


@pytest.mark.parametrize("value", ["done", "Done.", None, ["Done"], {"Done": "Done"}])
def test_a_field_with_another_value_does_not_hold(value: Any) -> None:
    assert parse("{.status.x}=Done").sign_in(thing(x=value)) is None


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ({"message": "a wheel came off"}, "a wheel came off"),
        ({"reason": "Evicted", "message": "no memory"}, "Evicted: no memory"),
        ({"errorMessage": "driver failed"}, "driver failed"),
        ({"reason": "", "message": None}, ""),
        ({"message": ["not", "words"]}, ""),
    ],
)
def test_a_field_tells_what_stands_beside_it(beside: dict[str, Any], message: str) -> None:
    assert parse("{.status.phase}=Failed").sign_in(thing(phase="Failed", **beside)) == Sign(
        ".status.phase is Failed", message
    )
