"""What the chaos bench finds after the run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil

from tests.chaos.leftovers import kubectls_left, secrets_left
from tests.faults.judge import Harm


def test_the_key_of_a_kubeconfig_is_found_wherever_it_stands(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps({"users": [{"user": {"client-key-data": "c2VjcmV0"}}]}))
    (tmp_path / "logs" / "deep").mkdir(parents=True)
    (tmp_path / "logs" / "deep" / "bad.log").write_text("user: {client-key-data: c2VjcmV0}")
    (tmp_path / "logs" / "good.log").write_text("user: ***")
    (found,) = secrets_left(kubeconfig, [tmp_path])
    assert found.harm is Harm.LEFT_BEHIND
    assert found.sentence.endswith("/logs/deep/bad.log")


def test_a_process_that_lives_is_told_and_one_that_is_gone_is_not() -> None:
    argv = [sys.executable, "-c", "input()"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as living, subprocess.Popen(argv, stdin=subprocess.PIPE) as dead:
        processes = [psutil.Process(one.pid) for one in (living, dead)]
        dead.communicate(b"\n")
        (found,) = kubectls_left(processes)
        living.communicate(b"\n")
    assert "input()" in found.sentence
