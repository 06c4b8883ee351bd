"""Which rights an account lacks, from what ``kubectl auth can-i --list --no-headers`` prints."""

from __future__ import annotations

import pytest

from kubectl_job_operator.status.rights import NEEDED, missing, needed_for

# As kubectl 1.32 prints the rules that every account has.
EVERYBODY = """\
selfsubjectreviews.authentication.k8s.io        []   []   [create]
selfsubjectaccessreviews.authorization.k8s.io   []   []   [create]
selfsubjectrulesreviews.authorization.k8s.io    []   []   [create]
                                                [/api/*]   []   [get]
                                                [/healthz]   []   [get]
"""
ENOUGH = """\
jobs.batch   []   []   [get list watch create patch delete]
pods         []   []   [get list watch]
pods/log     []   []   [get]
events       []   []   [list]
"""


def _missing(rows: str) -> set[str]:
    return {str(right) for right in missing(EVERYBODY + rows)}


def test_an_account_with_exactly_the_needed_rights_lacks_none() -> None:
    assert _missing(ENOUGH) == set()


def test_an_account_without_any_lacks_all() -> None:
    assert _missing("") == {str(right) for right in NEEDED}
    assert len(NEEDED) == 11


@pytest.mark.parametrize(
    ("row", "lacking"),
    [
        ("pods/log     []   []   [get]\n", {"get pods/log"}),
        ("events       []   []   [list]\n", {"list events"}),
        ("pods         []   []   [get list watch]\n", {"get pods", "list pods", "watch pods"}),
    ],
)
def test_each_right_that_is_taken_away_is_missing(row: str, lacking: set[str]) -> None:
    assert row in ENOUGH
    assert _missing(ENOUGH.replace(row, "")) == lacking


def test_a_verb_that_is_taken_away_is_missing() -> None:
    assert _missing(ENOUGH.replace(" patch", "")) == {"patch jobs.batch"}


@pytest.mark.parametrize(
    "rows",
    [
        "*.*   []   []   [*]\n",
        "*.batch   []   []   [*]\n*   []   []   [*]\n",
        "jobs.batch   []   []   [*]\npods   []   []   [*]\npods/log   []   []   [*]\nevents   []   []   [*]\n",
        "jobs.*   []   []   [*]\npods.*   []   []   [*]\npods.*/log   []   []   [get]\nevents.*   []   []   [*]\n",
    ],
)
def test_wildcards_are_understood(rows: str) -> None:
    assert _missing(rows) == set()


def test_rights_in_two_rows_add_up() -> None:
    rows = ENOUGH.replace("[get list watch create patch delete]", "[get list watch]")
    assert _missing(f"{rows}jobs.batch   []   []   [create patch delete]\n") == set()


PODS_OF_ITS_OWN = """\
pods       []   []   [get list watch create patch delete]
pods/log   []   []   [get]
events     []   []   [list]
"""
WIDGETS = """\
widgets.example.com   []   []   [get list watch create patch delete]
pods                  []   []   [get list watch]
pods/log              []   []   [get]
events                []   []   [list]
"""


@pytest.mark.parametrize(
    ("kind", "rows", "lacking"),
    [
        ({"apiVersion": "batch/v1", "kind": "Job"}, ENOUGH, set()),
        ({"apiVersion": "v1", "kind": "Pod"}, PODS_OF_ITS_OWN, set()),
        ({"apiVersion": "v1", "kind": "Pod"}, ENOUGH, {"create pods", "patch pods", "delete pods"}),
        ({"apiVersion": "example.com/v1", "kind": "Widget"}, WIDGETS, set()),
        (
            {"apiVersion": "example.com/v1", "kind": "Widget"},
            WIDGETS.replace(" delete", ""),
            {"delete (any resource).example.com"},
        ),
        ({"apiVersion": "example.com/v1", "kind": "Widget"}, "*.*   []   []   [*]\n", set()),
        ({"apiVersion": "example.com/v1", "kind": "Widget"}, WIDGETS.replace("widgets.", "*."), set()),
    ],
)
def test_another_kind_needs_its_own_rights_and_those_on_pods(
    kind: dict[str, str], rows: str, lacking: set[str]
) -> None:
    assert {str(right) for right in missing(EVERYBODY + rows, needed_for(kind))} == lacking


def test_another_kind_without_any_right_lacks_those_of_its_group() -> None:
    lacking = {str(right) for right in missing(EVERYBODY + ENOUGH, needed_for({"apiVersion": "example.com/v1"}))}
    assert lacking == {
        f"{verb} (any resource).example.com" for verb in ["get", "list", "watch", "create", "patch", "delete"]
    }
