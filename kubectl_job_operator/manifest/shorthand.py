"""``image=..., cmds=...``: a Job out of plain values, or the same values filled into the Job of a template."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.env_order import joined_env, without_present
from kubectl_job_operator.manifest.list_items import last_ones, last_ones_in_pod
from kubectl_job_operator.manifest.names import valid_name
from kubectl_job_operator.manifest.plain import as_plain, not_plain
from kubectl_job_operator.manifest.pod_overlay import overlaid_spec
from kubectl_job_operator.manifest.secret_references import as_references, parts_of
from kubectl_job_operator.manifest.texts import as_text, texts_of, words_of

CONTAINER_NAME = "main"
"""What the container is called where neither a template nor an argument says it."""


@dataclass(frozen=True)
class Field:
    """An argument that goes into one field of the Job.

    :param name: the argument's.
    :param type: what its value must be.
    :param home: what the field belongs to: the Job's spec, its pods' spec or their first container.
    :param key: Kubernetes' name of the field.
    """

    name: str
    type: type
    home: Literal["job", "pod", "container"]
    key: str


FIELDS = (
    Field("parallelism", int, "job", "parallelism"),
    Field("completions", int, "job", "completions"),
    Field("completion_mode", str, "job", "completionMode"),
    Field("active_deadline_seconds", int, "job", "activeDeadlineSeconds"),
    Field("ttl_seconds_after_finished", int, "job", "ttlSecondsAfterFinished"),
    Field("suspend", bool, "job", "suspend"),
    Field("service_account_name", str, "pod", "serviceAccountName"),
    Field("automount_service_account_token", bool, "pod", "automountServiceAccountToken"),
    Field("priority_class_name", str, "pod", "priorityClassName"),
    Field("runtime_class_name", str, "pod", "runtimeClassName"),
    Field("schedulername", str, "pod", "schedulerName"),
    Field("node_selector", dict, "pod", "nodeSelector"),
    Field("affinity", dict, "pod", "affinity"),
    Field("tolerations", list, "pod", "tolerations"),
    Field("image_pull_secrets", list, "pod", "imagePullSecrets"),
    Field("security_context", dict, "pod", "securityContext"),
    Field("termination_grace_period", int, "pod", "terminationGracePeriodSeconds"),
    Field("hostnetwork", bool, "pod", "hostNetwork"),
    Field("hostname", str, "pod", "hostname"),
    Field("subdomain", str, "pod", "subdomain"),
    Field("host_aliases", list, "pod", "hostAliases"),
    Field("dnspolicy", str, "pod", "dnsPolicy"),
    Field("dns_config", dict, "pod", "dnsConfig"),
    Field("init_containers", list, "pod", "initContainers"),
    Field("volumes", list, "pod", "volumes"),
    Field("base_container_name", str, "container", "name"),
    Field("image", str, "container", "image"),
    Field("image_pull_policy", str, "container", "imagePullPolicy"),
    Field("cmds", list, "container", "command"),
    Field("arguments", list, "container", "args"),
    Field("ports", list, "container", "ports"),
    Field("env", list, "container", "env"),
    Field("env_from", list, "container", "envFrom"),
    Field("container_resources", dict, "container", "resources"),
    Field("container_security_context", dict, "container", "securityContext"),
    Field("termination_message_policy", str, "container", "terminationMessagePolicy"),
    Field("volume_mounts", list, "container", "volumeMounts"),
)
_BY_NAME = {field.name: field for field in FIELDS}
_OTHER_TYPES = {"name": str, "secrets": list, "configmaps": list, "pod_runtime_info_envs": list}
_WORDS = {str: "a str", int: "an int", bool: "a bool", list: "a list", dict: "a dict"}
_COMMAND = ("cmds", "arguments")
_OF_WORDS = (*_COMMAND, "configmaps")
_COMPLETION_MODES = ("NonIndexed", "Indexed")


def job_around(pod: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a Job whose pods are like this one; without one, a Job that has yet to get its name and its image."""
    pod = pod or {}
    metadata = pod.get("metadata") or {}
    pod_metadata = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)},
        "spec": {
            "template": {
                **({"metadata": pod_metadata} if pod_metadata else {}),
                # A pod's own policy is Always if it says nothing, which a Job refuses.
                "spec": {**(pod.get("spec") or {}), "restartPolicy": "Never"},
            }
        },
    }


def fill(job: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Job with these arguments in it; those that are ``None`` change nothing.

    An argument replaces what the Job has, but volumes, init containers, and the first container's ports, environment
    and mounts are added to the Job's: there an argument wins only over one of the same name, port or path.

    :param job: what to begin with.
    :param arguments: by their names; values may hold objects of a Kubernetes client.
    :raises InputError: if one of them is not what it must be.
    """
    values = {name: settled(name, value) for name, value in arguments.items()}
    given = _expanded({name: _checked(name, value) for name, value in values.items() if value is not None})
    filled: dict[str, Any] = copy.deepcopy(dict(job))
    if "name" in given:
        filled["metadata"]["name"] = valid_name(given.pop("name"))
    homes: dict[str, dict[str, Any]] = {"job": {}, "pod": {}, "container": {}}
    for field in FIELDS:
        if field.name in given:
            homes[field.home][field.key] = given[field.name]
    template = _pod_template_of(filled, homes["job"])
    filled["spec"].update(homes["job"])
    pod = {**template["spec"], "containers": template["spec"].get("containers") or [{"name": CONTAINER_NAME}]}
    over = last_ones_in_pod({**homes["pod"], "containers": [homes["container"]]})
    template["spec"] = overlaid_spec(pod, over)
    _share_secrets(template["spec"], parts_of(arguments.get("secrets") or ()))
    return filled


def environment(given: Any) -> list[dict[str, Any]]:
    """Return a container's ``env`` for the argument ``env_vars``: a dict, or a list of what Kubernetes has there.

    A variable whose value is ``None`` is left out, and of several with one name the last is left.

    :raises InputError: if it is neither, or a value is an object that no text stands for.
    """
    plain = as_plain(given)
    if isinstance(plain, Mapping):
        return [{"name": name, "value": value} for name, value in texts_of("env_vars", plain).items()]
    if isinstance(plain, list) and all(isinstance(one, Mapping) and one.get("name") for one in plain):
        place = next(not_plain([{**one, "value": None} for one in plain]), None)
        if place is not None:
            raise InputError(f"env_vars{place}, which YAML has no word for.\nWhat to do: mend the argument.")
        given_ones = [one for one in plain if one.get("value", "") is not None or len(one) > len(("name", "value"))]
        return last_ones("env", [_variable(one) for one in given_ones])
    raise InputError(
        "env_vars must be a dict of names and values, or a list of variables with a name each, but is "
        f"{_kind_of(plain)}.\n"
        'What to do: write {"NAME": "value"} or [{"name": "NAME", "value": "value"}].'
    )


def problem_of(name: str, value: Any) -> str | None:
    """Say why an argument cannot be used; ``None`` if it can."""
    wanted = _BY_NAME[name].type if name in _BY_NAME else _OTHER_TYPES[name]
    is_right = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
    if not is_right:
        is_no_secret = wanted in (int, bool) and isinstance(value, str)
        return f"{name} must be {_WORDS[wanted]}, but is {repr(value) if is_no_secret else _kind_of(value)}"
    place = next(not_plain(value), None)
    if place is not None:
        return f"{name} must have plain values or a Kubernetes client's objects, but {name}{place}"
    if wanted is int and value < 0:
        return f"{name} must not be negative, but is {value}"
    if name == "completion_mode" and value not in _COMPLETION_MODES:
        return f"{name} must be one of {', '.join(_COMPLETION_MODES)}, but is {value!r}"
    return None


def normal(name: str, value: Any) -> Any:
    """Return an argument in the one form that is worked with, as far as can be told while templates are in it."""
    if name == "secrets":
        return as_references(value)
    plain = as_plain(value)
    if name == "image_pull_secrets" and isinstance(plain, list):
        return [{"name": one} if isinstance(one, str) else one for one in plain]
    return plain


def settled(name: str, value: Any) -> Any:
    """Return the same once no template is in it any more: a list where a str may stand for one, ``None`` if empty."""
    plain = normal(name, value)
    if name == "image_pull_secrets" and isinstance(plain, str):
        return [{"name": one} for one in map(str.strip, plain.split(",")) if one] or None
    return plain


def _variable(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a variable whose value is a string, where authors also write numbers and more."""
    if given.get("value") is None:
        return {key: item for key, item in given.items() if key != "value"}
    return {**given, "value": as_text(f"env_vars[{str(given['name'])!r}]", given["value"])}


def _share_secrets(spec: dict[str, Any], parts: Mapping[str, Sequence[Any]]) -> None:
    """Give the variables out of Secrets to init containers and sidecars too, unless these set them."""
    for container in [*(spec.get("initContainers") or ()), *spec["containers"][1:]]:
        present, whole = container.get("env") or (), container.get("envFrom") or []
        variables = without_present(present, parts["env"])
        sources = [one for one in parts["env_from"] if one not in whole]
        container.update({"env": joined_env(present, variables)} if variables else {})
        container.update({"envFrom": [*whole, *sources]} if sources else {})


def _kind_of(value: Any) -> str:
    """Tell what a value is without showing it: it may be secret."""
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    return f"a {type(value).__name__}"


def _pod_template_of(job: dict[str, Any], of_job: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a Job, or a Pod in its place, describes its pod.

    :param of_job: the fields that only a Job has.
    """
    if kinds.is_job(job):
        template: dict[str, Any] = job["spec"]["template"]
        return template
    if kinds.is_pod(job) and not of_job:
        return job
    what = ", ".join(of_job) if kinds.is_pod(job) else "an image, a command and the like"
    raise InputError(
        f"{what} cannot be filled into a {job['kind']} of {job['apiVersion']}.\n"
        "What to do: leave the arguments out, and write it into the YAML."
    )


def _checked(name: str, value: Any) -> Any:
    """Return a value of the right type; a number or a bool may have come out of a template as text."""
    if name in _COMMAND:
        value = words_of(name, value)
    wanted = _BY_NAME[name].type if name in _BY_NAME else _OTHER_TYPES[name]
    if wanted is int and isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    elif wanted is bool and isinstance(value, str) and value.strip().lower() in ("true", "false"):
        value = value.strip().lower() == "true"
    problem = problem_of(name, value) or _problem_of_items(name, value)
    if problem is not None:
        raise InputError(f"{problem}.\nWhat to do: mend the argument.")
    return value


def _problem_of_items(name: str, value: Any) -> str | None:
    """Say what is wrong with the items of a list, which may still come out of templates when the DAG is parsed."""
    if not isinstance(value, list):
        return None
    wanted = str if name in _OF_WORDS else Mapping
    wrong = [one for one in value if not isinstance(one, wanted)]
    return (
        f"{name} must be a list of {'str' if wanted is str else 'dict'}, but has {_kind_of(wrong[0])}"
        if wrong
        else None
    )


def _expanded(given: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is written in other arguments into the fields where it belongs."""
    parts = parts_of(given.get("secrets", ()))
    added = {
        "env": [*given.get("pod_runtime_info_envs", ()), *parts["env"]],
        "env_from": [
            *given.get("env_from", ()),
            *({"configMapRef": {"name": name}} for name in given.get("configmaps", ())),
            *parts["env_from"],
        ],
        "volumes": [*given.get("volumes", ()), *parts["volumes"]],
        "volume_mounts": [*given.get("volume_mounts", ()), *parts["volume_mounts"]],
    }
    others = {name: value for name, value in given.items() if name in _BY_NAME or name == "name"}
    return {**others, **{name: value for name, value in added.items() if value}}
