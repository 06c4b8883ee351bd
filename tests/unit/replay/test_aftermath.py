"""What a failed try leaves: the group "Replay" in its log, and a folder; whatever goes wrong there fails no task."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy, Keeping, Settings
from kubectl_job_operator.errors import JobFailedError, KubectlError, TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.yaml_text import load_all
from kubectl_job_operator.replay import aftermath, bundle, evidence
from kubectl_job_operator.replay.failed_try import Caller
from kubectl_job_operator.status import events
from tests.log_text import commands_in
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.life.scenes import INVALID, SECRET, Interruption
from tests.unit.stage import Log
from tests.unit.test_printable import CONTROL

pytestmark = pytest.mark.usefixtures("hasty")

BOTH_VERSIONS = {"clientVersion": {"gitVersion": "v1.32.4"}, "serverVersion": {"gitVersion": "v1.36.2"}}
CALLER = Caller(lambda text: text.replace("hunter2", "***"), {"Airflow": "9.9"})
NAME = "dag.task.manual__2026-01-01.try2"
EVIDENCE = "get events -o json"


def event(name: str, *, about: str = "Pod", uid: str = "?", reason: str = "Failed") -> dict[str, Any]:
    return {
        "involvedObject": {"kind": about, "name": name, "uid": uid},
        "reason": reason,
        "type": "Warning",
        "count": 3,
        "message": "no\n  luck hunter2",
        "lastTimestamp": "2030-01-01T00:00:00Z",
    }


@pytest.fixture
def replays(tmp_path: Path) -> Path:
    """Give the folder of the folders."""
    return tmp_path / "replays"


def script(fake_kubectl: FakeKubectl, *, end: str = "failed") -> None:
    """Script a Job's life, and the answers about it afterwards."""
    fake_kubectl.answers("get events", {"items": [event("countdown-gone"), event("other-pod")]})
    fake_kubectl.answers("version -o json", BOTH_VERSIONS)
    stage.script(fake_kubectl, end=end)


def run(log: Log, replays: Path | None, *, manifest: str = stage.MANIFEST, **settings: Any) -> JobRunner:
    """Run a try that fails, and return its runner."""
    runner = stage.runner(
        log,
        manifest=manifest,
        settings=replace(Settings(**settings), replay_dir=str(replays) if replays else None),
        caller=CALLER,
    )
    with pytest.raises((JobFailedError, KubectlError)):
        runner.run()
    return runner


def group(log: Log) -> str:
    start = log.lines.index("::group::Replay")
    assert log.lines[start + 2] == "::endgroup::"
    return log.lines[start + 1]


def test_the_log_of_a_failed_try_has_one_group_with_its_commands_in_one_message(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    stage.script(fake_kubectl, end="failed")
    run(log, None)
    text = group(log)
    assert log.lines.count("::group::Replay") == 1
    assert f"apply --server-side --field-manager={stage.US.field_manager} -f" in text
    assert "wait -n" in text
    assert EVIDENCE not in log.text, "only a folder needs it"


def test_a_success_and_a_try_that_had_nothing_to_run_have_none(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log, caller=CALLER).run()
    assert "::group::Replay" not in log.lines


def test_a_killed_try_has_the_group_but_asks_the_cluster_nothing_more(
    fake_kubectl: FakeKubectl, log: Log, replays: Path
) -> None:
    fake_kubectl.answers("apply", stage.job(), after_seconds=NEVER)
    stage.script(fake_kubectl, end="never")
    runner = stage.runner(log, settings=Settings(replay_dir=str(replays)), caller=CALLER)

    def kill() -> None:
        fake_kubectl.wait_for_call("apply")
        runner.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(TaskKilledError):
        runner.run()
    killer.join()
    assert "apply" in group(log)
    assert not fake_kubectl.called("get events")
    assert (replays / NAME / "replay.sh").exists()


def test_a_file_with_secrets_is_not_kept_and_the_group_has_it_masked(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    fake_kubectl.answers("get -f", "")
    stage.script(fake_kubectl, end="failed")
    run(log, None, manifest=stage.MANIFEST + SECRET)
    (folder,) = folders()
    assert [path.name for path in folder.glob("[!.]*")] == ["countdown.yaml"]
    assert "very-secret" not in log.text
    assert "/companions-of-countdown.yaml <<'MANIFEST'\n# Secret keys is a comment" in group(log)
    assert '-f "$FOLDER"/companions-of-countdown.yaml' in group(log)
    assert "grep" not in group(log), "a Secret that is a comment is not applied"


def test_no_file_of_the_folder_orders_a_terminal_about(fake_kubectl: FakeKubectl, log: Log, replays: Path) -> None:
    said = event("countdown-gone")
    said.update(message="\x1b]0;mine\x07", reason="\x1b[2J")
    fake_kubectl.answers("get events", {"items": [said]})
    script(fake_kubectl)
    run(log, replays)
    assert "countdown-gone" in (replays / NAME / "events.txt").read_text()
    for path in (replays / NAME).iterdir():
        assert not CONTROL.search(path.read_text()), path


def test_what_failed_tries_leave_is_bounded_whether_a_folder_is_asked_for_or_not(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    stage.script(fake_kubectl, end="failed")
    for _ in range(4):
        fake_kubectl.answers(f"get {stage.TARGET}", "", times=1)
        run(log, None, keeping=Keeping(most=2))
    # The next one sweeps before it begins.
    assert len(folders()) == 3


def test_a_value_that_airflow_masks_is_kept_nowhere(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]], replays: Path
) -> None:
    script(fake_kubectl)
    manifest = stage.MANIFEST + "        env: [{name: A, value: say hunter2}]\n"
    run(log, replays, manifest=manifest)
    assert folders() == [], "its one file held it"
    assert "value: say ***" in group(log)
    assert "Stopped: values in countdown.yaml are masked (***)" in group(log)
    assert "hunter2" not in log.text
    for path in (replays / NAME).iterdir():
        assert "hunter2" not in path.read_text(), path
    assert "are masked (***)" in (replays / NAME / "replay.sh").read_text()


def test_the_folder_holds_what_the_cluster_knows_of_the_job(fake_kubectl: FakeKubectl, log: Log, replays: Path) -> None:
    script(fake_kubectl)
    runner = run(log, replays)
    folder = replays / NAME
    assert runner.replay_folder == folder
    assert json.loads((folder / "job.json").read_text()) == stage.job("failed")
    assert json.loads((folder / "pods.json").read_text())["items"] == recordings.pods("failed-exit-code")
    events = (folder / "events.txt").read_text()
    assert re.search(r"Warning +3 +Failed +pod/countdown-gone +no luck \*\*\*", events)
    assert "other-pod" not in events
    assert "Airflow: 9.9\n" in (folder / "versions.txt").read_text()
    assert "exit 3" in (folder / "timeline.svg").read_text()
    assert f"it again: {folder / 'replay.sh'}" in log.text


def test_the_manifest_of_the_folder_is_nobodys_and_of_no_namespace(
    fake_kubectl: FakeKubectl, log: Log, replays: Path
) -> None:
    script(fake_kubectl)
    asked = stage.MANIFEST.replace("metadata:\n", "metadata:\n  namespace: here\n  labels: {team: blue}\n", 1)
    run(log, replays, manifest=asked)
    (document,) = load_all((replays / NAME / "manifest.yaml").read_text())
    assert document["metadata"] == {"name": "countdown", "labels": {"team": "blue"}}
    assert "metadata" not in document["spec"]["template"]
    assert "default_namespace=here\n" in (replays / NAME / "replay.sh").read_text()


@pytest.mark.parametrize("way", [{}, {"config_content": "kind: Config\n"}, {"in_cluster": True}])
def test_the_script_runs_as_whom_the_try_ran(
    way: dict[str, Any], fake_kubectl: FakeKubectl, log: Log, replays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Access, "check", lambda _: None)
    script(fake_kubectl)
    access = Access(
        context="there", as_user="weak", as_groups=("a b", "c"), tls_server_name="name", skip_tls_verify=True
    )
    settings = Settings(replay_dir=str(replays))
    runner = stage.runner(log, settings=settings, access=replace(access, **way), caller=CALLER)
    with pytest.raises(JobFailedError):
        runner.run()
    text = (replays / NAME / "replay.sh").read_text()
    (begin,) = [line for line in text.splitlines() if line.startswith("set -- -n")]
    flags = "--insecure-skip-tls-verify --tls-server-name=name --as=weak '--as-group=a b' --as-group=c"
    assert begin == f'set -- -n "$namespace" {flags}'
    assert "default_context=there\n" in text
    assert ("KUBECONFIG:?" in text) is ("config_content" in way)


def test_the_cluster_is_asked_before_the_job_is_deleted(fake_kubectl: FakeKubectl, log: Log, replays: Path) -> None:
    script(fake_kubectl)
    run(log, replays, delete_policy=DeletePolicy.ALWAYS)
    order = commands_in(log.text)
    assert next(n for n, line in enumerate(order) if EVIDENCE in line) < next(
        n for n, line in enumerate(order) if " delete " in line
    )
    assert EVIDENCE not in group(log), "the aftermath's own commands are no part of the try"


def test_a_cluster_that_does_not_answer_delays_the_end_by_seconds_and_is_a_warning(
    fake_kubectl: FakeKubectl, log: Log, replays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "_SECONDS", 0.3)
    # The diagnosis before it has its answer.
    fake_kubectl.answers(f"get events --field-selector={events.field_selector_at_the_end()}")
    fake_kubectl.answers("get events", after_seconds=NEVER)
    fake_kubectl.answers("version", BOTH_VERSIONS, times=1)
    fake_kubectl.answers("version", after_seconds=NEVER)
    stage.script(fake_kubectl, end="failed")
    run(log, replays)
    assert any("The events cannot be kept for a replay." in warning for warning in log.warnings)
    assert (replays / NAME / "events.txt").read_text() == "No event is known.\n"
    assert "server: not known\n" in (replays / NAME / "versions.txt").read_text()


def test_a_folder_that_cannot_be_written_is_a_warning(fake_kubectl: FakeKubectl, log: Log, tmp_path: Path) -> None:
    script(fake_kubectl)
    (tmp_path / "file").write_text("")
    runner = run(log, tmp_path / "file" / "below")
    assert any("The folder for a replay cannot be written to" in warning for warning in log.warnings)
    assert runner.replay_folder is None
    assert group(log)


def test_a_disk_that_hangs_does_not_hold_the_task_up(
    fake_kubectl: FakeKubectl, log: Log, replays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(fake_kubectl)
    monkeypatch.setattr(aftermath, "_WRITE_SECONDS", 0.1)
    is_over = threading.Event()
    monkeypatch.setattr(bundle, "write_bundle", lambda *_: is_over.wait())
    runner = run(log, replays)
    is_over.set()
    assert any("it has taken more than" in warning for warning in log.warnings)
    assert runner.replay_folder is None


def test_an_error_in_telling_does_not_hide_why_the_try_failed(
    fake_kubectl: FakeKubectl, log: Log, replays: Path
) -> None:
    script(fake_kubectl)

    def broken(text: str) -> str:
        if "::group::Time line" in log.text:
            raise RuntimeError("the mask is broken")
        return text

    runner = stage.runner(log, settings=Settings(replay_dir=str(replays)), caller=Caller(broken))
    with pytest.raises(JobFailedError):
        runner.run()
    assert sum("the mask is broken" in warning for warning in log.warnings) == 2


def test_the_server_refusing_the_manifest_leaves_what_there_is(
    fake_kubectl: FakeKubectl, log: Log, replays: Path
) -> None:
    fake_kubectl.answers("apply", **INVALID)
    stage.script(fake_kubectl)
    run(log, replays)
    assert (replays / NAME / "job.json").read_text() == "null\n"
    assert not (replays / NAME / "timeline.svg").exists()
    assert "return code 1" in (replays / NAME / "transcript.txt").read_text()
    assert not fake_kubectl.called("get events")


def test_an_interruption_while_the_folder_is_written_still_ends_the_run(
    fake_kubectl: FakeKubectl, log: Log, replays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(fake_kubectl)
    times: list[int] = []

    def interrupted(*_: Any) -> Path:
        times.append(1)
        if len(times) == 1:
            raise Interruption
        return replays

    monkeypatch.setattr(aftermath.Aftermath, "_keep", interrupted)
    runner = stage.runner(log, settings=Settings(replay_dir=str(replays)), caller=CALLER)
    with pytest.raises(JobFailedError):
        runner.run()
    assert len(times) == 2
