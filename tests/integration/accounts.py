"""A service account with chosen rights, and tries of a task that are run as it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.settings import Following, Settings
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.manifest import Manifest
from tests.integration.namespace import Namespace
from tests.integration.test_arguments import kubeconfig
from tests.unit.stage import Log

NAME = "kubectl-job-operator"
Rules = Sequence[dict[str, Any]]
Right = tuple[str, str, str]


def rules_in(*files: Path) -> list[dict[str, Any]]:
    """Return the rules of the Roles in these files."""
    documents = [document for file in files for document in yaml.safe_load_all(file.read_text())]
    return [rule for document in documents if document["kind"] == "Role" for rule in document["rules"]]


def rights_in(rules: Rules) -> list[Right]:
    """Return each verb, resource and group that rules grant."""
    return [
        (verb, resource, group)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def rules_without(rules: Rules, *left_out: Right) -> list[dict[str, Any]]:
    """Return rules that grant the same but these."""
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
        for verb, resource, group in rights_in(rules)
        if (verb, resource, group) not in left_out
    ]


def grant(namespace: Namespace, rules: Rules) -> None:
    """Make a service account with exactly these rights."""
    kind, group = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"
    subject = {"kind": "ServiceAccount", "name": NAME}
    role = {"apiVersion": kind, "kind": "Role", "metadata": {"name": NAME}, "rules": list(rules)}
    binding = {
        "apiVersion": kind,
        "kind": "RoleBinding",
        "metadata": {"name": NAME},
        "roleRef": {"apiGroup": group, "kind": "Role", "name": NAME},
        "subjects": [subject],
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}}
    items = {"apiVersion": "v1", "kind": "List", "items": [account, role, binding]}
    namespace.kubectl("apply", "-f", "-", given=json.dumps(items))


def kubeconfig_of_account(namespace: Namespace, path: Path) -> Path:
    """Write a kubeconfig that speaks with the service account's token."""
    kubeconfig(namespace, path, "account")
    content = json.loads(path.read_text())
    content["users"][0]["user"] = {"token": token(namespace)}
    path.write_text(json.dumps(content))
    return path


def token(namespace: Namespace) -> str:
    """Return a token of the service account, by a Secret that every version of Kubernetes fills."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {"name": "token", "annotations": {"kubernetes.io/service-account.name": NAME}},
    }
    namespace.kubectl("apply", "-f", "-", given=json.dumps(secret))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        data = json.loads(namespace.kubectl("get", "secret", "token", "-o", "json")).get("data", {})
        if "token" in data:
            return base64.b64decode(data["token"]).decode()
        time.sleep(0.05)
    raise AssertionError("the service account got no token")


class Worker:
    """Runs tries of one task as the account.

    :param namespace: where.
    :param config_file: the account's kubeconfig.
    """

    def __init__(self, namespace: Namespace, config_file: Path) -> None:
        self._namespace = namespace
        self._access = Access(config_file=str(config_file))

    def run(
        self,
        manifest: str,
        *,
        try_number: int = 1,
        kill_when: Callable[[], bool] | None = None,
        is_worker_stop: bool = False,
        **settings: Any,
    ) -> tuple[str, Exception | None]:
        """Run a try to its end; return its log and what it raised.

        :param kill_when: the try is killed as soon as this holds.
        :param is_worker_stop: whether that only means the worker.
        """
        log = Log()
        runner = JobRunner(
            Manifest.parse(manifest, "job.yaml"),
            Identity("dag", "task", "run", try_number=try_number),
            self._access,
            namespace=self._namespace.name,
            settings=Settings(**{"following": Following(is_on=True), **settings}),
            log=log,
            ask_stop=lambda: Stop("Only the worker was told to stop", True) if is_worker_stop else Stop(),
        )

        def kill() -> None:
            deadline = time.monotonic() + 120
            while kill_when is not None and not kill_when() and time.monotonic() < deadline:
                time.sleep(0.1)
            runner.kill()

        killer = threading.Thread(target=kill) if kill_when is not None else None
        if killer is not None:
            killer.start()
        failure = None
        try:
            runner.run()
        except Exception as error:  # noqa: BLE001 - the test says which it is to be
            failure = error
        if killer is not None:
            killer.join()
        return log.text, failure
