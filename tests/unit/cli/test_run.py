"""kubectl-job-operator run."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.unit import recordings, stage
from tests.unit.cli.program import Program
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import COMPLETE_WAIT, FAILED_WAIT, MANIFEST, TARGET

Write = Callable[[str, str], Path]
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
ROOT = Path(__file__).parents[3]


def applied(text: str) -> dict[str, object]:
    """Return the Job as the log shows that it was applied."""
    match = re.search(r"^apiVersion: .*?(?=^# )", text, re.MULTILINE | re.DOTALL)
    assert match, text
    job: dict[str, object] = yaml.safe_load(match[0])
    return job


def test_a_job_that_is_complete_returns_0_and_shows_each_command(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    stage.script(fake_kubectl)
    result = program("run", countdown.name, "-n", "here")
    assert (result.code, result.err) == (0, "")
    assert "Job here/countdown is Complete" in result.out
    assert f"$ kubectl -n here get {TARGET} -o json --ignore-not-found\n" in result.out
    assert fake_kubectl.called("delete job.v1.batch")


def test_a_job_that_failed_returns_1_and_says_why_on_stderr(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    stage.script(fake_kubectl, end="failed")
    result = program("run", countdown.name, "-n", "here")
    assert result.code == 1
    (line,) = result.err.splitlines()
    reason = line.removeprefix("error: ")
    assert reason.startswith("Job here/countdown failed: container main of pod failed-exit-code-28jd2 ")
    assert "exit code 3" in reason
    assert result.out.count(reason) == result.out.count("What to do: ") == 1, "the details once"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (stage.FORBIDDEN, (2, "is forbidden")),
        (
            {"stderr": 'Error from server (NotFound): namespaces "here" not found\n', "return_code": 1},
            (2, "create the namespace"),
        ),
        ({"stderr": "error: context was not found for specified context: x\n", "return_code": 1}, (2, "--context")),
        ({"stderr": "error: something else\n", "return_code": 1}, (1, "something else")),
    ],
)
def test_the_exit_code_tells_what_kubectl_said(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl, answer: dict[str, object], expected: tuple[int, str]
) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers(f"get {TARGET}", **answer)  # type: ignore[arg-type]
    result = program("run", countdown.name, "-n", "here")
    assert result.code == expected[0]
    assert expected[1] in result.err


def test_a_cluster_that_cannot_be_reached_returns_3(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubectl_job_operator.life.beginning._FIRST_CONTACT_SECONDS", 0.0)
    fake_kubectl.answers("auth can-i --list", **stage.REFUSED)
    fake_kubectl.answers(f"get {TARGET}", **stage.REFUSED)
    result = program("run", countdown.name, "-n", "here")
    assert result.code == 3
    assert "was refused" in result.err


def test_a_running_job_of_somebody_else_is_bad_input_and_the_way_out_is_an_option(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers(f"get {TARGET}", stage.job("running"))
    result = program("run", countdown.name, "-n", "here")
    assert result.code == 2
    assert "a Job of its own by --unique-name." in result.err
    assert not fake_kubectl.called("delete")


def test_bad_input_is_found_before_kubectl_is_run(program: Program, write: Write, fake_kubectl: FakeKubectl) -> None:
    write("job.yaml", "{{ undefined }}")
    assert program("run", "job.yaml", "-n", "here").code == 2
    write("job.yaml", MANIFEST.replace("  name: countdown", "  name: countdown\n  namespace: there"))
    result = program("run", "job.yaml", "-n", "here")
    assert result.code == 2
    assert "names namespace there, but --namespace is here" in result.err
    assert program("run", "job.yaml", "--in-cluster", "--context", "a").code == 2
    result = program("run", "job.yaml", "--kubeconfig", "none")
    assert result.code == 2
    assert "What to do: set --kubeconfig to a kubeconfig" in result.err
    assert fake_kubectl.calls == []


def test_each_run_has_an_identity_of_its_own(program: Program, countdown: Path, fake_kubectl: FakeKubectl) -> None:
    runs = []
    for _ in range(2):
        (fake_kubectl.folder / "calls").write_text("")
        for claim in fake_kubectl.folder.glob("claim-*"):
            claim.unlink()
        stage.script(fake_kubectl)
        runs.append(applied(program("run", countdown.name, "-n", "here").out)["metadata"])
    one, other = (json.loads(json.dumps(run)) for run in runs)
    assert one["annotations"]["kubectl-job-operator/dag-id"] == "command-line"
    assert one["annotations"]["kubectl-job-operator/task-id"] == "countdown"
    key = "kubectl-job-operator/task-instance"
    assert one["labels"][key] != other["labels"][key]


def test_keep_and_the_delete_policy_say_what_stays(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    stage.script(fake_kubectl)
    assert program("run", countdown.name, "-n", "here", "--keep").code == 0
    assert not fake_kubectl.called("delete job.v1.batch")


def test_tail_says_how_many_lines(program: Program, countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    program("run", countdown.name, "-n", "here", "--tail", "7", "--no-log-yaml")
    assert fake_kubectl.called("logs --tail=7")


def test_tail_0_shows_no_logs(program: Program, countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    assert program("run", countdown.name, "-n", "here", "--tail", "0").code == 0
    assert not fake_kubectl.called("logs")


def test_timeline_writes_a_picture_of_the_run(program: Program, countdown: Path, fake_kubectl: FakeKubectl) -> None:
    (pod,) = recordings.pods("complete")
    event = json.dumps({"type": "ADDED", "object": pod}) + "\n"
    fake_kubectl.answers("get pods --watch", event, then=(NEVER,))
    fake_kubectl.answers("get events", recordings.event_list("complete"))
    fake_kubectl.answers(COMPLETE_WAIT, stage.job("complete"), after_seconds=0.5)
    stage.script(fake_kubectl)
    assert program("run", countdown.name, "-n", "here", "--tail", "0", "--timeline", "run.svg").code == 0
    picture = (countdown.parent / "run.svg").read_text()
    assert picture.startswith("<svg")
    assert pod["metadata"]["name"] in picture


@pytest.mark.parametrize("file", ["no/such/folder.svg", "."])
def test_a_timeline_that_cannot_be_written_is_refused_before_anything_runs(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl, file: str
) -> None:
    result = program("run", countdown.name, "-n", "here", "--timeline", file)
    assert result.code == 2
    assert f"timeline cannot be written to {file}" in result.err
    assert fake_kubectl.calls == []


def test_a_timeline_that_cannot_be_written_any_more_is_said_and_changes_no_verdict(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(_file: Path, _text: str, **_how: str) -> int:
        raise OSError(28, "No space left on device")

    fake_kubectl.answers("get events")
    stage.script(fake_kubectl)
    monkeypatch.setattr(Path, "write_text", is_full)
    result = program("run", countdown.name, "-n", "here", "--timeline", "run.svg")
    assert result.code == 0
    assert "warning: the timeline cannot be written to run.svg: No space left on device" in result.err


@pytest.mark.parametrize(("outcome", "code"), [("Complete", 0), ("Failed", 1)])
def test_a_program_gets_what_came_of_it_on_stdout_and_the_log_on_stderr(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl, outcome: str, code: int
) -> None:
    stage.script(fake_kubectl, end=outcome.lower())
    result = program("run", countdown.name, "-n", "here", "-o", "json")
    assert result.code == code
    came = json.loads(result.out)
    assert (came["kind"], came["name"], came["outcome"], came["exitCode"]) == ("Job", "countdown", outcome, code)
    assert came["uid"] == stage.UID
    assert (came["error"] is None) == (code == 0)
    assert "$ kubectl -n here apply" in result.err


@pytest.mark.usefixtures("impatient")
def test_unique_name_gives_the_job_a_name_of_its_own(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("get", **stage.FORBIDDEN)
    program("run", countdown.name, "-n", "here", "--unique-name")
    # A refusal is believed only when it comes again: it is the same name then.
    (name,) = {word for call in fake_kubectl.called("get") for word in call if word.startswith("job/")}
    assert re.fullmatch(r"job/countdown-[0-9a-f]{8}", name)


def start(countdown: Path, *options: str) -> subprocess.Popen[str]:
    """Start the program as a process of its own, so that signals can be sent to it."""
    argv = [sys.executable, "-m", "kubectl_job_operator", "run", str(countdown), "-n", "here", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(countdown.parent)}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted_deletes_its_job_and_returns_130(
    countdown: Path, fake_kubectl: FakeKubectl, number: signal.Signals
) -> None:
    stage.script(fake_kubectl, end="never")
    process = start(countdown)
    fake_kubectl.wait_for_call(COMPLETE_WAIT)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "error: interrupted.\n"
    assert "so Job here/countdown is deleted" in out
    assert len(fake_kubectl.called("delete job.v1.batch")) == 1


def test_keep_leaves_the_job_of_a_run_that_is_interrupted(countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl, end="never")
    process = start(countdown, "--keep")
    fake_kubectl.wait_for_call(FAILED_WAIT)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "by --keep Job here/countdown stays" in out
    assert not fake_kubectl.called("delete job.v1.batch")


def test_a_run_whose_output_nobody_reads_any_more_goes_on_to_its_end(
    countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    stage.script(fake_kubectl)
    process = start(countdown)
    assert process.stdout
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr
    assert process.stderr.read() == ""
    process.stderr.close()


def on_a_terminal(countdown: Path, *options: str) -> tuple[int, str]:
    """Run the program on a terminal, and return its exit code and all that it wrote."""
    ours, its = pty.openpty()
    argv = [sys.executable, "-m", "kubectl_job_operator", "run", str(countdown), "-n", "here", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(countdown.parent), "TERM": "xterm"}
    process = subprocess.Popen(argv, stdout=its, stderr=its, env=environment)
    os.close(its)
    written = b""
    with contextlib.suppress(OSError):  # what Linux says when the other end is closed
        while block := os.read(ours, 65536):
            written += block
    os.close(ours)
    return process.wait(timeout=60), written.decode()


def test_on_a_terminal_the_job_is_drawn_and_every_line_stays(countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    code, written = on_a_terminal(countdown)
    assert code == 0
    assert HIDE_CURSOR in written
    assert "1/1 succeeded" in written
    assert f"$ kubectl -n here get {TARGET} -o json --ignore-not-found" in written
    assert written.rstrip().endswith(SHOW_CURSOR)


def test_plain_on_a_terminal_writes_lines_and_nothing_else(countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    code, written = on_a_terminal(countdown, "--plain")
    assert code == 0
    assert "\x1b" not in written


def test_no_airflow_is_needed(countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    code = (
        "import sys; sys.modules['airflow'] = None\n"
        "from kubectl_job_operator.cli.main import main\n"
        f"sys.exit(main(['run', {str(countdown)!r}, '-n', 'here']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(countdown.parent)}
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")


def test_rich_and_the_schemas_are_not_imported_for_plain_lines(countdown: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    code = (
        "import sys\n"
        "from kubectl_job_operator.cli.main import main\n"
        f"main(['run', {str(countdown)!r}, '-n', 'here'])\n"
        "sys.exit(', '.join({'rich', 'jsonschema', 'airflow'} & set(sys.modules)) or 0)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(countdown.parent)}
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")
