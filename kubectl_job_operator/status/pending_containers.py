"""Why the containers of a pod that has its node do not run: pure functions over what the kubelet says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kubectl_job_operator.manifest.labels import SECRETS_COME_LATE
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import events as event_list
from kubectl_job_operator.status import pod_status
from kubectl_job_operator.status.outlook import Obstacle, Outlook, with_point

_RPC = re.compile(r"rpc error: code = \w+ desc = ")
_BACK_OFF = re.compile(r'^Back-off pulling image "[^"]*"(?:: )?(?:Err\w+: )?')
_PULL_PREFIX = re.compile(r'^Failed to pull image "[^"]*": ')
# The kubelet says "failed to sync configmap cache: timed out" of one that may well exist.
_CONFIG_IS_MISSING = re.compile(r"not found|couldn't find key")
# Its sentences, for one word of them may stand in the name of a Secret, too.
_MAY_BE_ROOT = re.compile(r"container has runAsNonRoot and image |breaks? non-root policy")
_PULL_FAILS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "ImageInspectError", "SignatureValidationFailed"}
)
_ON_THE_WAY = frozenset({"ContainerCreating", "PodInitializing"})


def of_preparation(job: Object, pod: str, events: Sequence[Object]) -> Obstacle | None:
    """Tell what the kubelet fails to prepare for a pod whose containers are still being created."""
    begun = event_list.newest(events, "Pulling", "Pulled", "Created", "Started")
    mount = event_list.newest(_setups(events) or events, "FailedMount", "FailedAttachVolume", "FailedMapVolume")
    if mount and (begun is None or event_list.time_of(mount) > event_list.time_of(begun)):
        words = with_point(event_list.without_names(job, str(mount.get("message") or "")))
        remedy = "create what the volume is made from, or mend the volume in the template."
        return Obstacle(
            str(mount["reason"]), f"waits for a volume that cannot be mounted: {words}", Outlook.MAY_HEAL, remedy, pod
        )
    sandbox = event_list.newest(events, "FailedCreatePodSandBox")
    if sandbox and (begun is None or event_list.time_of(sandbox) > event_list.time_of(begun)):
        words = with_point(event_list.without_names(job, str(sandbox.get("message") or "")))
        remedy = "ask who runs the cluster: the node cannot set the pod's sandbox or network up."
        return Obstacle(str(sandbox["reason"]), f"cannot be set up: {words}", Outlook.MAY_HEAL, remedy, pod)
    return None


def _setups(events: Sequence[Object]) -> list[Object]:
    """Return the events that name the cause: others only list the volumes that are missing."""
    return [event for event in events if "SetUp failed" in str(event.get("message"))]


def of_containers(job: Object, pod: Object, events: Sequence[Object]) -> Iterator[Obstacle]:
    """Tell what keeps the containers from running; those behind an init container wait for it and are left out."""
    name, node = pod["metadata"]["name"], (pod.get("spec") or {}).get("nodeName")
    for one in pod_status.container_statuses(pod):
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
            what = f"waits until the image {image} is pulled" if is_pulling else "is being created"
            # Where the node is lost meanwhile, nothing of the pod tells that: who reads it shall know where to look.
            sentence = f"{what} on node {node}." if node else f"{what}."
            yield Obstacle(
                "Pulling" if is_pulling else reason, sentence, Outlook.PASSING, "", name, container, is_explained=False
            )
        else:
            outlook, remedy = _verdict_on(job, reason, words)
            yield Obstacle(reason, f"cannot start: {reason}: {with_point(words)}", outlook, remedy, name, container)


def _verdict_on(job: Object, reason: str, words: str) -> tuple[Outlook, str]:
    """Tell what becomes of a container that the kubelet cannot start, and what to do."""
    if reason == "InvalidImageName":
        return Outlook.HOPELESS, "mend the image's name in the template."
    if reason == "ErrImageNeverPull":
        return Outlook.HOPELESS, "load the image onto the node, or set another imagePullPolicy than Never."
    if reason == "CreateContainerConfigError" and _MAY_BE_ROOT.search(words):
        return Outlook.HOPELESS, "set runAsUser to a number other than 0, or take an image with such a user."
    if reason == "CreateContainerConfigError" and _CONFIG_IS_MISSING.search(words):
        if _secrets_come_late(job):
            return Outlook.MAY_HEAL, "see why what is to make it has not: kubectl describe it; its operator has a log."
        if "find key" in words:
            return Outlook.HOPELESS, "add the key to the ConfigMap or Secret, or mend its name in the template."
        return Outlook.HOPELESS, "create the ConfigMap or Secret, or add it to the manifest."
    return Outlook.MAY_HEAL, "mend what the kubelet says; kubectl describe pod tells more."


def _secrets_come_late(job: Object) -> bool:
    """Whether something in the cluster makes Secrets or ConfigMaps for the Job while it waits."""
    return str((job["metadata"].get("annotations") or {}).get(SECRETS_COME_LATE)).lower() == "true"


def _pull_cause(job: Object, words: str, events: Sequence[Object]) -> str:
    """Return why an image cannot be pulled, the same words for each of the kubelet's ways to say it."""
    cause = _BACK_OFF.sub("", _RPC.sub("", words))
    if not cause:
        told = [event for event in events if _PULL_PREFIX.match(str(event.get("message")))]
        message = str((event_list.newest(told, "Failed") or {}).get("message") or "")
        cause = _PULL_PREFIX.sub("", _RPC.sub("", event_list.without_names(job, message)))
    return with_point(cause) if cause else ""


def _crash(container: Object) -> str:
    """Tell of a container that is started again and again."""
    ended = (container.get("lastState") or {}).get("terminated") or {}
    reason = f" ({ended['reason']})" if ended.get("reason") else ""
    return (
        f"ended with exit code {ended.get('exitCode', '?')}{reason}, {container.get('restartCount') or 0} restarts so "
        "far, and is started again after a pause."
    )
