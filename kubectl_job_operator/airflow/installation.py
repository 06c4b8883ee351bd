"""Which Airflow this is: what tells apart two that run the same DAGs in one namespace."""

from __future__ import annotations

import hashlib

from airflow.configuration import conf

from kubectl_job_operator.airflow.defaults import INSTALLATION, chosen

_LENGTH = 16


def installation() -> str:
    """Return what ``[kubectl_job_operator] installation`` says, else a digest of what each Airflow has for itself.

    That is the address of its UI (``[api] base_url`` of Airflow 3, ``[webserver] base_url`` of Airflow 2) and its key
    for the connections (``[core] fernet_key``; of a list, as while keys are exchanged, the last and oldest). All
    workers of one Airflow have the same.
    """
    said = chosen(INSTALLATION)
    if said:
        return str(said)
    addresses = [conf.get(section, "base_url", fallback="") or "" for section in ("api", "webserver")]
    key = (conf.get("core", "fernet_key", fallback="") or "").rpartition(",")[2]
    return hashlib.sha256("\n".join([*addresses, key]).encode()).hexdigest()[:_LENGTH]
