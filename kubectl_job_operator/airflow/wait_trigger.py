"""What waits in the triggerer while a ``KubectlWaitSensor`` is deferred."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from kubectl_job_operator.airflow.compat.states import to_thread_with_airflow
from kubectl_job_operator.airflow.connection import Place, find_place
from kubectl_job_operator.airflow.task_log import own_log
from kubectl_job_operator.life.deferred_look import Limits, ObjectNews, ObjectOutcome, wait_for_object
from kubectl_job_operator.status.awaited import Awaited
from kubectl_job_operator.watch.object_watch import object_watch

_shared_log = logging.getLogger("kubectl_job_operator.object_watch")


class KubectlWaitTrigger(BaseTrigger):
    """Waits for an object, with one kubectl for all that wait for its kind in the same cluster and namespace.

    All that it holds is text and numbers, none of them secret; the way into the cluster is looked up where it runs.

    :param resource: the kind, as ``deployments.apps``.
    :param name: the object's name.
    :param namespace: where it is.
    :param wait_for: as the sensor's; likewise ``failure_when``.
    :param kubernetes_conn_id: as the sensor's; likewise ``config_file``, ``cluster_context`` and ``in_cluster``.
    :param outage_tolerance_seconds: as the sensor's.
    :param deadline: when the sensor's time is over, in seconds since 1970; ``None`` is never.
    """

    def __init__(
        self,
        *,
        resource: str,
        name: str,
        namespace: str,
        wait_for: str,
        failure_when: str | None = None,
        kubernetes_conn_id: str | None = None,
        config_file: str | None = None,
        cluster_context: str | None = None,
        in_cluster: bool | None = None,
        outage_tolerance_seconds: float = 600,
        deadline: float | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.resource = resource
        self.name = name
        self.namespace: str | None = namespace
        self.wait_for = wait_for
        self.failure_when = failure_when
        self.kubernetes_conn_id = kubernetes_conn_id
        self.config_file = config_file
        self.cluster_context = cluster_context
        self.in_cluster = in_cluster
        self.outage_tolerance_seconds = outage_tolerance_seconds
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what the database keeps; what was not given is left out."""
        kept = {
            "resource": self.resource,
            "name": self.name,
            "namespace": self.namespace,
            "wait_for": self.wait_for,
            "failure_when": self.failure_when,
            "kubernetes_conn_id": self.kubernetes_conn_id,
            "config_file": self.config_file,
            "cluster_context": self.cluster_context,
            "in_cluster": self.in_cluster,
            "outage_tolerance_seconds": self.outage_tolerance_seconds,
            "deadline": self.deadline,
        }
        return f"{__name__}.{type(self).__name__}", {key: value for key, value in kept.items() if value is not None}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, and send the sensor back to a worker with what came of it."""
        try:
            outcome = await self._wait()
        except Exception as error:  # noqa: BLE001 - a trigger that raises fails the task without a word of ours
            outcome = ObjectOutcome(ObjectNews.GAVE_UP, str(error) or repr(error))
        yield TriggerEvent({"news": outcome.news.value, "state": outcome.state})  # type: ignore[no-untyped-call]

    async def _wait(self) -> ObjectOutcome:
        place = await self._find_place()
        watch = object_watch(place.access, str(self.namespace), self.resource, _shared_log)
        awaited = Awaited.parse(self.wait_for, self.failure_when)
        limits = Limits(self.deadline, self.outage_tolerance_seconds)
        return await wait_for_object(watch, self.name, awaited, limits, own_log(self.log))

    async def _find_place(self) -> Place:
        """Look the way into the cluster up; only a connection is asked for elsewhere, which takes time."""
        if self.kubernetes_conn_id is None:
            return find_place(self)
        return await to_thread_with_airflow(find_place, self)
