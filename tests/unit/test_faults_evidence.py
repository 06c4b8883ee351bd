"""What the fault bench reads out of watches, the audit log and the containers' records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL
from tests.faults.evidence import (
    Container,
    JobLife,
    Request,
    after_event,
    read_audit,
    read_records,
    requests_of,
    without_missing,
)
from tests.faults.leftovers import leftovers_of
from tests.unit import recordings


def life_of(*events: tuple[str, str]) -> JobLife:
    """Fold the events of a watch, one a second, each with the Job of a recorded scenario, into one Job's life."""
    lives: dict[str, JobLife] = {}
    for second, (kind, scenario) in enumerate(events):
        job = recordings.job(scenario)
        job["metadata"].update(uid="u", name="a")
        lives = after_event(lives, kind, job, float(second))
    return lives["u"]


RUNNING = "unschedulable"


@pytest.mark.parametrize(("scenario", "verdict"), [("complete", "Complete"), ("failed-exit-code", "Failed")])
def test_a_watch_shows_when_a_job_came_and_when_it_got_its_verdict(scenario: str, verdict: str) -> None:
    life = life_of(("ADDED", RUNNING), ("MODIFIED", RUNNING), ("MODIFIED", scenario), ("MODIFIED", scenario))
    assert life == JobLife("u", "a", "", 0.0, verdict, ended_at=2.0)


def test_a_watch_shows_that_a_job_is_gone_and_keeps_its_verdict() -> None:
    assert life_of(("ADDED", RUNNING), ("DELETED", RUNNING)) == JobLife("u", "a", "", 0.0, deleted_at=1.0)
    ended = life_of(("ADDED", RUNNING), ("MODIFIED", "complete"), ("DELETED", "complete"))
    assert ended == JobLife("u", "a", "", 0.0, "Complete", ended_at=1.0, deleted_at=2.0)


def test_a_job_that_a_new_list_does_not_have_was_deleted_meanwhile() -> None:
    lives = {uid: JobLife(uid, "a", "d", 1.0) for uid in ("1", "2")} | {
        "3": JobLife("3", "a", "d", 1.0, deleted_at=2.0)
    }
    found = without_missing(lives, ["2"], 9.0)
    assert [found[uid].deleted_at for uid in ("1", "2", "3")] == [9.0, None, 2.0]


def test_the_label_tells_whose_job_it_is() -> None:
    job = recordings.job("complete")
    job["metadata"]["labels"] = {TASK_INSTANCE_LABEL: "abc"}
    (life,) = after_event({}, "ADDED", job, 1.0).values()
    assert life.digest == "abc"


def test_containers_record_their_start_and_how_it_ended() -> None:
    text = "start u1 p1 10.00\nstart u1 p2 11.00\nstopped u1 p1 12.00\nend u1 p2 13.50\nstart u2 p3 14.00\n"
    assert read_records(text) == [
        Container("u1", "p1", 10.0, stopped_at=12.0),
        Container("u1", "p2", 11.0, ended_at=13.5),
        Container("u2", "p3", 14.0),
    ]


def audit_line(uri: str, **changes: Any) -> str:
    event = {
        "verb": "get",
        "requestURI": uri,
        "userAgent": "kubectl/v1.32.4 (linux/amd64)",
        "user": {"username": "admin"},
        "requestReceivedTimestamp": "2026-11-21T02:00:00.250000Z",
        "responseStatus": {"code": 200},
    }
    return json.dumps({**event, **changes})


HERE = "/apis/batch/v1/namespaces/here/jobs"


def test_the_audit_log_shows_what_workers_asked_and_nobody_else() -> None:
    lines = [
        audit_line(f"{HERE}/a"),
        audit_line(f"{HERE}/b", userAgent="kube-controller-manager/v1.20"),
        audit_line(f"{HERE}/c", impersonatedUser={"username": "fault-bench"}),
        audit_line("/apis/batch/v1/namespaces/there/jobs/d"),
        audit_line(f"{HERE}/e", responseStatus=None),
    ]
    found = read_audit(lines, "here")
    assert [request.uri for request in found] == [f"{HERE}/a", f"{HERE}/e"]
    assert [request.code for request in found] == [200, 0]
    assert found[0].at == 1795226400.25


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request(0.0, "patch", f"{HERE}/task-1?fieldManager=x", 201), True),
        (Request(0.0, "patch", f"{HERE}/task-1?fieldManager=x", 200), False),
        (Request(0.0, "patch", f"{HERE}/task-10?fieldManager=x", 201), False),
        (Request(0.0, "delete", f"{HERE}/task-1", 201), False),
    ],
)
def test_only_what_is_answered_with_created_brings_a_job_into_being(request_: Request, expected: bool) -> None:
    assert request_.creates_job("task-1") is expected


def test_the_requests_of_a_task_instance_are_those_that_name_it() -> None:
    uris = [
        f"{HERE}/task-1",
        f"{HERE}/task-10",
        f"{HERE}?fieldSelector=metadata.name%3Dtask-1&watch=true",
        "/api/v1/namespaces/here/pods?labelSelector=controller-uid%3Du-1",
        "/api/v1/namespaces/here/pods/task-1-abcde/log",
        "/api/v1/namespaces/here/pods/task-10-abcde/log",
        "/api/v1/namespaces/here/configmaps?labelSelector=x%3Dd1gest",
    ]
    requests = [Request(0.0, "get", uri, 200) for uri in uris]
    found = requests_of(requests, "task-1", ["u-1", "d1gest", ""])
    assert [request.uri for request in found] == [uris[0], uris[2], uris[3], uris[4], uris[6]]


def test_what_is_left_of_a_task_instance_is_told_from_what_is_left_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "kubectl-job-operator-abc"
    (folder / "cache").mkdir(parents=True)
    (folder / "a.yaml").touch()
    (folder / "cache" / "b").touch()
    (tmp_path / "other").touch()

    def named(name: str, **labels: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "labels": labels}}

    objects = {
        "jobs": [named("task-1"), named("task-10")],
        "configmaps": [named("kube-root-ca.crt")],
        "pods": [
            named("task-1-x", **{"job-name": "task-1", "controller-uid": "u"}),
            named("task-10-x", **{"job-name": "task-10", "controller-uid": "v"}),
        ],
    }
    left = leftovers_of("task-1", objects, tmp_path, [(str(tmp_path), "kubectl wait"), ("/else", "kubectl get")])
    assert left.jobs == ("task-1",)
    assert left.config_maps == ()
    assert left.pods == {"task-1-x": "u"}
    assert {name: sorted(files) for name, files in left.folders.items()} == {folder.name: ["a.yaml", "cache/b"]}
    assert left.other_files == ("other",)
    assert left.kubectls == ("kubectl wait",)
