"""The nodes of a kind cluster are reached through the engine that runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster import ClusterError
from tests.cluster.debian import cgroups
from tests.cluster.kind import nodes, traces
from tests.unit.cluster_desk import ANSWERING_DOCKER, DEAF_DOCKER, WORKING_KIND, Desk

SLOW_TO_KILL = """
case "$*" in
    info*) echo 28.0.0 ;;
    kill*) echo "tried to kill container, but did not receive an exit event" >&2; exit 1 ;;
    *Running*) read -r state < {state}; [ "$state" = THAWED ] && echo false || echo true ;;
    *Id*) echo 0815 ;;
esac
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    desk.program("docker", ANSWERING_DOCKER)
    desk.program("kind", WORKING_KIND)
    for name, value in desk.environment().items():
        monkeypatch.setenv(name, value)
    return desk


def test_a_node_is_broken_and_mended_by_its_containers_name(desk: Desk) -> None:
    for deed in (nodes.pause, nodes.resume, nodes.start):
        deed(nodes.WORKER)
    deeds = [call.split()[1:] for call in desk.calls_of("docker") if "info" not in call]
    assert deeds == [[verb, "kubectl-job-operator-worker"] for verb in ("pause", "unpause", "start")]


def test_a_node_is_off_when_it_was_killed_though_a_container_in_it_was_frozen_and_could_not_die(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "MOUNT", tmp_path / "cgroup")
    state = tmp_path / "cgroup" / "freezer" / traces.cgroup() / "0815" / "pod" / "freezer.state"
    state.parent.mkdir(parents=True)
    state.write_text("FROZEN\n")
    desk.program("docker", SLOW_TO_KILL.format(state=state))
    nodes.kill(nodes.WORKER)
    assert "docker kill kubectl-job-operator-worker" in desk.calls_of("docker")
    assert state.read_text() == "THAWED"


def test_images_are_loaded_by_kind_into_this_cluster(desk: Desk) -> None:
    nodes.load(Path("/some/archive.tar"))
    assert desk.calls_of("kind")[-1] == "kind load image-archive /some/archive.tar --name kubectl-job-operator"


def test_without_an_engine_the_error_says_so(desk: Desk) -> None:
    desk.program("docker", DEAF_DOCKER)
    with pytest.raises(ClusterError, match="No Docker engine answers"):
        nodes.run(nodes.WORKER, "true")
