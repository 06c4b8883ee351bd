"""Why nothing runs: pure functions from the JSON of a Job, its pods and their events to what is in the way."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator.jobs import events as event_list
from kubectl_job_operator.jobs import status
from kubectl_job_operator.jobs.status import Object

_NUMBER = re.compile(r"\d+")
_RPC = re.compile(r"rpc error: code = \w+ desc = ")
_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*"(?:: )?(?:Err\w+: )?')
_PULL_PREFIX = re.compile(r'^Failed to pull image "[^"]*": ')
_POD_IS_FORBIDDEN = re.compile(r'^pods? "[^"]*" is forbidden: ')
_PREEMPTION = re.compile(r"[,.]?\s*(no new claims to deallocate, )?preemption: .*$", re.DOTALL)
_VOLUME = re.compile(r"persistentvolumeclaim|persistent volume|unbound|volume node affinity", re.IGNORECASE)
_QUOTA = re.compile(r"exceeded quota|failed quota")
_REFUSED = re.compile(r"is forbidden|forbidden:|denied the request|is invalid|not found|cannot set|unable to validate")
_TRANSIENT = re.compile(r"failed calling webhook|Internal error|timeout|timed out|connection refused|etcdserver")
# The kubelet says "failed to sync configmap cache: timed out" of one that may well exist.
_CONFIG_IS_MISSING = re.compile(r"not found|couldn't find key|runAsNonRoot|run as root|non-numeric user")

_PULL_FAILS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed"}
)
_ON_THE_WAY = frozenset({"ContainerCreating", "PodInitializing"})
_DEFAULT_BACKOFF_LIMIT = 6


class Outlook(enum.Enum):
    """What becomes of an obstacle if nobody does anything."""

    PASSING = "normal progress"
    MAY_HEAL = "may heal"
    PULL_FAILING = "the image cannot be pulled"
    HOPELESS = "cannot heal"


@dataclass(frozen=True)
class Obstacle:
    """Why a pod, one of its containers or the whole Job does not run.

    :param reason: Kubernetes' word for it, as ``ImagePullBackOff``.
    :param sentence: the same for people, to follow ``where``.
    :param outlook: what becomes of it.
    :param remedy: what to do; may be empty.
    :param pod: the pod; empty where it concerns the Job.
    :param container: the container; empty where it concerns the whole pod.
    :param is_explained: whether all is said, so that no event could add anything.
    """

    reason: str
    sentence: str
    outlook: Outlook
    remedy: str = ""
    pod: str = ""
    container: str = ""
    is_explained: bool = True

    @property
    def key(self) -> str:
        """The same for the same obstacle said with other numbers, or of another pod of the Job."""
        return f"{self.container}: {_NUMBER.sub('#', self.sentence)}"

    @property
    def where(self) -> str:
        """What it concerns."""
        container = f", container {self.container}" if self.container else ""
        return f"pod {self.pod}{container}" if self.pod else "the Job"

    def __str__(self) -> str:
        return f"{self.where} {self.sentence}"


def obstacles(job: Object, pods: Sequence[Object], events: Sequence[Object] = ()) -> list[Obstacle]:
    """Tell what keeps a Job from running; nothing where all that has not ended runs, or the Job is over.

    :param job: the Job; of its status only what it says of suspension and of failed pods is read.
    :param pods: its pods.
    :param events: events about them; without any, less can be told.
    """
    events = event_list.of(job, pods, events)
    if status.verdict(job):
        return []
    found = [_rejection(job, pod) for pod in pods if _is_rejected(pod)]
    waiting = [pod for pod in pods if not status.has_ended(pod)]
    if not waiting:
        without_pod = _without_pod(job, pods, events)
        return [*found, without_pod] if without_pod else found
    for pod in status.by_age(waiting):
        uid = status.uid(pod)
        about = [event for event in events if event["involvedObject"].get("uid") == uid]
        found += _in_pod(job, pod, about)
    return found


def _without_pod(job: Object, pods: Sequence[Object], events: Sequence[Object]) -> Obstacle | None:
    """Tell why there is no pod that could run."""
    about = [event for event in events if event["involvedObject"].get("uid") == status.uid(job)]
    if _is_suspended(job, about):
        return Obstacle(
            "Suspended",
            "is suspended; waiting until somebody resumes it.",
            Outlook.MAY_HEAL,
            "resume the Job: set spec.suspend to false, or ask the queueing system that holds it.",
            is_explained=False,
        )
    refused = event_list.newest(about, "FailedCreate")
    created = event_list.newest(about, "SuccessfulCreate")
    if refused and (created is None or event_list.time_of(refused) > event_list.time_of(created)):
        count = sum(event_list.count_of(event) for event in about if event.get("reason") == "FailedCreate")
        return _refusal(job, str(refused.get("message") or ""), count)
    failed = sum(1 for pod in pods if (pod.get("status") or {}).get("phase") == "Failed")
    if failed:
        allowed = job["spec"].get("backoffLimit", _DEFAULT_BACKOFF_LIMIT)
        pods_of_it = f"{failed} failed pod{'s' if failed > 1 else ''}"
        if failed > int(allowed):
            return Obstacle("BackOff", f"has {pods_of_it}, so Kubernetes will call it Failed soon.", Outlook.PASSING)
        sentence = f"has {pods_of_it} (backoffLimit is {allowed}); after a pause Kubernetes starts the next."
        return Obstacle("BackOff", sentence, Outlook.PASSING, is_explained=False)
    return None if pods else Obstacle("NoPod", "has no pod yet.", Outlook.PASSING, is_explained=False)


def _is_suspended(job: Object, events: Sequence[Object]) -> bool:
    """Whether the Job is held back, by its newest event about that, else by its JSON."""
    newest = event_list.newest(events, "Suspended", "Resumed")
    return newest["reason"] == "Suspended" if newest else status.is_suspended(job)


def _refusal(job: Object, message: str, count: int) -> Obstacle:
    """Tell why no pod can be created."""
    words = _POD_IS_FORBIDDEN.sub("", message.removeprefix("Error creating: "))
    sentence = f"has no pod, because none can be created: {_stopped(event_list.without_names(job, words))}"
    if _QUOTA.search(message):
        remedy = "ask for less, wait until others have ended, or have the ResourceQuota of the namespace raised."
        return Obstacle("FailedCreate", sentence, Outlook.MAY_HEAL, remedy)
    remedy = "mend what the API server refuses in the pod, or ask who runs the cluster."
    if "service account" in message or "serviceaccount" in message:
        remedy = "create the ServiceAccount, or name another one in the template."
    # The account of a namespace that was just made comes a moment later: once is not enough.
    is_final = count > 1 and _REFUSED.search(message) and not _TRANSIENT.search(message)
    return Obstacle("FailedCreate", sentence, Outlook.HOPELESS if is_final else Outlook.MAY_HEAL, remedy)


def _is_rejected(pod: Object) -> bool:
    """Whether a node has refused the pod, so that none of its containers ever ran."""
    phase, reason = (pod.get("status") or {}).get("phase"), (pod.get("status") or {}).get("reason")
    return phase == "Failed" and bool(reason) and reason != "Evicted" and not status.container_statuses(pod)


def _rejection(job: Object, pod: Object) -> Obstacle:
    """Tell why a node has refused a pod."""
    found = pod["status"]
    is_replaced = int((job.get("status") or {}).get("failed") or 0) <= int(
        job["spec"].get("backoffLimit", _DEFAULT_BACKOFF_LIMIT)
    )
    ending = "the Job will replace it." if is_replaced else "the Job will not replace it."
    return Obstacle(
        str(found["reason"]),
        f"was refused by its node ({found['reason']}): {_stopped(str(found.get('message') or ''))} And {ending}",
        Outlook.MAY_HEAL if is_replaced else Outlook.HOPELESS,
        "ask for what a node can give, or raise backoffLimit, so that the Job tries another node.",
        pod["metadata"]["name"],
    )


def _in_pod(job: Object, pod: Object, events: Sequence[Object]) -> list[Obstacle]:
    """Tell what keeps one pod from running."""
    name = pod["metadata"]["name"]
    if status.is_being_deleted(pod):
        return [Obstacle("Deleted", "is being deleted.", Outlook.PASSING, "", name)]
    scheduled = status.condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return [_unscheduled(name, scheduled)]
    found = list(_in_containers(job, pod, events))
    is_running = status.is_running(pod)
    if is_running or any(one.outlook is not Outlook.PASSING for one in found):
        return [one for one in found if not is_running or one.outlook in (Outlook.PULL_FAILING, Outlook.HOPELESS)]
    return [_setting_up(job, name, events) or next(iter(found), None) or _unseen(name, pod)]


def _unscheduled(pod: str, scheduled: Object) -> Obstacle:
    """Tell why the scheduler has found no node."""
    reason, message = str(scheduled.get("reason") or "Unschedulable"), str(scheduled.get("message") or "")
    words = _stopped(_PREEMPTION.sub("", message))
    if reason == "SchedulingGated":
        remedy = "ask the queueing system that holds the pod, or remove its schedulingGates."
        return Obstacle(reason, f"is held back by its scheduling gates: {words}", Outlook.MAY_HEAL, remedy, pod)
    if _VOLUME.search(message):
        remedy = "create the PersistentVolumeClaim, or find out why it is not bound: kubectl describe pvc."
        return Obstacle(reason, f"waits for a volume that is not bound: {words}", Outlook.MAY_HEAL, remedy, pod)
    remedy = "ask for less, mend nodeSelector, affinity or tolerations, or wait for a node that fits."
    return Obstacle(reason, f"cannot be scheduled: {words}", Outlook.MAY_HEAL, remedy, pod)


def _setting_up(job: Object, pod: str, events: Sequence[Object]) -> Obstacle | None:
    """Tell what the kubelet fails to prepare for a pod whose containers are still being created."""
    begun = event_list.newest(events, "Pulling", "Pulled", "Created", "Started")
    mount = event_list.newest(_setups(events) or events, "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    if mount and (begun is None or event_list.time_of(mount) > event_list.time_of(begun)):
        words = _stopped(event_list.without_names(job, str(mount.get("message") or "")))
        remedy = "create what the volume is made from, or mend the volume in the template."
        return Obstacle(
            str(mount["reason"]), f"waits for a volume that cannot be mounted: {words}", Outlook.MAY_HEAL, remedy, pod
        )
    sandbox = event_list.newest(events, "FailedCreatePodSandBox")
    if sandbox and (begun is None or event_list.time_of(sandbox) > event_list.time_of(begun)):
        words = _stopped(event_list.without_names(job, str(sandbox.get("message") or "")))
        remedy = "ask who runs the cluster: the node cannot set the pod's sandbox or network up."
        return Obstacle(str(sandbox["reason"]), f"cannot be set up: {words}", Outlook.MAY_HEAL, remedy, pod)
    return None


def _setups(events: Sequence[Object]) -> list[Object]:
    """Return the events that name the cause: others only list the volumes that are missing."""
    return [event for event in events if "SetUp failed" in str(event.get("message"))]


def _unseen(name: str, pod: Object) -> Obstacle:
    """Tell of a pod whose containers the kubelet does not mention yet."""
    node = (pod.get("spec") or {}).get("nodeName")
    words = f"was given to node {node}, which has not begun with it." if node else "waits for the scheduler."
    return Obstacle("Pending", words, Outlook.PASSING, "", name, is_explained=False)


def _in_containers(job: Object, pod: Object, events: Sequence[Object]) -> Iterator[Obstacle]:
    """Tell what keeps the containers from running; those behind an init container wait for it and are left out."""
    name = pod["metadata"]["name"]
    for one in status.container_statuses(pod):
        waiting = (one.get("state") or {}).get("waiting") or {}
        reason, container = str(waiting.get("reason") or ""), one["name"]
        if not waiting or reason == "PodInitializing":
            continue
        about = [event for event in events if f"{{{container}}}" in str(event["involvedObject"].get("fieldPath"))]
        words = event_list.without_names(job, str(waiting.get("message") or ""))
        image = str(one.get("image") or "?")
        if reason in _PULL_FAILS:
            cause = _pull_cause(job, words, about)
            sentence = f"has no image yet: {image} cannot be pulled{': ' + cause if cause else '.'}"
            remedy = (
                "mend the image's name and tag, add imagePullSecrets, or see whether the node reaches the registry."
            )
            yield Obstacle(reason, sentence, Outlook.PULL_FAILING, remedy, name, container, bool(cause))
        elif reason == "CrashLoopBackOff":
            yield Obstacle(reason, _crash(one), Outlook.MAY_HEAL, "read its log: it starts, and ends.", name, container)
        elif reason in _ON_THE_WAY or not reason:
            is_pulling = (event_list.newest(about, "Pulling", "Pulled", "Failed") or {}).get("reason") == "Pulling"
            sentence = f"waits until the image {image} is pulled." if is_pulling else "is being created."
            yield Obstacle(
                "Pulling" if is_pulling else reason, sentence, Outlook.PASSING, "", name, container, is_explained=False
            )
        else:
            outlook, remedy = _verdict_on(reason, words)
            yield Obstacle(reason, f"cannot start: {reason}: {_stopped(words)}", outlook, remedy, name, container)


def _verdict_on(reason: str, words: str) -> tuple[Outlook, str]:
    """Tell what becomes of a container that the kubelet cannot start, and what to do."""
    if reason == "InvalidImageName":
        return Outlook.HOPELESS, "mend the image's name in the template."
    if reason == "ErrImageNeverPull":
        return Outlook.HOPELESS, "load the image onto the node, or set another imagePullPolicy than Never."
    if reason == "CreateContainerConfigError" and _CONFIG_IS_MISSING.search(words):
        if "root" in words or "non-numeric" in words or "runAsNonRoot" in words:
            return Outlook.HOPELESS, "set runAsUser to a number other than 0, or take an image with such a user."
        return Outlook.HOPELESS, "create the ConfigMap or Secret with that key, or add it to the manifest."
    return Outlook.MAY_HEAL, "mend what the kubelet says; kubectl describe pod tells more."


def _pull_cause(job: Object, words: str, events: Sequence[Object]) -> str:
    """Return why an image cannot be pulled, the same words for each of the kubelet's ways to say it."""
    cause = _BACK_OFF.sub("", _RPC.sub("", words))
    if not cause:
        told = [event for event in events if _PULL_PREFIX.match(str(event.get("message")))]
        message = str((event_list.newest(told, "Failed") or {}).get("message") or "")
        cause = _PULL_PREFIX.sub("", _RPC.sub("", event_list.without_names(job, message)))
    return _stopped(cause) if cause else ""


def _crash(container: Object) -> str:
    """Tell of a container that is started again and again."""
    ended = (container.get("lastState") or {}).get("terminated") or {}
    reason = f" ({ended['reason']})" if ended.get("reason") else ""
    return (
        f"ended with exit code {ended.get('exitCode', '?')}{reason}, {container.get('restartCount') or 0} restarts so "
        "far, and is started again after a pause."
    )


def _stopped(words: str) -> str:
    """End a sentence with a point."""
    words = words.strip() or "the cluster does not say why"
    return words if words.endswith(".") else f"{words}."
