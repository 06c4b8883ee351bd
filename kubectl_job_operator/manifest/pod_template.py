"""A Pod, written for whoever starts pods, read to become what a Job starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import loading
from kubectl_job_operator.manifest.masking import IsSecretName, no_secret_name


def parse_pod(text: str, source: str, is_secret_name: IsSecretName = no_secret_name) -> dict[str, Any]:
    """Read the one Pod in a text.

    :param source: what to call the text in an error.
    :param is_secret_name: which variables' values an error about YAML does not show.
    :raises ManifestError: if there is anything else in it.
    """
    documents = [document for document in loading.documents_in(text, source, is_secret_name) if document is not None]
    if len(documents) != 1:
        raise _problem(source, f"has {len(documents)} documents")
    return checked_pod(documents[0], source)


def checked_pod(pod: Any, source: str) -> dict[str, Any]:
    """Return what is given, if it is a Pod.

    :raises ManifestError: if it is none.
    """
    if not isinstance(pod, Mapping):
        raise _problem(source, f"is a {type(pod).__name__}")
    if pod.get("kind") not in (None, "Pod"):
        raise _problem(source, f"has the kind {pod['kind']}")
    for key in ("metadata", "spec"):
        if not isinstance(pod.get(key) or {}, Mapping):
            raise _problem(source, f"has {key} that is not a mapping")
    return dict(pod)


def _problem(source: str, problem: str) -> ManifestError:
    return ManifestError(f"{source} {problem}, but must be one Pod.\nWhat to do: give it one Pod (kind: Pod).")
