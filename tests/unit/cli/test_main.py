"""The program as a whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_job_operator import __version__
from kubectl_job_operator.cli.exit_code import ExitCode, exit_code_of
from kubectl_job_operator.cli.streams import say
from kubectl_job_operator.cli.wording import in_options
from kubectl_job_operator.errors import (
    ErrorKind,
    JobFailedError,
    JobInUseError,
    JobStartupError,
    JobVanishedError,
    KubectlError,
    KubectlJobOperatorError,
    RightsMissingError,
    TemplateError,
    WorkspaceError,
)
from tests.unit.cli.program import Program

ROOT = Path(__file__).parents[3]
COMMANDS = ("render", "validate", "run", "replay", "doctor", "completion")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TemplateError("a"), 2),
        (WorkspaceError("a"), 2),
        (RightsMissingError("here", ["get pods"]), 2),
        (JobInUseError("here", "a", "a"), 2),
        (JobFailedError("here", "a", "a", "a"), 1),
        (JobStartupError("here", "a", "a"), 1),
        (JobVanishedError("here", "a", "a"), 1),
        (KubectlError(["kubectl"], 1, "a", ErrorKind.UNREACHABLE), 3),
        (KubectlError(["kubectl"], 1, "a", ErrorKind.NO_ANSWER), 3),
        (KubectlError(["kubectl"], 1, "a", ErrorKind.SERVER_BUSY), 3),
        (KubectlError(["kubectl"], 1, "a", ErrorKind.UNAUTHORIZED), 2),
        (KubectlError(["kubectl"], 1, "a", ErrorKind.INVALID), 2),
        (KubectlError(["kubectl"], -9, "a", ErrorKind.SIGNALLED), 1),
    ],
)
def test_the_exit_code_follows_from_the_error(error: KubectlJobOperatorError, code: int) -> None:
    assert exit_code_of(error) == ExitCode(code)


def test_without_a_command_the_help_is_shown(program: Program) -> None:
    result = program()
    assert result.code == 0
    assert result.out.startswith("usage: kubectl-job-operator")
    assert all(re.search(rf"^    {command}\b", result.out, re.MULTILINE) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(program: Program, command: str) -> None:
    result = program(command, "--help")
    assert result.code == 0
    assert f"  kubectl-job-operator {command}" in result.out
    assert "Examples:" in result.out


def test_it_tells_its_version(program: Program) -> None:
    assert program("--version").out == f"kubectl-job-operator {__version__}\n"


def test_the_module_is_the_program() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "kubectl_job_operator", "render", "none.yaml"]
    finished = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: There is no template")


def test_a_terminal_that_knows_no_unicode_gets_escapes() -> None:
    code = "from kubectl_job_operator.cli.streams import say; say('a\\u2028\\u00e4')"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert finished.stdout == b"a\\u2028\\xe4\n"


def test_a_line_is_written_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    say("a")
    assert capsys.readouterr().out == "a\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("What to do: set config_file to one.", "What to do: set --kubeconfig to one."),
        (
            "its last log line:\n  config_file\nWhat to do: unique_name=True.",
            "its last log line:\n  config_file\nWhat to do: --unique-name.",
        ),
        (
            'The task was told to stop; by on_kill_action="keep" it stays.',
            "The run was told to stop; by --keep it stays.",
        ),
    ],
)
def test_advice_names_options_and_the_words_of_others_stay(message: str, expected: str) -> None:
    assert in_options(message) == expected
