"""What is secret is replaced before anything is kept for people to read."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kubectl_job_operator.manifest import yaml_text
from kubectl_job_operator.manifest.documents import Document

MASK = "***"

# Where client-side apply keeps the whole object; it comes along when somebody pastes `kubectl get -o yaml`.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Mask = Callable[[str], str]
"""Replaces the secrets that its maker knows in a text."""
IsSecretName = Callable[[str], bool]
"""Tells whether a name says that what it names is secret."""


def masks_nothing(text: str) -> str:
    """Serve as the mask where nobody knows a secret."""
    return text


def no_secret_name(name: str) -> bool:  # noqa: ARG001 - it is none, whatever it is
    """Serve where nobody knows the names of secrets."""
    return False


def masked_values(value: Any, mask: Mask) -> Any:
    """Mask every string in what was read from JSON or YAML; in the dumped text a secret may be spelled otherwise."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: masked_values(item, mask) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked_values(item, mask) for item in value]
    return value


def with_masked_messages(value: Any, mask: Mask) -> Any:
    """Mask what containers and controllers say in an object, and nothing that it is known by.

    Before it is shortened for people: nobody would know half a secret for one.
    """
    if isinstance(value, Mapping):
        return {
            key: mask(item) if key == "message" and isinstance(item, str) else with_masked_messages(item, mask)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [with_masked_messages(item, mask) for item in value]
    return value


def masked(document: Document) -> Document:
    """Replace what a Secret holds; its keys stay to be seen."""
    if document.get("kind") != "Secret":
        return document
    hidden = {
        key: dict.fromkeys(document[key], MASK) if isinstance(document[key], dict) else MASK
        for key in ("data", "stringData")
        if key in document
    }
    metadata = dict(document["metadata"])
    if _LAST_APPLIED in (metadata.get("annotations") or {}):
        metadata["annotations"] = {**metadata["annotations"], _LAST_APPLIED: MASK}
    return {**document, "metadata": metadata, **hidden}


def secret_values(documents: Iterable[Document]) -> list[str]:
    """Return what the Secrets among documents hold, as text where it is text, and as it is written in them."""
    values: list[str] = []
    for document in documents:
        if document.get("kind") != "Secret":
            continue
        for encoded in _strings(document.get("data")):
            values += decoded(encoded)
        values += _strings(document.get("stringData"))
    return values


def decoded(encoded: str) -> list[str]:
    """Return a text and, if it is base64 of another text, that one."""
    with contextlib.suppress(ValueError):  # it is no base64, or no text
        return [encoded, base64.b64decode(encoded, validate=True).decode()]
    return [encoded]


def _strings(data: Any) -> list[str]:
    return [value for value in data.values() if isinstance(value, str)] if isinstance(data, Mapping) else []


def masked_yaml(documents: Iterable[Document], mask: Mask) -> str:
    """Write documents without anything secret, ready to be applied.

    A Secret is written as a comment: applied, it would replace the values of the real one by the mask.
    """
    parts = []
    for document in documents:
        text = mask(yaml_text.dump_all([masked_values(masked(document), mask)]))
        parts.append(_as_comment(document, text) if holds_secrets(document) else text)
    return "---\n".join(parts)


def hides_something(documents: Sequence[Document], mask: Mask) -> bool:
    """Whether there is anything secret in documents."""
    return masked_yaml(documents, mask) != yaml_text.dump_all(documents)


def holds_secrets(document: Document) -> bool:
    """Whether a document is a Secret with something in it."""
    return document.get("kind") == "Secret" and any(document.get(key) for key in ("data", "stringData"))


def _as_comment(secret: Document, text: str) -> str:
    lines = [f"Secret {secret['metadata']['name']} is a comment, for its values are masked (***):"]
    lines += ["put the real ones in before you make it a document again, or use the Secret that is there."]
    return "".join(f"# {line}\n" for line in [*lines, *text.splitlines()])
