"""What a task's log shows of a command can be pasted, and tells what came of it."""

from __future__ import annotations

import datetime
import subprocess
from collections.abc import Callable

import pytest

from kubectl_job_operator.kubectl.transcript import Transcript, subcommand

AWKWARD = ("kubectl", "a b", "it's", '"quoted"', "$HOME", "`id`", "a;b", "ünï", "new\nline", "", "*", "-l", "a=b,c!=d")


@pytest.fixture
def shown() -> list[str]:
    """Give the list into which a transcript shows its lines."""
    return []


@pytest.fixture
def transcript(shown: list[str]) -> Transcript:
    """Give a transcript that shows its lines in ``shown``."""
    return Transcript(shown.append)


def test_a_command_is_shown_as_it_starts_ready_to_paste(transcript: Transcript, shown: list[str]) -> None:
    transcript.started(("kubectl", "get", "job/a"))
    assert shown == ["$ kubectl get job/a"]


def test_awkward_arguments_come_out_of_a_shell_as_they_went_in(transcript: Transcript, shown: list[str]) -> None:
    command = transcript.started(AWKWARD)
    for text in (shown[0].removeprefix("$ "), str(command)):
        assert "\n" not in text
        read = subprocess.run(["bash", "-c", f"printf '%s\\0' {text}"], capture_output=True, text=True, check=True)
        assert tuple(read.stdout.split("\0")[:-1]) == AWKWARD


def test_the_start_is_noted_in_utc(transcript: Transcript) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    command = transcript.started(("kubectl",), "get")
    assert before <= command.started <= datetime.datetime.now(datetime.timezone.utc)
    assert command.label == "get"


def test_a_success_is_one_line_with_what_was_said_and_how_long_it_took(
    transcript: Transcript, shown: list[str]
) -> None:
    transcript.ended(transcript.started(("kubectl",), "get"), 0, 0.126, "job/a")
    assert shown[1:] == ["  -> get: job/a (0.13 s)"]


def test_a_failure_shows_its_return_code_and_every_line(transcript: Transcript, shown: list[str]) -> None:
    transcript.ended(transcript.started(("kubectl",), "apply"), 1, 1.0, "error: one\ntwo\nthree")
    assert shown[1:] == ["  -> apply: error: one (1.00 s, return code 1)\n    two\n    three"]


def test_silence_is_shown_as_silence(transcript: Transcript, shown: list[str]) -> None:
    transcript.ended(transcript.started(("kubectl",)), 0, 0.0, "")
    assert shown[1:] == ["  -> (no output) (0.00 s)"]


FLAGS = ("kubectl", "--kubeconfig", "apply", "--context", "delete", "--insecure-skip-tls-verify", "-n", "label")


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        ("get job/a", False),
        ("wait job/a --for=delete", False),
        ("logs a -c b", False),
        ("version --client", False),
        ("config view --minify", False),
        ("auth can-i --list", False),
        ("apply -f a", True),
        ("create -f a", True),
        ("delete job -l a=b", True),
        ("label job -l a=b c=d", True),
        ("patch job/a", True),
        ("config set-context get", True),
        ("auth reconcile -f get", True),
        ("unheard-of", True),
    ],
)
def test_every_command_is_known_to_read_or_to_change_whatever_the_cluster_is_called(
    command: str, changes: bool, transcript: Transcript
) -> None:
    transcript.started((*FLAGS, *command.split()))
    (record,) = transcript.records
    assert record.changes is changes
    assert subcommand(record.argv) == tuple(command.split())


def test_commands_are_kept_in_order_with_their_start_duration_and_return_code(transcript: Transcript) -> None:
    first = transcript.started(("kubectl", "get", "a"))
    second = transcript.started(("kubectl", "get", "b"))
    third = transcript.started(("kubectl", "get", "c"))
    transcript.ended(second, 1, 0.5, "error")
    transcript.ended(first, 0, 0.7, "done")
    transcript.ended(third, 0, 0.9, "stopped", was_stopped=True)
    assert [(one.argv[-1], one.return_code, one.duration_seconds, one.was_stopped) for one in transcript.records] == [
        ("a", 0, 0.7, False),
        ("b", 1, 0.5, False),
        ("c", 0, 0.9, True),
    ]
    assert [one.first_started for one in transcript.records] == [first.started, second.started, third.started]


def test_a_command_that_runs_again_and_again_is_kept_once_and_counted(transcript: Transcript) -> None:
    commands = [transcript.started(("kubectl", "get", "a")) for _ in range(10_000)]
    (record,) = transcript.records
    assert record.count == 10_000
    assert (record.first_started, record.last_started) == (commands[0].started, commands[-1].started)


def test_a_try_of_many_days_keeps_the_first_and_the_latest_commands_and_all_changes(transcript: Transcript) -> None:
    for number in range(150):
        transcript.started(("kubectl", "get", f"early-{number}"))
    transcript.started(("kubectl", "apply", "-f", "a"))
    forgotten = [transcript.started(("kubectl", "logs", f"pod-{number}")) for number in range(5_000)]
    transcript.ended(forgotten[0], 0, 1.0, "lines")
    words = [record.argv[-1] for record in transcript.records]
    assert len(words) == 500
    assert transcript.left_out == 5_151 - 500
    assert words[:100] == [f"early-{number}" for number in range(100)]
    assert words[100] == "a"
    assert words[-399:] == [f"pod-{number}" for number in range(4_601, 5_000)]


@pytest.fixture
def held() -> list[Callable[[], str]]:
    """Give the list of what the transcript below holds back."""
    return []


@pytest.fixture
def holding(shown: list[str], held: list[Callable[[], str]]) -> Transcript:
    """Give a transcript that holds back what it can."""
    return Transcript(shown.append, hold=held.append)


@pytest.mark.parametrize("command", ["apply -f a", "delete job/a", "label job/a b=c", "unheard-of", "wait pods -l a=b"])
def test_what_changes_the_cluster_or_is_waited_for_is_shown_at_once(
    command: str, holding: Transcript, shown: list[str], held: list[Callable[[], str]]
) -> None:
    ran = holding.started(("kubectl", "-n", "here", *command.split()), "it")
    assert shown == [f"$ kubectl -n here {command}"]
    holding.ended(ran, 0, 1.0, "done")
    assert shown[1:] == ["  -> it: done (1.00 s)"]
    assert held == []


@pytest.mark.parametrize("command", ["get job/a", "wait job/a --for=delete", "get pods --watch", "auth can-i --list"])
def test_what_only_reads_is_held_back_and_shown_with_what_came_of_it(
    command: str, holding: Transcript, shown: list[str], held: list[Callable[[], str]]
) -> None:
    ran = holding.started(("kubectl", *command.split()), "it")
    other = holding.started(("kubectl", "get", "b"), "b")
    holding.ended(other, 1, 0.5, "error: no")
    holding.ended(ran, 0, 1.0, "done")
    assert shown == []
    assert [take() for take in held] == [
        f"$ kubectl {command}\n  -> it: done (1.00 s)",
        "$ kubectl get b\n  -> b: error: no (0.50 s, return code 1)",
    ]


def test_a_command_that_ends_long_after_it_was_shown_says_which_it_was(
    holding: Transcript, held: list[Callable[[], str]]
) -> None:
    ran = holding.started(("kubectl", "wait", "job/a"), "wait")
    assert held[0]() == "$ kubectl wait job/a"
    holding.ended(ran, 0, 60.0, "met")
    assert held[1]() == f"  -> wait, begun at {ran.started:%H:%M:%S} UTC: met (60.00 s)"


def test_of_all_logs_that_are_followed_the_first_command_is_visible(
    holding: Transcript, shown: list[str], held: list[Callable[[], str]]
) -> None:
    ran = [holding.started(("kubectl", "logs", pod, "-c", "main", "--follow"), "logs") for pod in "abc"]
    assert shown == ["$ kubectl logs a -c main --follow"]
    for one in ran:
        holding.ended(one, 0, 1.0, "2 lines")
    assert len(shown) == 1
    assert len(held) == 3


def test_what_kubectl_says_again_and_again_is_counted(transcript: Transcript, shown: list[str]) -> None:
    command = transcript.started(("kubectl", "apply"), "apply")
    transcript.ended(command, 0, 1.0, "job/a\nWarning: old\nWarning: old\nWarning: new")
    assert shown[1:] == ["  -> apply: job/a (1.00 s)\n    2 x Warning: old\n    Warning: new"]
