"""Where the installed version of Airflow keeps ``DAG``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import DAG
else:
    try:
        from airflow.sdk import DAG
    except ImportError:
        from airflow import DAG

__all__ = ["DAG"]
