"""What the kubelet and the API server say where there is little room: what decides, without what it is wrapped in."""

from __future__ import annotations

import re

_LACKS_A_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) (?:[^/\s]+/)?(\S+)")
_MISSING = re.compile(r'\b(secret|configmap|persistentvolumeclaim|serviceaccount) "([^"]+)" not found')
_SAY_NOTHING = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_KINDS = {
    "secret": "Secret",
    "configmap": "ConfigMap",
    "persistentvolumeclaim": "PersistentVolumeClaim",
    "serviceaccount": "ServiceAccount",
}
# What stands before what decides, each as often as it comes, and whose it is behind it.
_WRAPPED = re.compile(
    r"^(?:"
    r"error looking up service account [^/\s]+/\S+: |"
    r'failed to pull and unpack image "[^"]*": |failed to resolve (?:reference|image) "[^"]*": |'
    r'Failed to apply default image tag "[^"]*": |'
    r'MountVolume\.\w+ failed for volume "[^"]*" ?: |'
    r'failed to generate container "[^"]*" spec: |failed to generate spec: |'
    r"failed to create containerd task: |failed to create shim task: |OCI runtime create failed: |runc create failed: |"
    r"unable to start container process: |error during container init: |"
    r"rpc error: code = \w+ desc = |[Ee]rror: "
    r")+"
)
_WHOSE = re.compile(r' \(pod: "[^"]*", container: [^)]*\)')
_SERVER_SAYS = re.compile(r": server message: .*")
_DEAD_END = re.compile(r"(?:: unknown)?\.?$")


def brief(words: str) -> str:
    """Return a sentence with what decides at its start, so that a cut leaves it.

    :param words: as the cluster says it, without its reason.
    """
    if lacks := _LACKS_A_KEY.search(words):
        return f"no key {lacks[1]} in {lacks[2]} {lacks[3].rstrip('.')}"
    if missing := _MISSING.search(words):
        return f"no {_KINDS[missing[1]]} {missing[2]}"
    return _DEAD_END.sub("", _WHOSE.sub("", _WRAPPED.sub("", words))).strip()


def unstarted(reason: str, words: str) -> str:
    """Return why a container cannot be started, with the cluster's word for it where that says more than just this."""
    return brief(words) if reason in _SAY_NOTHING else f"{reason}: {brief(words)}"


def unpulled(image: str, words: str) -> str:
    """Return why an image cannot be pulled: the end of its name, and the cause."""
    cause = _SERVER_SAYS.sub("", brief(words).removeprefix(f"{image}: "))
    return f"cannot pull {image.rpartition('/')[2]}{': ' if cause else ''}{cause}"


def unscheduled(reasons: str) -> str:
    """Return one of several reasons why a pod has no node, of those that a smaller pod would mend if there are any."""
    first, *others = sorted(reasons.split(", "), key=lambda reason: "Insufficient" not in reason)
    more = f"; {len(others)} other reason{'s' if len(others) > 1 else ''}"
    return f"{first}{more if others else ''}"
