"""What Airflow hides in its logs and in what it shows."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterable
from typing import Any

_PLAIN_TEXT = "any text"


def mask_secrets(values: Iterable[str], name: str | None = None) -> None:
    """Let Airflow mask values from now on.

    For each of them Airflow compiles anew all that it masks, here and in the process that supervises the task: beside a
    kubeconfig, which it masks as a whole, that is a twentieth of a second of CPU in both.

    :param name: where it is given, only if Airflow takes it for a secret's.
    """
    # What is shorter Airflow would not mask either, and warn of that in front of whatever comes then.
    known: list[Any] = list(dict.fromkeys(one for one in values if len(one) >= _shortest_secret()))
    if not known:
        return
    try:
        from airflow.sdk.log import mask_secret as mask
    except ImportError:
        mask = importlib.import_module("airflow.utils.log.secrets_masker").mask_secret
    mask(known, name)


@functools.cache
def _shortest_secret() -> int:
    """Return how long a secret must be for Airflow to mask it; older versions mask all."""
    from airflow.configuration import conf

    return int(conf.getint("logging", "min_length_masked_secret", fallback=0))


def redact(text: str) -> str:
    """Return a text with every value masked that Airflow masks."""
    return str(import_redact()(text))


@functools.cache
def is_secret_name(name: str) -> bool:
    """Whether Airflow takes a name for a secret's, as ``password``."""
    return bool(import_redact()(_PLAIN_TEXT, name) != _PLAIN_TEXT)


@functools.cache
def import_redact() -> Any:
    """Import what masks in a text, or in a dict by the names of its keys."""
    for home in ("airflow.sdk.log", "airflow.sdk.execution_time.secrets_masker", "airflow.utils.log.secrets_masker"):
        try:
            return importlib.import_module(home).redact
        except (ImportError, AttributeError):
            continue
    raise ImportError("this version of Airflow has no redact() where others have it")
