"""The part of Airflow's context that the operator reads, for calling ``execute`` without a scheduler."""

from __future__ import annotations

import uuid
from types import SimpleNamespace
from typing import Any


def context_for(task: Any, *, run_id: str | None = None, try_number: int = 1) -> Any:
    """Return the context of a task instance.

    :param run_id: default is a new one each time.
    """
    instance = SimpleNamespace(
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=run_id or f"manual__{uuid.uuid4().hex}",
        map_index=-1,
        try_number=try_number,
        max_tries=task.retries,
        xcom_push=lambda **_: None,
    )
    return {"ti": instance, "run_id": instance.run_id}
