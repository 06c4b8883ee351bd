"""Jobs whose pods the cluster takes away: for want of memory, storage or room, or because a person says so."""

from __future__ import annotations

from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import until

from . import acts
from .scenario import Scenario
from .texts import for_two_pods, with_limits

PORT = 47123
"""A port of the node that only one pod can have."""
TOLERATES_CONTROL_PLANES = "tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]"
URGENT = """\
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: %(name)s}
value: 1000000
---
apiVersion: v1
kind: Pod
metadata: {name: urgent}
spec:
  priorityClassName: %(name)s
  restartPolicy: Never
  nodeSelector: {kubernetes.io/hostname: %(host)s}
  containers:
    - {name: main, image: busybox:1.36, command: ["true"], ports: [{containerPort: 80, hostPort: %(port)s}]}
"""


def no_priority(namespace: Namespace) -> None:
    """Take away what was made for a pod to be more urgent."""
    namespace.kubectl("delete", "priorityclass", namespace.name, "--ignore-not-found")


def preempt(namespace: Namespace) -> None:
    """Start a pod that is more urgent and needs the same port of the same node."""
    pod = acts.running_pod(namespace)
    acts.until_logged(namespace, pod, "begins")
    node = namespace.kubectl("get", "pod", pod, "-o", "jsonpath={.spec.nodeName}")
    host = namespace.kubectl("get", "node", node, "-o", r"jsonpath={.metadata.labels.kubernetes\.io/hostname}")
    urgent = URGENT % {"name": namespace.name, "host": host, "port": PORT}

    def is_applied() -> bool:
        # The admission of pods hears of a new PriorityClass only a little later.
        try:
            namespace.kubectl("apply", "-f", "-", given=urgent)
        except AssertionError:
            return False
        return True

    until(is_applied, "the urgent pod was not taken")


def evict(namespace: Namespace) -> None:
    """Evict the running pod through the API."""
    pod = acts.running_pod(namespace)
    acts.until_logged(namespace, pod, "begins")
    acts.evict(namespace, pod)


def drain(namespace: Namespace) -> None:
    """Drain the Job's node of this Job's pods, and open it again once the next pod runs or waits."""
    pod = acts.begun_pod(namespace)
    (running,) = [one for one in namespace.objects("pods") if one["metadata"]["name"] == pod]
    node, uid = running["spec"]["nodeName"], running["metadata"]["labels"]["batch.kubernetes.io/controller-uid"]
    try:
        namespace.kubectl("drain", node, f"--pod-selector=batch.kubernetes.io/controller-uid={uid}", "--timeout=60s")
        until(lambda: _next_pod(namespace, pod), "the pod was not replaced")
    finally:
        namespace.kubectl("uncordon", node)


def _next_pod(namespace: Namespace, first: str) -> bool:
    """Tell whether the next pod has its node, or the scheduler has found none for it."""
    others = [one for one in namespace.objects("pods") if one["metadata"]["name"] != first]
    return any(one["status"].get("conditions") for one in others)


OUT_OF_MEMORY = Scenario(
    22,
    with_limits(
        job("echo begins; exec tail /dev/zero", name="oom-killed-in-place", spec="backoffLimit: 1").replace(
            "restartPolicy: Never", "restartPolicy: OnFailure"
        ),
        "memory: 16Mi",
    ),
)
OUT_OF_STORAGE = Scenario(
    26,
    with_limits(
        job("echo begins; dd if=/dev/zero of=/big bs=1M count=24 2>&1; sleep 600", name="evicted-ephemeral-storage"),
        "ephemeral-storage: 4Mi",
    ),
)
PREEMPTED = Scenario(
    26,
    job("echo begins; sleep 600", name="preempted") + f"          ports: [{{containerPort: 80, hostPort: {PORT}}}]\n",
    meanwhile=preempt,
    clear_away=no_priority,
)
EVICTED = Scenario(
    26,
    job("echo begins; sleep 600", name="evicted-by-api"),
    meanwhile=evict,
)
DRAINED = Scenario(
    26,
    for_two_pods("drained", spec="backoffLimit: 1", pod=TOLERATES_CONTROL_PLANES),
    meanwhile=drain,
)
