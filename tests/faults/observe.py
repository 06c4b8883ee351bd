"""Eyes on the cluster that do not go through the operator: watches of Jobs and pods, and the audit log."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tests.cluster import Cluster, faults
from tests.faults.evidence import JobLife, Request, after_event, read_audit, without_missing
from tests.faults.telling import PodLife, pod_life

_REARM_SECONDS = 0.2


class Kubectl:
    """The bench's own kubectl, in its namespace; it impersonates somebody, so that the audit log tells it from others.

    :param cluster: the test cluster.
    :param namespace: where.
    """

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.namespace = namespace
        self._prefix = (
            *("kubectl", "--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context),
            *("--as", "fault-bench", "--as-group", "system:masters", "-n", namespace),
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command whose output is read while it runs."""
        return subprocess.Popen(
            [*self._prefix, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def run(self, *arguments: str, given: str | None = None) -> str:
        """Run a command and return what it prints; ``given`` is its standard input.

        :raises subprocess.SubprocessError: if it fails or takes too long.
        """
        argv = [*self._prefix, *arguments]
        return subprocess.run(argv, capture_output=True, input=given, text=True, check=True, timeout=30).stdout

    def does(self, *arguments: str) -> bool:
        """Run a command and tell whether it worked."""
        with suppress(subprocess.SubprocessError):
            self.run(*arguments)
            return True
        return False

    def objects(self, resource: str) -> list[dict[str, Any]]:
        """Return the objects of a resource."""
        items: list[dict[str, Any]] = json.loads(self.run("get", resource, "-o", "json"))["items"]
        return items

    def make_namespace(self) -> None:
        """Make the namespace, and wait until pods can be created in it."""
        self.run("create", "namespace", self.namespace)
        deadline = time.monotonic() + 60
        while not self.does("get", "serviceaccount", "default"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"namespace {self.namespace} got no service account")
            time.sleep(0.1)

    def delete_namespace(self) -> None:
        """Delete the namespace in the background."""
        self.does("delete", "namespace", self.namespace, "--wait=false", "--ignore-not-found")


class _Watch:
    """Watches a resource of the namespace from ``start`` to ``stop``, through every outage.

    It goes on from the last version that it has seen, so nothing is missed where the server still knows it.

    :param kubectl: the bench's own.
    :param path: of the resource.
    """

    def __init__(self, kubectl: Kubectl, path: str) -> None:
        self._kubectl = kubectl
        self._path = path
        self._version = ""
        self._process: subprocess.Popen[str] | None = None
        self._is_over = False
        self._thread = threading.Thread(target=self._work, name=f"watches {path}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._is_over = True
        if self._process is not None:
            self._process.kill()
        self._thread.join(timeout=30)

    def _see_all(self, things: list[dict[str, Any]], at: float) -> None:
        """Learn what a list has shown."""
        raise NotImplementedError

    def _see(self, kind: str, thing: dict[str, Any], at: float) -> None:
        """Learn of an event."""
        raise NotImplementedError

    def _work(self) -> None:
        while not self._is_over:
            with suppress(subprocess.SubprocessError, ValueError):
                if not self._version:
                    self._list()
                self._watch()
            time.sleep(_REARM_SECONDS)

    def _list(self) -> None:
        listed = json.loads(self._kubectl.run("get", "--raw", self._path))
        self._see_all(listed["items"], time.time())
        self._version = listed["metadata"]["resourceVersion"]

    def _watch(self) -> None:
        query = f"?watch=true&resourceVersion={self._version}&allowWatchBookmarks=true&timeoutSeconds=600"
        self._process = self._kubectl.start("get", "--raw", self._path + query)
        with self._process as process:
            for line in process.stdout or ():
                event, at = json.loads(line), time.time()
                if event["type"] == "ERROR":
                    self._version = ""
                    process.kill()
                    return
                self._version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._see(event["type"], event["object"], at)


class JobWatch(_Watch):
    """Knows the lives of the namespace's Jobs."""

    def __init__(self, kubectl: Kubectl) -> None:
        super().__init__(kubectl, f"/apis/batch/v1/namespaces/{kubectl.namespace}/jobs")
        self._lives: dict[str, JobLife] = {}

    def jobs_named(self, name: str) -> list[JobLife]:
        """Return all Jobs that ever had the name, the first one first."""
        return sorted((life for life in self._lives.values() if life.name == name), key=lambda life: life.created_at)

    def _see_all(self, things: list[dict[str, Any]], at: float) -> None:
        for job in things:
            self._lives = after_event(self._lives, "ADDED", job, at)
        self._lives = without_missing(self._lives, [job["metadata"]["uid"] for job in things], at)

    def _see(self, kind: str, thing: dict[str, Any], at: float) -> None:
        self._lives = after_event(self._lives, kind, thing, at)


class PodWatch(_Watch):
    """Knows when the namespace's pods came, began, and were first seen in trouble."""

    def __init__(self, kubectl: Kubectl) -> None:
        super().__init__(kubectl, f"/api/v1/namespaces/{kubectl.namespace}/pods")
        self._lives: dict[str, PodLife] = {}

    def pods_of(self, job_name: str) -> list[PodLife]:
        """Return all pods that Jobs of a name ever had."""
        return [life for life in self._lives.values() if life.job_name == job_name]

    def _see_all(self, things: list[dict[str, Any]], at: float) -> None:
        for pod in things:
            self._see("ADDED", pod, at)

    def _see(self, kind: str, thing: dict[str, Any], at: float) -> None:
        if kind != "DELETED":
            uid = thing["metadata"]["uid"]
            self._lives[uid] = pod_life(self._lives.get(uid), thing, at)


class AuditLog:
    """What the audit log tells of the workers from now on."""

    def __init__(self) -> None:
        faults.begin_audit()
        self._start = faults.audit_log_size()

    def requests(self, namespace: str) -> Sequence[Request]:
        """Return the requests of the workers in a namespace."""
        return read_audit(faults.audit_log_since(self._start), namespace)
