"""A task whose account has few rights does its work, and tells what it cannot tell in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.attempt.settings import Following, Settings
from kubectl_job_operator.errors import JobFailedError, RightsMissingError
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.recordings import FIXTURES
from tests.unit.stage import Log

NO_EVENTS = (FIXTURES / "rights" / "airflow-kube-job-operator.txt").read_text()
ONLY_PODS = (FIXTURES / "rights" / "helm-chart-pods.txt").read_text()
JOBS_ALONE = "jobs.batch   []   []   [*]\npods   []   []   [list]\n"
FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): events is forbidden: User "u" cannot list resource "events" in API '
    'group "" in the namespace "here"\n',
    "return_code": 1,
}
VERSIONS = {"clientVersion": {"gitVersion": "v1.32.4"}, "serverVersion": {"gitVersion": "v1.36.2"}}
pytestmark = pytest.mark.usefixtures("hasty")


def test_without_the_right_to_events_a_failure_is_told_without_asking_for_them(
    fake_kubectl: FakeKubectl, log: Log, tmp_path: Path
) -> None:
    fake_kubectl.answers("auth can-i --list", NO_EVENTS)
    fake_kubectl.answers("version", VERSIONS)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        stage.runner(log, settings=Settings(replay_dir=str(tmp_path / "kept"))).run()
    assert fake_kubectl.called("get events") == []
    assert log.text.count("The account lacks the right to list events") == 1
    assert not [warning for warning in log.warnings if "vents" in warning]


def test_where_the_cluster_does_not_tell_its_first_refusal_is_the_last(
    fake_kubectl: FakeKubectl, log: Log, tmp_path: Path
) -> None:
    fake_kubectl.answers("auth can-i --list", stderr="Warning: the list may be incomplete: webhook authorizer\n")
    fake_kubectl.answers("get events", **FORBIDDEN)
    fake_kubectl.answers("version", VERSIONS)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError):
        stage.runner(log, settings=Settings(replay_dir=str(tmp_path / "kept"))).run()
    assert len(fake_kubectl.called("get events")) == 1
    assert log.text.count("The account lacks the right to list events") == 1
    assert not [warning for warning in log.warnings if "vents" in warning]


def test_a_task_that_shows_no_logs_needs_no_right_to_them(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", JOBS_ALONE)
    stage.script(fake_kubectl, end="failed")
    with pytest.raises(JobFailedError) as failure:
        stage.runner(log).run()
    assert "its log cannot be read" in failure.value.report
    assert fake_kubectl.called("logs") == fake_kubectl.called("get pods --watch") == []


def test_a_task_that_shows_logs_is_refused_without_the_right_to_them(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", JOBS_ALONE)
    stage.script(fake_kubectl)
    with pytest.raises(RightsMissingError) as caught:
        stage.runner(log, settings=Settings(following=Following(is_on=True))).run()
    assert caught.value.missing == ("get pods", "get pods/log")


def test_an_account_that_may_only_run_pods_is_told_what_it_can_run(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("auth can-i --list", ONLY_PODS)
    stage.script(fake_kubectl)
    with pytest.raises(RightsMissingError, match="or run a Pod, by a template with kind: Pod"):
        stage.runner(log).run()
