"""A small triggerer: an event loop in which the real code waits for the Jobs of deferred tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from kubectl_job_operator.attempt.outcome import News, Outcome
from kubectl_job_operator.attempt.settings import Patience
from kubectl_job_operator.errors import KubectlJobOperatorError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.deferred_deletion import UnwantedJob, delete_command
from kubectl_job_operator.life.deferred_wait import Terms, wait_for_job
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.watch.shared_watch import shared_watch
from tests.simulation.cluster import NAMESPACE
from tests.simulation.host import Host
from tests.simulation.loop import VirtualLoop
from tests.simulation.tasks import PATIENCE, TaskInstance, WorkerLog
from tests.simulation.world import Machine, World

_UNWANTED = ("failed", "success", "removed")
_LOGGING_SECONDS = 40.0
OUTAGE_TOLERANCE_SECONDS = 120.0


class Triggerer:
    """Has a trigger for each deferred task; after its machine's end another one has them all anew.

    :param world: whose time it is.
    :param make_host: makes its machine.
    :param access: the way into the cluster.
    :param on_event: takes what a trigger has come to: the task, the text of its handover, and the outcome.
    """

    def __init__(
        self,
        world: World,
        make_host: Callable[[str, Machine], Host],
        access: Access,
        on_event: Callable[[TaskInstance, str, Outcome], None],
    ) -> None:
        self._deletions: list[asyncio.Task[None]] = []
        """Of all its loops, which hold their tasks only weakly."""
        self._world = world
        self._make_host = make_host
        self._access = access
        self._on_event = on_event
        self._loops: list[VirtualLoop] = []
        self._waiting: dict[str, tuple[TaskInstance, str, asyncio.Task[None]]] = {}
        self._start()

    def wait_for(self, instance: TaskInstance, text: str) -> None:
        """Begin to wait for a task's Job."""
        self._loop.call_soon_threadsafe(self._begin, instance, text)

    def forget(self, instance: TaskInstance) -> None:
        """End a trigger whose task somebody has ended, as Airflow does a moment later."""
        self._loop.call_soon_threadsafe(self._cancel, instance)

    def restart(self) -> None:
        """Let its machine die, and another one begin."""
        self._machine.is_gone = True
        waiting = list(self._waiting.values())
        self._waiting.clear()
        self._start()
        for instance, text, _ in waiting:
            self.wait_for(instance, text)

    def close(self) -> None:
        """Let go of all that its loops still have; no thread of the world runs any more."""
        for loop in self._loops:
            loop.end()

    def _start(self) -> None:
        self.deletes_for: set[str] = set()
        """The runs whose Jobs it deletes now."""
        self._machine = Machine(f"triggerer {len(self._loops)}")
        self._host = self._make_host(self._machine.name, self._machine)
        self._log = WorkerLog(self._machine)
        self._loop = VirtualLoop(self._world)
        self._loops.append(self._loop)
        self._world.spawn(self._loop.run_forever, self._machine.name, self._machine)

    def _begin(self, instance: TaskInstance, text: str) -> None:
        task = self._loop.create_task(self._wait(instance, text))
        self._waiting[instance.run_id] = instance, text, task

    def _cancel(self, instance: TaskInstance) -> None:
        _, text, task = self._waiting.pop(instance.run_id, (None, "", None))
        if task is not None:
            task.cancel()
            self._deletions.append(self._loop.create_task(self._delete_if_unwanted(instance, text)))

    async def _wait(self, instance: TaskInstance, text: str) -> None:
        """Do what ``KubernetesJobTrigger.run`` does."""
        handover = Handover.from_text(text)
        watch = shared_watch(self._access, NAMESPACE, self._log, self._host.make_processes)
        terms = Terms(Patience(*PATIENCE), None, _LOGGING_SECONDS, OUTAGE_TOLERANCE_SECONDS)

        async def wait() -> Outcome:
            try:
                return await wait_for_job(watch, handover, terms, self._log)
            except Exception as error:  # noqa: BLE001 - as the real one
                return Outcome(News.GAVE_UP, str(error))

        outcome = await wait()
        while outcome.news is not News.ENDED and instance.state in _UNWANTED:
            outcome = await (wait() if outcome.news is News.LOGS else self._loop.create_future())
        waited = replace(handover, clocks=outcome.clocks)
        self._waiting.pop(instance.run_id, None)
        self._on_event(instance, waited.with_commands(waited.commands, waited.left_out).to_text(), outcome)

    async def _delete_if_unwanted(self, instance: TaskInstance, text: str) -> None:
        """Do what ``KubernetesJobTrigger.on_kill`` does."""
        if instance.state not in _UNWANTED:
            return
        handover, make = Handover.from_text(text), self._host.make_processes
        job = UnwantedJob(self._access, handover, instance.delete_policy, self._log, make, has_next_try=False)
        self.deletes_for.add(instance.run_id)
        try:
            await job.delete(OUTAGE_TOLERANCE_SECONDS)
        except KubectlJobOperatorError as error:
            self._log.warning(f"The Job could not be deleted.\n{error}\nTo delete it: {delete_command(handover)}")
            instance.warnings.append("The triggerer could not delete the Job.")
        finally:
            self.deletes_for.discard(instance.run_id)
