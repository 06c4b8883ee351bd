"""The Airflow that is measured, and what it has used."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import psutil

from tests.benchmarks.capacity.lanes import End
from tests.faults.deployment import Deployment

_ENDS = ("success", "failed")
_AT_ONCE = 100


@dataclass(frozen=True)
class Usage:
    """What all processes of an Airflow have used.

    :param cpu_seconds: since they were started, those that have ended too.
    :param megabytes: at this moment; what processes share counts once.
    """

    cpu_seconds: float
    megabytes: float


class CapacityAirflow(Deployment):
    """One scheduler with LocalExecutor, with the heartbeats that Airflow has by default.

    :param folder: its ``AIRFLOW_HOME``; must be empty.
    :param kubeconfig: where its tasks find the cluster.
    :param parallelism: how many tasks run at once.
    """

    def __init__(self, folder: Path, kubeconfig: Path, parallelism: int) -> None:
        super().__init__(folder, kubeconfig, parallelism, with_triggerer=True, with_postgresql=True)

    def _make_environment(self, kubeconfig: Path, parallelism: int) -> dict[str, str]:
        return {
            **super()._make_environment(kubeconfig, parallelism),
            # What is installed was compiled then; a checkout is when it is first read.
            "PYTHONDONTWRITEBYTECODE": "",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "300",
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "5",
        }

    def ends_since(self, moment: float) -> list[End]:
        """Return the tasks that have ended since then, not all of them if there are very many."""
        since = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        states = "&".join(f"state={state}" for state in _ENDS)
        query = f"end_date_gte={since}&{states}&order_by=end_date&limit={_AT_ONCE}"
        answer = self._ask(f"dags/lane/dagRuns/~/taskInstances?{query}")
        return [
            End(
                f"{one['dag_run_id']}",
                datetime.fromisoformat(one["end_date"].replace("Z", "+00:00")).timestamp(),
                one["state"] == "success",
            )
            for one in answer["task_instances"]
        ]

    def usage(self) -> Usage:
        """Return what it has used up to now."""
        found = [_usage(one) for one in self.processes()]
        return Usage(sum(one.cpu_seconds for one in found), sum(one.megabytes for one in found))


def _usage(process: psutil.Process) -> Usage:
    with suppress(psutil.Error):
        times = process.cpu_times()
        # Whoever has ended is counted by the one that has waited for it.
        cpu = times.user + times.system + times.children_user + times.children_system
        return Usage(cpu, process.memory_full_info().pss / 1e6)
    return Usage(0.0, 0.0)
