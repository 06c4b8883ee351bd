"""A result is read before anything is deleted; one that cannot be used fails the task and keeps its Job."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy, Following, Settings, Tail
from kubectl_job_operator.errors import ResultError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.status import keyed, result
from kubectl_job_operator.status.result import ResultSource
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import no_room
from tests.unit.stage import Log
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("hasty")

FROM_FILE = Settings(result_from=ResultSource.FILE)
FROM_LOGS = Settings(result_from=ResultSource.LOGS)


def pods(message: str = "") -> dict[str, Any]:
    listed = copy.deepcopy(recordings.pod_list("complete"))
    (pod,) = listed["items"]
    (container,) = pod["status"]["containerStatuses"]
    container["state"]["terminated"]["message"] = message
    return listed


POD = pods()["items"][0]["metadata"]["name"]


def script(fake_kubectl: FakeKubectl, message: str = "") -> None:
    fake_kubectl.answers("get pods -o json", pods(message))
    stage.script(fake_kubectl)


def result_from_logs(fake_kubectl: FakeKubectl, log: Log) -> Any:
    """Run a Job to its end, and return what a line of its log has handed over."""
    script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_LOGS)
    runner.run()
    assert runner.done
    return runner.done.result


def test_what_the_container_wrote_is_the_result(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, '{"rows": 3}')
    runner = stage.runner(log, settings=FROM_FILE)
    runner.run()
    assert runner.done
    assert runner.done.result == {"rows": 3}
    assert list(runner.done.pod_names) == [POD]
    assert "rows" not in log.text
    assert fake_kubectl.called("delete")


def test_of_a_job_for_one_pod_the_result_is_no_list_though_two_have_succeeded(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    """Its node was lost for a while, and when it came back another pod had taken its place."""
    two = pods("1")
    other = pods("2")["items"][0]
    other["metadata"].update(name="another", uid="another", creationTimestamp="2999-01-01T00:00:00Z")
    two["items"].insert(0, other)
    fake_kubectl.answers("get pods -o json", two)
    stage.script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_FILE)
    runner.run()
    assert runner.done
    assert runner.done.result == 1


def test_nothing_written_is_no_result_and_said(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_FILE)
    runner.run()
    assert runner.done
    assert runner.done.result is None
    assert "No container handed over a result." in log.text


def test_a_result_that_cannot_be_used_fails_the_task_and_the_job_stays(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, "x" * 4096)
    runner = stage.runner(log, settings=FROM_FILE)
    with pytest.raises(ResultError) as caught:
        runner.run()
    message = str(caught.value)
    assert f"The 4096 bytes that came from container main of pod {POD} are not JSON" in message
    assert "of more, Kubernetes hands over only the end" in message
    assert 'xcom_from="logs"' in message
    assert "xxx" not in message + log.text
    assert log.text.endswith(message)
    assert runner.done is None
    assert not fake_kubectl.called("delete")
    assert "::group::Replay" in log.lines


def test_by_the_policy_of_failures_it_goes(fake_kubectl: FakeKubectl, log: Log) -> None:
    script(fake_kubectl, "no json")
    settings = Settings(result_from=ResultSource.FILE, delete_policy=DeletePolicy.IF_FAILED)
    with pytest.raises(ResultError, match="The 7 bytes that came"):
        stage.runner(log, settings=settings).run()
    assert len(fake_kubectl.called("delete")) == 1


def test_a_pod_that_is_gone_takes_its_result_with_it_and_that_is_an_error(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("get pods -o json", {"kind": "List", "items": []})
    stage.script(fake_kubectl)
    with pytest.raises(ResultError, match="It is gone: somebody deleted pods of the Job before it could be read"):
        stage.runner(log, settings=FROM_FILE).run()


@pytest.mark.parametrize(
    "shown",
    [{"following": Following(is_on=True)}, {"tail": Tail(is_on=True)}],
)
def test_a_marked_line_of_the_log_is_the_result_and_is_not_shown(
    fake_kubectl: FakeKubectl, log: Log, shown: dict[str, Any]
) -> None:
    lines = f'before\n{result.MARKER} {{"rows": 4}}\nafter\n'
    fake_kubectl.answers(f"logs {POD} -c main --timestamps", stamped(lines))
    fake_kubectl.answers(f"logs {POD} -c main", lines)
    fake_kubectl.answers("logs -l", "".join(f"[pod/{POD}/main] {line}\n" for line in lines.splitlines()))
    script(fake_kubectl)
    runner = stage.runner(log, settings=Settings(result_from=ResultSource.LOGS, **shown))
    runner.run()
    assert runner.done
    assert runner.done.result == {"rows": 4}
    assert "before" in log.text
    assert "after" in log.text
    assert result.MARKER not in log.text


@pytest.mark.parametrize("marker", [result.MARKER, keyed.MARKER])
def test_a_marker_within_a_line_is_no_result_and_that_is_said(fake_kubectl: FakeKubectl, log: Log, marker: str) -> None:
    """What was written to stderr without a newline comes before it, on the same line."""
    line = f"loading: 100%{marker} 5\n".encode()
    fake_kubectl.answers(f"logs {POD} -c main", b"one\n" + line[:20], then=(0.1, line[20:]))
    script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_LOGS)
    runner.run()
    assert runner.done
    assert runner.done.result is None
    (warning,) = (one for one in log.warnings if marker in one)
    assert warning.startswith(f"Container main of pod {POD} has printed {marker} within a line")


def test_a_marker_within_a_line_is_not_told_where_there_is_a_result(fake_kubectl: FakeKubectl, log: Log) -> None:
    lines = f"+ echo '{result.MARKER} 5'\n{result.MARKER} 5\n"
    fake_kubectl.answers(f"logs {POD} -c main", lines)
    assert result_from_logs(fake_kubectl, log) == 5
    assert result.MARKER not in log.text


def test_where_the_pod_is_deleted_before_its_log_is_read_the_result_is_gone(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    missing = f'Error from server (NotFound): pods "{POD}" not found\n'
    fake_kubectl.answers(f"logs {POD} -c main", stderr=missing, return_code=1)
    script(fake_kubectl)
    with pytest.raises(ResultError, match="before its log could be read"):
        stage.runner(log, settings=FROM_LOGS).run()


def test_a_log_is_read_again_after_an_outage(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", times=1, **stage.REFUSED)
    fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} 5\n")
    assert result_from_logs(fake_kubectl, log) == 5


def test_a_log_that_ends_elsewhere_each_time_is_not_read_for_ever(fake_kubectl: FakeKubectl, log: Log) -> None:
    for length in range(9):
        fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} [1]\n" + "x" * (length + 1), times=1)
    assert result_from_logs(fake_kubectl, log) == [1]
    assert len(fake_kubectl.called(f"logs {POD} -c main")) == 4


@pytest.mark.parametrize(
    ("log_text", "is_whole"),
    [
        (f"{result.MARKER} [1]\nbye", True),
        (f"{result.MARKER} [1]\n{result.MARKER} [1, 2", False),
        (f"{result.MARKER} [1]\n{result.MARKER[:9]}", False),
        ("bye", False),
    ],
)
def test_a_whole_result_counts_though_its_pod_is_deleted_before_its_log_is_read_again(
    log_text: str, is_whole: bool, fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", log_text, times=1)
    fake_kubectl.answers(
        f"logs {POD} -c main", stderr=f'Error from server (NotFound): pods "{POD}" not found\n', return_code=1
    )
    script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_LOGS)
    if is_whole:
        runner.run()
        assert runner.done
        assert runner.done.result == [1]
    else:
        with pytest.raises(ResultError, match="It is gone"):
            runner.run()


def test_a_result_that_was_cut_is_read_again_when_the_node_is_back(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} 12", times=1)
    fake_kubectl.answers(f"logs {POD} -c main", KUBELET, times=1)
    fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} 12", times=1)
    fake_kubectl.answers(f"logs {POD} -c main", **stage.REFUSED, times=1)
    fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} 12345\n")
    assert result_from_logs(fake_kubectl, log) == 12345


def test_a_log_is_read_again_where_the_machine_had_no_room_for_a_process(
    fake_kubectl: FakeKubectl, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} 5\n")
    script(fake_kubectl)
    start_log, refused = Kubectl.start_log, list[str]()

    def start_where_there_is_no_room(kubectl: Kubectl, pod: str, container: str, take: Callable[[bytes], None]) -> Call:
        if refused:
            return start_log(kubectl, pod, container, take)
        refused.append(pod)
        with monkeypatch.context() as full:
            full.setattr(os, "fork", no_room)
            call = start_log(kubectl, pod, container, take)
            until(lambda: not call.process.is_running, "it has begun")
        return call

    monkeypatch.setattr(Kubectl, "start_log", start_where_there_is_no_room)
    runner = stage.runner(log, settings=FROM_LOGS)
    runner.run()
    assert refused
    assert runner.done
    assert runner.done.result == 5
    assert "could not be started" in log.text


KUBELET = "unable to retrieve container logs for containerd://0123456789"


@pytest.mark.parametrize("newline", ["", "\n"])
def test_what_the_kubelet_says_instead_of_the_log_is_not_taken_for_a_log_without_a_result(
    fake_kubectl: FakeKubectl, log: Log, newline: str
) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", KUBELET + newline, times=2)
    fake_kubectl.answers(f"logs {POD} -c main", f"{result.MARKER} 5\n")
    assert result_from_logs(fake_kubectl, log) == 5
    assert f"The kubelet cannot read the log that the result is in: {KUBELET}.\nIt is asked again in" in log.text
    assert "The cluster does not serve us" not in log.text


def test_where_the_kubelet_has_the_log_no_more_the_result_is_gone_and_the_job_stays(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", KUBELET)
    script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_LOGS)
    with pytest.raises(ResultError, match=f"It is gone: the kubelet says: {KUBELET}.\nWhat to do: clear the task"):
        runner.run()
    assert runner.done is None
    assert len(fake_kubectl.called(f"logs {POD}")) >= 2
    assert not fake_kubectl.called("delete")


def test_the_kubelets_words_among_the_lines_of_a_container_are_its_own(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers(f"logs {POD} -c main", f"a log of a log:\n{KUBELET}\n")
    script(fake_kubectl)
    runner = stage.runner(log, settings=FROM_LOGS)
    runner.run()
    assert runner.done
    assert runner.done.result is None


def test_a_later_try_that_need_not_run_the_job_again_has_its_result(fake_kubectl: FakeKubectl, log: Log) -> None:
    notebook = stage.Notebook()
    fake_kubectl.answers(f"get {stage.TARGET}", times=2)
    script(fake_kubectl, "[1]")
    stage.runner(log, memory=notebook, settings=FROM_FILE).run()
    later = stage.runner(log, memory=notebook, settings=FROM_FILE)
    later.run()
    assert len(fake_kubectl.called("apply")) == 1
    assert later.done
    assert (later.done.result, list(later.done.pod_names)) == ([1], [POD])


def stamped(lines: str) -> str:
    return "".join(f"2026-11-20T19:25:02.12345678{n}Z {line}\n" for n, line in enumerate(lines.splitlines()))
