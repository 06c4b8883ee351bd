"""Why nothing runs: pure functions from the JSON of a Job, its pods and their events to what is in the way."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import events as event_list
from kubectl_job_operator.status import job_status, pod_status
from kubectl_job_operator.status.outlook import Obstacle, Outlook, with_point
from kubectl_job_operator.status.pending_containers import of_containers, of_preparation

SUSPENDED, GATED = "Suspended", "SchedulingGated"
_POD_IS_FORBIDDEN = re.compile(r'^pods? "[^"]*" is forbidden: ')
_PREEMPTION = re.compile(r"[,.]?\s*(no new claims to deallocate, )?preemption: .*$", re.DOTALL)
# Sentences, for one word of them may stand in the name of an object, a taint or a resource, too.
_VOLUME_UNBOUND = re.compile(
    r'persistentvolumeclaim "|unbound immediate PersistentVolumeClaims|find available persistent volumes to bind'
)
_VOLUME_ELSEWHERE = re.compile(r"volume node affinity|PersistentVolume's node affinity|no available volume zone")
_QUOTA = re.compile(r"exceeded quota|failed quota")
_QUOTA_WANTS = re.compile(r"failed quota: .*must specify")
_REFUSED = re.compile(r"is forbidden|forbidden:|denied the request|is invalid|not found|cannot set|unable to validate")
_TRANSIENT = re.compile(
    r"failed calling webhook|Internal error|(i/o|handshake|requested) timeout|timed out|connection refused"
    r"|(?<!/)\betcdserver: "
)
_ACCOUNT = re.compile(r'service account |serviceaccount "')
# In its text may stand anything.
_DENIED = re.compile(r"denied (the )?request|violates PodSecurity")
_DEFAULT_BACKOFF_LIMIT = 6
_FAILURES_OF_INDEX = "batch.kubernetes.io/job-index-failure-count"


def obstacles(job: Object, pods: Sequence[Object], events: Sequence[Object] = ()) -> list[Obstacle]:
    """Tell what keeps a Job from running; nothing where all that has not ended runs, or the Job is over.

    Nothing either where another controller runs it: what its pods wait for is not to be seen here.

    :param job: the Job; of its status only what it says of suspension and of failed pods is read.
    :param pods: its pods.
    :param events: events about them; without any, less can be told.
    """
    events = event_list.of(job, pods, events)
    if job_status.verdict(job) or (job_status.runner_elsewhere(job) and not job_status.is_suspended(job)):
        return []
    found = [_rejection(job, pod) for pod in pods if _is_rejected(pod)]
    waiting = [pod for pod in pods if not pod_status.has_ended(pod)]
    if not waiting:
        without_pod = _without_pod(job, pods, events)
        return [*found, without_pod] if without_pod else found
    about: dict[str, list[Object]] = {}
    for event in events:
        about.setdefault(str(event["involvedObject"].get("uid")), []).append(event)
    for pod in pod_status.by_age(waiting):
        found += _in_pod(job, pod, about.get(objects.uid(pod), []))
    return found


def is_in_queue(found: Sequence[Obstacle]) -> bool:
    """Whether a queue alone holds the Job back, so that no time counts."""
    return bool(found) and all(one.reason in (SUSPENDED, GATED) for one in found)


def _without_pod(job: Object, pods: Sequence[Object], events: Sequence[Object]) -> Obstacle | None:
    """Tell why there is no pod that could run. What other kinds than a Job wait for, only their controllers know."""
    if not kinds.is_job(job):
        return None
    about = [event for event in events if event["involvedObject"].get("uid") == objects.uid(job)]
    if _is_suspended(job, about, pods):
        return Obstacle(
            SUSPENDED,
            "is suspended; waiting until somebody resumes it.",
            Outlook.MAY_HEAL,
            "resume the Job: set spec.suspend to false, or ask the queueing system that holds it.",
            is_explained=False,
        )
    refused = event_list.newest(about, "FailedCreate")
    if refused and not _is_outdated(refused, about, pods):
        count = sum(event_list.count_of(event) for event in about if event.get("reason") == "FailedCreate")
        return _refusal(job, str(refused.get("message") or ""), count)
    failed = sum(1 for pod in pods if (pod.get("status") or {}).get("phase") == "Failed")
    if failed:
        field = "backoffLimitPerIndex" if "backoffLimitPerIndex" in job["spec"] else "backoffLimit"
        allowed = job["spec"].get(field, _DEFAULT_BACKOFF_LIMIT)
        pods_of_it = f"{failed} failed pod{'s' if failed > 1 else ''}"
        if field == "backoffLimit" and failed > int(allowed):
            return Obstacle(
                "BackOff",
                f"has {pods_of_it}, more than backoffLimit allows; Kubernetes calls it Failed soon.",
                Outlook.PASSING,
            )
        sentence = f"has {pods_of_it} ({field} is {allowed}); after a pause Kubernetes starts the next."
        return Obstacle("BackOff", sentence, Outlook.PASSING, is_explained=False)
    return None if pods else Obstacle("NoPod", "has no pod yet.", Outlook.PASSING, is_explained=False)


def _last_creation(pods: Sequence[Object]) -> str:
    """Return when the newest pod was created; empty where there is none."""
    return max((str(pod["metadata"].get("creationTimestamp") or "") for pod in pods), default="")


def _is_outdated(refused: Object, events: Sequence[Object], pods: Sequence[Object]) -> bool:
    """Whether a pod was created after one was refused; the event that tells so may be still to come."""
    created, at = event_list.newest(events, "SuccessfulCreate"), event_list.time_of(refused)
    if created is not None and event_list.time_of(created) >= at:
        return True
    return bool(pods) and _last_creation(pods)[:19] >= at[:19]


def _is_suspended(job: Object, events: Sequence[Object], pods: Sequence[Object]) -> bool:
    """Whether the Job is held back, by its newest event about that, else by its JSON.

    Both may be old: a Job that has made a pod since then was resumed meanwhile.
    """
    last_pod = _last_creation(pods)
    condition = objects.condition(job, SUSPENDED)
    if condition.get("status") == "False":
        # Its pods may be gone, and no event tells that it was resumed, or only later.
        last_pod = max(last_pod, str(condition.get("lastTransitionTime") or ""))
    newest = event_list.newest(events, SUSPENDED, "Resumed")
    if newest:
        return newest["reason"] == SUSPENDED and event_list.time_of(newest) >= last_pod[:19]
    is_since = condition.get("status") == "True" and str(condition.get("lastTransitionTime") or "") >= last_pod
    return job_status.is_suspended(job) and (not pods or is_since)


def _refusal(job: Object, message: str, count: int) -> Obstacle:
    """Tell why no pod can be created."""
    words = _POD_IS_FORBIDDEN.sub("", message.removeprefix("Error creating: "))
    sentence = f"has no pod, because none can be created: {with_point(event_list.without_names(job, words))}"
    if _QUOTA.search(message) and not _QUOTA_WANTS.search(message):
        remedy = "ask for less, wait until others have ended, or have the ResourceQuota of the namespace raised."
        return Obstacle("FailedCreate", sentence, Outlook.MAY_HEAL, remedy)
    remedy = "mend what the API server refuses in the pod, or ask who runs the cluster."
    if _ACCOUNT.search(message):
        remedy = "create the ServiceAccount, or name another one in the template."
    elif _QUOTA_WANTS.search(message):
        remedy = "set what the ResourceQuota wants in the containers' resources, or have a LimitRange set it."
    # The account of a namespace that was just made comes a moment later: once is not enough.
    is_denied = _DENIED.search(message)
    is_final = count > 1 and (is_denied or (_REFUSED.search(message) and not _TRANSIENT.search(message)))
    return Obstacle("FailedCreate", sentence, Outlook.HOPELESS if is_final else Outlook.MAY_HEAL, remedy)


def _is_rejected(pod: Object) -> bool:
    """Whether a node has refused the pod, so that none of its containers ever ran."""
    phase, reason = (pod.get("status") or {}).get("phase"), (pod.get("status") or {}).get("reason")
    return phase == "Failed" and bool(reason) and reason != "Evicted" and not pod_status.has_started(pod)


def _rejection(job: Object, pod: Object) -> Obstacle:
    """Tell why a node has refused a pod."""
    found = pod["status"]
    words = f"was refused by its node ({found['reason']}): {with_point(str(found.get('message') or ''))}"
    if not kinds.is_job(job):
        remedy = "ask for what a node can give."
        return Obstacle(str(found["reason"]), words, Outlook.MAY_HEAL, remedy, pod["metadata"]["name"])
    is_replaced = _is_replaced(job, pod)
    ending = "the Job will replace it." if is_replaced else "the Job will not replace it."
    return Obstacle(
        str(found["reason"]),
        f"{words} And {ending}",
        Outlook.MAY_HEAL if is_replaced else Outlook.HOPELESS,
        "ask for what a node can give, or raise backoffLimit, so that the Job tries another node.",
        pod["metadata"]["name"],
    )


def _is_replaced(job: Object, pod: Object) -> bool:
    """Whether the Job starts another pod in place of one that failed."""
    spec = job["spec"]
    if "backoffLimitPerIndex" in spec:
        failed_before = (pod["metadata"].get("annotations") or {}).get(_FAILURES_OF_INDEX)
        return int(failed_before or 0) < int(spec["backoffLimitPerIndex"])
    return int((job.get("status") or {}).get("failed") or 0) <= int(spec.get("backoffLimit", _DEFAULT_BACKOFF_LIMIT))


def _in_pod(job: Object, pod: Object, events: Sequence[Object]) -> list[Obstacle]:
    """Tell what keeps one pod from running."""
    name = pod["metadata"]["name"]
    if objects.is_being_deleted(pod):
        return [Obstacle("Deleted", "is being deleted.", Outlook.PASSING, "", name)]
    scheduled = objects.condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return [_unscheduled(name, scheduled)]
    found = list(of_containers(job, pod, events))
    is_running = pod_status.is_running(pod)
    if is_running or any(one.outlook is not Outlook.PASSING for one in found):
        return [one for one in found if not is_running or one.outlook in (Outlook.PULL_FAILING, Outlook.HOPELESS)]
    return [of_preparation(job, name, events) or next(iter(found), None) or _unseen(name, pod)]


def _unscheduled(pod: str, scheduled: Object) -> Obstacle:
    """Tell why the scheduler has found no node."""
    reason, message = str(scheduled.get("reason") or "Unschedulable"), str(scheduled.get("message") or "")
    words = with_point(_PREEMPTION.sub("", message))
    if reason == GATED:
        remedy = "ask the queueing system that holds the pod, or remove its schedulingGates."
        return Obstacle(reason, f"is held back by its scheduling gates: {words}", Outlook.MAY_HEAL, remedy, pod)
    if _VOLUME_UNBOUND.search(message):
        remedy = "create the PersistentVolumeClaim, or find out why it is not bound: kubectl describe pvc."
        return Obstacle(reason, f"waits for a volume that is not bound: {words}", Outlook.MAY_HEAL, remedy, pod)
    remedy = "ask for less, mend nodeSelector, affinity or tolerations, or wait for a node that fits."
    if _VOLUME_ELSEWHERE.search(message):
        remedy = "its volume is bound, and only some nodes reach it: make room there, or take another volume."
    return Obstacle(reason, f"cannot be scheduled: {words}", Outlook.MAY_HEAL, remedy, pod)


def _unseen(name: str, pod: Object) -> Obstacle:
    """Tell of a pod of whose containers the kubelet says nothing that would keep them from running."""
    if pod_status.has_started(pod):
        return Obstacle("Sidecar", _beside_sidecars(pod), Outlook.PASSING, "", name, is_explained=False)
    node = (pod.get("spec") or {}).get("nodeName")
    words = f"was given to node {node}, which has not begun with it." if node else "waits for the scheduler."
    return Obstacle("Pending", words, Outlook.PASSING, "", name, is_explained=False)


def _beside_sidecars(pod: Object) -> str:
    """Tell of a pod in which only sidecars run, or nothing for a moment."""
    sidecars = [one for one in pod_status.sidecar_statuses(pod) if "running" in (one.get("state") or {})]
    starting = next((one["name"] for one in sidecars if not one.get("started")), "")
    if starting:
        return f"waits for its sidecar {starting}: that runs, but its startup probe has not succeeded yet."
    if sidecars and pod_status.has_only_sidecars_left(pod):
        return f"has done its work, and waits until its sidecar {sidecars[0]['name']} has ended too."
    return "has begun, and its next containers are being created."
