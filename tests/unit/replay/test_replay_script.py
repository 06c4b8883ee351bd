"""``replay.sh`` is a sound program, and runs a Job as it says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.replay.replay_script import Script, Target
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl

NAME, SPACE = stage.NAME, stage.NAMESPACE
AWKWARD = 'it\'s a "$HOME" `id` ünï @job@'
UID = stage.UID

WIDGET = Target(
    kind="Widget",
    target="widget.v1.example.com/widget",
    created="widget.example.com/widget",
    success=["jsonpath={.status.phase}=Done", "condition=Skipped"],
    failure=["jsonpath={.status.phase}=Broken"],
    pods=["-l", "app=w"],
)

Run = Callable[..., subprocess.CompletedProcess[str]]


def script(**more: Any) -> Script:
    return Script(**{"job": NAME, "what": "try 2 of task t", "namespace": SPACE, **more})


SCRIPTS = {
    "plain": script(),
    "all": script(
        what="try 1\nof $(touch x)",
        context=AWKWARD,
        kubeconfig=f"/{AWKWARD}:/b",
        flags=["--insecure-skip-tls-verify", f"--as={AWKWARD}"],
        secrets=["a", "b"],
        has_masked_values=True,
    ),
    "kubeconfig is lost": script(is_kubeconfig_lost=True),
    "another kind": script(job="widget", other=WIDGET),
    "a kind that cannot fail and whose pods are not known": script(
        job="widget", other=replace(WIDGET, failure=[], pods=[]), secrets=["a", "b"], has_masked_values=True
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    file = tmp_path / "replay.sh"
    file.write_text(SCRIPTS[name].text())
    shellcheck = Path(sys.executable).with_name("shellcheck")
    done = subprocess.run([shellcheck, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def run(fake_kubectl: FakeKubectl, tmp_path: Path) -> Run:
    """Give a function that writes a script with a manifest and runs it."""
    folder = tmp_path / "a bundle"
    folder.mkdir()

    def run(given: Script, manifest: str = "kind: Job\n", **variables: str) -> subprocess.CompletedProcess[str]:
        (folder / "manifest.yaml").write_text(manifest)
        file = folder / "replay.sh"
        file.write_text(given.text())
        file.chmod(0o700)
        environment = {"PATH": f"{fake_kubectl.folder}:/usr/bin:/bin", **variables}
        return subprocess.run(
            [file], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    return run


def script_cluster(fake_kubectl: FakeKubectl, *, end: str, before: str = "", first: str = "") -> None:
    """Script a cluster where the Job comes to an end.

    :param before: what there is of a Job of that name at the start.
    :param first: the conditions that it gets before its end, with a blank after each.
    """
    looks = [before, f"{UID} ", f"{UID} {first}", f"{UID} {first}{end} "]
    for answer in looks[:-1]:
        fake_kubectl.answers(f"get job/{NAME} --ignore-not-found", answer, times=1)
    fake_kubectl.answers(f"get job/{NAME} --ignore-not-found", looks[-1])
    fake_kubectl.answers("create", f"configmap/config\njob.batch/{NAME}\n")
    fake_kubectl.answers("delete", "deleted\n")
    fake_kubectl.answers("wait --for=condition=complete")
    fake_kubectl.answers("wait --for=condition=failed", after_seconds=30.0)
    fake_kubectl.answers(f"get job/{NAME} -o wide", "the job\n")
    fake_kubectl.answers("get pods -o wide", "the pods\n")
    fake_kubectl.answers("logs", "[pod/a/main] line\n")
    fake_kubectl.answers(f"get job/{NAME}", f"controller-uid={UID}", times=1)
    fake_kubectl.answers(f"get job/{NAME}", ": Reason (message)" if end == "Failed" else "")


@pytest.mark.parametrize(("end", "code"), [("Complete", 0), ("Failed", 1)])
def test_it_creates_waits_shows_the_logs_and_the_status_and_tells_the_verdict(
    end: str, code: int, run: Run, fake_kubectl: FakeKubectl
) -> None:
    script_cluster(fake_kubectl, end=end)
    done = run(script())
    assert done.returncode == code, done.stderr
    assert done.stdout == "[pod/a/main] line\n"
    assert "the job\nthe pods\n" in done.stderr
    why = ": Reason (message)" if end == "Failed" else ""
    assert f"Job {NAME} in namespace {SPACE} is {end}{why}." in done.stderr
    assert f"kubectl -n {SPACE} delete configmap/config job.batch/{NAME}" in done.stderr
    assert not fake_kubectl.called("delete")
    assert len(fake_kubectl.called(f"logs -l controller-uid={UID}")) == 1
    assert {environment["KUBERC"] for environment in fake_kubectl.environments} == {"off"}


def test_a_condition_that_comes_before_the_verdict_is_none(run: Run, fake_kubectl: FakeKubectl) -> None:
    script_cluster(fake_kubectl, end="Complete", first="SuccessCriteriaMet ")
    assert run(script()).returncode == 0
    assert fake_kubectl.called("wait")


def test_namespace_kubeconfig_and_context_are_the_trys_unless_they_are_given(
    run: Run, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get", stderr="error: no\n", return_code=1)
    whom = ("--insecure-skip-tls-verify", f"--as={AWKWARD}", "--as-group=a")
    given = script(context=AWKWARD, namespace=AWKWARD, kubeconfig=f"/{AWKWARD}", flags=whom)
    assert run(given).returncode == 3
    assert run(given, NAMESPACE="other", CONTEXT="far", KUBECONFIG="/mine").returncode == 3
    assert run(given, CONTEXT="").returncode == 3
    flags = [call[1 : call.index("get")] for call in fake_kubectl.calls]
    assert flags == [
        ("--context", AWKWARD, "-n", AWKWARD, *whom),
        ("--context", "far", "-n", "other", *whom),
        ("-n", AWKWARD, *whom),
    ]
    assert [one["KUBECONFIG"] for one in fake_kubectl.environments] == [f"/{AWKWARD}", "/mine", f"/{AWKWARD}"]


def test_a_job_that_has_ended_is_replaced(run: Run, fake_kubectl: FakeKubectl) -> None:
    script_cluster(fake_kubectl, end="Complete", before=f"{UID} Failed ")
    assert run(script()).returncode == 0
    assert [call[3:5] for call in fake_kubectl.called("delete")] == [("delete", f"job/{NAME}")]


def test_a_job_that_has_not_ended_is_not_touched(run: Run, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get", f"{UID} FailureTarget ")
    done = run(script())
    assert done.returncode == 2
    assert "has not ended, so it is not touched" in done.stderr
    assert len(fake_kubectl.calls) == 1


def test_a_job_that_cannot_be_created_is_told_apart_from_one_that_failed(run: Run, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get")
    fake_kubectl.answers("create", stderr="error: forbidden\n", return_code=1)
    done = run(script())
    assert done.returncode == 2
    assert "error: forbidden\nJob countdown was not created." in done.stderr


def test_a_job_that_is_deleted_meanwhile_has_no_verdict(run: Run, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("wait")
    for answer in ("", f"{UID} "):
        fake_kubectl.answers("get", answer, times=1)
    fake_kubectl.answers("get")
    fake_kubectl.answers("create", f"job.batch/{NAME}\n")
    done = run(script())
    assert done.returncode == 3
    assert "was deleted or replaced before its end" in done.stderr


LOST: dict[str, Any] = {"stderr": "error: was refused\n", "return_code": 1, "times": 1}


@pytest.fixture
def hasty(fake_kubectl: FakeKubectl) -> None:
    """Let the script not pause before it looks again."""
    (fake_kubectl.folder / "sleep").symlink_to("/usr/bin/true")


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("before", [[""], ["", f"{UID} "]], ids=["the first one", "one while it runs"])
def test_a_look_that_is_not_answered_says_nothing_of_the_job(
    before: list[str], run: Run, fake_kubectl: FakeKubectl
) -> None:
    look = f"get job/{NAME} --ignore-not-found"
    for answer in before:
        fake_kubectl.answers(look, answer, times=1)
    fake_kubectl.answers(look, **LOST)
    script_cluster(fake_kubectl, end="Complete", before=f"{UID} ")
    done = run(script())
    assert done.returncode == 0, done.stderr
    assert f"Job {NAME} in namespace {SPACE} is Complete." in done.stderr
    assert len(fake_kubectl.called("create")) == 1


@pytest.mark.usefixtures("hasty")
def test_a_job_that_is_replaced_meanwhile_has_no_verdict_though_a_look_was_not_answered(
    run: Run, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("wait")
    for answer in ("", f"{UID} "):
        fake_kubectl.answers("get", answer, times=1)
    fake_kubectl.answers("get", **LOST)
    fake_kubectl.answers("get", "another Complete ")
    fake_kubectl.answers("create", f"job.batch/{NAME}\n")
    done = run(script())
    assert done.returncode == 3
    assert "was deleted or replaced before its end" in done.stderr


def test_a_secret_that_is_not_there_is_asked_for_before_anything_is_deleted_or_created(
    run: Run, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(f"get job/{NAME}", f"{UID} Failed ")
    fake_kubectl.answers("get secret a", "secret/a\n")
    fake_kubectl.answers("get secret b", stderr="Error from server (NotFound)\n", return_code=1)
    done = run(script(secrets=["a", "b"]))
    assert done.returncode == 2
    assert "The Job needs Secret b" in done.stderr
    assert not fake_kubectl.called("delete")
    assert not fake_kubectl.called("create")


def test_masked_values_are_asked_for_before_anything_is_deleted_or_created(run: Run, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get", f"{UID} Failed ")
    done = run(script(has_masked_values=True), manifest="# ***\nvalue: '***'\n")
    assert done.returncode == 2
    assert "are masked (***)" in done.stderr
    assert not fake_kubectl.called("delete")
    assert not fake_kubectl.called("create")


def test_a_kubeconfig_that_is_not_kept_must_be_given(run: Run, fake_kubectl: FakeKubectl) -> None:
    done = run(script(is_kubeconfig_lost=True))
    assert done.returncode != 0
    assert "set it to a file with the kubeconfig of the Airflow connection" in done.stderr
    assert not fake_kubectl.calls


def script_widget(fake_kubectl: FakeKubectl, *, met: str | None, before: str = "") -> None:
    """Script a cluster where a Widget comes to an end.

    :param met: the rule that holds once it was created; ``None`` for none.
    :param before: the uid of the Widget that there is at the start.
    """
    target = WIDGET.target
    if before:
        fake_kubectl.answers(f"get {target} --ignore-not-found", before, times=1)
        fake_kubectl.answers(f"wait {target} --for={WIDGET.failure[0]}", times=1)
    else:
        fake_kubectl.answers(f"get {target} --ignore-not-found", "", times=1)
    fake_kubectl.answers(f"get {target} --ignore-not-found", UID)
    fake_kubectl.answers("create", f"{WIDGET.created}\n")
    fake_kubectl.answers("delete", "deleted\n")
    if met is not None:
        fake_kubectl.answers(f"wait {target} --for={met} --timeout=0s")
    fake_kubectl.answers("wait", stderr="error: timed out waiting for the condition\n", return_code=1)
    fake_kubectl.answers(f"get {target} -o yaml", "status: {phase: Done}\n")
    fake_kubectl.answers("logs", "[pod/a/main] line\n")


@pytest.mark.parametrize(
    ("met", "end", "code"),
    [(WIDGET.success[0], "Complete", 0), (WIDGET.success[1], "Complete", 0), (WIDGET.failure[0], "Failed", 1)],
)
def test_another_kind_is_created_and_ends_by_its_rules(
    met: str, end: str, code: int, run: Run, fake_kubectl: FakeKubectl
) -> None:
    script_widget(fake_kubectl, met=met)
    done = run(script(job="widget", other=WIDGET))
    assert done.returncode == code, done.stderr
    assert done.stdout == "[pod/a/main] line\n"
    assert f"Widget widget in namespace {SPACE} is {end}." in done.stderr
    assert len(fake_kubectl.called("logs -l app=w")) == 1


@pytest.mark.usefixtures("hasty")
def test_another_kind_is_looked_at_again_where_a_look_is_not_answered(run: Run, fake_kubectl: FakeKubectl) -> None:
    look = f"get {WIDGET.target} --ignore-not-found"
    fake_kubectl.answers(look, "", times=1)
    fake_kubectl.answers(look, UID, times=1)
    fake_kubectl.answers(look, **LOST)
    fake_kubectl.answers(look, UID)
    # None of its three rules holds at the look before.
    fake_kubectl.answers("wait", stderr="error: timed out waiting for the condition\n", return_code=1, times=3)
    script_widget(fake_kubectl, met=WIDGET.success[0])
    done = run(script(job="widget", other=WIDGET))
    assert done.returncode == 0, done.stderr


def test_another_kind_that_has_failed_before_is_replaced(run: Run, fake_kubectl: FakeKubectl) -> None:
    script_widget(fake_kubectl, met=WIDGET.success[0], before=UID)
    assert run(script(job="widget", other=WIDGET)).returncode == 0
    assert [call[3:5] for call in fake_kubectl.called("delete")] == [("delete", WIDGET.target)]


def test_another_kind_that_has_not_ended_is_not_touched(run: Run, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get", UID)
    fake_kubectl.answers("wait", stderr="error: timed out waiting for the condition\n", return_code=1)
    done = run(script(job="widget", other=WIDGET))
    assert done.returncode == 2
    assert "Widget widget in namespace here has not ended, so it is not touched" in done.stderr


def test_where_the_pods_are_not_known_it_says_so_and_shows_no_logs(run: Run, fake_kubectl: FakeKubectl) -> None:
    script_widget(fake_kubectl, met=WIDGET.success[0])
    done = run(script(job="widget", other=replace(WIDGET, pods=[])))
    assert done.returncode == 0
    assert "Which pods are its own is not known" in done.stderr
    assert fake_kubectl.called("logs") == []
