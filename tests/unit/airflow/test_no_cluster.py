"""What is said where there is no cluster, with the real kubectl."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import yaml

from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import reading
from kubectl_job_operator.life import beginning
from tests.unit.airflow.test_operators import MANIFEST, execute, operator


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten what a user would wait."""
    monkeypatch.setattr(reading, "READ_SECONDS", 1.5)
    monkeypatch.setattr(beginning, "_FIRST_CONTACT_SECONDS", 2.0)


def kubeconfig(folder: Path, port: int, **user: str) -> Path:
    """Write a kubeconfig for a server on this machine.

    :param user: the user's credentials; a token of no meaning by default.
    """
    user = user or {"token": "none"}
    cluster = {"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}"}}
    context = {"name": "there", "context": {"cluster": "c", "user": "u"}}
    config = {"clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": user}]}
    path = folder / "config"
    path.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "there", **config}))
    return path


def test_a_server_that_does_not_answer_is_an_error_and_not_an_endless_wait(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = kubeconfig(tmp_path, listening.getsockname()[1])
        with pytest.raises(KubectlError) as failure:
            execute(operator(job_yaml=MANIFEST, config_file=str(config)))
    assert failure.value.kind is ErrorKind.NO_ANSWER
    assert "no answer in" in str(failure.value)
    assert "What to do: the cluster did not answer in time; check its address" in str(failure.value)


def test_a_server_that_is_not_there_is_said_in_kubectls_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        # Bound, so that nobody else gets the port, but not listening.
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(KubectlError) as failure:
            execute(operator(job_yaml=MANIFEST, config_file=str(kubeconfig(tmp_path, port))))
    assert failure.value.kind is ErrorKind.UNREACHABLE
    assert f"127.0.0.1:{port}" in failure.value.words
    assert "refused" in failure.value.words
    assert "memcache.go" not in str(failure.value)


def test_a_context_that_is_not_in_the_kubeconfig_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="kubectl config get-contexts") as failure:
        execute(operator(job_yaml=MANIFEST, config_file=str(kubeconfig(tmp_path, 1)), cluster_context="now here"))
    assert 'context "now here" does not exist' in str(failure.value)


def test_no_configuration_at_all_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    with pytest.raises(AirflowFailException, match="kubectl has no current context, and this is not a pod"):
        execute(operator(job_yaml=MANIFEST, namespace=None))


def test_a_user_without_credentials_is_told_apart_from_an_outage(tmp_path: Path) -> None:
    with pytest.raises(AirflowFailException, match="this user of the kubeconfig has no credentials"):
        execute(operator(job_yaml=MANIFEST, config_file=str(kubeconfig(tmp_path, 1, username=""))))
