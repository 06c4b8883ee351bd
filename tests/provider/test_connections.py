"""Every connection that Airflow's provider accepts, with the arguments over it, leads where the provider goes.

Same cluster, same account, same namespace; or it is refused with the reason.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator.airflow.connection import find_place
from kubectl_job_operator.errors import AccessError
from kubectl_job_operator.kubectl.access import Access

pytest.importorskip("airflow.providers.cncf.kubernetes", reason="the provider is not here: `make test-provider`")

KubernetesHook: Any = importlib.import_module("airflow.providers.cncf.kubernetes.hooks.kubernetes").KubernetesHook
client: Any = importlib.import_module("kubernetes.client")
config: Any = importlib.import_module("kubernetes.config")
AirflowException: Any = importlib.import_module("airflow.exceptions").AirflowException

POD = ("https://pod", "of-the-pod", True)

Goal = tuple[str, str, bool]
"""The server, the token, and whether the server's certificate is checked."""


def kubeconfig(name: str) -> dict[str, Any]:
    """Return a kubeconfig with two contexts, each of which is a cluster and an account of its own."""
    both = ("one", "two")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "clusters": [{"name": f"{name}-{one}", "cluster": {"server": f"https://{name}-{one}"}} for one in both],
        "users": [{"name": f"{name}-{one}", "user": {"token": f"{name}-{one}"}} for one in both],
        "contexts": [{"name": one, "context": {"cluster": f"{name}-{one}", "user": f"{name}-{one}"}} for one in both],
    }


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home with a kubeconfig in its usual place and two others, on a machine that only claims to be a pod."""
    for file in (".kube/config", "a", "c"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(json.dumps(kubeconfig(file.rsplit("/", maxsplit=1)[-1])))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    loader = importlib.import_module("kubernetes.config.kube_config")
    monkeypatch.setattr(loader, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / ".kube/config"))

    def load_incluster_config(*, client_configuration: Any = "asked for", **_: Any) -> None:
        if client_configuration != "asked for":
            # The provider's own attempt where nothing was said, on a machine that is no pod.
            raise config.ConfigException("no pod")
        found = client.Configuration()
        found.host, found.api_key = POD[0], {"authorization": f"bearer {POD[1]}"}
        client.Configuration.set_default(found)

    monkeypatch.setattr(config, "load_incluster_config", load_incluster_config)
    return tmp_path


def theirs(given: dict[str, Any]) -> tuple[Goal, str | None] | None:
    """Return where the provider goes; ``None`` where it refuses."""
    client.Configuration.set_default(None)
    hook = KubernetesHook(conn_id="cluster", **{key: given[key] for key in given if key != "namespace"})
    try:
        found = hook.get_conn().configuration
    except (AirflowException, config.ConfigException, OSError, TypeError):
        return None
    token = next(iter(found.api_key.values()), "").split(" ")[-1]
    return (found.host, token, bool(found.verify_ssl)), given["namespace"] or hook.get_namespace()


def ours(given: dict[str, Any]) -> tuple[Goal, str | None] | None:
    """Return where kubectl goes for us; ``None`` where we refuse, or kubectl does."""
    try:
        place = find_place(SimpleNamespace(kubernetes_conn_id="cluster", **given))
    except AccessError as error:
        assert "What to do:" in str(error)  # noqa: PT017 - what is not raised goes somewhere
        return None
    goal = goal_of(place.access)
    return None if goal is None else (goal, place.namespace)


@functools.cache
def goal_of(access: Access) -> Goal | None:
    if access.in_cluster:
        is_plain = access.context is None and access.config_content is None and access.config_file is None
        return (*POD[:2], not access.skip_tls_verify) if is_plain else None
    flags = access.flags()
    if access.config_content is not None:
        file = Path(os.environ["HOME"], "content")
        file.write_text(access.config_content)
        flags = ("--kubeconfig", str(file), *flags)
    command = ("kubectl", *flags, "config", "view", "--minify", "--raw", "-o", "json")
    environment = access.environment(os.environ, Path(os.environ["HOME"]))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        return None
    view = json.loads(done.stdout)
    return view["clusters"][0]["cluster"]["server"], view["users"][0]["user"]["token"], not access.skip_tls_verify


def combinations(**choices: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield every combination; what is ``...`` is left out."""
    for values in itertools.product(*choices.values()):
        yield {key: value for key, value in zip(choices, values, strict=True) if value is not ...}


NOTHING = {"in_cluster": None, "config_file": None, "cluster_context": None, "namespace": None}


def compared(
    extra: dict[str, Any], given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> tuple[tuple[Goal, str | None] | None, tuple[Goal, str | None] | None]:
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps({"conn_type": "kubernetes", "extra": extra}))
    return ours({**NOTHING, **given}), theirs({**NOTHING, **given})


def test_every_way_in_leads_where_the_provider_goes_or_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goal_of.cache_clear()
    extras = combinations(
        in_cluster=[..., True, False],
        kube_config_path=[..., "~/a", f"{home}/absent:{home}/a"],
        kube_config=[..., json.dumps(kubeconfig("b"))],
        cluster_context=[..., "two"],
    )
    arguments = combinations(
        in_cluster=[None, True, False], config_file=[None, str(home / "c")], cluster_context=[None, "two"]
    )
    elsewhere, agreed, refused = [], 0, 0
    for extra, given in itertools.product(extras, list(arguments)):
        if given["in_cluster"] and (given["config_file"] or given["cluster_context"]):
            continue  # refused when the DAG is parsed
        our_goal, their_goal = compared(extra, given, monkeypatch)
        agreed += our_goal == their_goal is not None
        refused += our_goal is None
        if our_goal is not None and their_goal is not None and our_goal != their_goal:
            elsewhere.append((extra, given, our_goal, their_goal))
    assert elsewhere[:5] == []
    assert agreed > 100
    assert refused > 50


@pytest.mark.parametrize(
    "extra",
    [
        {"in_cluster": "true"},
        {"in_cluster": "", "kube_config_path": "", "kube_config": "", "cluster_context": ""},
        {"kube_config": kubeconfig("b"), "cluster_context": "two"},
        {"kube_config_path": "~/a", "cluster_context": "three"},
        {"in_cluster": True, "disable_verify_ssl": True},
        {"extra__kubernetes__in_cluster": True, "in_cluster": False},
        {"extra__kubernetes__kube_config_path": "~/a"},
    ],
)
def test_an_extra_in_another_form_means_what_it_means_to_the_provider(
    extra: dict[str, Any], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.is_dir()
    goal_of.cache_clear()
    our_goal, their_goal = compared(extra, {}, monkeypatch)
    assert our_goal == their_goal


@pytest.mark.parametrize("prefix", ["", "extra__kubernetes__"])
def test_the_namespace_and_the_certificates_are_the_providers(
    prefix: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal_of.cache_clear()
    extras = combinations(
        kube_config_path=[str(home / "a")],
        namespace=[..., "n", ""],
        disable_verify_ssl=[..., True, False, "true", "False", ""],
        disable_tcp_keepalive=[..., True],
    )
    for extra in extras:
        prefixed = {f"{prefix}{key}": value for key, value in extra.items()}
        for namespace in (None, "mine"):
            our_goal, their_goal = compared(prefixed, {"namespace": namespace}, monkeypatch)
            assert our_goal == their_goal is not None, (prefixed, namespace)


def test_a_text_that_says_false_is_false_here_and_true_to_the_provider(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one difference that is meant: nobody who writes ``"false"`` wants to be led into the cluster."""
    assert home.is_dir()
    our_goal, their_goal = compared({"in_cluster": "false"}, {}, monkeypatch)
    assert their_goal is not None
    assert their_goal[0] == POD
    assert our_goal == (("https://config-one", "config-one", True), None)
