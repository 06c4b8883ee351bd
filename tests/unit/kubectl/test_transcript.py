"""What a task's log shows of a command can be pasted, and tells what came of it."""

from __future__ import annotations

import datetime
import shlex

import pytest

from kubectl_job_operator.kubectl.transcript import Transcript

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
