"""The fake kubectl is itself held to its word: a test that leans on it must not pass for nothing."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.unit.fake_kubectl import FakeKubectl


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("kubectl", *arguments), capture_output=True, text=True, check=False)


def test_the_first_rule_that_is_not_used_up_answers(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get job/a", stdout="once", stderr="oh", return_code=4, times=1)
    fake_kubectl.answers("get", stdout="always")
    first, second, third = (_run("-n", "x", "get", "job/a", "-o", "json") for _ in range(3))
    assert (first.stdout, first.stderr, first.returncode) == ("once", "oh", 4)
    assert (second.stdout, third.stdout) == ("always", "always")


def test_words_are_whole_arguments_in_their_order(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("job/a get", stdout="wrong order")
    fake_kubectl.answers("get job", stdout="part of a word")
    fake_kubectl.answers("get job/a", stdout="right")
    assert _run("get", "job/a").stdout == "right"


def test_a_command_without_an_answer_returns_99_and_is_noted(fake_kubectl: FakeKubectl) -> None:
    done = _run("frobnicate", "now")
    assert done.returncode == 99
    assert "no answer to: kubectl frobnicate now" in done.stderr
    assert fake_kubectl.unscripted == ["['frobnicate', 'now']"]
    fake_kubectl.forgive_unscripted()


def test_calls_and_environments_are_noted_as_they_were(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get")
    subprocess.run(("kubectl", "get", "a b", "'ü\n$"), env={**os.environ, "MARK": "a\nb"}, check=True)
    assert fake_kubectl.calls == [("kubectl", "get", "a b", "'ü\n$")]
    assert fake_kubectl.environments[0]["MARK"] == "a\nb"


def test_it_can_wait_for_another_call_and_end_by_a_signal(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("wait", stdout="met", once_called="delete", by_signal=signal.SIGKILL)
    fake_kubectl.answers("delete")
    with subprocess.Popen(("kubectl", "wait"), stdout=subprocess.PIPE, text=True) as waiting:
        fake_kubectl.wait_for_call("wait")
        assert waiting.poll() is None
        assert _run("delete").returncode == 0
        assert waiting.communicate()[0] == "met"
    assert waiting.returncode == -signal.SIGKILL


def test_the_version_is_answered_unless_a_test_says_otherwise(fake_kubectl: FakeKubectl) -> None:
    version = ("version", "--client", "-o", "json")
    assert '"v1.32.4"' in _run(*version).stdout
    fake_kubectl.answers("version", stdout="other")
    assert _run(*version).stdout == "other"


def test_it_prints_piece_by_piece_as_the_test_lets_it(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("logs", stdout="a\nb", then=(0.01, b"c\n", "more", b"d\n"), return_code=3)
    with subprocess.Popen(("kubectl", "logs"), stdout=subprocess.PIPE, text=True) as logs:
        assert logs.stdout is not None
        assert (logs.stdout.readline(), logs.stdout.readline()) == ("a\n", "bc\n")
        assert logs.poll() is None
        fake_kubectl.open_gate("more")
        assert logs.stdout.read() == "d\n"
    assert logs.returncode == 3


def test_of_a_log_it_leaves_out_the_lines_that_are_too_old_as_the_kubelet_does(fake_kubectl: FakeKubectl) -> None:
    log = "2026-01-01T00:00:01.9Z a\n2026-01-01T00:00:02.0Z b\n2026-01-01T00:00:01.5Z c\n2026-01-01T00:00:03.0Z d\n"
    fake_kubectl.answers("logs", stdout=log, is_log=True)
    assert _run("logs").stdout == log
    assert [line[-1] for line in _run("logs", "--since-time=2026-01-01T00:00:02Z").stdout.splitlines()] == ["b", "d"]


def test_a_stubborn_one_goes_on_in_spite_of_sigterm(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("logs", stdout="a\n", then=("end", b"b\n"), is_stubborn=True)
    with subprocess.Popen(("kubectl", "logs"), stdout=subprocess.PIPE, text=True) as logs:
        assert logs.stdout is not None
        assert logs.stdout.readline() == "a\n"
        logs.terminate()
        fake_kubectl.open_gate("end")
        assert logs.stdout.read() == "b\n"
    assert logs.returncode == 0
