"""Which rights an account lacks, from what ``kubectl auth can-i --list --no-headers`` prints."""

from __future__ import annotations

import pytest

from kubectl_job_operator.status import rights
from kubectl_job_operator.status.rights import FOR_A_JOB, Granted, wanted
from tests import predecessors
from tests.unit.recordings import FIXTURES

JOB = {"apiVersion": "batch/v1", "kind": "Job"}
POD = {"apiVersion": "v1", "kind": "Pod"}
WIDGET = {"apiVersion": "example.com/v1", "kind": "Widget"}

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
    return {str(right) for right in Granted.read(EVERYBODY + rows).lacks(FOR_A_JOB.needed)}


def _not_helped(rows: str) -> set[str]:
    return {str(right) for right in Granted.read(EVERYBODY + rows).lacks(FOR_A_JOB.helpful)}


def test_an_account_with_exactly_these_rights_lacks_none() -> None:
    assert _missing(ENOUGH) == _not_helped(ENOUGH) == set()


def test_an_account_without_any_lacks_all() -> None:
    assert _missing("") == {
        *(f"{verb} jobs.batch" for verb in ("get", "list", "watch", "create", "patch", "delete")),
        "get pods",
        "list pods",
        "get pods/log",
    }
    assert _not_helped("") == {"watch pods", "list events"}


@pytest.mark.parametrize(
    ("row", "lacking", "not_helped"),
    [
        ("pods/log     []   []   [get]\n", {"get pods/log"}, set()),
        ("events       []   []   [list]\n", set(), {"list events"}),
        ("pods         []   []   [get list watch]\n", {"get pods", "list pods"}, {"watch pods"}),
    ],
)
def test_each_right_that_is_taken_away_is_missing(row: str, lacking: set[str], not_helped: set[str]) -> None:
    assert row in ENOUGH
    assert _missing(ENOUGH.replace(row, "")) == lacking
    assert _not_helped(ENOUGH.replace(row, "")) == not_helped


def test_what_reads_the_logs_only_helps_where_they_are_not_shown() -> None:
    silent = wanted(JOB, reads_logs=False)
    assert {str(right) for right in {*FOR_A_JOB.needed} - {*silent.needed}} == {"get pods", "get pods/log"}
    assert {*silent.needed, *silent.helpful} == {*FOR_A_JOB.needed, *FOR_A_JOB.helpful}


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
"""
WIDGETS = """\
widgets.example.com   []   []   [get list watch create patch delete]
pods                  []   []   [get list watch]
pods/log              []   []   [get]
"""


@pytest.mark.parametrize(
    ("kind", "plural", "rows", "lacking"),
    [
        (JOB, None, ENOUGH, set()),
        (POD, None, PODS_OF_ITS_OWN, set()),
        (POD, None, PODS_OF_ITS_OWN.replace(" watch", ""), {"watch pods"}),
        (POD, None, ENOUGH, {"create pods", "patch pods", "delete pods"}),
        (WIDGET, "widgets", WIDGETS, set()),
        (WIDGET, "widgets", WIDGETS.replace(" delete", ""), {"delete widgets.example.com"}),
        (
            WIDGET,
            "widgets",
            WIDGETS.replace("widgets.", "gadgets.").replace(" watch", ""),
            {f"{verb} widgets.example.com" for verb in ["get", "list", "watch", "create", "patch", "delete"]},
        ),
        (WIDGET, "widgets", "*.*   []   []   [*]\n", set()),
        (WIDGET, "widgets", WIDGETS.replace("widgets.", "*."), set()),
        (WIDGET, None, ENOUGH, set()),
        (
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim"},
            "persistentvolumeclaims",
            ENOUGH.replace("jobs.batch", "persistentvolumeclaims"),
            set(),
        ),
    ],
)
def test_another_kind_needs_rights_on_its_own_resource_and_those_on_pods(
    kind: dict[str, str], plural: str | None, rows: str, lacking: set[str]
) -> None:
    needed = wanted(kind, plural=plural).needed
    assert {str(right) for right in Granted.read(EVERYBODY + rows).lacks(needed)} == lacking


def test_what_a_pod_needs_is_not_called_helpful() -> None:
    assert [str(right) for right in wanted(POD).helpful] == ["list events"]


def test_a_cluster_that_does_not_tell_refuses_nobody() -> None:
    assert not Granted.read(None).is_known
    assert Granted.read(None).lacks(FOR_A_JOB.needed) == []


CORE = (FIXTURES / "rights" / "api-resources-core.txt").read_text()
CUSTOM = "gadgets             example.com/v1   true   Gadget\nwidgets   wi,wd   example.com/v1   true   Widget\n"


@pytest.mark.parametrize(
    ("listed", "thing", "plural"),
    [
        (CORE, {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}, "persistentvolumeclaims"),
        (CORE, {"apiVersion": "v1", "kind": "Endpoints"}, "endpoints"),
        (CORE, {"apiVersion": "v1", "kind": "Secret"}, "secrets"),
        (CORE, {"apiVersion": "v2", "kind": "Secret"}, None),
        (CORE, WIDGET, None),
        (CUSTOM, WIDGET, "widgets"),
        (CUSTOM, {"apiVersion": "example.com/v1", "kind": "Gadget"}, "gadgets"),
        ("", WIDGET, None),
        ("No resources found\n", WIDGET, None),
        ("\n", WIDGET, None),
    ],
)
def test_the_name_of_a_resource_is_the_cluster_s(listed: str, thing: dict[str, str], plural: str | None) -> None:
    assert rights.plural(listed, thing) == plural


def _granted(role: str) -> Granted:
    return Granted.read((FIXTURES / "rights" / f"{role}.txt").read_text())


@pytest.mark.parametrize("role", predecessors.RULES)
def test_the_role_of_a_predecessor_is_enough_for_a_job(role: str) -> None:
    assert _granted(role).lacks(FOR_A_JOB.needed) == []
    assert rights.advice(JOB, _granted(role)) == ""


def test_a_role_without_events_only_tells_less() -> None:
    assert [str(right) for right in _granted("airflow-kube-job-operator").lacks(FOR_A_JOB.helpful)] == ["list events"]


@pytest.mark.parametrize("role", predecessors.RULES_FOR_PODS)
def test_an_account_that_may_only_run_pods_runs_pods_and_is_told_so(role: str) -> None:
    granted = _granted(role)
    assert granted.lacks(wanted(POD).needed) == []
    assert {right.resource for right in granted.lacks(FOR_A_JOB.needed)} == {"jobs"}
    assert "allowJobLaunching" in rights.advice(JOB, granted)
    assert rights.advice(POD, granted) == ""


def test_an_account_that_may_run_neither_is_not_sent_to_pods() -> None:
    assert rights.advice(JOB, Granted.read(EVERYBODY)) == ""
