"""Why a Job failed is told in words that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubectl_job_operator.jobs.diagnosis import LAST_LINES, MOST_CONTAINERS, account
from tests.unit import recordings


class Logs:
    """Logs that can be read, noting what was asked for.

    :param lines: what each log ends with.
    """

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.asked: list[tuple[str, str, int]] = []

    def __call__(self, pod: str, container: str, line_count: int) -> Sequence[str]:
        """Return the lines."""
        self.asked.append((pod, container, line_count))
        return self.lines


def test_it_names_the_pod_the_container_the_exit_code_and_the_last_lines() -> None:
    logs = Logs("dying", "now")
    assert account(recordings.pods("failed-exit-code"), logs).splitlines() == [
        "Pod failed-exit-code-28jd2, container main: exit code 3 (Error)",
        "  its last 2 log lines:",
        "    dying",
        "    now",
    ]
    assert logs.asked == [("failed-exit-code-28jd2", "main", LAST_LINES)]


def test_one_line_is_called_one() -> None:
    assert account(recordings.pods("failed-exit-code"), Logs("dying")).splitlines()[1:] == [
        "  its last log line:",
        "    dying",
    ]


def test_a_container_that_ran_out_of_memory_is_called_so() -> None:
    assert "container main: exit code 137 (OOMKilled)" in account(recordings.pods("oom-killed"), Logs())


def test_a_command_that_does_not_exist_is_told_by_the_termination_message() -> None:
    told = account(recordings.pods("command-missing"), Logs()).splitlines()
    assert told[0] == "Pod command-missing-xn96h, container main: exit code 128 (StartError)"
    assert told[1].startswith("  its termination message: failed to create")
    assert told[1].endswith('exec: "/no/such": stat /no/such: no such file or directory')
    assert told[2] == "  it wrote no log"


def test_kubernetes_1_20_tells_as_much() -> None:
    assert "container main: exit code 3 (Error)\n  its last log line:\n    dying" in account(
        recordings.pods("failed", "1.20"), Logs("dying")
    )


def _failed_pods(count: int) -> list[dict[str, Any]]:
    (pod,) = recordings.pods("failed-exit-code")
    return [
        {**pod, "metadata": {"name": f"pod-{number}", "creationTimestamp": f"2026-01-01T00:00:{number:02}Z"}}
        for number in range(count)
    ]


def test_at_most_five_containers_are_told_the_newest() -> None:
    assert MOST_CONTAINERS == 5
    logs = Logs("x")
    told = account(_failed_pods(8), logs).splitlines()
    assert told[0] == "8 containers failed; these are the last 5:"
    assert [pod for pod, _, _ in logs.asked] == [f"pod-{number}" for number in (3, 4, 5, 6, 7)]
    assert sum(line.startswith("Pod ") for line in told) == 5


def test_five_containers_are_all_told_without_a_headline() -> None:
    told = account(_failed_pods(5), Logs("x")).splitlines()
    assert told[0].startswith("Pod pod-0,")
    assert sum(line.startswith("Pod ") for line in told) == 5


@pytest.mark.parametrize("scenario", ["deadline-exceeded", "on-failure-restarts", "pod-deleted"])
def test_a_job_whose_pods_are_gone_says_so(scenario: str) -> None:
    pods = recordings.pods(scenario)
    assert pods == []
    assert account(pods, Logs()) == "It has no pod any more, so there is nothing to tell why."


def test_pods_without_a_failed_container_are_listed_with_their_phase() -> None:
    (pod,) = recordings.pods("image-pull")
    logs = Logs()
    told = account([pod], logs)
    assert told == f"No container ended with an error; its pods: {pod['metadata']['name']} (Pending)."
    assert logs.asked == []
