"""What a task's log shows of a command can be pasted, and tells what came of it."""

from __future__ import annotations

import datetime
import shlex

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
    assert tuple(shlex.split(shown[0].removeprefix("$ "))) == AWKWARD
    assert tuple(shlex.split(str(command))) == AWKWARD


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
