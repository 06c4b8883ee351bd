"""A path leads to one field, as kubectl's JSONPath does; what could lead to several is refused."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.manifest.field_path import look_up, parse

THING: dict[str, Any] = {
    "metadata": {"labels": {"example.com/kind": "big", "my-field": "dashed"}},
    "status": {"phase": "Done", "steps": [{"state": "first"}], "none": None, "count": 0},
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{.status.phase}", "Done"),
        ("{.status['phase']}", "Done"),
        (r"{.metadata.labels['example\.com/kind']}", "big"),
        (r"{.metadata.labels.example\.com/kind}", "big"),
        ("{.metadata.labels.my-field}", "dashed"),
        ("{.status.count}", 0),
    ],
)
def test_a_path_leads_to_its_field(text: str, found: Any) -> None:
    assert look_up(THING, parse(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "{.status.absent}",
        "{.status.phase.deeper}",
        "{.status.steps.state}",
        "{.status.none}",
        "{.status.none.deeper}",
    ],
)
def test_a_path_to_nothing_finds_nothing(text: str) -> None:
    assert look_up(THING, parse(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "{.}",
        ".status.phase",
        "{status.phase}",
        "{$.status}",
        "{.status..phase}",
        "{..phase}",
        "{.status.*}",
        "{.status.steps[*].state}",
        "{.status.steps[0]}",
        "{.status.steps[0:1]}",
        "{.status.steps[-1]}",
        "{.status.steps[]}",
        '{.status.conditions[?(@.type=="Ready")].status}',
        '{.status["phase"]}',
        "{.status.phase} {.status.count}",
        "{.status.phase",
    ],
)
def test_what_is_no_path_to_one_field_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a path to one field, .*; write it as \{\.status\.phase\}"):
        parse(text)
