"""Jobs that somebody holds back, or whose pods another controller is to make."""

from __future__ import annotations

import json
import time

from tests.integration.manifests import job
from tests.integration.namespace import Namespace

from . import acts
from .scenario import Scenario
from .texts import for_two_pods

HELD = "Nothing runs: the Job is suspended"
HELD_SECONDS = 5.0
UNCARED_FOR_SECONDS = 26.0
NOW = "%Y-%m-%dT%H:%M:%SZ"


def resume_suspend_resume(namespace: Namespace) -> None:
    """Resume the Job, hold it back again while it runs, and resume it for good."""
    acts.until_job_says(namespace, "Suspended")
    time.sleep(HELD_SECONDS)
    namespace.until_said(HELD, 1)
    acts.suspend(namespace, is_suspended=False)
    acts.begun_pod(namespace)
    acts.suspend(namespace, is_suspended=True)
    time.sleep(HELD_SECONDS)
    namespace.until_said(HELD, 2)
    acts.suspend(namespace, is_suspended=False)


def complete_by_hand(namespace: Namespace) -> None:
    """Do what the controller that manages the Job does: call it Complete."""
    name = acts.until_job_is_there(namespace)["metadata"]["name"]
    time.sleep(2)
    began = time.strftime(NOW, time.gmtime())
    condition = {"status": "True", "reason": "DoneElsewhere", "lastTransitionTime": began, "lastProbeTime": began}
    _say(namespace, name, {"startTime": began, "active": 1})
    time.sleep(1)
    _say(namespace, name, {"active": 0, "succeeded": 1, "conditions": [{"type": "SuccessCriteriaMet", **condition}]})
    _say(
        namespace,
        name,
        {
            "completionTime": time.strftime(NOW, time.gmtime()),
            "conditions": [{"type": "SuccessCriteriaMet", **condition}, {"type": "Complete", **condition}],
        },
    )


def delete_it(namespace: Namespace) -> None:
    """Delete the Job when it has waited for longer than a recording takes."""
    name = acts.until_job_is_there(namespace)["metadata"]["name"]
    time.sleep(UNCARED_FOR_SECONDS)
    namespace.kubectl("delete", "job", name, "--wait=false")


def _say(namespace: Namespace, name: str, status: dict[str, object]) -> None:
    patch = json.dumps({"status": status})
    namespace.kubectl("patch", "job", name, "--subresource=status", "--type=merge", "-p", patch)


RESUMED_TWICE = Scenario(
    24,
    for_two_pods("suspended-resumed-twice", spec="backoffLimit: 0\nsuspend: true"),
    meanwhile=resume_suspend_resume,
)
MANAGED_ELSEWHERE = Scenario(
    32,
    job("true", name="managed-by", spec="backoffLimit: 0\nmanagedBy: example.com/elsewhere"),
    meanwhile=complete_by_hand,
)
MANAGED_BY_NOBODY = Scenario(
    32,
    job("true", name="managed-by-nobody", spec="backoffLimit: 0\nmanagedBy: example.com/nobody"),
    meanwhile=delete_it,
)
