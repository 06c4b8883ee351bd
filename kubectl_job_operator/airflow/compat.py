"""The only place that knows where Airflow 2 and Airflow 3 keep the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator, Context
    from airflow.sdk.exceptions import AirflowFailException
else:
    try:
        from airflow.sdk import BaseOperator, Context
    except ImportError:
        from airflow.models.baseoperator import BaseOperator
        from airflow.utils.context import Context
    try:
        from airflow.sdk.exceptions import AirflowFailException
    except ImportError:
        from airflow.exceptions import AirflowFailException

__all__ = ["AirflowFailException", "BaseOperator", "Context"]
