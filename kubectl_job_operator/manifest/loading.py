"""From text to the documents in it, as kubectl takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import broken_yaml, yaml_text
from kubectl_job_operator.manifest.masking import IsSecretName, no_secret_name


def documents_in(text: str, source: str, is_secret_name: IsSecretName = no_secret_name) -> list[Any]:
    """Read rendered text; empty documents are ``None``.

    :param source: what to call it in an error.
    :param is_secret_name: which variables' values an error does not show.
    :raises ManifestError: if it is not YAML.
    """
    try:
        return list(yaml_text.load_all(text))
    except yaml.YAMLError as error:
        raise ManifestError(broken_yaml.problem(error, text, source, is_secret_name)) from error


def unlisted(documents: Sequence[Any]) -> list[Any]:
    """Leave out the empty ones, and take the items out of each List, which kubectl applies one by one."""
    return [item for document in documents if document is not None for item in _items(document)]


def _items(document: Any) -> Sequence[Any]:
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return list(document["items"])
    return [document]
