"""What a machine lacks for a node of our own is said in one sentence with the way out."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.debian.requirements import WAY_OUT, Machine, lacking

CAPABLE = Machine(
    system="linux", architecture="x86_64", is_root=True, has_apt=True, node_folder=Path("/root/.cache/k/node")
)


def test_a_debian_machine_with_root_lacks_nothing() -> None:
    assert lacking(CAPABLE) == ""
    assert lacking(replace(CAPABLE, architecture="aarch64")) == ""


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (replace(CAPABLE, system="darwin"), "and this is darwin"),
        (replace(CAPABLE, architecture="riscv64"), "and this is riscv64"),
        (replace(CAPABLE, has_apt=False), "there is no apt-get"),
        (replace(CAPABLE, is_root=False), "needs root: run it as root"),
        (
            replace(CAPABLE, other_node="kubelet, pid 7"),
            "another Kubernetes node runs on this machine already (kubelet",
        ),
        (replace(CAPABLE, node_folder=Path("/home/" + "x" * 80)), "too long for unix sockets"),
    ],
    ids=["system", "architecture", "apt", "root", "other node", "path"],
)
def test_what_is_missing_is_one_sentence_with_the_way_out(machine: Machine, why: str) -> None:
    sentence = lacking(machine)
    assert why in sentence
    assert sentence.endswith(f"{WAY_OUT}.")
    assert "\n" not in sentence


def test_a_python_without_any_package_is_enough() -> None:
    # `make cluster` runs before anything is installed.
    command = (sys.executable, "-S", "-m", "tests.cluster", "--help")
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
