"""A namespace of a test's own, and kubectl in it, to prepare and to check."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.cluster import Cluster
from tests.integration import api
from tests.waiting import until

_CORE = ("pods", "configmaps", "events", "serviceaccounts")
_VERSIONS = {"jobs": "/apis/batch/v1", **dict.fromkeys(_CORE, "/api/v1")}
"""Where the API server has the resources that tests look at most."""


def _no_task(_words: str, _times: int) -> None:
    """Wait for nobody's words."""


@dataclass(frozen=True)
class Namespace:
    """A namespace on the test cluster.

    :param until_said: waits until the task that runs in it has said something so often; without a task, for nothing.
    """

    cluster: Cluster
    name: str
    until_said: Callable[[str, int], None] = _no_task

    @classmethod
    def create(cls, cluster: Cluster, name: str = "") -> Namespace:
        """Make one, and wait until pods can be created in it; default is a name that nobody else has."""
        namespace = cls(cluster, name or f"test-{uuid.uuid4().hex[:8]}")
        api.request(cluster, "/api/v1/namespaces", "POST", {"metadata": {"name": namespace.name}})
        # Until the service account is there, the Job controller fails and backs off for many seconds; where an API
        # server was killed before, the controllers may take minutes to be back.
        until(lambda: "default" in namespace.names("serviceaccounts"), "it got no service account", seconds=240)
        return namespace

    def delete(self) -> None:
        """Delete it with all that is in it, in the background."""
        api.request(self.cluster, f"/api/v1/namespaces/{self.name}", "DELETE")

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl here and return what it prints; ``given`` is its standard input."""
        return api.run(self.cluster, "-n", self.name, *arguments, given=given)

    def objects(self, resource: str) -> list[dict[str, Any]]:
        """Return the objects of a resource, as ``jobs``."""
        if resource not in _VERSIONS:
            found = json.loads(self.kubectl("get", resource, "-o", "json"))
        else:
            found = api.request(self.cluster, f"{_VERSIONS[resource]}/namespaces/{self.name}/{resource}")
        items: list[dict[str, Any]] = found["items"]
        return items

    def names(self, resource: str) -> list[str]:
        """Return the names of the objects of a resource."""
        return [item["metadata"]["name"] for item in self.objects(resource)]

    def living(self, resource: str) -> list[str]:
        """Return the names of those that are not being deleted."""
        items = self.objects(resource)
        return [item["metadata"]["name"] for item in items if "deletionTimestamp" not in item["metadata"]]

    def running_pods(self) -> list[str]:
        """Return the names of the pods that run."""
        return [pod["metadata"]["name"] for pod in self.objects("pods") if pod["status"].get("phase") == "Running"]

    def server_minor(self) -> int:
        """Return the minor version of the cluster's Kubernetes, as 37."""
        return int(json.loads(self.kubectl("version", "-o", "json"))["serverVersion"]["minor"].rstrip("+"))

    def command(self, *arguments: str) -> list[str]:
        """Return the command of kubectl here."""
        return api.kubectl(self.cluster, "-n", self.name, *arguments)
