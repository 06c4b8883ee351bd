"""Jobs and pods that the API server refuses or changes by the rules of their namespace."""

from __future__ import annotations

import json
import subprocess

from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import until

from . import acts
from .scenario import Scenario
from .texts import with_limits

POLICY = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: %(name)s}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %(name)s}}
    resourceRules:
      - {apiGroups: [%(group)s], apiVersions: [v1], operations: [CREATE], resources: [%(resource)s]}
  validations:
    - {expression: "has(object.metadata.labels) && 'team' in object.metadata.labels", message: "%(message)s"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %(name)s}
spec: {policyName: %(name)s, validationActions: [Deny]}
"""
MESSAGE = "every object says whose it is: set the label team"
LIMIT_RANGE = """\
apiVersion: v1
kind: LimitRange
metadata: {name: small}
spec: {limits: [{type: Container, %s}]}
"""


def restricted(namespace: Namespace) -> None:
    """Let only pods in that Pod Security calls restricted."""
    namespace.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")


def policy_for_jobs(namespace: Namespace) -> None:
    """Let no Job in without a label."""
    _apply_policy(namespace, "batch", "jobs", job("true"))


def policy_for_pods(namespace: Namespace) -> None:
    """Let no pod in without a label."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}}
    container = {"name": "main", "image": "busybox:1.36"}
    _apply_policy(namespace, "''", "pods", json.dumps({**pod, "spec": {"containers": [container]}}))


def no_policy(namespace: Namespace) -> None:
    """Take the policy away."""
    for kind in ("validatingadmissionpolicybinding", "validatingadmissionpolicy"):
        namespace.kubectl("delete", kind, namespace.name)


def _apply_policy(namespace: Namespace, group: str, resource: str, probe: str) -> None:
    words = {"name": namespace.name, "group": group, "resource": resource, "message": MESSAGE}
    namespace.kubectl("apply", "-f", "-", given=POLICY % words)
    until(lambda: _is_denied(namespace, probe), "the policy does not work")


def _is_denied(namespace: Namespace, probe: str) -> bool:
    argv = namespace.command("create", "--dry-run=server", "-f", "-")
    return "denied" in subprocess.run(argv, input=probe, capture_output=True, text=True, check=False).stderr


def default_limit(namespace: Namespace) -> None:
    """Give containers without a limit a small one."""
    namespace.kubectl("apply", "-f", "-", given=LIMIT_RANGE % "default: {memory: 16Mi}")


def highest_limit(namespace: Namespace) -> None:
    """Refuse containers with a large limit."""
    namespace.kubectl("apply", "-f", "-", given=LIMIT_RANGE % "max: {memory: 32Mi}")


def no_jobs(namespace: Namespace) -> None:
    """Allow no Job."""
    namespace.kubectl("create", "quota", "no-jobs", "--hard=count/jobs.batch=0")


def limits_only(namespace: Namespace) -> None:
    """Allow only pods that say how much memory they need."""
    namespace.kubectl("create", "quota", "memory", "--hard=limits.memory=64Mi")


def one_pod(namespace: Namespace) -> None:
    """Allow one pod, and have it."""
    namespace.kubectl("create", "quota", "one-pod", "--hard=pods=1")
    until(lambda: "pods" in namespace.objects("resourcequotas")[0].get("status", {}).get("used", {}), "no quota counts")
    namespace.kubectl("run", "first", "--image=busybox:1.36", "--restart=Never", "--", "sleep", "600")


def make_room(namespace: Namespace) -> None:
    """End the pod that is in the way, once the Job has missed the room and the task has told so."""
    acts.until_job_says(namespace, "FailedCreate")
    namespace.until_said("exceeded quota", 1)
    namespace.kubectl("delete", "pod", "first", "--now")


POD_SECURITY = Scenario(25, job("true", name="pod-security"), prepare=restricted)
DENIED_JOB = Scenario(
    30,
    job("true", name="validating-policy-job"),
    prepare=policy_for_jobs,
    clear_away=no_policy,
)
DENIED_POD = Scenario(
    30,
    job("true", name="validating-policy-pod"),
    prepare=policy_for_pods,
    clear_away=no_policy,
)
QUOTA_OF_JOBS = Scenario(22, job("true", name="quota-of-jobs"), prepare=no_jobs)
QUOTA_WANTS_LIMITS = Scenario(
    22,
    job("true", name="quota-wants-limits"),
    prepare=limits_only,
)
QUOTA_MAKES_ROOM = Scenario(
    22,
    job("echo there is room", name="quota-makes-room"),
    prepare=one_pod,
    meanwhile=make_room,
)
LIMIT_RANGE_DEFAULT = Scenario(
    22,
    job("tail /dev/zero", name="limit-range-default"),
    prepare=default_limit,
)
LIMIT_RANGE_MAX = Scenario(
    22,
    with_limits(job("true", name="limit-range-max"), "memory: 64Mi"),
    prepare=highest_limit,
)
