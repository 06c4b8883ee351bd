"""Secrets by name: what the argument ``secrets`` adds to a pod. Nothing here reads what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.names import valid_name
from kubectl_job_operator.manifest.plain import as_plain

_KEYS = ("deploy_type", "deploy_target", "secret", "key", "items")


def as_references(secrets: Any) -> Any:
    """Return plain mappings for the ``Secret`` objects of Airflow's Kubernetes provider; what is none stays."""
    if not isinstance(secrets, (list, tuple)):
        return secrets
    return [_as_reference(one) for one in secrets]


def parts_of(secrets: Iterable[Any]) -> dict[str, list[dict[str, Any]]]:
    """Return what these references add: ``env``, ``env_from``, ``volumes`` and ``volume_mounts``.

    :raises InputError: if one of them says too little or contradicts itself.
    """
    parts: dict[str, list[dict[str, Any]]] = {"env": [], "env_from": [], "volumes": [], "volume_mounts": []}
    for reference in secrets:
        kind, target, name, key = _checked(reference)
        if kind == "env" and key is None:
            parts["env_from"].append({"secretRef": {"name": name}})
        elif kind == "env":
            parts["env"].append({"name": target, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}})
        else:
            volume = f"secret-{len(parts['volumes'])}-{valid_name(name)}"[:63].rstrip("-")
            parts["volumes"].append({"name": volume, "secret": _source(name, key, reference.get("items"))})
            parts["volume_mounts"].append({"name": volume, "mountPath": target, "readOnly": True})
    return parts


def _as_reference(secret: Any) -> Any:
    if hasattr(secret, "deploy_type") and hasattr(secret, "secret"):
        return {key: as_plain(getattr(secret, key)) for key in _KEYS if getattr(secret, key, None)}
    return secret


def _source(name: str, key: str | None, items: Any) -> dict[str, Any]:
    chosen = items or ([{"key": key, "path": key}] if key is not None else None)
    return {"secretName": name, "items": chosen} if chosen else {"secretName": name}


def _checked(reference: Any) -> tuple[str, str | None, str, str | None]:
    if not isinstance(reference, Mapping):
        raise _problem(reference, f"is a {type(reference).__name__}")
    unknown = sorted(map(str, set(reference) - set(_KEYS)))
    if unknown:
        raise _problem(dict(reference), f"has {', '.join(map(repr, unknown))}")
    kind, target, name, key = (reference.get(one) for one in _KEYS[:4])
    if kind not in ("env", "volume"):
        raise _problem(dict(reference), f"has the deploy_type {kind!r}")
    if not name:
        raise _problem(dict(reference), "names no secret")
    for field, text in (("secret", name), ("deploy_target", target), ("key", key)):
        if text is not None and not isinstance(text, str):
            raise _problem(dict(reference), f"has a {field} that is a {type(text).__name__} and no str")
    if kind == "volume" and not target:
        raise _problem(dict(reference), "has no deploy_target, the folder to mount it at")
    if kind == "env" and (target is None) != (key is None):
        raise _problem(dict(reference), "has one of deploy_target and key, but a variable needs both")
    return kind, target, name, key


def _problem(reference: Any, problem: str) -> InputError:
    # Whoever takes this for the place of the values themselves must not find them in the log.
    name = reference.get("secret") if isinstance(reference, Mapping) else None
    what = f"a reference to {name!r}" if isinstance(name, str) and valid_name(name) == name else "one"
    return InputError(
        f"secrets has {what} that {problem}.\n"
        'What to do: write {"deploy_type": "env" or "volume", "deploy_target": ..., "secret": ..., "key": ...}. For '
        "env, deploy_target is the variable; without it and key every key becomes one. For volume it is the folder, "
        "and key may be left out."
    )
