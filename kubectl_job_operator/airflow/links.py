"""The link on a task in Airflow's UI that names the folder of a failed try."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow.compat import BaseOperator, BaseOperatorLink, Context, pull_for_link, push_for_link

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask

_KEY = "replay_folder"


class ReplayLink(BaseOperatorLink):
    """Names the folder by a ``file://`` address, to be copied: no web server shows it."""

    name = "Replay folder"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return the address; empty if nothing was kept of this try."""
        folder = getattr(operator, _KEY, None) or pull_for_link(ti_key, _KEY)
        return Path(folder).absolute().as_uri() if folder else ""


def remember_replay(task: JobTask, context: Context, folder: Path | None) -> None:
    """Keep for the link where the folder of a try is."""
    task.replay_folder = str(folder) if folder else None
    if folder is None:
        return
    try:
        push_for_link(context, _KEY, str(folder))
    except Exception as error:  # noqa: BLE001 - a link is no reason to hide why the task failed
        task.log.warning("The link to %s cannot be kept: %s", folder, error)
