"""The one line that says why a Job failed holds what decides, and goes on no further than a small screen."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.status import diagnosis
from kubectl_job_operator.status.cause import Cause, of_container, of_obstacle
from kubectl_job_operator.status.diagnosis import BRIEF_LINES, diagnose
from kubectl_job_operator.status.exit_codes_and_oom import Ending
from kubectl_job_operator.status.outlook import Obstacle, Outlook
from kubectl_job_operator.status.pod_status import FailedContainer
from kubectl_job_operator.status.shortening import WIDTH, shortened
from tests.unit import recordings
from tests.unit.status.test_diagnosis import SEEN_BEFORE, Logs, job_of
from tests.unit.status.test_pending import event

REFUSED = (
    'psycopg.OperationalError: connection to server at "orders-primary.databases.svc.cluster.local" (10.96.13.7), '
    "port 5432 failed: No route to host"
)


def found(scenario: str, logs: Logs | None = None, pods: list[dict[str, Any]] | None = None, **more: Any) -> Any:
    if pods is None:
        pods = recordings.pods_last_seen(scenario) if scenario in SEEN_BEFORE else recordings.pods(scenario)
    return diagnose(job_of(scenario), pods, recordings.events(scenario), logs or Logs("dying"), **more)


HEADLINES = {
    "backoff-limit-per-index": "index 1 failed: container main ended with exit code 1: dying",
    "command-missing": "container main: its command '/no/such' is not in the image",
    "deadline-exceeded": "it ran longer than its activeDeadlineSeconds of 4 (DeadlineExceeded)",
    "failed-exit-code": "container main ended with exit code 3: dying",
    "on-failure-restarts": "container main ended with exit code 1: dying",
    "oom-killed": "container main used more memory than its limit of 16Mi",
    "pod-deleted": "pod pod-deleted-bsxbw: somebody deleted it",
    "pod-failure-policy": "container main ended with exit code 42: dying",
}


@pytest.mark.parametrize("scenario", HEADLINES)
def test_the_cause_of_a_recorded_situation_is_one_line(scenario: str) -> None:
    assert found(scenario).headline == HEADLINES[scenario]


@pytest.mark.parametrize(
    ("scenario", "headline"),
    [
        ("backoff-exhausted", "its pods failed more often than its backoffLimit of 2 allows (BackoffLimitExceeded)"),
        ("failed-exit-code", "its pod failed, and its backoffLimit of 0 allows no other (BackoffLimitExceeded)"),
    ],
)
def test_where_no_pod_tells_the_clusters_word_stands_behind_what_it_means(scenario: str, headline: str) -> None:
    assert found(scenario, pods=[]).headline == headline


def test_a_long_last_line_keeps_its_kind_and_what_decides_within_the_screen() -> None:
    headline = f"Job fixtures/failed-exit-code failed: {found('failed-exit-code', Logs('try 1', REFUSED)).headline}"
    assert len(headline) <= WIDTH + 30
    assert "exit code 3: psycopg.Operat" in headline
    assert headline.endswith("No route to host")


def test_a_line_that_overwrites_itself_or_is_coloured_is_told_as_a_terminal_shows_it() -> None:
    failed = FailedContainer("p", "main", 1, "Error", "")
    said = of_container(failed, Ending(), ["10 %\r90 %\r\x1b[31mdisk  full\x1b[0m\n", "", "  "])
    assert said.what == ": disk full"


def test_a_line_without_an_end_takes_no_more_than_its_room() -> None:
    failed = FailedContainer("p", "main", 1, "Error", "")
    assert len(of_container(failed, Ending(), ["x" * 10_000_000]).fitted(80)) < 200


def test_what_a_program_left_in_its_termination_message_is_told_where_its_log_cannot_be_had() -> None:
    failed = FailedContainer("p", "main", 1, "Error", "loading\nno disk\n")
    assert of_container(failed, Ending(), None).what == ": no disk"
    assert of_container(failed, Ending(), ["from the log"]).what == ": from the log"


def test_the_exception_has_the_last_lines_unless_the_one_line_holds_them() -> None:
    assert found("failed-exit-code", Logs("only this")).last_lines == ()
    many = [f"line {number}" for number in range(20)]
    assert list(found("failed-exit-code", Logs(*many)).last_lines) == many[-BRIEF_LINES:]


def test_what_the_log_shows_already_is_not_told_again_of_the_culprit_and_in_short_of_others() -> None:
    lines = found("backoff-exhausted", Logs("a", "b", "c", "d"), is_shown=True).lines
    first, second, *_ = (number for number, line in enumerate(lines) if "container main: exit code 1" in line)
    assert second == first + 1
    assert lines[second + 1 : second + 5] == ["  its last 3 log lines:", "    b", "    c", "    d"]


def test_that_a_log_is_gone_is_no_loss_where_all_of_it_was_shown() -> None:
    gone = Logs(is_readable=False)
    assert "cannot be read" not in str(found("failed-exit-code", gone, is_shown=True).lines)
    assert "cannot be read" in str(found("failed-exit-code", gone).lines)


def test_a_pod_that_the_job_deleted_stands_below_the_one_that_failed() -> None:
    (culprit,) = recordings.pods("failed-exit-code")
    victim = {
        **recordings.pods_last_seen("deadline-exceeded")[0],
        "metadata": {
            "name": "failed-exit-code-later",
            "uid": "later",
            "creationTimestamp": "2027-01-01T00:00:00Z",
            "deletionTimestamp": "2027-01-01T00:01:00Z",
        },
    }
    job = job_of("failed-exit-code")
    deleted = event("SuccessfulDelete", "Deleted pod: failed-exit-code-later", about=job, type_="Normal")
    told = diagnose(job, [victim, culprit], [{**deleted}], Logs("dying"))
    assert told.headline == "container main ended with exit code 3: dying"
    assert told.lines[0].startswith(f"Pod {culprit['metadata']['name']} ")
    assert "Then the Job deleted failed-exit-code-later." in told.lines
    assert "137" not in str(told.lines), "its end tells nothing"
    alone = diagnose(job, [victim], [{**deleted}], Logs("dying"))
    assert "Pod failed-exit-code-later on node node1: the Job deleted it." in alone.lines


@pytest.mark.parametrize("told_by", ["reason", "condition"])
def test_the_end_of_an_evicted_pod_is_its_eviction_and_no_want_of_memory(told_by: str) -> None:
    (pod,) = recordings.pods("failed-exit-code")
    pod["status"]["containerStatuses"][0]["state"]["terminated"].update(exitCode=137, reason="Error")
    if told_by == "reason":
        pod["status"].update(reason="Evicted", message="The node was low on resource: ephemeral-storage.")
    else:
        condition = {"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}
        pod["status"]["conditions"] = [condition]
    told = diagnose(job_of("failed-exit-code"), [pod], [], Logs("working"))
    said = "\n".join([told.headline, *told.lines, told.remedy])
    assert "memory" not in said
    expected = "was evicted by its " if told_by == "reason" else "the node needed its resources"
    assert expected in told.headline
    assert "SIGKILL: its node ended it with its pod." in said


def test_a_secret_for_pulling_that_was_not_needed_is_not_told() -> None:
    job, pods = job_of("failed-exit-code"), recordings.pods("failed-exit-code")
    warning = event("FailedToRetrieveImagePullSecret", "Unable to retrieve some image pull secrets", about=pods[0])
    assert "FailedToRetrieve" not in str(diagnose(job, pods, [warning], Logs()).lines)
    pods[0]["status"]["containerStatuses"] = []
    assert "FailedToRetrieve" in str(diagnose(job, pods, [warning], Logs()).lines)


def test_a_job_that_was_late_failed_for_its_deadline_whatever_its_pods_did_before() -> None:
    job = recordings.job("deadline-exceeded")
    told = diagnose(job, recordings.pods("failed-exit-code"), [], Logs("dying"))
    assert told.headline == HEADLINES["deadline-exceeded"]
    assert any("exit code 3 (Error)" in line for line in told.lines)


def test_an_obstacle_that_outlasted_the_deadline_is_the_cause() -> None:
    job = recordings.job("deadline-exceeded")
    job["metadata"] = recordings.job("image-pull")["metadata"]
    told = diagnosis.diagnose(job, recordings.pods("image-pull"), recordings.events("image-pull"), Logs())
    assert told.headline.startswith(
        "it did not start in time (DeadlineExceeded): container main: cannot pull nothing:1:"
    )
    assert told.headline.endswith("no such host")


@pytest.mark.parametrize("most", [0, 4, 5, 9, 50, 99])
def test_a_shortened_text_is_no_longer_than_it_may_be(most: int) -> None:
    cut = shortened("abcdefghij" * 10, most)
    assert len(cut) <= max(most, len(" ... "))
    assert shortened("short", 5) == "short"


def test_both_ends_of_a_shortened_text_are_kept() -> None:
    assert shortened(f"Begin{'x' * 100}end", 25).startswith("Begin")
    assert shortened(f"Begin{'x' * 100}end", 25).endswith("end")


def test_little_room_costs_the_pods_name_first() -> None:
    cause = Cause("container main of pod p", ": what decides", "container main")
    assert cause.fitted(60) == "container main of pod p: what decides"
    assert cause.fitted(30) == "container main: what decides"


@pytest.mark.parametrize(
    ("text", "most", "said"),
    [
        (
            'psycopg.OperationalError: connection to server at "10.0.3.7", port 5432 failed: No route to host',
            50,
            "psycopg.OperationalError: ... No route to host",
        ),
        ("one two three four five six seven", 20, "one two ... seven"),
        ("one two three four five six seven", 33, "one two three four five six seven"),
    ],
)
def test_a_text_is_cut_between_words(text: str, most: int, said: str) -> None:
    assert shortened(text, most) == said


def test_where_even_that_is_cut_its_first_words_are_fewer() -> None:
    ending = Ending("")
    failed = FailedContainer("p", "main", 3, "Error", "")
    said = of_container(failed, ending, ["psycopg.OperationalError: connection to 10.0.3.7 failed: No route to host"])
    assert said.fitted(80) == "container main: exit code 3: psycopg.OperationalError: ... No route to host"


def test_why_a_pod_has_no_node_is_told_without_the_taint_of_other_nodes() -> None:
    words = "0/2 nodes are available: {}."
    for reasons, said in (
        ("1 Insufficient cpu, 1 node(s) had untolerated taint(s)", "1 Insufficient cpu"),
        ("1 node(s) had untolerated taint {a: b}, 1 Insufficient cpu", "1 Insufficient cpu"),
        ("2 node(s) had untolerated taint(s)", "2 node(s) had untolerated taint(s)"),
    ):
        sentence = f"cannot be scheduled: {words.format(reasons)}"
        obstacle = Obstacle("Unschedulable", sentence, Outlook.MAY_HEAL, pod="p")
        assert of_obstacle(obstacle).what == f" cannot be scheduled: {said}"
