"""What only helps is used where it is granted, and its absence is one line."""

from __future__ import annotations

import pytest

from kubectl_job_operator.attempt.permissions import Permissions
from kubectl_job_operator.status.rights import (
    FOR_A_JOB,
    GET_LOGS,
    GET_PODS,
    LIST_EVENTS,
    WATCH_PODS,
    Granted,
    wanted,
)
from tests.unit.stage import ALL_RIGHTS, Log

NONE = Granted.read("")


@pytest.fixture
def permissions(log: Log) -> Permissions:
    """Give those of an account of which nothing is known yet."""
    return Permissions(log)


def test_what_nobody_has_denied_is_taken_to_be_granted(permissions: Permissions, log: Log) -> None:
    assert permissions.has(LIST_EVENTS, WATCH_PODS, GET_LOGS)
    permissions.learn(Granted.read(ALL_RIGHTS), FOR_A_JOB)
    assert permissions.has(LIST_EVENTS, WATCH_PODS, GET_LOGS)
    assert log.lines == []


def test_each_absence_is_a_plain_line_however_often_it_is_learnt(permissions: Permissions, log: Log) -> None:
    for _ in range(3):
        permissions.learn(NONE, FOR_A_JOB)
    assert not permissions.has(LIST_EVENTS)
    assert not permissions.has(GET_PODS, WATCH_PODS)
    events, pods = sorted(log.lines)
    assert events.startswith("The account lacks the right to list events: what the events tell")
    assert pods.startswith("The account lacks the right to watch pods: they are listed now and then")
    assert log.warnings == []


def test_rights_with_one_consequence_share_a_line(permissions: Permissions, log: Log) -> None:
    permissions.learn(Granted.read("events [] [] [list]\npods [] [] [watch]\n"), wanted(JOB, reads_logs=False))
    (line,) = log.lines
    assert line.startswith("The account lacks the right to get pods, get pods/log: the error of a Job that fails comes")


def test_where_the_cluster_does_not_tell_the_first_refusal_is_believed(permissions: Permissions, log: Log) -> None:
    permissions.learn(Granted.read(None), FOR_A_JOB)
    assert permissions.has(LIST_EVENTS)
    assert permissions.is_refused(LIST_EVENTS)
    assert not permissions.has(LIST_EVENTS)
    assert permissions.is_refused(LIST_EVENTS)
    assert len(log.lines) == 1


def test_a_refusal_of_what_the_cluster_says_is_granted_is_not_believed(permissions: Permissions, log: Log) -> None:
    permissions.learn(Granted.read(ALL_RIGHTS), FOR_A_JOB)
    assert not permissions.is_refused(LIST_EVENTS)
    assert permissions.has(LIST_EVENTS)
    assert log.lines == []


JOB = {"apiVersion": "batch/v1", "kind": "Job"}
