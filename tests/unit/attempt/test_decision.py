"""What a new try does about the Job that has the name: the table is the specification."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from kubectl_job_operator.attempt.decision import Decision, decide
from kubectl_job_operator.attempt.identity import Identity, Round
from kubectl_job_operator.manifest.labels import TRY_LABEL
from tests.unit import recordings

PENDING, RUNNING, COMPLETE, FAILED, SUSPENDED = (
    "unschedulable",
    "running",
    "complete",
    "failed-exit-code",
    "suspended",
)
DELETED = "running, being deleted"
GONE_SOON = "Complete, held by a finalizer"

RUN = "2026-01-01T06:00:00.000000+00:00"
RUN_AGAIN = "2026-01-01T09:00:00.000000+00:00"
ROUND = Round(RUN, 0, 3)
FIRST = Identity("dag", "task", "scheduled__2026-01-01", -1, 1, 1, "blue", ROUND, "20260101T060010.000000")
"""The first try of a run; its round may have four."""


def try_of(number: int, at: str = "", of: Identity = FIRST, **changes: Any) -> Identity:
    """Return another try of the same task instance.

    :param at: when it began; default is an hour later for each number.
    """
    started = at or f"20260101T{5 + number:02}0010.000000"
    return replace(of, try_number=number, started=started, **changes)


CLEARED = try_of(3, round=Round(RUN, 1, 5))
"""The first try after a Clear: two tries were before it, and three more may come."""
RUN_MADE_AGAIN = try_of(1, at="20260101T090010.000000", round=Round(RUN_AGAIN, 0, 3))
RETRY = try_of(2)
THIRD = try_of(3)
TESTED_AGAIN = try_of(1, at="20260101T090010.000000")
"""The first try of `airflow dags test`, run twice for one day: Airflow 2 gives both runs one start."""
CLEARED_WHILE_RUNNING = try_of(5, round=Round(RUN, 0, 4))
"""A fifth try, though the round has four: Airflow gave it one more, for a Clear."""
BEGUN_ANEW = replace(TESTED_AGAIN, has_exact_round=True)
"""A second process of the first try: Airflow 3.3 takes a deferred one for killed, and begins it anew."""
OTHER_RUN = replace(FIRST, run_id="scheduled__2026-01-02")
OTHER_INDEX = replace(FIRST, map_index=4)
OTHER_AIRFLOW = replace(FIRST, installation="green")
OLD_VERSION = replace(FIRST, installation="", round=None, started="")

A, T, P, F = Decision.APPLY, Decision.ADOPT, Decision.REPLACE, Decision.REFUSE

#   who asks, whose the Job is, its state -> what is done, and how the log says why
TABLE: list[tuple[str, Identity, Identity | None, str, Decision, str]] = [
    ("an earlier try's Job goes on", RETRY, FIRST, RUNNING, T, "from try 1, and it has not ended"),
    ("so does one that waits", RETRY, FIRST, PENDING, T, "has not ended"),
    ("and one that is suspended", RETRY, FIRST, SUSPENDED, T, "has not ended"),
    ("work that an earlier try has done is done", RETRY, FIRST, COMPLETE, T, "from try 1, and it is Complete"),
    ("also where a finalizer holds the Job", RETRY, FIRST, GONE_SOON, T, "is Complete"),
    ("what failed is run again", RETRY, FIRST, FAILED, P, "from try 1, and it failed"),
    ("what is being deleted is waited for", RETRY, FIRST, DELETED, P, "being deleted"),
    ("after an unclear answer, this very try's own", FIRST, FIRST, RUNNING, T, "from try 1"),
    ("complete by then", FIRST, FIRST, COMPLETE, T, "from try 1"),
    ("a frozen worker that wakes takes nothing", FIRST, THIRD, RUNNING, F, "^try 3 of this task has taken it over"),
    ("nor does it run again what has failed since", FIRST, THIRD, FAILED, F, "try 3"),
    ("nor touch what is being deleted", FIRST, THIRD, DELETED, F, "try 3"),
    ("what has been done since is done", FIRST, THIRD, COMPLETE, T, "from try 3, and it is Complete"),
    ("a Clear starts anew: running", CLEARED, RETRY, RUNNING, P, "from try 2, before the task was cleared"),
    ("a Clear starts anew: Complete", CLEARED, RETRY, COMPLETE, P, "before the task was cleared"),
    ("a Clear starts anew: Failed", CLEARED, RETRY, FAILED, P, "it failed"),
    ("a Clear starts anew: being deleted", CLEARED, RETRY, DELETED, P, "before the task was cleared"),
    ("a Clear starts anew: held by a finalizer", CLEARED, RETRY, GONE_SOON, P, "before the task was cleared"),
    ("cleared while its worker was dead", CLEARED_WHILE_RUNNING, try_of(4), RUNNING, P, "before the task was cleared"),
    ("from before the Clear, waking late", RETRY, CLEARED, RUNNING, F, "try 3"),
    ("a run made again starts anew: running", RUN_MADE_AGAIN, FIRST, RUNNING, P, "from try 1, before its run was"),
    ("a run made again starts anew: Complete", RUN_MADE_AGAIN, FIRST, COMPLETE, P, "made again"),
    ("a run made again starts anew: Failed", RUN_MADE_AGAIN, THIRD, FAILED, P, "it failed"),
    ("also where the old run tried more often", RUN_MADE_AGAIN, THIRD, RUNNING, P, "from try 3, before its run"),
    ("and had done its work", RUN_MADE_AGAIN, THIRD, COMPLETE, P, "from try 3, before its run"),
    ("a try of the deleted run, waking late", THIRD, RUN_MADE_AGAIN, RUNNING, F, "try 1"),
    ("one of the same number", FIRST, RUN_MADE_AGAIN, RUNNING, F, "^try 1 of this task, which began later, has taken"),
    ("its retries go on with their own", try_of(2, of=RUN_MADE_AGAIN), RUN_MADE_AGAIN, RUNNING, T, "from try 1"),
    ("tested again: running", TESTED_AGAIN, FIRST, RUNNING, P, "before its run was made again"),
    ("tested again: Complete", TESTED_AGAIN, FIRST, COMPLETE, P, "before its run was made again"),
    ("tested again: after three tries", TESTED_AGAIN, THIRD, COMPLETE, P, "before its run was made again"),
    ("begun anew: running", BEGUN_ANEW, FIRST, RUNNING, T, "from try 1, and it has not ended"),
    ("begun anew: Complete", BEGUN_ANEW, FIRST, COMPLETE, T, "from try 1, and it is Complete"),
    ("begun anew: Failed", BEGUN_ANEW, FIRST, FAILED, P, "from try 1, and it failed"),
    ("begun anew after a Clear", replace(BEGUN_ANEW, round=Round(RUN, 1, 3)), FIRST, COMPLETE, P, "was cleared"),
    (
        "begun anew in a run made again",
        replace(BEGUN_ANEW, round=RUN_MADE_AGAIN.round),
        FIRST,
        COMPLETE,
        P,
        "made again",
    ),
    ("begun anew, and a higher number is there", BEGUN_ANEW, try_of(2), COMPLETE, P, "from try 2"),
    ("the process that was taken for killed", FIRST, BEGUN_ANEW, RUNNING, F, "^try 1 of this task, which began later,"),
    ("another run's is its own: running", FIRST, OTHER_RUN, RUNNING, F, "run scheduled__2026-01-02 and has not ended"),
    ("another run's is its own: pending", FIRST, OTHER_RUN, PENDING, F, "has not ended"),
    ("another run's, Complete, is in nobody's way", FIRST, OTHER_RUN, COMPLETE, P, r"has ended \(Complete\)"),
    ("another run's, Failed, is in nobody's way", RETRY, OTHER_RUN, FAILED, P, r"has ended \(Failed\)"),
    ("another run's later try, Complete", FIRST, try_of(4, of=OTHER_RUN), COMPLETE, P, "has ended"),
    ("another run's, being deleted", FIRST, OTHER_RUN, DELETED, P, "being deleted"),
    ("another map index's: running", FIRST, OTHER_INDEX, RUNNING, F, "map index 4 and has not ended"),
    ("another map index's: Complete", FIRST, OTHER_INDEX, COMPLETE, P, "map index 4 and has ended"),
    ("another Airflow's: running", FIRST, OTHER_AIRFLOW, RUNNING, F, "another Airflow .* and has not ended"),
    ("another Airflow's earlier try: running", RETRY, OTHER_AIRFLOW, RUNNING, F, "another Airflow"),
    ("another Airflow's: Complete", FIRST, OTHER_AIRFLOW, COMPLETE, P, "another Airflow .* has ended"),
    ("nobody's: running", FIRST, None, RUNNING, F, "no task of Airflow and has not ended"),
    ("nobody's: suspended", FIRST, None, SUSPENDED, F, "has not ended"),
    ("nobody's: Complete", FIRST, None, COMPLETE, P, r"no task of Airflow and has ended \(Complete\)"),
    ("nobody's: being deleted", FIRST, None, DELETED, P, "being deleted"),
    ("of version 0.1, an earlier try's: running", RETRY, OLD_VERSION, RUNNING, T, "from try 1, and it has not ended"),
    ("of version 0.1, an earlier try's: Complete", RETRY, OLD_VERSION, COMPLETE, T, "is Complete"),
    ("of version 0.1, from before a Clear", replace(CLEARED, first_try=3), OLD_VERSION, RUNNING, P, "was cleared"),
    ("of version 0.1, a later try's: running", FIRST, replace(OLD_VERSION, try_number=3), RUNNING, F, "try 3"),
    ("of version 0.1, a later try's: ended", FIRST, replace(OLD_VERSION, try_number=3), COMPLETE, P, "from try 3"),
]


def job(owner: Identity | None, state: str) -> dict[str, Any]:
    """Return a recorded Job in that state, as of this owner."""
    scenario = {DELETED: PENDING, GONE_SOON: COMPLETE, RUNNING: "parallel-indexed"}.get(state, state)
    made = recordings.job(scenario)
    if state == RUNNING:
        made["status"] = {"active": 1, "ready": 1, "startTime": "2026-01-01T06:00:10Z"}
    if owner:
        made["metadata"]["labels"] = owner.object_labels()
        made["metadata"]["annotations"] = owner.annotations()
    if state in (DELETED, GONE_SOON):
        made["metadata"]["deletionTimestamp"] = "2026-01-01T07:00:00Z"
    return made


@pytest.mark.parametrize(
    ("asks", "owner", "state", "decision", "why"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_is_done_about_the_job_that_has_the_name(
    asks: Identity, owner: Identity | None, state: str, decision: Decision, why: str
) -> None:
    done, said = decide(job(owner, state), asks)
    assert done is decision, said
    assert re.search(why, said), said


def test_where_there_is_none_one_is_applied() -> None:
    assert decide(None, FIRST) == (Decision.APPLY, "there is none")


@pytest.mark.parametrize("owner", [FIRST, THIRD, CLEARED, RUN_MADE_AGAIN, OTHER_RUN, OTHER_AIRFLOW, None])
@pytest.mark.parametrize("state", [COMPLETE, FAILED, GONE_SOON])
def test_a_job_that_has_ended_refuses_no_try_that_began_after_it(owner: Identity | None, state: str) -> None:
    asks = try_of(4, at="20260101T230000.000000", round=Round(RUN_AGAIN, 2, 9))
    assert decide(job(owner, state), asks)[0] is not Decision.REFUSE


@pytest.mark.parametrize("retries", [0, 1, 3, 10])
def test_a_change_of_retries_in_the_dag_ends_no_round(retries: int) -> None:
    # Airflow keeps max_tries as it was; only what is worked out of the DAG's retries changes.
    asks = replace(RETRY, first_try=max(1, ROUND.max_tries - retries + 1))
    assert decide(job(FIRST, RUNNING), asks)[0] is Decision.ADOPT


@pytest.mark.parametrize("number", ["", "many", "-1", None])
def test_a_job_of_ours_with_an_unreadable_try_is_replaced(number: str | None) -> None:
    made = job(FIRST, RUNNING)
    del made["metadata"]["labels"][TRY_LABEL]
    made["metadata"]["labels"].update({TRY_LABEL: number} if number is not None else {})
    assert decide(made, RETRY)[0] is Decision.REPLACE


@pytest.mark.parametrize("asks", [FIRST, RETRY, CLEARED, RUN_MADE_AGAIN, CLEARED_WHILE_RUNNING])
def test_nobody_elses_running_job_is_ever_taken_or_replaced(asks: Identity) -> None:
    for owner in (OTHER_RUN, OTHER_INDEX, OTHER_AIRFLOW, None):
        for state in (RUNNING, PENDING, SUSPENDED):
            assert decide(job(owner, state), asks)[0] is Decision.REFUSE
