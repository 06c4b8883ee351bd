"""Which cluster `python3 -m tests.cluster` takes, tried with scripted kubectl, kind and docker on PATH."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cluster import Cluster, ClusterError, current
from tests.cluster import kubectl as cluster_kubectl
from tests.cluster.choice import KUBERNETES, WAY
from tests.cluster.given import CONTEXT, KUBECONFIG
from tests.unit.cluster_desk import (
    ANSWERING_DOCKER,
    ANSWERING_KUBECTL,
    DEAF_DOCKER,
    DEAF_KUBECTL,
    WORKING_KIND,
    Desk,
)


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


def test_kind_is_taken_where_docker_answers_and_the_message_says_so(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up")
    assert done.returncode == 0, done.stderr
    assert "taking kind (no cluster is named, and an engine can be had)" in done.stderr
    assert (desk.kind_folder / "kubeconfig").exists()


def test_a_second_up_of_a_healthy_kind_cluster_creates_nothing(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    assert desk.run("up").returncode == 0
    before = desk.calls_of("kind")
    assert desk.run("up").returncode == 0
    assert desk.calls_of("kind") == before


def test_kind_is_not_taken_where_no_engine_can_be_had(desk: Desk) -> None:
    """What is left then is a node from Debian's packages, which this desk without apt-get cannot have either."""
    desk.program("kind", WORKING_KIND)
    desk.program("docker", DEAF_DOCKER)
    done = desk.run("up")
    assert done.returncode == 2
    assert "no Docker engine answers, and a private one needs Linux, apt and root" in done.stderr
    assert "install Docker and kind, or point KUBECTL_JOB_OPERATOR_KUBECONFIG at a cluster" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [call for call in desk.calls_of("kind") if call != "kind version"] == []


def test_the_node_can_be_asked_for_where_kind_could_be_had(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up", **{WAY: "node"})
    assert "a node of our own" in done.stderr, "it is tried, and this desk has no apt-get for it"
    assert [call for call in desk.calls_of("kind", "docker") if "version" not in call] == []


def test_kind_can_be_asked_for_and_then_nothing_takes_its_place(desk: Desk) -> None:
    desk.program("docker", DEAF_DOCKER)
    done = desk.run("up", **{WAY: "kind"})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{WAY} is kind, but there can be none: there is no kind of version 0.33 or later")
    assert "there is no Go to build it with" in done.stderr


def test_kind_can_be_asked_for_although_a_cluster_is_named(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up", **{WAY: "kind", KUBECONFIG: str(desk.kubeconfig())})
    assert done.returncode == 0, done.stderr
    assert f"taking kind ({WAY} asks for it)" in done.stderr


def test_the_given_cluster_can_be_asked_for_but_must_be_named(desk: Desk) -> None:
    done = desk.run("up", **{WAY: "given"})
    assert done.returncode == 2
    assert done.stderr == f"{WAY} is given: name the cluster with {KUBECONFIG} or {CONTEXT}.\n"


def test_an_unknown_way_is_an_error_that_names_the_known_ones(desk: Desk) -> None:
    done = desk.run("up", **{WAY: "minikube"})
    assert done.returncode == 2
    assert done.stderr == f"{WAY} is minikube, but must be given, kind or node.\n"


def test_a_version_that_only_debian_has_is_not_looked_for_in_kind(desk: Desk) -> None:
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    done = desk.run("up", **{WAY: "kind", KUBERNETES: "1.20"})
    assert done.returncode == 2
    assert f"{KUBERNETES} is 1.20, and kind's nodes can have" in done.stderr


def test_without_kubectl_one_sentence_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.path / "kubectl").unlink()
    for name, value in desk.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cluster_kubectl, "_elsewhere", list)
    with pytest.raises(ClusterError, match=r"There is no kubectl: `make install` brings one, or install version 1\.28"):
        current()


def test_a_kubectl_that_is_named_is_taken_before_the_one_on_path(desk: Desk) -> None:
    desk.program("another", ANSWERING_KUBECTL)
    named = {cluster_kubectl.VARIABLE: str(desk.path / "another"), KUBECONFIG: str(desk.kubeconfig())}
    assert desk.run("status", **named).returncode == 0
    assert desk.calls_of("kubectl") == []
    assert desk.calls_of("another")


def test_a_named_kubectl_that_does_not_exist_is_an_error_that_names_it(desk: Desk) -> None:
    done = desk.run("status", **{cluster_kubectl.VARIABLE: "/no/such/kubectl"})
    assert done.returncode == 2
    assert done.stderr == f"{cluster_kubectl.VARIABLE} names /no/such/kubectl, but there is no such program.\n"


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
