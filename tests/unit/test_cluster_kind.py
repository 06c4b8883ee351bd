"""The way over kind, with scripted kind, docker and kubectl: what is asked of them, and what is left behind."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests.cluster import ClusterError, MissingError, kind
from tests.cluster.kind import cluster, config, engine, image, program, traces
from tests.cluster.kubernetes import modules
from tests.cluster.paths import repository
from tests.unit.cluster_desk import ANSWERING_DOCKER, ANSWERING_KUBECTL, DEAF_DOCKER, WORKING_KIND, Desk

NO_REGISTRY = """
case "$1 $2" in
    "image inspect"|"manifest inspect") echo "no such host" >&2; exit 1 ;;
    "network ls") echo bridge ;;
    "ps --all") [ -e "$0.deleted" ] || echo 0123456789ab ;;
    "rm --force") : > "$0.deleted" ;;
esac
[ "$1" = info ] && echo 28.0.0
exit 0
"""
LATE_WORKER = f"""
case "$*" in
    *"get nodes"*) echo True; [ -e "$0.asked" ] && echo True || echo False; : > "$0.asked"; exit 0 ;;
esac
{ANSWERING_KUBECTL}
"""
LAME_WORKER = f"""
case "$*" in
    *"get nodes"*) echo True; echo Unknown; exit 0 ;;
esac
{ANSWERING_KUBECTL}
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = Desk(tmp_path)
    desk.program("kubectl", ANSWERING_KUBECTL)
    desk.program("kind", WORKING_KIND)
    desk.program("docker", ANSWERING_DOCKER)
    for name, value in desk.environment().items():
        monkeypatch.setenv(name, value)
    # What belongs to the machine that the tests run on is none of a desk's business.
    monkeypatch.setattr(traces, "remember_kernel", lambda: None)
    monkeypatch.setattr(traces, "restore_kernel", lambda: None)
    return desk


@pytest.fixture
def own_image(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let no registry answer, and a node image lie in the cache."""
    archive = desk.folder / "image.tar"
    archive.touch()
    monkeypatch.setattr(image, "archive", lambda _: archive)
    desk.program("docker", NO_REGISTRY)
    return image.reference(modules.kubernetes())


def test_the_name_is_said_so_that_the_callers_environment_cannot_win_over_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.program("kind", f'echo "name is ${{KIND_CLUSTER_NAME:-unset}}" >> "{desk.folder}/calls"\n{WORKING_KIND}')
    monkeypatch.setenv("KIND_CLUSTER_NAME", "theirs")
    kind.up(modules.kubernetes())
    (created,) = [call for call in desk.calls() if call.startswith("kind create")]
    assert "--name kubectl-job-operator" in created
    assert "name is unset" in desk.calls()
    assert "name is theirs" not in desk.calls()[-3:]


def test_the_file_of_the_repository_is_what_kind_gets(desk: Desk) -> None:
    kind.up(modules.kubernetes())
    (created,) = [call for call in desk.calls() if call.startswith("kind create")]
    assert f"--config {desk.kind_folder}/config.yaml --kubeconfig {desk.kind_folder}/kubeconfig" in created
    assert created.endswith(f"--image {config.image()}"), "the registry has the image that the file names"


def test_another_image_can_be_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config.IMAGE, "kindest/node:v1.34.0")
    kind.up(modules.kubernetes())
    (created,) = [call for call in desk.calls() if call.startswith("kind create")]
    assert created.endswith("--image kindest/node:v1.34.0")


def test_cluster_down_needs_no_engine(desk: Desk) -> None:
    desk.program("docker", DEAF_DOCKER)
    done = desk.run("down")
    assert done.returncode == 0
    assert done.stderr == "No cluster of ours was up.\n"


def test_cluster_down_after_the_engine_has_gone_clears_away_what_is_left(desk: Desk) -> None:
    kind.up(modules.kubernetes())
    desk.program("docker", DEAF_DOCKER)
    assert kind.down()
    assert not desk.kind_folder.exists()
    assert not kind.down()


def test_it_is_up_when_the_worker_is_ready_too(desk: Desk) -> None:
    desk.program("kubectl", LATE_WORKER)
    kind.up(modules.kubernetes())
    assert len([call for call in desk.calls_of("kubectl") if "get nodes" in call]) == 2


def test_a_worker_that_never_gets_ready_is_an_error_that_counts_the_nodes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.program("kubectl", LAME_WORKER)
    monkeypatch.setattr(cluster, "READY_SECONDS", 0)
    with pytest.raises(ClusterError, match="after 0 s 1 of 2 nodes are ready"):
        kind.up(modules.kubernetes())


def test_a_cluster_whose_worker_is_not_ready_does_not_count_as_up(desk: Desk) -> None:
    kind.up(modules.kubernetes())
    assert kind.running()
    desk.program("kubectl", LAME_WORKER)
    assert kind.running() is None


def test_a_port_that_is_taken_is_replaced_and_the_message_says_by_which(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        text = config.text().replace("hostPort: 8080", f"hostPort: {taken}")
        monkeypatch.setattr(config, "text", lambda: text)
        config.write(desk.folder / "config.yaml")
    (port,) = re.findall(r"hostPort: (\d+)", (desk.folder / "config.yaml").read_text())
    assert port != taken
    assert f"port {taken} is taken on this machine" in capsys.readouterr().err
    assert (desk.folder / "config.yaml").read_text() == text.replace(taken, port), "nothing else is changed"


def test_from_an_engine_of_the_callers_everything_that_came_with_the_cluster_goes_again(
    desk: Desk, own_image: str
) -> None:
    kind.up(modules.kubernetes())
    before = len(desk.calls())
    assert kind.down()
    assert desk.calls()[before:] == [
        "docker info --format {{.ServerVersion}}",
        "docker ps --all --quiet --filter label=io.x-k8s.kind.cluster=kubectl-job-operator",
        "docker rm --force --volumes 0123456789ab",
        "docker network rm kind",
        f"docker image rm {own_image}",
    ]


def test_a_network_that_was_there_before_stays(desk: Desk) -> None:
    desk.program("docker", ANSWERING_DOCKER.replace("echo bridge", "echo bridge; echo kind"))
    kind.up(modules.kubernetes())
    kind.down()
    assert "docker network rm kind" not in desk.calls()


def test_an_earlier_cluster_is_deleted_with_its_volumes_without_kind(desk: Desk) -> None:
    desk.kind_folder.mkdir(parents=True)
    desk.program("docker", NO_REGISTRY)
    (desk.path / "kind").unlink()
    assert kind.down()
    assert "docker rm --force --volumes 0123456789ab" in desk.calls()


def test_where_no_registry_answers_the_image_that_was_built_here_is_loaded_and_taken(
    desk: Desk, own_image: str
) -> None:
    kind.up(modules.kubernetes())
    calls = desk.calls()
    assert f"docker manifest inspect {config.image()}" in calls
    loaded = calls.index(f"docker load --quiet --input {desk.folder}/image.tar")
    (created,) = [call for call in calls if call.startswith("kind create")]
    assert loaded < calls.index(created)
    assert created.endswith(f"--image {own_image}")


def test_the_images_tag_changes_with_what_it_is_built_of(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = modules.kubernetes()
    before = image.reference(newest)
    assert before.startswith(f"kubectl-job-operator/kind-node:{newest.version}-")
    monkeypatch.setattr(image, "OWN_FILES", image.OWN_FILES[1:])
    assert image.reference(newest) != before


def test_kind_must_end_within_its_time(desk: Desk) -> None:
    desk.program("kind", f'[ "$1" = version ] || sleep 30\n{WORKING_KIND}')
    environment = desk.environment(PATH=f"{desk.path}:/usr/bin:/bin")
    with pytest.raises(ClusterError, match=r"kind get clusters` did not end within 1 s"):
        program.run(("get", "clusters"), environment, 1)


def test_an_old_kind_is_not_taken_and_the_sentence_names_the_version_that_is_needed(desk: Desk) -> None:
    desk.program("kind", 'echo "kind v0.27.0 go1.24 linux/amd64"')
    assert program.on_path() == ""
    assert program.lacking() == (
        "there is no kind of version 0.33 or later on PATH, and there is no Go to build it with"
    )
    with pytest.raises(MissingError, match="No cluster of kind can be had"):
        program.run(("get", "clusters"), desk.environment(), 10)


def test_a_kind_that_fails_tells_its_own_words(desk: Desk) -> None:
    desk.program("kind", f'[ "$1" = create ] && {{ echo "no space left" >&2; exit 1; }}\n{WORKING_KIND}')
    with pytest.raises(ClusterError, match="no space left"):
        kind.up(modules.kubernetes())


def test_the_private_engine_is_reached_whatever_context_the_caller_uses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "far-away")
    monkeypatch.setattr(engine, "_answers", lambda _: True)
    (desk.folder / "cache/kubectl-job-operator/engine").mkdir(parents=True)
    (desk.folder / "cache/kubectl-job-operator/engine/docker.sock").touch()
    private = engine.private()
    assert private is not None
    assert private.environment["DOCKER_HOST"] == f"unix://{desk.folder}/cache/kubectl-job-operator/engine/docker.sock"
    assert "DOCKER_CONTEXT" not in private.environment


def test_the_config_file_names_an_image() -> None:
    assert config.image() in (repository() / "kind-config.yaml").read_text()
