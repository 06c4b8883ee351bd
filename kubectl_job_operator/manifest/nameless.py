"""A name for the document that the task waits for, where its author left it out or gave only a ``generateName``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubectl_job_operator.manifest import main_document


def named(documents: Sequence[Any], name: str, *, of_any_kind: bool) -> tuple[list[Any], bool]:
    """Return the documents with a name for the main one, and whether it had none. Of others nothing is changed.

    :param name: what it is called if it has no ``generateName`` either, from which else its name is made.
    :param of_any_kind: whether the main document may be of another kind than Job and Pod.
    """
    described = {number: _with_metadata(one) for number, one in enumerate(documents) if _is_described(one)}
    choose = main_document.candidates_of_any_kind if of_any_kind else main_document.candidates
    found = choose(list(described.values()))
    changed, had_none = list(documents), False
    for number, document in described.items():
        if not any(document is one for one in found):
            continue
        metadata = document["metadata"]
        prefix = metadata.pop("generateName", None)
        if not metadata.get("name"):
            had_none = True
            metadata["name"] = (prefix.rstrip("-.") if isinstance(prefix, str) else "") or name
        changed[number] = document
    return changed, had_none


def _is_described(document: Any) -> bool:
    """Whether a document is so far as it should be that its kind can be told."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("apiVersion"), str)
        and isinstance(document.get("kind"), str)
        and isinstance(document.get("metadata") or {}, dict)
        and isinstance((document.get("metadata") or {}).get("annotations") or {}, dict)
    )


def _with_metadata(document: dict[str, Any]) -> dict[str, Any]:
    """Return a copy that has metadata, where people write it: behind the kind."""
    rest = {key: value for key, value in document.items() if key not in ("apiVersion", "kind", "metadata")}
    head = {"apiVersion": document["apiVersion"], "kind": document["kind"]}
    return {**head, "metadata": dict(document.get("metadata") or {}), **rest}
