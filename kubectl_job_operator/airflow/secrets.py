"""What Airflow knows to be secret."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

import airflow
import yaml

import kubectl_job_operator
from kubectl_job_operator.airflow.compat.masking import is_secret_name, mask_secrets
from kubectl_job_operator.airflow.redaction import mask_here, redact
from kubectl_job_operator.manifest.documents import Document
from kubectl_job_operator.manifest.masking import decoded, secret_values
from kubectl_job_operator.manifest.spellings import parts, spellings
from kubectl_job_operator.replay.failed_try import Caller

_SHORTEST_NUMBER = 5
"""Of fewer digits, as Airflow has it too, every log is full: ``***`` in each date."""

_REFERENCES = frozenset({"imagePullSecrets", "secretKeyRef", "secretName", "secretRef"})
"""Where Kubernetes has the name of a Secret, which everybody needs to mend what is wrong with it."""


def mask_by_name(values: Any) -> None:
    """Let Airflow mask every value whose name says that it is secret, as ``password`` does.

    As where Airflow shows such values, all that a secret name has under it is secret, at any depth; and a name is also
    what stands beside a value, as in a container's ``env``.
    """
    _mask(values, None)


def _mask(value: Any, name: str | None) -> None:
    """Mask a value, or what is in it; ``name`` is the nearest one that says that it is secret, if there is one."""
    if isinstance(value, Mapping):
        beside = value.get("name") if "value" in value else None
        for key, item in value.items():
            if key in _REFERENCES:
                continue
            own = beside if key == "value" and isinstance(beside, str) else str(key)
            _mask(item, name or (own if is_secret_name(own) else None))
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            _mask(item, name)
    elif name is not None and not isinstance(value, bool):
        text = str(value) if isinstance(value, (str, int, float)) else ""
        if isinstance(value, str) or len(text) >= _SHORTEST_NUMBER:
            mask_secrets(spellings(text), name)


def mask_secrets_of(documents: Iterable[Document]) -> None:
    """Let Airflow mask what the Secrets of a manifest hold, wherever it is logged, as by the Job's containers.

    Of a value of several lines each line that is long enough is masked too: containers print line by line.
    """
    _mask_with_lines(secret_values(documents))


def mask_given(context: Mapping[str, Any], *arguments: Any) -> None:
    """Let Airflow mask by their names what a task's template is rendered with: the arguments, and what the run has."""
    mask_by_name([*arguments, context.get("params"), getattr(context.get("dag_run"), "conf", None)])


def mask_env_of(documents: Any) -> None:
    """Let Airflow mask what containers get in variables of secret names, wherever the template has it from."""
    if isinstance(documents, Mapping):
        mask_by_name(documents.get("env"))
    for value in documents.values() if isinstance(documents, Mapping) else documents:
        if isinstance(value, (Mapping, list)):
            mask_env_of(value)


def mask_credentials(password: str | None, kubeconfig: str | None) -> None:
    """Let Airflow mask what a connection holds: kubectl, or a credential plugin, may repeat it."""
    if password:
        _mask_with_lines([password])
    if kubeconfig:
        _mask_credentials_in(kubeconfig)


def _mask_credentials_in(kubeconfig: str) -> None:
    users: list[Any] = []
    with contextlib.suppress(yaml.YAMLError, AttributeError, TypeError):  # kubectl will say what is wrong with it
        users = [entry.get("user") for entry in yaml.safe_load(kubeconfig).get("users") or ()]
    for user in users:
        if isinstance(user, Mapping):
            given = [str(user.get(key) or "") for key in ("token", "password", "client-key-data")]
            values = [value for text in given for value in decoded(text)]
            mask_secrets(spelling for value in values for spelling in spellings(value))
            mask_here(value for value in values if len(parts(value)) > 1)
            mask_by_name([user.get("exec"), user.get("auth-provider")])


def _mask_with_lines(values: Iterable[str]) -> None:
    mask_secrets(spelling for value in values for part in parts(value) for spelling in spellings(part))


def caller() -> Caller:
    """Return what the aftermath of a failed try must know of Airflow."""
    versions = {
        # And not by importlib.metadata, which for that looks through all that is installed.
        "Airflow": airflow.__version__,
        "kubectl-job-operator": kubectl_job_operator.__version__,
    }
    return Caller(redact, versions)
