"""Events are found, grouped and counted, and nothing that looks like a credential is shown."""

from __future__ import annotations

import pytest

from kubectl_job_operator.status import events
from tests.unit import recordings
from tests.unit.status.test_pending import event


def test_the_same_said_of_many_pods_is_one_line_with_a_count() -> None:
    job, pods = recordings.job("backoff-exhausted"), recordings.pods("backoff-exhausted")
    assert len(pods) == 3
    about = [
        event("BackOff", f"Back-off restarting container of {pod['metadata']['name']}_fixtures", about=pod, count=3)
        for pod in pods
    ]
    (line,) = events.grouped(job, events.of(job, pods, about))
    assert line == "9 x BackOff: Back-off restarting container of *_fixtures"


@pytest.mark.parametrize("reason", ["MissingClusterDNS", "DNSConfigForming"])
def test_a_warning_that_every_pod_of_a_cluster_gets_is_not_told(reason: str) -> None:
    job, pods = recordings.job("backoff-exhausted"), recordings.pods("backoff-exhausted")
    noise, word = event(reason, "x", about=pods[0]), event("Evicted", "low on memory", about=pods[0])
    assert events.grouped(job, events.of(job, pods, [noise, word])) == ["1 x Evicted: low on memory"]


def test_the_refusals_of_pods_that_never_were_are_counted() -> None:
    job = recordings.job("quota")
    (line,) = events.grouped(job, events.of(job, [], recordings.events("quota")))
    assert line == (
        '6 x FailedCreate: Error creating: pods "*" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, '
        "limited: pods=0"
    )


def test_pods_that_are_gone_still_have_their_events() -> None:
    job = recordings.job("pod-deleted")
    found = events.of(job, [], recordings.events("pod-deleted"))
    assert "1 x Killing: Stopping container main" in events.grouped(job, found)


def test_events_of_others_are_left_out() -> None:
    job, other = recordings.job("pod-deleted"), recordings.events("job-deleted")
    assert events.of(job, [], other) == []
    earlier = {**job, "metadata": {**job["metadata"], "uid": "new", "creationTimestamp": "2027-01-01T00:00:00Z"}}
    assert events.of(earlier, [], recordings.events("pod-deleted")) == [], "an earlier Job had this name"


def test_a_job_whose_name_begins_like_anothers_does_not_get_its_events() -> None:
    job = recordings.job("pod-deleted")
    job["metadata"]["name"] = "pod"
    job["metadata"]["uid"] = "another"
    assert events.of(job, [], recordings.events("pod-deleted")) == []


def test_pods_of_a_job_with_a_very_long_name_are_known_by_what_is_left_of_it() -> None:
    job = recordings.job("pod-deleted")
    job["metadata"].update(name="n" * 63, uid="another")
    (pod,) = recordings.pods_last_seen("pod-deleted")
    pod["metadata"].update(name="n" * 58 + "bsxbw", uid="gone")
    assert len(events.of(job, [], [event("Evicted", "low on memory", about=pod)])) == 1


def test_what_the_verdict_or_the_account_says_already_is_not_repeated() -> None:
    job = recordings.job("command-missing")
    pods = recordings.pods("command-missing")
    found = events.of(job, pods, recordings.events("command-missing"))
    message = pods[0]["status"]["containerStatuses"][0]["state"]["terminated"]["message"]
    assert events.grouped(job, found, message) == []
    assert events.grouped(job, found) != []


def test_only_the_newest_kinds_are_shown_and_the_others_counted() -> None:
    job = recordings.job("quota")
    many = [
        event(f"Reason{letter}", "x", about=job, lastTimestamp=f"2026-11-20T19:30:{number:02}Z")
        for number, letter in enumerate("abcdefghij")
    ]
    lines = events.grouped(job, events.of(job, [], many))
    assert lines[0] == "1 x Reasonj: x"
    assert lines[-1] == "and 2 other kinds"
    assert len(lines) == 9


@pytest.mark.parametrize(
    "message",
    [
        "Get https://user:hunter2@registry/v2: no",
        "Get https://registry/v2?token=hunter2: no",
        "Authorization: Bearer hunter2hunter2",
        "probe failed: password=hunter2",
    ],
)
def test_what_looks_like_a_credential_is_masked(message: str) -> None:
    job = recordings.job("quota")
    (line,) = events.grouped(job, [event("Failed", message, about=job)])
    assert "hunter2" not in line
    assert "***" in line


def test_the_selector_asks_for_no_more_than_is_needed() -> None:
    job = recordings.job("unschedulable")
    (pod,) = recordings.pods("unschedulable")
    assert events.field_selector(job, []) == f"involvedObject.uid={job['metadata']['uid']}"
    assert events.field_selector(job, [pod]) == f"involvedObject.uid={pod['metadata']['uid']}"
    assert events.field_selector(job, [pod, pod]) == "involvedObject.kind=Pod,type=Warning"
    at_the_end = events.field_selector_at_the_end()
    assert "reason!=Scheduled" in at_the_end
    assert "Killing" not in at_the_end


def test_times_of_both_kinds_of_events_sort_together() -> None:
    scheduling, created = recordings.events("unschedulable")
    assert scheduling["lastTimestamp"] is None
    assert events.time_of(scheduling) == "2026-11-20T19:21:36"
    assert events.time_of(created) == created["lastTimestamp"][:19]
    assert events.count_of({"series": {"count": 4}}) == 4


def test_what_is_told_of_a_pod_that_the_job_deleted_is_not_said_again_by_its_events() -> None:
    job = recordings.job("deadline-exceeded")
    noted = [
        event("SuccessfulDelete", "Deleted pod: p", about=job, type_="Normal"),
        event("Killing", "Stopping container main", about=job, type_="Normal"),
        event("Killing", "Container main failed liveness probe, will be restarted", about=job, type_="Normal"),
    ]
    assert events.grouped(job, noted, "Pod p on node n: the Job deleted it.") == [
        "1 x Killing: Container main failed liveness probe, will be restarted"
    ]
    assert len(events.grouped(job, noted)) == 3
