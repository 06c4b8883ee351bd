"""Where the folder of a failed try is: an XCom, and a link in Airflow's UI where a browser can open it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kubectl_job_operator.airflow.compat.imports import BaseOperator, BaseOperatorLink, Context, pull_for_link
from kubectl_job_operator.airflow.defaults import REPLAY_BASE_URL, chosen
from kubectl_job_operator.airflow.xcom import REPLAY_FOLDER, push

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask


class ReplayLink(BaseOperatorLink):
    """Leads to the folder, by the address at which the deployment says that such folders can be opened."""

    name = "Replay folder"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """Return the address; empty if nothing was kept of this try."""
        folder = getattr(operator, REPLAY_FOLDER, None) or pull_for_link(ti_key, REPLAY_FOLDER)
        base = chosen(REPLAY_BASE_URL)
        return f"{base.rstrip('/')}/{quote(Path(folder).name)}/" if folder and base else ""


class ReplayLinks:
    """The links of a task: none unless there may be a folder and an address for it, for Airflow 2 shows dead ones."""

    def __get__(self, task: Any, owner: Any = None) -> Collection[BaseOperatorLink]:
        """Return them; of a mapped task Airflow asks the class."""
        may_have_folder = task is None or task.replay_dir or chosen("replay_dir")
        return (ReplayLink(),) if may_have_folder and chosen(REPLAY_BASE_URL) else ()


def remember_replay(task: JobTask, context: Context, folder: Path | None) -> None:
    """Keep where the folder of a try is: no web server shows it by itself, but whoever finds the worker's disk can."""
    task.replay_folder = str(folder) if folder else None
    if folder is not None:
        push(context, REPLAY_FOLDER, str(folder), task.log.warning)
