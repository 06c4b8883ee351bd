"""Canaries: texts that stand where a secret can, and a search for whatever is left of them."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubectl_job_operator import KubernetesJobOperator
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage

PLACES = (
    "the connection's password",
    "the token in its kubeconfig",
    "the key in its kubeconfig",
    "its credential plugin's environment",
    "stringData of a Secret",
    "data of a Secret",
    "a file in a Secret",
    "env_vars by name",
    "yaml_template_fields by name",
    "params by name",
    "an XCom in a variable by name",
)
"""Where a secret stands before a task runs."""


@dataclass(frozen=True)
class Canaries:
    """One canary for each place, of one run alone: Airflow goes on to mask what an earlier one has told it.

    Each has two halves that no quoting changes, around signs that each kind of quoting changes in its own way.

    :param run: makes them differ from those of other runs.
    """

    run: str

    def __getitem__(self, place: str) -> str:
        first, second = self._halves(place)
        # A file's other lines are of no use to anybody.
        return f"{first}&'\"<é\\>{second}" if place != "a file in a Secret" else f'[login]\n{first}="{second}"\n'

    def found_in(self, text: str) -> list[str]:
        """Return the places of whose canaries any half is in a text, as it is or in base64."""
        unquoted = text.replace("\n", "").replace("\\n", "")
        return [
            place
            for place in PLACES
            if any(form in hay for half in self._halves(place) for form in _forms(half) for hay in (text, unquoted))
        ]

    def all(self) -> str:
        """Return all of them, a line each."""
        return "\n".join(self[place] for place in PLACES)

    def as_json(self) -> str:
        """Return all of them as a server quotes what it refuses."""
        return json.dumps({place: self[place] for place in PLACES}, ensure_ascii=False)

    def _halves(self, place: str) -> tuple[str, str]:
        digest = hashlib.sha256(f"{self.run} {place}".encode()).hexdigest()
        return f"canary{digest[:14]}", f"{digest[14:28]}yranac"


def _forms(half: str) -> Iterable[str]:
    """Return a text as it is, and what of its base64 is the same wherever it begins in a longer one."""
    yield half
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + half.encode()).decode()
        yield encoded[4 if offset else 0 : -4]


def kubeconfig(canaries: Canaries) -> str:
    """Return a kubeconfig with a canary wherever it can hold a secret."""
    key = base64.b64encode(canaries["the key in its kubeconfig"].encode()).decode()
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "credentials",
        "args": ["--for", "the-cluster"],
        "env": [{"name": "CLIENT_SECRET", "value": canaries["its credential plugin's environment"]}],
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
            "users": [
                {"name": "u", "user": {"token": canaries["the token in its kubeconfig"], "client-key-data": key}},
                {"name": "v", "user": {"exec": plugin}},
            ],
        }
    )


def connection(canaries: Canaries) -> str:
    """Return a connection with that kubeconfig, as a variable of the environment has it."""
    return json.dumps(
        {
            "conn_type": "kubernetes",
            "password": canaries["the connection's password"],
            "extra": {"kube_config": kubeconfig(canaries)},
        }
    )


def manifest(canaries: Canaries, job: str) -> str:
    """Return a template with Secrets, and with a Job that gets what its author and its arguments give."""
    data = base64.b64encode(canaries["data of a Secret"].encode()).decode()
    values = json.dumps(
        {"plain": canaries["stringData of a Secret"], "file": canaries["a file in a Secret"]}, ensure_ascii=False
    )
    env = """        env:
        - {name: A, value: {{ password | tojson }}}
        - {name: B, value: {{ params.api_key | tojson }}}
        - {name: DB_PASSWORD, value: {{ ti.xcom_pull("upstream") | tojson }}}
"""
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\ndata: {{encoded: {data}}}\nstringData: {values}\n"
        f"---\n{job.rstrip()}\n{env}"
    )


def searched(surfaces: Mapping[str, Any], canaries: Canaries) -> dict[str, list[str]]:
    """Return what was found where; only where something was."""
    found = {
        name: canaries.found_in(value if isinstance(value, str) else str(value)) for name, value in surfaces.items()
    }
    return {name: places for name, places in found.items() if places}


def files_below(*folders: Path) -> dict[str, str]:
    """Return all files below folders, with what is in them."""
    return {
        re.sub(r"kubectl-job-operator-\w+", "kubectl-job-operator-", str(path)): path.read_bytes().decode(
            errors="replace"
        )
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def make_task(canaries: Canaries, logger: logging.Logger, replays: Path, of: Any = None, **arguments: Any) -> Any:
    """Make a task with canaries all over.

    :param of: which operator.
    """

    class Task(of or KubernetesJobOperator):  # type: ignore[misc]
        log = logger

    given = {
        "task_id": "task",
        "namespace": stage.NAMESPACE,
        "job_yaml": manifest(canaries, stage.MANIFEST),
        "yaml_template_fields": {"password": canaries["yaml_template_fields by name"]},
        "env_vars": {"API_TOKEN": canaries["env_vars by name"]},
        "kubernetes_conn_id": "cluster",
        "replay_dir": str(replays),
        **arguments,
    }
    return Task(dag=DAG("dag", schedule=None), **{name: value for name, value in given.items() if value is not None})


def make_context(canaries: Canaries, task: Any) -> Any:
    """Return what Airflow tells the task."""
    context = context_for(task, run_id="manual__2026-01-01", try_number=2)
    context["params"] = {"api_key": canaries["params by name"]}
    context["ti"].xcom_pull = lambda _: canaries["an XCom in a variable by name"]
    return context
