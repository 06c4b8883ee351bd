"""Which cluster `python3 -m tests.cluster` takes, tried with scripted kubectl, kind and docker on PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster import Cluster, ClusterError, current
from tests.cluster.given import CONTEXT, KUBECONFIG
from tests.cluster.paths import repository

ANSWERING_KUBECTL = """
case "$*" in
    *"--raw /readyz"*) printf ok ;;
    *"--raw /version"*) echo "{}" ;;
    *"config current-context"*) echo from-the-file ;;
    *"config get-contexts"*) echo theirs; echo mine ;;
esac
"""
DEAF_KUBECTL = """
case "$*" in
    *"config current-context"*) echo from-the-file ;;
    *) echo "connection refused" >&2; exit 1 ;;
esac
"""
ANSWERING_DOCKER = "echo 28.0.0"
DEAF_DOCKER = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"
# Creating writes the kubeconfig, as kind does: its path is the argument after --kubeconfig.
WORKING_KIND = """
case "$1" in
    create) while [ "$1" != --kubeconfig ]; do shift; done; echo "apiVersion: v1" > "$2" ;;
esac
"""


@dataclass(frozen=True)
class Desk:
    """A machine as the program sees it: only the scripted programs are on PATH, and each call is noted."""

    folder: Path

    @property
    def path(self) -> Path:
        """Return the only folder on PATH."""
        return self.folder / "bin"

    def program(self, name: str, script: str) -> None:
        """Put a scripted program on PATH."""
        self.path.mkdir(exist_ok=True)
        file = self.path / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.folder}/calls"\n{script}\n')
        file.chmod(0o755)

    def kubeconfig(self, name: str = "given") -> Path:
        """Write a kubeconfig file."""
        file = self.folder / name
        file.write_text("apiVersion: v1\n")
        return file

    def calls(self) -> list[str]:
        """Return the command line of every call, in order."""
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def calls_of(self, *programs: str) -> list[str]:
        """Return the calls of some programs."""
        return [call for call in self.calls() if call.split()[0] in programs]

    def environment(self, **more: str) -> dict[str, str]:
        """Return the whole environment of a run."""
        own = {"PATH": str(self.path), "HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")}
        return {**own, **more}

    def run(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the program to its end; whatever happens, it shows no traceback."""
        done = subprocess.run(
            (sys.executable, "-m", "tests.cluster", command),
            cwd=repository(),
            env=self.environment(**environment),
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return done


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.program("kubectl", ANSWERING_KUBECTL)
    return desk


def test_a_given_kubeconfig_comes_first_and_kind_and_docker_are_not_even_asked(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up", **{KUBECONFIG: str(desk.kubeconfig())})
    assert done.returncode == 0, done.stderr
    assert f"--kubeconfig {desk.folder}/given --context from-the-file" in done.stderr
    assert desk.calls_of("kind", "docker") == []


def test_a_given_cluster_is_only_asked_for_its_version(desk: Desk) -> None:
    desk.run("up", **{KUBECONFIG: str(desk.kubeconfig()), CONTEXT: "mine"})
    (call,) = desk.calls()
    assert call == (f"kubectl --kubeconfig {desk.folder}/given --context mine --request-timeout=5s get --raw /version")


def test_a_given_cluster_that_does_not_answer_is_an_error_and_nothing_is_started_in_its_place(desk: Desk) -> None:
    desk.program("kubectl", DEAF_KUBECTL)
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up", **{KUBECONFIG: str(desk.kubeconfig())})
    assert done.returncode == 1
    assert "does not answer: connection refused" in done.stderr
    assert desk.calls_of("kind", "docker") == []


def test_a_given_kubeconfig_that_does_not_exist_is_an_error_that_names_it(desk: Desk) -> None:
    done = desk.run("up", **{KUBECONFIG: "/no/such/file"})
    assert done.returncode == 1
    assert done.stderr == f"{KUBECONFIG} names /no/such/file, but there is no such file.\n"


def test_a_given_context_alone_is_looked_up_in_kubectls_own_kubeconfig(desk: Desk) -> None:
    file = desk.kubeconfig("theirs")
    done = desk.run("kubeconfig", **{CONTEXT: "mine", "KUBECONFIG": f"/no/such/file{os.pathsep}{file}"})
    assert done.stdout == f"{file}\n"


def test_a_given_context_that_no_kubeconfig_has_is_an_error_that_tells_where_it_looked(desk: Desk) -> None:
    file = desk.kubeconfig("theirs")
    done = desk.run("up", **{CONTEXT: "unheard-of", "KUBECONFIG": str(file)})
    assert done.returncode == 1
    assert done.stderr == f"{CONTEXT} names unheard-of, but no kubeconfig has that context; looked at {file}.\n"


def test_kind_is_taken_where_docker_answers(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up")
    assert done.returncode == 0, done.stderr
    kubeconfig = desk.folder / "cache" / "kubectl-job-operator" / "kind" / "kubeconfig"
    assert kubeconfig.exists()
    config = repository() / "kind-config.yaml"
    assert desk.calls_of("kind") == [
        "kind get clusters",
        f"kind create cluster --config {config} --kubeconfig {kubeconfig} --wait 180s",
    ]


def test_a_second_up_of_a_healthy_kind_cluster_creates_nothing(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    assert desk.run("up").returncode == 0
    before = desk.calls_of("kind")
    assert desk.run("up").returncode == 0
    assert desk.calls_of("kind") == before


def test_a_kind_cluster_that_does_not_answer_is_deleted_and_made_anew(desk: Desk) -> None:
    desk.program("kind", f'{WORKING_KIND}\n[ "$1" = get ] && echo kubectl-job-operator\nexit 0')
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up")
    assert done.returncode == 0, done.stderr
    assert [call.split()[1] for call in desk.calls_of("kind")] == ["get", "delete", "create"]


def test_kind_is_not_taken_where_docker_is_installed_but_does_not_answer(desk: Desk) -> None:
    """What is left then is a node from Debian's packages, which this desk without apt-get cannot have either."""
    desk.program("kind", WORKING_KIND)
    desk.program("docker", DEAF_DOCKER)
    done = desk.run("up")
    assert done.returncode == 2
    assert "install Docker and kind, or point KUBECTL_JOB_OPERATOR_KUBECONFIG at a cluster" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert desk.calls_of("docker") == ["docker info --format {{.ServerVersion}}"]
    assert desk.calls_of("kind") == []


def test_without_kubectl_one_sentence_says_so(desk: Desk) -> None:
    (desk.path / "kubectl").unlink()
    done = desk.run("up")
    assert done.returncode == 2
    assert done.stderr.startswith("kubectl is not on PATH: install version 1.28 or later")
    assert len(done.stderr.splitlines()) == 1


def test_without_a_cluster_status_fails_and_names_the_command_that_starts_one(desk: Desk) -> None:
    done = desk.run("status")
    assert done.returncode == 1
    assert done.stderr == "No test cluster is up: start one with `make cluster`.\n"


def test_current_is_the_given_cluster(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in desk.environment(**{KUBECONFIG: str(desk.kubeconfig()), CONTEXT: "mine"}).items():
        monkeypatch.setenv(name, value)
    assert current() == Cluster(desk.folder / "given", "mine", "given")


def test_current_without_a_cluster_tells_what_to_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KUBECONFIG, raising=False)
    monkeypatch.delenv(CONTEXT, raising=False)
    for name, value in desk.environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ClusterError, match="make cluster"):
        current()
