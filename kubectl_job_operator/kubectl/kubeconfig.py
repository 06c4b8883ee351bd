"""What ``kubectl config view`` tells of the kubeconfig; no cluster is asked."""

from __future__ import annotations

import json

from kubectl_job_operator.errors import AccessError, KubectlError
from kubectl_job_operator.kubectl.calls import READ_SECONDS, Calls, parsed
from kubectl_job_operator.objects import Object


class Kubeconfig(Calls):
    """What is in use of the kubeconfig."""

    def default_namespace(self) -> str:
        """Return the namespace that kubectl uses where none is named: the context's, else the pod's, else ``default``.

        :raises AccessError: if there is no kubeconfig and this is not a pod.
        """
        if self.access.in_cluster:
            return self.access.pod_namespace() or "default"
        call = self._start(self.access.kubectl(), *self.access.flags(), "config", "view", "--minify", "-o", "json")
        try:
            finished = self._finish(
                call, READ_SECONDS, lambda out: f"its namespace: {_context_namespace(out) or 'none'}"
            )
        except KubectlError as error:
            if "current-context must exist" not in error.stderr:
                raise
            pod_namespace = self.access.pod_namespace()
            if pod_namespace is None:
                raise AccessError(
                    "kubectl has no current context, and this is not a pod with a service account.\n"
                    "What to do: set config_file or cluster_context, or the variable KUBECONFIG where the task runs."
                ) from error
            return pod_namespace
        return _context_namespace(finished.stdout) or self.access.pod_namespace() or "default"

    def configuration(self) -> Object:
        """Return that part of the kubeconfig that is in use: one context, its cluster and user, secrets left out."""
        call = self._start(
            self.access.kubectl(), *self.access.flags(), "config", "view", "--minify", "-o", "json", label="config view"
        )
        return parsed(self._finish(call, READ_SECONDS, lambda _: "read")) or {}


def _context_namespace(config_view: str) -> str | None:
    contexts = json.loads(config_view).get("contexts") or [{}]
    namespace = contexts[0].get("context", {}).get("namespace")
    return str(namespace) if namespace else None
