"""The live view, fed with what real clusters answered."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from kubectl_job_operator.cli.live import LiveView
from kubectl_job_operator.cli.picture import MOST_PODS, PodRow, counts, picture, pod_row
from tests.unit import recordings


def drawn(job: dict[str, Any] | None, pods: list[dict[str, Any]], elapsed: float = 75.0, width: int = 160) -> str:
    """Return the picture as text."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(picture(job, pods, elapsed))
    return capture.get()


@pytest.mark.parametrize(
    ("scenario", "phase", "ready", "note"),
    [
        ("complete", "Succeeded", "1/1", ""),
        ("failed-exit-code", "Failed", "0/1", "exit code 3 (Error)"),
        ("image-pull", "Pending", "0/1", "container main: ErrImagePull (failed to pull"),
        ("unschedulable", "Pending", "0/1", "Unschedulable"),
        ("oom-killed", "Failed", "0/1", "exit code 137 (OOMKilled)"),
        ("config-missing", "Pending", "0/1", "CreateContainerConfigError"),
    ],
)
def test_a_pod_is_told_in_a_row(scenario: str, phase: str, ready: str, note: str) -> None:
    pod = recordings.pods(scenario)[0]
    row = pod_row(pod)
    assert (row.name, row.phase, row.ready) == (pod["metadata"]["name"], phase, ready)
    assert note in row.note
    assert "\n" not in row.note


def test_a_pod_that_is_being_deleted_is_terminating_and_one_that_has_just_come_is_bare() -> None:
    bare = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "main"}]}, "status": {"phase": "Pending"}}
    assert pod_row(bare) == PodRow("a", "Pending", "0/1", 0, "", "Pending")
    going = {**bare, "metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert pod_row(going).phase == "Terminating"
    assert pod_row({"metadata": {"name": "a"}}).phase == "Unknown"


def test_progress_counts_what_the_job_or_its_pods_know() -> None:
    job = recordings.job("parallel-indexed")
    assert counts(job, []) == (4, 4)
    job["status"] = {}
    assert counts(job, []) == (0, 4)
    assert counts(job, recordings.pods("parallel-indexed")) == (4, 4)
    assert counts(recordings.job("suspended"), []) == (0, 1)


def test_the_picture_has_the_job_its_pods_and_the_time() -> None:
    job, pods = recordings.job("failed-exit-code"), recordings.pods("failed-exit-code")
    text = drawn(job, pods)
    assert f"Job {job['metadata']['namespace']}/{job['metadata']['name']}" in text
    assert "Failed" in text
    assert "0/1 succeeded" in text
    assert "1:15" in text
    assert pods[0]["metadata"]["name"] in text
    assert "exit code 3" in text


def test_before_there_is_a_job_it_says_so() -> None:
    assert drawn(None, []).strip() == "Starting  1:15"


def test_a_job_that_is_suspended_says_so() -> None:
    assert "suspended" in drawn(recordings.job("suspended"), [])


def test_of_200_pods_those_that_need_a_look_are_shown_and_the_rest_is_counted() -> None:
    done, failed = recordings.pods("complete")[0], recordings.pods("failed-exit-code")[0]
    pods = [{**done, "metadata": {**done["metadata"], "name": f"done-{number}"}} for number in range(199)]
    text = drawn(recordings.job("complete"), [*pods, failed])
    lines = text.splitlines()
    assert failed["metadata"]["name"] in lines[2]
    assert len(lines) == MOST_PODS + 3
    assert lines[-1] == f"and {200 - MOST_PODS} more: {200 - MOST_PODS} Succeeded"


def test_a_narrow_terminal_shortens_a_note_instead_of_breaking_the_row() -> None:
    text = drawn(recordings.job("unschedulable"), recordings.pods("unschedulable"), width=100)
    assert len(text.splitlines()) == 3


def test_lines_scroll_above_as_they_are_and_the_last_picture_stays() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, color_system=None, width=100, height=20)
    view = LiveView(console, clock=lambda: 0.0)
    view.open()
    view.on_job(recordings.job("complete"))
    view.on_pods(recordings.pods("complete"))
    view.info("$ kubectl get job/[bold]a[/bold] " + "x" * 120)
    view.warning("What to do: set config_file to another.")
    view.close()
    text = output.getvalue()
    assert "[bold]a[/bold] " + "x" * 120 in text
    assert "What to do: set --kubeconfig to another." in text
    assert "1/1 succeeded" in text.rpartition("What to do")[2]
    assert text.rstrip().endswith("\x1b[?25h"), "the cursor is shown again"
