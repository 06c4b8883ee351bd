"""Kubernetes' own schemas, from the library ``kubernetes-validate``: a check without a cluster."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.cli import yaml_path
from kubectl_job_operator.errors import InputError

_RELEASE = re.compile(r"^v?(\d+\.\d+)(?:\.\d+\S*)?$")


@dataclass(frozen=True)
class Mismatch:
    """A field that the schema does not accept.

    :param path: the field.
    :param words: why.
    """

    path: yaml_path.Path
    words: str


def check(document: Mapping[str, Any], version: str) -> Mismatch | None:
    """Hold a document against the schema of its kind; ``None`` if it fits.

    :param version: of Kubernetes, as ``1.36`` or ``v1.36.2``.
    :raises InputError: if the library is not installed, or does not know the version or the kind.
    """
    library = _library()
    version = _RELEASE.sub(r"\1", version)
    if version not in _versions():
        known = ", ".join(_versions())
        raise InputError(
            f"There are no schemas of Kubernetes {version}.\nWhat to do: choose one of {known}, or give --server."
        )
    try:
        library.validate(document, version, strict=True)
    except library.ValidationError as error:
        return _mismatch(error)
    except library.SchemaNotFoundError:
        raise InputError(
            f"There is no schema of {document['kind']} ({document['apiVersion']}) in Kubernetes {version}.\n"
            "What to do: mend apiVersion and kind; if it is a custom resource, give --server."
        ) from None
    return None


def newest_version() -> str:
    """Return the newest version of Kubernetes whose schemas are there, as ``1.37``.

    :raises InputError: if the library is not installed.
    """
    return _versions()[-1]


def _versions() -> list[str]:
    """Return the versions whose schemas are there, the newest last."""
    library = _library()
    return list(dict.fromkeys(map(library.major_minor, library.all_versions())))


@functools.cache
def _library() -> Any:
    try:
        from kubernetes_validate import utils
    except ImportError:
        raise InputError(
            "To check a manifest without a cluster, Kubernetes' schemas are needed, and they are not installed.\n"
            "What to do: pip install 'kubectl-job-operator-cli[validate]', or give --server to let the cluster check."
        ) from None
    return utils


def _mismatch(error: Any) -> Mismatch:
    """Say it in fewer words than JSON schema, and name a field that should not be there itself."""
    path = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        unknown = next(key for key in error.instance if key not in error.schema.get("properties", {}))
        field = (*path, unknown)
        return Mismatch(field, f"{yaml_path.shown(field)}: there is no such field")
    what = yaml_path.shown(path) or "the document"
    if error.validator == "required":
        absent = next(key for key in error.validator_value if key not in error.instance)
        return Mismatch(path, f"{what}: the field {absent} is missing")
    if error.validator == "type":
        wanted = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        expected = " or ".join(name for name in wanted if name != "null")
        return Mismatch(path, f"{what}: it must be of type {expected}")
    return Mismatch(path, f"{what}: it does not fit the schema ({error.validator})")
