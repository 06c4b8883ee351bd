"""What the fault bench takes for harm, and what not."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.deployment import Try
from tests.faults.evidence import Container, Evidence, JobLife, Leftovers, Request
from tests.faults.judge import Harm, Rules, judge, late, notice_seconds
from tests.faults.plan import TaskPlan
from tests.faults.telling import Told

PLAN = TaskPlan("task-1", 5.0, 0, "IfSucceeded", has_companion=True, backoff_limit=0, retries=1)
FAILING = replace(PLAN, exit_code=3)
FIRST, AGAIN = Try(1, "failed", 0.0, 20.0), Try(2, "success", 30.0, 60.0)
COMPLETE = JobLife("a", "task-1", "d", 1.0, "Complete", 10.0, 11.0)
FAILED = replace(COMPLETE, verdict="Failed")
VANISHED = replace(COMPLETE, verdict="", ended_at=None)
SECOND = JobLife("b", "task-1", "d", 31.0, "Complete", 40.0, 41.0)
DONE, DONE_AGAIN = Container("a", "p1", 2.0, 9.0), Container("b", "p2", 32.0, 39.0)
GOOD = Evidence(PLAN, "success", [AGAIN], [COMPLETE], [DONE])
URI = "/apis/batch/v1/namespaces/here/jobs/task-1?fieldManager=x"


def evidence(**changes: Any) -> Evidence:
    return replace(GOOD, **changes)


HARMLESS: dict[str, tuple[Evidence, Rules]] = {
    "a Job that did its work and is gone": (GOOD, Rules()),
    "a Job that failed and was made anew": (
        evidence(tries=[FIRST, AGAIN], jobs=[FAILED, SECOND], containers=[DONE_AGAIN]),
        Rules(),
    ),
    "a Job of each try, of which Airflow lists the last alone": (
        evidence(tries=[AGAIN], jobs=[FAILED, SECOND], containers=[DONE_AGAIN]),
        Rules(),
    ),
    "a failing Job that ran in each try and stays": (
        Evidence(
            FAILING,
            "failed",
            [FIRST, replace(AGAIN, state="failed")],
            [FAILED, replace(SECOND, verdict="Failed", deleted_at=None)],
            [DONE, DONE_AGAIN],
            leftovers=Leftovers(("task-1",), ("task-1",), {"p2": "b"}, {"x": ("job.yaml",), "y": ("job.yaml",)}),
        ),
        Rules(),
    ),
    "a Job that was deleted by the fault and made anew": (
        evidence(tries=[FIRST, AGAIN], jobs=[VANISHED, SECOND], containers=[DONE, DONE_AGAIN]),
        Rules(ends_jobs=True),
    ),
    "a pod that was deleted when its work was done, which Kubernetes counts as a failure": (
        evidence(tries=[FIRST, AGAIN], jobs=[FAILED, SECOND], containers=[DONE, DONE_AGAIN]),
        Rules(),
    ),
    "a companion that was kept with a Job that the fault deleted when all was over": (
        evidence(plan=replace(PLAN, delete_policy="Never"), leftovers=Leftovers(config_maps=("task-1",))),
        Rules(ends_jobs=True),
    ),
    "a task that Airflow ended, and no Job": (
        evidence(state="failed", tries=[FIRST], jobs=[VANISHED], containers=[]),
        Rules(ends_jobs=True, ends_tasks=True),
    ),
    "a fault that its log named in time, and one that it need not have named": (
        evidence(told=[Told(True, "is NotReady", 60.0, 15.0), Told(False)]),
        Rules(),
    ),
    "a task that could never begin": (evidence(state="failed", jobs=[], containers=[]), Rules(stops_start=True)),
    "a pod that its Job replaced": (
        evidence(containers=[DONE, Container("a", "p2", 3.0, 10.0)]),
        Rules(),
    ),
    "a cache that a killed worker could not remove": (
        evidence(tries=[FIRST, AGAIN], is_hit=True, leftovers=Leftovers(folders={"x": ("job.yaml", "cache/a")})),
        Rules(kills_workers=True),
    ),
}

HARMFUL: dict[str, tuple[Evidence, Rules, Harm, str]] = {
    "another Job after a Complete one": (
        evidence(tries=[FIRST, AGAIN], jobs=[COMPLETE, SECOND], containers=[]),
        Rules(ends_jobs=True),
        Harm.DUPLICATE,
        "though Job a had been Complete",
    ),
    "two Jobs at once": (
        evidence(tries=[FIRST, AGAIN], jobs=[replace(VANISHED, deleted_at=None), SECOND], containers=[]),
        Rules(),
        Harm.DUPLICATE,
        "while Job a was there",
    ),
    "a running Job that is begun anew": (
        evidence(tries=[FIRST, AGAIN], jobs=[VANISHED, SECOND], containers=[]),
        Rules(),
        Harm.DUPLICATE,
        "deleted before its end, and Job b created",
    ),
    "pods of two Jobs at once": (
        evidence(
            tries=[FIRST, AGAIN], jobs=[FAILED, SECOND], containers=[Container("a", "p1", 2.0, None, 33.0), DONE_AGAIN]
        ),
        Rules(),
        Harm.DUPLICATE,
        "p1 and p2 of two Jobs ran at once",
    ),
    "a Job that no watch saw": (
        evidence(requests=[Request(1.0, "patch", URI, 201), Request(2.0, "patch", URI, 201)]),
        Rules(),
        Harm.DUPLICATE,
        "shows 2 Jobs created, but only 1",
    ),
    "more Jobs than tries": (
        evidence(tries=[FIRST], jobs=[FAILED, SECOND], containers=[]),
        Rules(),
        Harm.DUPLICATE,
        "2 Jobs were created in 1 tries",
    ),
    "work done twice": (
        evidence(tries=[FIRST, AGAIN], jobs=[VANISHED, SECOND], containers=[DONE, DONE_AGAIN]),
        Rules(),
        Harm.DOUBLED_WORK,
        "Job b did it again",
    ),
    "success without a Complete Job": (
        evidence(jobs=[VANISHED]),
        Rules(ends_jobs=True, ends_tasks=True),
        Harm.WRONG_VERDICT,
        "is a success, but",
    ),
    "success of a failing Job": (evidence(plan=FAILING, jobs=[FAILED]), Rules(), Harm.WRONG_VERDICT, "is a success"),
    "failure of a good Job": (
        evidence(state="failed", tries=[FIRST]),
        Rules(),
        Harm.WRONG_VERDICT,
        "failed in 1 failed, but",
    ),
    "a task that is skipped": (evidence(state="skipped"), Rules(), Harm.WRONG_VERDICT, "skipped"),
    "a Job that should be gone": (
        evidence(leftovers=Leftovers(jobs=("task-1",), config_maps=("task-1",))),
        Rules(),
        Harm.LEFT_BEHIND,
        "is there, though delete_policy is IfSucceeded",
    ),
    "a Job that should be there": (
        evidence(plan=replace(PLAN, delete_policy="Never")),
        Rules(),
        Harm.LEFT_BEHIND,
        "is gone, though delete_policy is Never",
    ),
    "a companion alone": (
        evidence(leftovers=Leftovers(config_maps=("task-1",))),
        Rules(),
        Harm.LEFT_BEHIND,
        "ConfigMap task-1 is there without its Job",
    ),
    "a kept Job without its companion": (
        evidence(plan=replace(PLAN, delete_policy="Never"), leftovers=Leftovers(jobs=("task-1",))),
        Rules(),
        Harm.LEFT_BEHIND,
        "its ConfigMap is gone",
    ),
    "a pod alone": (evidence(leftovers=Leftovers(pods={"p": "a"})), Rules(), Harm.LEFT_BEHIND, "pods without a Job"),
    "a kubectl": (evidence(leftovers=Leftovers(kubectls=("kubectl wait",))), Rules(), Harm.LEFT_BEHIND, "still runs"),
    "a folder after a success": (
        evidence(leftovers=Leftovers(folders={"x": ("job.yaml",)})),
        Rules(),
        Harm.LEFT_BEHIND,
        "1 of our folders are there after 0 tries",
    ),
    "a file that is no manifest": (
        evidence(tries=[FIRST, AGAIN], leftovers=Leftovers(folders={"x": ("kubeconfig",)})),
        Rules(),
        Harm.LEFT_BEHIND,
        "x/kubeconfig",
    ),
    "a file of nobody": (evidence(leftovers=Leftovers(other_files=("x",))), Rules(), Harm.LEFT_BEHIND, "other"),
    "a fault that its log did not name": (
        evidence(told=[Told(True)]),
        Rules(),
        Harm.UNTOLD,
        "was named in its log never",
    ),
    "a fault that its log named late": (
        evidence(told=[Told(True, "is NotReady", 60.0, 15.5)]),
        Rules(),
        Harm.UNTOLD,
        "only after 15.5 s (is NotReady)",
    ),
    "no end": (evidence(state=""), Rules(), Harm.ENDLESS, "had not ended; its tries: 2 success"),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_must_be_so_is_no_harm(case: str) -> None:
    found, rules = HARMLESS[case]
    assert judge(found, rules) == []


@pytest.mark.parametrize("case", HARMFUL)
def test_each_harm_is_found_and_told(case: str) -> None:
    found, rules, harm, words = HARMFUL[case]
    findings = [finding for finding in judge(found, rules) if finding.harm is harm]
    assert any(re.search(re.escape(words), finding.sentence) for finding in findings), judge(found, rules)
    assert {finding.task_id for finding in findings} == {"task-1"}


WATCH = Request(32.0, "watch", f"{URI}&fieldSelector=metadata.name%3Dtask-1", 200)


def noticing(*requests: Request, job: JobLife = SECOND, **changes: Any) -> list[float]:
    outages = changes.pop("outages", [])
    return notice_seconds(evidence(tries=[FIRST, AGAIN], jobs=[job], requests=requests, **changes), outages)


def test_an_end_is_noticed_when_the_worker_that_waited_acts_on_it() -> None:
    acts = Request(40.25, "list", "/api/v1/namespaces/here/pods?labelSelector=controller-uid%3Db", 200)
    later = replace(acts, at=50.0)
    assert noticing(WATCH, replace(WATCH, at=40.1), acts, later) == [0.25]


def test_an_outage_does_not_count() -> None:
    acts = Request(48.0, "get", URI, 200)
    assert noticing(WATCH, acts, outages=[(30.0, 41.0), (42.0, 46.0), (47.5, 99.0)]) == [pytest.approx(2.5)]


def test_where_no_worker_waited_there_is_nothing_to_measure() -> None:
    acts = Request(40.25, "get", URI, 200)
    assert noticing(acts) == []
    assert noticing(WATCH, acts, job=replace(SECOND, ended_at=25.0)) == []
    assert noticing(WATCH, job=replace(SECOND, verdict="", ended_at=None, deleted_at=None)) == []


def test_a_deletion_is_noticed_too_unless_it_is_the_workers_own() -> None:
    gone = replace(SECOND, verdict="", ended_at=None, deleted_at=40.0)
    acts = Request(41.0, "get", URI, 404)
    assert noticing(WATCH, acts, job=gone) == [1.0]
    assert noticing(WATCH, Request(39.9, "deletecollection", URI, 200), acts, job=gone) == []


def test_more_than_five_seconds_are_harm() -> None:
    assert [finding.harm for finding in late(GOOD, [0.1, 5.0, 5.1])] == [Harm.LATE]
