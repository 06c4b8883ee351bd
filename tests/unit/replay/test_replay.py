"""The text of the group "Replay" holds when it is pasted into bash in an empty folder."""

from __future__ import annotations

import datetime
import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.kubectl.transcript import Record
from kubectl_job_operator.replay.replay import ManifestFile, Try, replay
from tests.unit import stage
from tests.unit.fake_kubectl import NEVER, FakeKubectl

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
NEW_UID = "ffffffff-0000-4000-8000-000000000009"
AWKWARD = (
    "a b",
    "it's",
    '"quoted"',
    "$HOME",
    "`id`",
    "a;b",
    "ünï",
    "new\nline",
    "",
    "*",
    "a=b,!c",
    "!!",
    "# no comment",
)


def record(*words: str, count: int = 1, was_stopped: bool = False, context: str = "c") -> Record:
    argv = ("kubectl", "--context", context, "-n", "here", *words)
    return Record(argv, count, START, START, 0, 0.1, was_stopped)


def wait(condition: str) -> Record:
    return record("wait", stage.TARGET, f"--for={condition}", "-o", "json")


APPLY = record("apply", "--server-side", "-f", "/work/countdown.yaml", "-o", "json")
LOGS = record("logs", "-l", f"controller-uid={stage.UID}", "--all-containers")


@pytest.fixture
def paste(fake_kubectl: FakeKubectl, tmp_path: Path) -> Callable[[str], str]:
    """Give a function that pastes a text into bash in an empty folder, and returns what that prints."""
    folder = tmp_path / "empty"
    folder.mkdir()

    def paste(text: str) -> str:
        environment = {"PATH": f"{fake_kubectl.folder}:/usr/bin:/bin", "HOME": "/nowhere"}
        done = subprocess.run(
            ["bash"], input=text, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.stderr == ""
        return done.stdout

    return paste


def lines(the_try: Try) -> list[str]:
    return replay(the_try).splitlines()


def test_the_commands_stand_in_their_order_each_marked_as_reading_or_changing() -> None:
    text = lines(Try([record("get", stage.TARGET), APPLY, record("delete", "job", "-l", "a=b")]))
    assert text[1:-1] == [
        f"kubectl --context c -n here get {stage.TARGET}  # reads",
        "kubectl --context c -n here apply --server-side -f /work/countdown.yaml  "
        "# CHANGES the cluster; ran with -o json",
        "kubectl --context c -n here delete job -l a=b  # CHANGES the cluster",
    ]


def test_a_command_that_ran_many_times_stands_there_once_with_its_count() -> None:
    text = replay(Try([record("get", stage.TARGET, count=120)]))
    assert text.count(f"get {stage.TARGET}") == 1
    assert "# reads; ran 120 times" in text


def test_awkward_words_come_to_kubectl_as_they_were(paste: Callable[[str], str], fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get")
    command = record("get", *AWKWARD, context='it\'s a "$HOME" ünï')
    paste(replay(Try([command, record("get", "next")])))
    assert fake_kubectl.calls[0] == command.argv
    assert fake_kubectl.calls[1][-1] == "next"


def test_what_matters_of_the_environment_is_exported_with_paths_that_hold_anywhere(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get")
    settings = {"KUBECONFIG": "relative:/abso lute", "KUBERC": "off", "KUBECACHEDIR": "/my $cache"}
    paste(replay(Try([record("get")], settings=settings)))
    (seen,) = fake_kubectl.environments
    assert seen["KUBECONFIG"] == f"{Path.cwd() / 'relative'}:/abso lute"
    assert (seen["KUBERC"], seen["KUBECACHEDIR"]) == ("off", "/my $cache")


def test_a_kubeconfig_is_found_from_any_folder(paste: Callable[[str], str], fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get")
    paste(replay(Try([replace(record("get"), argv=("kubectl", "--kubeconfig", "my config", "get"))])))
    assert fake_kubectl.calls == [("kubectl", "--kubeconfig", str(Path.cwd() / "my config"), "get")]


def test_waits_run_at_once_and_the_first_that_returns_ends_the_others(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("--for=condition=failed", "it failed\n", once_called="--for=condition=complete")
    fake_kubectl.answers("wait", after_seconds=NEVER)
    fake_kubectl.answers("get", "the end\n")
    waits = [wait("condition=complete"), wait("condition=failed"), wait("delete")]
    assert paste(replay(Try([*waits, record("get")]))) == "it failed\nthe end\n"
    assert not fake_kubectl.running()


def test_a_command_that_does_not_end_by_itself_does_not_hold_up_a_paste(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get")
    watch = record("get", "pods", "--watch")
    paste(replay(Try([watch, record("get", "x", was_stopped=True), record("get", "y")])))
    assert [call[-1] for call in fake_kubectl.calls] == ["y"]
    assert any(line.startswith("# ") and shlex.join(watch.argv) in line for line in lines(Try([watch])))


def test_the_uid_of_the_new_job_takes_the_place_of_the_old_one(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get job/countdown --ignore-not-found", "")
    fake_kubectl.answers("get job/countdown -o jsonpath={.metadata.uid}", NEW_UID)
    fake_kubectl.answers("logs", "line\n")
    paste(replay(Try([LOGS, replace(LOGS, argv=(*LOGS.argv, "--tail=2"))], job=stage.job())))
    _, asked, *logs = fake_kubectl.calls
    assert asked[:5] == ("kubectl", "--context", "c", "-n", "here")
    assert [call[6] for call in logs] == ["-l", "-l"]
    assert [call[7] for call in logs] == [f"controller-uid={NEW_UID}"] * 2


def test_logs_of_pods_by_name_are_read_by_label_for_a_new_job_has_other_pods(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    job = stage.job()
    (key, _), *_ = job["spec"]["selector"]["matchLabels"].items()
    job["spec"]["selector"]["matchLabels"] = {key: "x"}
    fake_kubectl.answers("get")
    fake_kubectl.answers("logs", "line\n")
    named = [record("logs", f"countdown-{pod}", "-c", "main", "--follow", was_stopped=True) for pod in ("a", "b")]
    paste(replay(Try([record("get"), *named], job=job)))
    assert [call[5:8] for call in fake_kubectl.calls[1:]] == [("get",), ("logs", "-l", f"{key}=x")]
    assert "# The logs of single pods are read by label" in replay(Try(named, job=job))
    all_at_once = record("logs", "-l", "a=b")
    assert replay(Try([*named, all_at_once], job=job)).count("logs -l") == 1, "once is enough"


def test_a_paste_stops_at_another_job_of_the_name_before_it_reads_or_changes_anything(
    fake_kubectl: FakeKubectl,
) -> None:
    fake_kubectl.answers("get job/countdown", NEW_UID)
    text = replay(Try([record("version", context="x"), APPLY, wait("condition=failed"), LOGS], job=stage.job()))
    environment = {"PATH": f"{fake_kubectl.folder}:/usr/bin:/bin"}
    done = subprocess.run(
        ["bash"],
        input=f"{text}\necho the shell lives, $?\n",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert [call[5:] for call in fake_kubectl.calls] == [
        ("get", "job/countdown", "--ignore-not-found", "-o", "jsonpath={.metadata.uid}")
    ]
    assert f"with uid {NEW_UID}; that of this try had uid {stage.UID}." in done.stderr
    assert done.stderr.endswith("-n here delete job/countdown\n")
    assert done.stdout == "the shell lives, 1\n"


@pytest.mark.parametrize("found", ["", stage.UID])
def test_a_paste_goes_on_where_the_job_is_gone_or_still_that_of_the_try(
    found: str, paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get job/countdown", found)
    fake_kubectl.answers("apply")
    paste(replay(Try([APPLY], job=stage.job())))
    assert [call[5] for call in fake_kubectl.calls] == ["get", "apply"]


def test_what_only_a_machine_reads_is_shown_in_short_and_what_ran_stands_beside_it() -> None:
    asked = record("get", stage.TARGET, "-o", "json", "--ignore-not-found")
    (line,) = (line for line in lines(Try([asked])) if not line.startswith("#"))
    assert line == f"kubectl --context c -n here get {stage.TARGET} --ignore-not-found  # reads; ran with -o json"
    waiting = replay(Try([wait("condition=failed")]))
    assert "{.type} ({.reason})" in waiting, "it tells the verdict"
    assert " &  # reads; ran with -o json" in waiting


def test_what_was_deleted_only_as_it_was_seen_is_deleted_as_it_is() -> None:
    deletion = record("delete", "--raw", f"/apis/batch/v1/namespaces/here/jobs/countdown?uid={stage.UID}")
    (line,) = (line for line in lines(Try([deletion])) if not line.startswith("#"))
    words = "delete jobs/countdown --ignore-not-found --wait=false"
    assert line == f"kubectl --context c -n here {words}  # CHANGES the cluster"


def test_what_was_not_deleted_because_it_had_changed_is_not_deleted_by_a_paste() -> None:
    refused = replace(record("delete", "--raw", "/apis/batch/v1/namespaces/here/jobs/countdown?uid=a"), return_code=1)
    assert "delete" not in replay(Try([refused]))


def test_a_file_that_is_kept_is_named() -> None:
    text = lines(Try([APPLY], files=[ManifestFile(Path("/work/a file.yaml"))]))
    assert "# The manifest's file is kept on the worker: '/work/a file.yaml'" in text


def test_a_file_that_is_not_kept_is_a_here_document_in_a_folder_of_its_own_and_the_commands_use_it(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl, tmp_path: Path
) -> None:
    text = "a: $HOME `id` \\ \\n\n# ***\nMANIFEST\nb: 'x'\n\u2028\n"
    fake_kubectl.answers("apply")
    (tmp_path / "empty" / "countdown.yaml").write_text("the author's own")
    printed = replay(Try([APPLY], files=[ManifestFile(Path("/work/countdown.yaml"), text)]))
    shown = paste(f'kubectl() {{ command kubectl "$@"; cat "$8"; }}\n{printed}\necho; pwd')
    (call,) = fake_kubectl.calls
    file = Path(call[call.index("-f") + 1])
    assert shown == f"{text}\n{tmp_path / 'empty'}\n"
    assert file.name == "countdown.yaml"
    assert not file.parent.exists(), "a person may have put a secret in"
    assert (tmp_path / "empty" / "countdown.yaml").read_text() == "the author's own"
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["countdown.yaml"]
    assert "is not kept, for there are secrets in it; they are masked (***) here" in printed


@pytest.mark.parametrize("job", [None, stage.job()])
def test_a_paste_stops_at_a_file_with_masked_values_before_it_changes_anything(
    job: dict[str, Any] | None, fake_kubectl: FakeKubectl, tmp_path: Path
) -> None:
    fake_kubectl.answers("get job/countdown", "")
    fake_kubectl.answers("apply")
    files = [
        ManifestFile(Path("/work/companions of it's.yaml"), "data: {password: '***'}\n", has_masked_values=True),
        ManifestFile(Path("/work/countdown.yaml"), "kind: Job # as a value: ***\n"),
    ]
    companions = record("apply", "--server-side", "-f", str(files[0].path), "-o", "json")
    text = replay(Try([companions, APPLY], files=files, job=job))

    def paste(text: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{fake_kubectl.folder}:/usr/bin:/bin"}
        given = f"{text}\necho the shell lives, $?\n"
        return subprocess.run(
            ["bash"], input=given, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    done = paste(text)
    assert done.stdout == "the shell lives, 2\n"
    assert done.stderr == (
        "Stopped: values in companions of it's.yaml are masked (***), for they are secret. "
        "Put the real ones in above, and paste it again.\n"
    )
    assert not fake_kubectl.called("apply")
    done = paste(text.replace("'***'}", "'its $ real \\one'}"))
    assert (done.stdout, done.stderr) == ("the shell lives, 0\n", "")
    assert len(fake_kubectl.called("apply")) == 2


def test_while_the_job_of_the_try_is_there_a_paste_tells_how_it_ended_and_applies_nothing_masked(
    paste: Callable[[str], str], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get job/countdown --ignore-not-found", stage.job()["metadata"]["uid"])
    fake_kubectl.answers("get events", "how it ended\n")
    fake_kubectl.answers("apply")
    masked = ManifestFile(Path("/work/countdown.yaml"), "kind: Job # '***'\n", has_masked_values=True)
    kept = record("apply", "-f", "/elsewhere.yaml")
    apply = record("apply", "-f", str(masked.path))
    text = replay(Try([apply, kept, record("get", "events")], files=[masked], job=stage.job()))
    assert paste(text) == "how it ended\n"
    assert [call[-1] for call in fake_kubectl.called("apply")] == ["/elsewhere.yaml"]


def test_a_kubeconfig_that_is_not_kept_must_be_given(fake_kubectl: FakeKubectl, tmp_path: Path) -> None:
    lost = Path("/work/kubeconfig")
    command = replace(record("get"), argv=("kubectl", "--kubeconfig", str(lost), "get", "job"))
    text = replay(Try([command], kubeconfig=lost))
    fake_kubectl.answers("get")

    def paste(**more: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{fake_kubectl.folder}:/usr/bin:/bin", **more}
        return subprocess.run(
            ["bash"], input=text, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    assert "set it to a file with the kubeconfig of the Airflow connection" in paste().stderr
    assert not fake_kubectl.calls
    paste(CONNECTION_KUBECONFIG="/my config")
    assert fake_kubectl.calls == [("kubectl", "--kubeconfig", "/my config", "get", "job")]


def test_the_first_and_the_last_line_are_comments_for_some_logs_add_something_there() -> None:
    text = lines(Try([wait("delete")]))
    assert text[0].startswith("# ")
    assert text[-1].startswith("# ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"left_out": 7}, "# 7 more commands"),
        ({"is_in_pod": True}, "paste them inside of it"),
        ({"job": stage.job()}, "# To run it anew, first: kubectl --context c -n here delete job/countdown"),
    ],
)
def test_what_a_person_must_know_stands_before_the_commands(arguments: dict[str, Any], words: str) -> None:
    before = re.split(r"\n(?=\(|kubectl)", replay(Try([APPLY], **arguments)))[0]
    assert words in before
    assert all(line.startswith("#") for line in before.splitlines())
