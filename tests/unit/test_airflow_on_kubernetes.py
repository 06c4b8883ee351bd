"""What examples/airflow_on_kubernetes renders to, by `kubectl kustomize`; `make e2e` runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from kubectl_job_operator.status.rights import FOR_A_JOB, Right

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "airflow_on_kubernetes"
OVERLAYS = sorted(path.name for path in (EXAMPLE / "overlays").iterdir())
AIRFLOW_PODS = ("api-server", "dag-processor", "migrate", "scheduler", "triggerer")
KUBERNETES_VERSION = "1.36"

Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the folder, with secrets as its script makes them."""
    folder = tmp_path_factory.mktemp("example") / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.env", "passwords.json", "postgres-password"))
    subprocess.run([folder / "make-secrets.sh"], check=True, capture_output=True)
    s3 = folder / "overlays" / "logs-to-s3"
    shutil.copy(s3 / "s3.env.example", s3 / "s3.env")
    return folder


@pytest.fixture(scope="module")
def rendered(example: Path) -> dict[str, list[Manifest]]:
    """Return the documents of every overlay by its name."""
    return {name: kustomize(example / "overlays" / name) for name in OVERLAYS}


def kustomize(folder: Path) -> list[Manifest]:
    finished = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return list(yaml.safe_load_all(finished.stdout))


def pods(documents: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Return the specs of all pods by their owners' names."""
    for document in documents:
        if document["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def containers(documents: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Return all containers, those that come first included, by their pods' and their own names."""
    for name, pod in pods(documents):
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield f"{name}/{container['name']}", container


def of_kind(documents: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_is_valid_for_kubernetes(overlay: str, rendered: dict[str, list[Manifest]]) -> None:
    assert rendered[overlay]
    for document in rendered[overlay]:
        kubernetes_validate.validate(document, KUBERNETES_VERSION, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_is_in_one_namespace_that_comes_with_it(overlay: str, rendered: dict[str, list[Manifest]]) -> None:
    documents = rendered[overlay]
    (namespace,) = of_kind(documents, "Namespace")
    others = {one["metadata"]["namespace"] for one in documents if one["kind"] != "Namespace"}
    assert others == {namespace} == {"airflow"}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_says_what_it_needs_and_may_little(overlay: str, rendered: dict[str, list[Manifest]]) -> None:
    for name, pod in pods(rendered[overlay]):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, container in containers(rendered[overlay]):
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}, name
        assert container["resources"]["limits"]["memory"], name
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_serves_is_looked_after_by_a_liveness_probe(overlay: str, rendered: dict[str, list[Manifest]]) -> None:
    for name, pod in pods(rendered[overlay]):
        if name != "migrate":
            assert all("livenessProbe" in container for container in pod["containers"]), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_image_has_a_version(overlay: str, rendered: dict[str, list[Manifest]]) -> None:
    for name, container in containers(rendered[overlay]):
        assert re.search(r":(?!latest$)[^:/]+$", container["image"]), (name, container["image"])


@pytest.mark.parametrize("overlay", [name for name in OVERLAYS if name != "existing-secrets"])
def test_a_pod_reads_only_secrets_that_come_with_it(overlay: str, rendered: dict[str, list[Manifest]]) -> None:
    made = set(of_kind(rendered[overlay], "Secret"))
    wanted = secrets_that_pods_read(rendered[overlay])
    assert wanted <= made
    # A changed Secret has another name, so that the pods are started anew.
    assert all(re.search(r"-[a-z0-9]{10}$", name) for name in made)


def test_the_existing_secrets_keep_their_names(rendered: dict[str, list[Manifest]]) -> None:
    documents = rendered["existing-secrets"]
    assert of_kind(documents, "Secret") == {}
    assert secrets_that_pods_read(documents) == {"airflow", "airflow-users", "postgres"}


def secrets_that_pods_read(documents: list[Manifest]) -> set[str]:
    names = {
        volume["secret"]["secretName"]
        for _, pod in pods(documents)
        for volume in pod.get("volumes", [])
        if "secret" in volume
    }
    for _, container in containers(documents):
        names |= {one["secretRef"]["name"] for one in container.get("envFrom", []) if "secretRef" in one}
    return names


def test_the_role_has_exactly_the_rights_that_the_operator_has_a_use_for(rendered: dict[str, list[Manifest]]) -> None:
    roles = of_kind(rendered["dags-in-image"], "Role")
    granted = {
        Right(verb, resource.partition("/")[0], group, resource.partition("/")[2])
        for rule in roles["kubectl-job-operator"]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {*FOR_A_JOB.needed, *FOR_A_JOB.helpful}
    (of_companions,) = roles["kubectl-job-operator-companions"]["rules"]
    assert of_companions["resources"] == ["persistentvolumeclaims"]
    assert set(roles) == {"kubectl-job-operator", "kubectl-job-operator-companions"}


def test_only_the_pods_that_run_kubectl_have_a_token(rendered: dict[str, list[Manifest]]) -> None:
    with_token = {
        name: pod.get("serviceAccountName")
        for name, pod in pods(rendered["dags-in-image"])
        if pod.get("automountServiceAccountToken", True)
    }
    assert with_token == {"scheduler": "kubectl-job-operator", "triggerer": "kubectl-job-operator"}


def test_all_but_the_migration_wait_for_it(rendered: dict[str, list[Manifest]]) -> None:
    waiting = {
        name
        for name, pod in pods(rendered["dags-in-image"])
        if any(container["name"] == "wait-for-migrations" for container in pod.get("initContainers", []))
    }
    assert waiting == set(AIRFLOW_PODS) - {"migrate"}


def test_the_scheduler_is_gone_before_airflow_starts_its_tasks_again(rendered: dict[str, list[Manifest]]) -> None:
    scheduler = dict(pods(rendered["dags-in-image"]))["scheduler"]
    # Airflow's default of scheduler_health_check_threshold.
    assert scheduler["terminationGracePeriodSeconds"] < 30


def test_a_users_own_configuration_replaces_ours(example: Path) -> None:
    folder = example / "overlays" / "own-configuration"
    folder.mkdir()
    (folder / "airflow.cfg").write_text("[core]\nparallelism = 3\n")
    generator = {"name": "airflow-cfg", "namespace": "airflow", "behavior": "replace", "files": ["airflow.cfg"]}
    kustomization = {"resources": ["../dags-in-image"], "configMapGenerator": [generator]}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    documents = kustomize(folder)
    shutil.rmtree(folder)
    ((name, configuration),) = of_kind(documents, "ConfigMap").items()
    assert configuration["data"] == {"airflow.cfg": "[core]\nparallelism = 3\n"}
    for owner, pod in pods(documents):
        if owner != "postgres":
            assert {"name": "config", "configMap": {"name": name}} in pod["volumes"], owner


def test_only_the_overlay_for_it_leaves_the_database_to_others(rendered: dict[str, list[Manifest]]) -> None:
    without = {name for name, documents in rendered.items() if "postgres" not in dict(pods(documents))}
    assert without == {"external-postgres"}


def test_git_sync_runs_beside_all_that_read_dags(rendered: dict[str, list[Manifest]]) -> None:
    beside = set()
    for name, pod in pods(rendered["dags-by-git-sync"]):
        by_name = {container["name"]: container for container in pod["containers"]}
        if "git-sync" in by_name:
            beside.add(name)
            assert {"name": "AIRFLOW__CORE__DAGS_FOLDER", "value": "/git/current/dags"} in by_name["airflow"]["env"]
            assert "first-checkout" in {container["name"] for container in pod["initContainers"]}
    assert beside == {"scheduler", "dag-processor", "triggerer"}


def test_remote_logs_reach_every_part_of_airflow(rendered: dict[str, list[Manifest]]) -> None:
    for name, pod in pods(rendered["logs-to-s3"]):
        if name in AIRFLOW_PODS:
            (airflow,) = pod["containers"]
            assert [list(one) for one in airflow["envFrom"]] == [["secretRef"], ["configMapRef"], ["secretRef"]], name


def test_the_secrets_are_random_for_their_owner_alone_and_made_once(example: Path, tmp_path: Path) -> None:
    files = ("airflow.env", "passwords.json", "postgres-password")
    first = {name: (example / "secrets" / name).read_text() for name in files}
    for name in files:
        assert (example / "secrets" / name).stat().st_mode & 0o077 == 0, name
    subprocess.run([example / "make-secrets.sh"], check=True, capture_output=True)
    assert {name: (example / "secrets" / name).read_text() for name in files} == first
    other = tmp_path / "other"
    shutil.copytree(example, other, ignore=shutil.ignore_patterns(*files))
    subprocess.run([other / "make-secrets.sh"], check=True, capture_output=True)
    environment, other_environment = (
        dict(line.split("=", 1) for line in (folder / "secrets" / "airflow.env").read_text().splitlines())
        for folder in (example, other)
    )
    assert set(environment) == {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
        "AIRFLOW__CORE__FERNET_KEY",
        "AIRFLOW__API__SECRET_KEY",
        "AIRFLOW__API_AUTH__JWT_SECRET",
    }
    for name, value in environment.items():
        assert len(value) >= 44, name
        assert value != other_environment[name], name
    assert len(json.loads(first["passwords.json"])["admin"]) == 48


def test_git_knows_no_secret() -> None:
    files = [f"secrets/{name}" for name in ("airflow.env", "passwords.json", "postgres-password")]
    files.append("overlays/logs-to-s3/s3.env")
    command = ["git", "check-ignore", *files]
    ignored = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == files


def test_the_dockerfile_checks_kubectl_before_it_is_used() -> None:
    text = (EXAMPLE / "Dockerfile").read_text()
    assert re.search(r"^ARG KUBECTL_VERSION=v\d+\.\d+\.\d+$", text, re.MULTILINE)
    assert len(re.findall(r"^ARG KUBECTL_SHA256_\w+=[0-9a-f]{64}$", text, re.MULTILINE)) == 2
    assert text.index("sha256sum --check --strict") < text.index("chmod 0755 /usr/local/bin/kubectl")
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "airflow"
