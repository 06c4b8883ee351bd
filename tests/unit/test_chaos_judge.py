"""What the chaos bench takes for harm beside what the fault bench does, and what it excuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.airflow import in_order
from tests.chaos.case import Case, Struck, keep, kept
from tests.chaos.judge import judge_case
from tests.chaos.storms import Storm
from tests.faults.deployment import Try
from tests.faults.evidence import Container, Evidence, JobLife, Leftovers, Request
from tests.faults.judge import Harm, Rules
from tests.faults.plan import TaskPlan

PLAN = TaskPlan("task-1", 5.0, 0, "Always", has_companion=False, backoff_limit=0, retries=8, lines=2)
TRY = Try(1, "success", 100.0, 120.0)
JOB = JobLife("a", "task-1", "abc", 101.0, "Complete", 110.0, 111.0)
VANISHED = replace(JOB, verdict="", ended_at=None)
DONE = Container("a", "task-1-x", 2.0, 9.0)
WRITTEN = ("task-1-x first 0", "task-1-x first 1", "task-1-x last 0", "task-1-x last 1")
URI = "/apis/batch/v1/namespaces/here/jobs/task-1?fieldManager=kubectl-job-operator-{}-1-00aa"


def log(*said: str, logger: str = "task.operator.container", at: str = "") -> str:
    return "\n".join(json.dumps({"event": one, "logger": logger, "timestamp": at}) for one in said)


def case(
    *,
    blows: Sequence[str | Struck] = (),
    storms: Sequence[Storm] = (),
    logs: dict[int, str] | None = None,
    **changes: Any,
) -> Case:
    evidence = Evidence(PLAN, "success", [TRY], [JOB], [DONE])
    hits = [Struck(name) if isinstance(name, str) else name for name in blows]
    return Case(replace(evidence, **changes), hits, storms, {1: log(*WRITTEN)} if logs is None else logs)


def harms(one: Case) -> list[Harm]:
    return [finding.harm for finding in judge_case(one)[0]]


def test_a_job_that_did_its_work_and_whose_lines_are_shown_is_no_harm() -> None:
    assert judge_case(case()) == ([], [])


@pytest.mark.parametrize("shown", [WRITTEN[1:], WRITTEN[:-1], ()])
def test_a_line_that_is_not_shown_is_lost(shown: Sequence[str]) -> None:
    assert harms(case(logs={1: log(*shown)})) == [Harm.LINES]


@pytest.mark.parametrize("time", ["12:00:01Z", "2026-01-01T23:59:58Z"])
def test_a_line_that_is_shown_late_has_its_time_before_it(time: str) -> None:
    late = [f"{time} {line}" for line in WRITTEN]
    assert harms(case(logs={1: log("\n".join(late))})) == []
    assert harms(case(logs={1: log(*late, *WRITTEN)})) == [Harm.LINES]


def test_a_line_of_one_of_several_pods_has_the_pods_name_before_it() -> None:
    named = [f"[task-1-x/main] {line}" for line in WRITTEN]
    late = [f"12:00:01Z {line}" for line in named]
    assert harms(case(logs={1: log("\n".join(late))})) == []
    assert harms(case(logs={1: log("\n".join(named))})) == []
    assert harms(case(logs={1: log(*named, *WRITTEN)})) == [Harm.LINES]


def test_what_an_error_quotes_is_not_shown_again() -> None:
    quoted = log("\n".join(WRITTEN), logger="task.operator")
    assert harms(case(logs={1: f"{log(*WRITTEN)}\n{quoted}"})) == []
    assert harms(case(logs={1: quoted})) == [Harm.LINES]


def test_a_line_that_is_only_part_of_what_is_said_is_not_shown() -> None:
    quoted = f"said {WRITTEN[-1]}"
    assert harms(case(logs={1: log(*WRITTEN[:-1], quoted)})) == [Harm.LINES]
    assert harms(case(logs={1: log(*WRITTEN, quoted, quoted)})) == []


@pytest.mark.parametrize(
    "words",
    [
        "The pod of a container main is gone: its lines after 12:00 may be missing.",
        "Some pods of the Job were gone before the task saw them; their logs are lost.",
        "Not all logs could be read within 10 s",
        "task-1 was Complete in an earlier try, and is gone: it is not run again.",
    ],
)
def test_a_line_whose_loss_is_told_is_none(words: str) -> None:
    assert harms(case(logs={1: log(words)})) == []
    assert harms(case(logs={1: log(words), 2: log()}, tries=[TRY, replace(TRY, number=2)])) == [Harm.LINES]


def test_the_lines_of_a_container_that_did_not_end_or_of_another_job_need_not_be_shown() -> None:
    assert harms(case(logs={1: ""}, containers=[replace(DONE, ended_at=None)])) == []
    assert harms(case(logs={1: ""}, containers=[replace(DONE, job_uid="b")])) == []


def test_a_line_twice_in_one_try_is_harm_and_once_in_each_of_two_is_not() -> None:
    doubled = log(*WRITTEN, WRITTEN[0])
    assert harms(case(logs={1: doubled})) == [Harm.LINES]
    assert harms(case(logs={1: doubled}, state="failed", mark="failed")) == [Harm.LINES]
    tries = [replace(TRY, state="failed"), replace(TRY, number=2)]
    assert harms(case(logs={1: log(*WRITTEN), 2: log(*WRITTEN)}, tries=tries)) == []


def test_what_a_user_marked_needs_no_complete_job_and_no_lines() -> None:
    assert harms(case(jobs=[VANISHED], logs={1: ""})) == [Harm.WRONG_VERDICT]
    assert harms(case(jobs=[VANISHED], logs={1: ""}, mark="success")) == []
    assert harms(case(jobs=[VANISHED], logs={1: ""}, mark="failed")) == [Harm.WRONG_VERDICT]
    assert harms(case(logs={1: ""}, mark="success")) == []
    assert harms(case(state="failed", mark="failed")) == []
    assert Harm.WRONG_VERDICT in harms(case(state="failed"))


LATER = replace(JOB, uid="b", created_at=130.0, ended_at=140.0, deleted_at=141.0)
AGAIN: dict[str, Any] = {"tries": [TRY, replace(TRY, number=2)], "jobs": [JOB, LATER], "containers": [], "logs": {}}
ANEW: dict[str, Any] = {**AGAIN, "jobs": [VANISHED, LATER]}


def test_only_a_clear_between_two_jobs_asks_for_the_work_anew() -> None:
    assert harms(case(**AGAIN)) == [Harm.DUPLICATE]
    assert harms(case(**AGAIN, clears=[115.0])) == []
    assert harms(case(**AGAIN, clears=[99.0])) == harms(case(**AGAIN, clears=[150.0])) == [Harm.DUPLICATE]
    both = [DONE, Container("b", "task-1-y", 30.0, 39.0)]
    twice = {**ANEW, "containers": both, "plan": replace(PLAN, lines=0)}
    assert harms(case(**twice)) == [Harm.DUPLICATE, Harm.DOUBLED_WORK]
    assert harms(case(**twice, clears=[115.0])) == []


def test_a_clear_does_not_excuse_two_jobs_at_once() -> None:
    there = replace(VANISHED, deleted_at=None)
    assert Harm.DUPLICATE in harms(case(**{**AGAIN, "jobs": [there, LATER]}, clears=[115.0]))
    at_once = [DONE, Container("b", "task-1-y", 8.0, 39.0)]
    assert Harm.DUPLICATE in harms(case(**{**AGAIN, "containers": at_once}, clears=[115.0]))


def test_all_that_hit_it_excuses_together_what_each_excuses() -> None:
    assert case().rules == Rules()
    assert case(blows=["worker killed", "Job deleted"]).rules == Rules(kills_workers=True, ends_jobs=True)
    assert case(plan=replace(PLAN, execution_timeout_seconds=3.0)).rules == Rules(ends_jobs=True, ends_tasks=True)


def test_a_storm_excuses_only_what_it_can_have_struck() -> None:
    died = Storm("scheduler killed", 90.0, 91.0)
    assert case(storms=[died]).rules == Rules(ends_jobs=True)
    assert case(storms=[replace(died, at=10.0, over_at=11.0)]).rules == Rules()
    assert case(storms=[replace(died, at=121.0, over_at=122.0)]).rules == Rules()
    assert case(storms=[replace(died, name="network cut")]).rules == Rules()


LEFT = Leftovers(jobs=("task-1",))


def test_what_is_left_is_harm_unless_its_log_says_how_to_delete_it() -> None:
    found, reasons = judge_case(case(leftovers=LEFT))
    assert ([one.harm for one in found], reasons) == ([Harm.LEFT_BEHIND], [])
    found, reasons = judge_case(case(leftovers=LEFT, logs={1: log(*WRITTEN, "To delete it: kubectl delete")}))
    assert found == []
    assert ["says what is left" in one for one in reasons] == [True]


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        ("  -> delete: Unable to connect to the server: EOF (0.10 s, return code 1)", []),
        ("  -> delete: No resources found (0.10 s)", [Harm.LEFT_BEHIND]),
    ],
)
def test_that_it_may_be_for_a_person_to_do_excuses_only_where_it_was_tried_in_vain(
    came: str, expected: list[Harm]
) -> None:
    told = "Somebody marked the task, so Job here/task-1 is deleted; else it is for you to do:\nkubectl delete job/a"
    said = log(*WRITTEN, told, "$ kubectl -n here delete job.v1.batch -l a=b", came)
    assert harms(case(leftovers=LEFT, logs={1: said})) == expected


CANCELLED, OVER = "Trigger cancelled by user action, invoking on_kill", "trigger completed"
FIRED, SECOND_HALF = "Trigger fired event", "Going on with Job here/task-1 (uid a) after 9 s: it has ended."


def log_at(*said: tuple[int, str]) -> str:
    return "\n".join(log(words, at=f"1970-01-01T00:01:{seconds:02}Z") for seconds, words in said)


@pytest.mark.parametrize(
    ("said", "changes", "is_harm"),
    [
        ([(50, FIRED)], {}, False),
        ([(50, FIRED), (53, SECOND_HALF)], {}, True),
        ([(42, FIRED), (45, SECOND_HALF), (50, FIRED)], {}, False),
        ([(42, FIRED)], {}, True),  # of an earlier Job
        ([(50, OVER)], {}, False),
        ([(50, OVER), (53, SECOND_HALF)], {}, True),
        ([(42, OVER)], {}, True),
        ([(49, CANCELLED), (50, OVER)], {}, True),
        ([(50, FIRED), (53, CANCELLED), (54, OVER)], {}, False),
        ([], {}, True),
        ([(50, FIRED)], {"plan": PLAN}, True),
        ([(50, FIRED)], {"jobs": [VANISHED]}, True),
        ([(50, FIRED)], {"mark": "", "state": "failed"}, False),
        ([(50, FIRED)], {"mark": "", "state": "success"}, True),
    ],
)
def test_what_is_left_by_a_task_that_was_ended_between_its_halves_is_none(
    said: Sequence[tuple[int, str]], changes: dict[str, Any], is_harm: bool
) -> None:
    marked = {"plan": replace(PLAN, deferrable=True), "mark": "success", **changes}
    found = harms(case(leftovers=LEFT, logs={1: log_at(*said)}, blows=["task marked as a success"], **marked))
    assert (Harm.LEFT_BEHIND in found) is is_harm


@pytest.mark.parametrize(("second", "is_harm"), [([(50, FIRED)], False), ([(50, FIRED), (53, SECOND_HALF)], True)])
def test_what_is_left_by_a_task_whose_next_try_was_ended_before_it_had_come_to_the_job_is_none(
    second: Sequence[tuple[int, str]], is_harm: bool
) -> None:
    tries = [replace(TRY, number=number) for number in (1, 2, 3)]
    logs = {1: log_at((42, FIRED), (45, SECOND_HALF)), 2: log_at(*second, (55, "Manifest")), 3: log("Pre Execute")}
    jobs = [JOB, replace(JOB, uid="b", verdict="Failed", deleted_at=None)]
    failed: dict[str, Any] = {"plan": replace(PLAN, deferrable=True), "state": "failed"}
    found = harms(case(leftovers=LEFT, tries=tries, logs=logs, jobs=jobs, **failed))
    assert (Harm.LEFT_BEHIND in found) is is_harm


DEFERRED, BEGINS = "Pausing task as DEFERRED. ", "trigger chaos/run/task-1/-1/1 (ID 7) starting"
TRIGGERER_KILLED = Storm("triggerer killed", 110.0, 111.0)
FREEZE = Storm("triggerer frozen", 110.0, 111.0)


@pytest.mark.parametrize(
    ("said", "changes", "storms", "is_harm"),
    [
        ((DEFERRED,), {}, [], False),
        ((DEFERRED, BEGINS), {}, [], True),
        ((DEFERRED, BEGINS, DEFERRED), {}, [], False),
        ((DEFERRED,), {"mark": ""}, [], True),
        ((DEFERRED, BEGINS, CANCELLED), {}, [TRIGGERER_KILLED], False),
        ((DEFERRED, BEGINS, CANCELLED, OVER), {}, [TRIGGERER_KILLED], False),
        ((DEFERRED, BEGINS, CANCELLED), {}, [replace(TRIGGERER_KILLED, at=200.0, over_at=201.0)], True),
        ((DEFERRED, BEGINS, CANCELLED), {}, [replace(TRIGGERER_KILLED, at=107.0, over_at=108.0)], True),
        ((DEFERRED, BEGINS, CANCELLED), {"mark": ""}, [TRIGGERER_KILLED], True),
        ((DEFERRED, BEGINS, CANCELLED), {}, [FREEZE], True),
        ((DEFERRED, BEGINS, CANCELLED), {}, [replace(FREEZE, name="triggerer frozen and replaced")], True),
        ((DEFERRED, BEGINS), {}, [TRIGGERER_KILLED], True),
    ],
)
def test_what_is_left_where_no_trigger_could_delete_it_is_none(
    said: Sequence[str], changes: dict[str, Any], storms: Sequence[Storm], is_harm: bool
) -> None:
    marked = {"plan": replace(PLAN, deferrable=True), "mark": "success", **changes}
    logs = {1: log(*said, *WRITTEN, at="1970-01-01T00:01:50Z")}
    found = harms(case(leftovers=LEFT, logs=logs, storms=storms, **marked))
    assert (Harm.LEFT_BEHIND in found) is is_harm


BEGUN, ENDED = "::group::Pre Execute", "::group::Post Execute"
MARKED = Struck("task marked as a success", 113.0)
KILLED, ALL_KILLED = Struck("worker killed", 112.0), Storm("scheduler killed with its workers", 109.0, 112.0)


@pytest.mark.parametrize(
    ("said", "changes", "is_harm"),
    [
        ([BEGUN, "Ready"], {"blows": [KILLED, MARKED]}, False),
        ([BEGUN, "Ready"], {"blows": [MARKED], "storms": [ALL_KILLED]}, False),
        ([BEGUN, ENDED, BEGUN, "Going on with Job"], {"blows": [KILLED, MARKED]}, False),
        ([BEGUN, "Ready"], {"blows": [MARKED]}, True),
        ([BEGUN, "Ready"], {"blows": [replace(KILLED, at=114.0), MARKED]}, True),  # it was marked, and then killed
        ([BEGUN, "Ready"], {"blows": [replace(KILLED, at=100.0), MARKED]}, True),  # in an earlier try
        ([BEGUN, "Ready"], {"blows": [MARKED], "storms": [replace(ALL_KILLED, over_at=100.0)]}, True),
        ([BEGUN, "Ready"], {"blows": [MARKED], "storms": [replace(ALL_KILLED, at=121.0, over_at=122.0)]}, True),
        ([BEGUN, "Ready"], {"blows": [replace(KILLED, name="worker stopped"), MARKED]}, True),
        ([BEGUN, "Somebody marked the task as a success, so ..."], {"blows": [KILLED, MARKED]}, True),
        ([BEGUN, ENDED], {"blows": [KILLED, MARKED]}, True),
        ([BEGUN, "Ready"], {"blows": [KILLED, MARKED], "mark": ""}, True),
        ([], {"blows": [KILLED, MARKED]}, True),
    ],
)
def test_what_is_left_by_a_task_that_was_marked_while_its_worker_was_dead_is_none(
    said: Sequence[str], changes: dict[str, Any], is_harm: bool
) -> None:
    marked = {"mark": "success", "leftovers": LEFT, **changes}
    found = harms(case(logs={1: log(*said, at="1970-01-01T00:01:51Z")}, **marked))
    assert (Harm.LEFT_BEHIND in found) is is_harm


WRITTEN_AGAIN = [line.replace("-x ", "-y ") for line in WRITTEN]


def run_twice(first: JobLife, **changes: Any) -> Case:
    """Return one whose first try had this Job, and whose second try ran another."""
    again = replace(JOB, uid="b", created_at=121.0, ended_at=130.0, deleted_at=131.0)
    given: dict[str, Any] = {
        "jobs": [first, again],
        "tries": [replace(TRY, state="failed"), Try(2, "success", 120.0, 140.0)],
        "containers": [DONE, Container("b", "task-1-y", 22.0, 29.0)],
        "logs": {1: log(*WRITTEN), 2: log(*WRITTEN_AGAIN)},
    }
    return case(**(given | changes))


@pytest.mark.parametrize(
    ("blows", "requests", "is_harm"),
    [
        (["Job deleted"], [], False),
        (["Job deleted after its pods"], [Request(105.0, "get", URI, 200)], False),
        ([], [], True),
        (["Job deleted"], [Request(110.5, "deletecollection", URI, 200)], True),
        (["Job deleted"], [Request(110.5, "deletecollection", URI, 500)], False),
        (["Job deleted"], [Request(130.0, "delete", URI, 200)], False),
    ],
)
def test_a_complete_job_that_somebody_deleted_before_it_was_noted_may_be_run_again(
    blows: Sequence[str], requests: Sequence[Request], is_harm: bool
) -> None:
    found = harms(run_twice(JOB, blows=blows, requests=requests))
    assert (Harm.DUPLICATE in found, Harm.DOUBLED_WORK in found) == (is_harm, is_harm)


def test_that_somebody_deleted_it_excuses_neither_a_second_job_beside_one_that_runs_nor_a_lost_line() -> None:
    runs_on = replace(JOB, verdict="", ended_at=None, deleted_at=None)
    assert Harm.DUPLICATE in harms(run_twice(runs_on, blows=["Job deleted"]))
    assert harms(run_twice(JOB, blows=["Job deleted"], logs={1: log(*WRITTEN), 2: log(*WRITTEN_AGAIN[1:])})) == [
        Harm.LINES
    ]


@pytest.mark.parametrize(
    ("said", "changes", "is_harm"),
    [
        ([DEFERRED, BEGINS], {"blows": [MARKED], "storms": [replace(TRIGGERER_KILLED, at=112.0)]}, False),
        (
            [DEFERRED, BEGINS],
            {"blows": [MARKED], "storms": [replace(FREEZE, name="triggerer frozen and replaced", over_at=140.0)]},
            False,
        ),
        (
            [DEFERRED, BEGINS],  # by the one that has taken over
            {"blows": [MARKED], "storms": [Storm("triggerer frozen and replaced", 90.0, 140.0)]},
            True,
        ),
        ([DEFERRED, BEGINS], {"blows": [MARKED], "storms": [replace(FREEZE, over_at=140.0)]}, True),
        ([DEFERRED, BEGINS], {"blows": [MARKED]}, True),
        ([DEFERRED, BEGINS], {"blows": [MARKED], "storms": [replace(TRIGGERER_KILLED, at=114.0, over_at=115.0)]}, True),
        ([DEFERRED, BEGINS], {"blows": [MARKED], "storms": [replace(TRIGGERER_KILLED, at=99.0, over_at=100.0)]}, True),
        ([DEFERRED, BEGINS, FIRED], {"blows": [MARKED], "storms": [replace(TRIGGERER_KILLED, at=112.0)]}, True),
        ([DEFERRED, BEGINS, OVER], {"blows": [MARKED], "storms": [replace(TRIGGERER_KILLED, at=112.0)]}, True),
        ([DEFERRED, BEGINS], {"blows": [MARKED], "storms": [replace(TRIGGERER_KILLED, at=112.0)], "mark": ""}, True),
    ],
)
def test_what_is_left_by_a_task_that_was_marked_while_its_triggerer_was_dead_is_none(
    said: Sequence[str], changes: dict[str, Any], is_harm: bool
) -> None:
    marked = {"mark": "success", "leftovers": LEFT, **changes}
    found = harms(case(logs={1: log(*said, at="1970-01-01T00:01:51Z")}, **marked))
    assert (Harm.LEFT_BEHIND in found) is is_harm


TOLD_TO_END = "Server indicated the task shouldn't be running anymore. Terminating process"


@pytest.mark.parametrize(
    ("last", "mark", "is_harm"),
    [
        (log(BEGUN, TOLD_TO_END, "Task killed!", logger="task"), "success", False),
        (log(BEGUN, TOLD_TO_END, "Task killed!", logger="task"), "", True),
        (log(BEGUN, "Task killed!", logger="task"), "success", True),
        (log(BEGUN, "Worker startup parse complete", TOLD_TO_END, logger="task"), "success", True),
        (log(BEGUN, TOLD_TO_END, logger="airflow.task.operators.kubectl_job_operator.airflow"), "success", True),
    ],
)
def test_what_is_left_by_a_task_that_was_marked_before_its_last_try_began_is_none(
    last: str, mark: str, is_harm: bool
) -> None:
    tries = [replace(TRY, state="failed"), Try(2, "success", 120.0, 140.0)]
    ours = log("Only the worker was told to stop", logger="airflow.task.operators.kubectl_job_operator.airflow")
    found = harms(case(leftovers=LEFT, tries=tries, logs={1: ours, 2: last}, mark=mark, blows=[MARKED]))
    assert (Harm.LEFT_BEHIND in found) is is_harm


@pytest.mark.parametrize(
    ("words", "is_harm"),
    [
        ("Job here/task-1 may not be deleted yet, and that is broken off here.", False),
        ("Job here/task-1 could not be deleted.", False),
        ("Job here/task-10 could not be deleted.", True),
        ("Somebody marked the task as failed, so Job here/task-1 is deleted. by hand: kubectl", True),
    ],
)
def test_what_is_left_may_be_told_in_the_triggerers_own_log(words: str, is_harm: bool) -> None:
    found = harms(replace(case(leftovers=LEFT), triggerers_log=f"12:00:00 [warning] {words}\n"))
    assert (Harm.LEFT_BEHIND in found) is is_harm


UNKNOWN = replace(VANISHED, uid="never-told", created_at=100.5, deleted_at=100.8)


@pytest.mark.parametrize(
    ("changes", "is_harm"),
    [
        ({"blows": ["Job deleted"]}, False),
        ({}, True),
        ({"blows": ["Job deleted"], "logs": {1: log(*WRITTEN, "apply: job/task-1 (uid never-told)")}}, True),
        ({"blows": ["Job deleted"], "requests": [Request(100.7, "deletecollection", URI, 200)]}, True),
        ({"blows": ["Job deleted"], "jobs": [replace(UNKNOWN, deleted_at=None), JOB]}, True),
        ({"blows": ["Job deleted"], "jobs": [replace(UNKNOWN, verdict="Failed"), JOB]}, True),
    ],
)
def test_a_job_that_somebody_deleted_before_anybody_knew_of_it_is_none_too_many(
    changes: dict[str, Any], is_harm: bool
) -> None:
    found = harms(case(**{"jobs": [UNKNOWN, JOB], "logs": {1: log(*WRITTEN)}, **changes}))
    assert (Harm.DUPLICATE in found) is is_harm


CREATION = Request(100.6, "patch", "/apis/batch/v1/namespaces/here/jobs/task-1?x", 201)


@pytest.mark.parametrize(
    ("jobs", "requests", "is_harm"),
    [
        ([UNKNOWN, JOB], [CREATION, replace(CREATION, at=101.0)], False),
        # One more that nobody has seen, one more of the same try, and one more after a Complete one.
        ([UNKNOWN, JOB], [CREATION, replace(CREATION, at=101.0), replace(CREATION, at=101.1)], True),
        ([replace(VANISHED, uid="b", created_at=99.0, deleted_at=99.5), UNKNOWN, JOB], [], True),
        ([replace(JOB, uid="b", created_at=98.0, deleted_at=99.5), UNKNOWN, JOB], [CREATION], True),
    ],
)
def test_what_nobody_knew_of_hides_no_other_job_that_is_one_too_many(
    jobs: Sequence[JobLife], requests: Sequence[Request], is_harm: bool
) -> None:
    known = log(*WRITTEN, "apply: job/task-1 (uid b)")
    deleted = [Request(99.2, "deletecollection", URI, 200)] if jobs[0].uid == "b" else []
    found = harms(case(jobs=jobs, requests=[*deleted, *requests], blows=["Job deleted"], logs={1: known}))
    assert (Harm.DUPLICATE in found) is is_harm


def test_a_triggers_logs_come_in_the_order_of_their_triggerers() -> None:
    names = ["attempt=1.log.trigger.10.log", "attempt=10.log", "attempt=1.log", "attempt=1.log.trigger.9.log"]
    assert [file.name for file in sorted(map(Path, names), key=in_order)] == [
        "attempt=1.log",
        "attempt=1.log.trigger.9.log",
        "attempt=1.log.trigger.10.log",
        "attempt=10.log",
    ]


def test_cases_are_kept_to_be_judged_again(tmp_path: Path) -> None:
    cases = [case(), case(leftovers=LEFT)]
    keep(cases, tmp_path)
    assert kept(tmp_path) == cases


def test_words_about_what_is_left_excuse_nothing_else() -> None:
    words = {1: log("To delete it: kubectl delete")}
    assert harms(case(logs=words, state="")) == [Harm.ENDLESS]
    assert harms(case(logs=words)) == [Harm.LINES]


def test_whoever_is_another_one_and_changes_its_job_is_found() -> None:
    assert harms(case(requests=[Request(1.0, "patch", URI.format("abc"), 201)])) == []
    assert harms(case(requests=[Request(1.0, "patch", URI.format("def"), 200)])) == [Harm.OTHERS]
    assert harms(case(requests=[Request(1.0, "patch", URI.format("def"), 409)])) == []


KEPT = Leftovers(folders={"kubectl-job-operator-x": ("job.yaml",)})


def test_a_try_that_a_user_marked_as_a_success_keeps_its_folder_as_one_that_failed() -> None:
    assert harms(case(leftovers=KEPT, mark="success")) == []
    assert harms(case(leftovers=KEPT)) == [Harm.LEFT_BEHIND]


STRANGE = Leftovers(folders={"kubectl-job-operator-x": ("job.yaml", "cache/a")})


def test_what_a_killed_worker_could_not_remove_is_excused_where_one_was_killed() -> None:
    again: dict[str, Any] = {"tries": [replace(TRY, state="failed"), replace(TRY, number=2)], "leftovers": STRANGE}
    logs = {2: log(*WRITTEN)}
    assert harms(case(**again, logs=logs)) == harms(case(**again, logs=logs, blows=["pod deleted"]))
    assert harms(case(**again, logs=logs)) == [Harm.LEFT_BEHIND]
    assert harms(case(**again, logs=logs, blows=["worker killed"])) == []
    assert harms(case(**again, logs=logs, storms=[Storm("scheduler killed with its workers", 110.0, 111.0)])) == []


def test_a_job_that_can_only_fail_may_fail_its_task_whatever_the_last_try_met_but_not_succeed() -> None:
    failing = replace(PLAN, exit_code=3)
    found, reasons = judge_case(case(plan=failing, state="failed", jobs=[VANISHED], blows=["Job deleted"]))
    assert (found, len(reasons)) == ([], 1)
    assert harms(case(state="failed", jobs=[VANISHED], blows=["Job deleted"])) == [Harm.WRONG_VERDICT]
    assert Harm.WRONG_VERDICT in harms(case(plan=failing, jobs=[VANISHED], blows=["Job deleted"]))
