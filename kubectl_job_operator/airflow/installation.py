"""Which Airflow this is: what tells apart two that run the same DAGs in one namespace."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from airflow.configuration import conf

from kubectl_job_operator.airflow.compat.features import workers_know_the_database
from kubectl_job_operator.airflow.defaults import INSTALLATION, chosen

_LENGTH = 16


def installation() -> str:
    """Return what ``[kubectl_job_operator] installation`` says, else a digest of what each Airflow has for itself.

    That is the address of its UI (``[api] base_url`` of Airflow 3, ``[webserver] base_url`` of Airflow 2) and its key
    for the connections (``[core] fernet_key``; of a list, as while keys are exchanged, the last and oldest). All
    workers of one Airflow have the same. An Airflow 2 without a key has its database instead.
    """
    said = chosen(INSTALLATION)
    if said:
        return str(said)
    addresses = [conf.get(section, "base_url", fallback="") or "" for section in ("api", "webserver")]
    key = (conf.get("core", "fernet_key", fallback="") or "").rpartition(",")[2]
    own = key or (_database() if workers_know_the_database() else "")
    return hashlib.sha256("\n".join([*addresses, own]).encode()).hexdigest()[:_LENGTH]


def _database() -> str:
    """Return where the database is, without the user and the password, which may be changed."""
    address = urlsplit(conf.get("database", "sql_alchemy_conn", fallback="") or "")
    return f"{address.hostname}:{address.port}{address.path}"
