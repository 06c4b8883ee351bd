"""A small Airflow: task instances, their tries on workers, what ends them, and what lets them begin again."""

from __future__ import annotations

import datetime
import random
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.outcome import Outcome
from kubectl_job_operator.attempt.settings import Following, Patience, Settings
from kubectl_job_operator.attempt.stop import Stop
from kubectl_job_operator.errors import InputError, KubectlError, ResultError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.status.result import ResultSource
from tests.simulation.cluster import NAMESPACE
from tests.simulation.host import Host
from tests.simulation.tasks import PATIENCE, Memory, TaskInstance, Try, WorkerLog, manifest
from tests.simulation.triggerer import OUTAGE_TOLERANCE_SECONDS, Triggerer
from tests.simulation.world import Gone, Machine, World

RETRY_SECONDS = 5.0
KILL_SECONDS = 5.0
"""After ``on_kill`` Airflow 3 leaves a task so long, and then ends it by SIGKILL."""
_SLOW_RECORDS = 0.02
_TAKEN_FOR_KILLED = 0.02
"""So often a scheduler of Airflow 3.3 hears so late of a first half's end that it begins the try anew instead."""
FINAL = ("success", "failed")
_WANTED = ("scheduled", "queued", "running")
_REMOVED = "removed"
"""While its run is deleted and not made again yet, nobody sees it."""
_UNWANTED = ("failed", "success", _REMOVED, "restarting")


class Airflow:
    """Starts tries and takes what comes of them.

    :param world: whose time it is.
    :param make_host: makes a worker's machine.
    :param kubectl: the path of a program of that name.
    :param note: takes a line for the history.
    """

    def __init__(
        self, world: World, make_host: Callable[[str, Machine], Host], kubectl: str, note: Callable[[str], None]
    ) -> None:
        self._world = world
        self._make_host = make_host
        self._kubectl = kubectl
        self._note = note
        self.instances: list[TaskInstance] = []
        self.triggerer = Triggerer(world, make_host, Access(named_kubectl=kubectl), self._resume)

    def add(self, instance: TaskInstance) -> None:
        """Take a task instance, and queue it."""
        self.instances.append(instance)
        instance.run_started = self._label()
        instance.max_tries = instance.retries
        self.queue(instance, 0.5)

    def queue(self, instance: TaskInstance, seconds: float) -> None:
        """Start the next try in a while, unless somebody decides otherwise."""
        started = instance.started

        def start() -> None:
            if instance.state == "queued" and instance.started == started:
                self._start(instance)

        instance.become("queued")
        self._world.later(seconds, start)

    def clear(self, instance: TaskInstance) -> None:
        """Clear it, as a person does who sees it."""
        if instance.state == _REMOVED:
            return
        self._note(f"{instance.run_id} is cleared")
        was_running = instance.state == "running"
        instance.clear_number += 1
        if was_running:
            self._end_running(instance, "restarting")
            self._world.later(KILL_SECONDS + 3.0, partial(self._queue_if, instance, "restarting"))
            return
        if instance.state == "deferred":
            self._world.later(2.0, partial(self.triggerer.forget, instance))
        instance.max_tries = instance.try_number + instance.retries
        self.queue(instance, 2.0)

    def reset(self, instance: TaskInstance) -> None:
        """Take it from its worker and start it again, as a new scheduler does with the tasks of one that died."""
        if instance.state == "running":
            self._note(f"{instance.run_id} is reset")
            self._end_running(instance, "none")
            self._world.later(2.0, partial(self._queue_if, instance, "none"))

    def make_again(self, instance: TaskInstance) -> None:
        """Delete the run, and make it again with the same id."""
        self._note(f"{instance.run_id} is deleted and made again")
        self._end_running(instance, _REMOVED)
        instance.noted.clear()

        def begin() -> None:
            instance.try_number, instance.max_tries, instance.clear_number = 0, instance.retries, 0
            instance.run_started = self._label()
            instance.runs += 1
            self.queue(instance, 0.5)

        instance.become(_REMOVED)
        self._world.later(1.0, begin)

    def mark(self, instance: TaskInstance, state: str) -> None:
        """Mark it as a person does who sees it."""
        if instance.state == _REMOVED:
            return
        self._note(f"{instance.run_id} is marked as {state}")
        self._end_running(instance, state)

    def drain(self, instance: TaskInstance) -> None:
        """Stop the worker, which passes it on, and ends soon."""
        for one in instance.tries[-1:]:
            if one.is_alive:
                self._note(f"{one.name}: its worker is told to stop")
                self._kill(one)
                # Where the task did not end in time, its supervisor tells of it.
                self._world.later(KILL_SECONDS + 2.0, partial(self._miss, instance, one))

    def lose(self, instance: TaskInstance, *, is_dead: bool) -> None:
        """Hear nothing more of a try, and take it for dead.

        :param is_dead: whether it is; else it goes on until it hears that nobody wants it.
        """
        for one in instance.tries[-1:]:
            if not one.is_alive or instance.state != "running":
                continue
            self._note(f"{one.name}: {'its machine dies' if is_dead else 'it is taken for dead'}")
            if is_dead:
                one.machine.is_gone = True
                chance = self._world.draw(f"notice {self._world.elapsed}")
                self._world.later(chance.choice((2.0, 30.0)), partial(self._miss, instance, one))
            else:
                self._miss(instance, one)
                self._world.later(
                    self._world.draw(f"hear {self._world.elapsed}").uniform(1, 60), partial(self._kill, one)
                )

    def orphan(self, instance: TaskInstance) -> None:
        """Let the supervisor of a try die: the try goes on, and its log ends there."""
        for one in instance.tries[-1:]:
            if one.is_alive and instance.state == "running":
                self._note(f"{one.name}: its supervisor dies")
                one.is_unheard = True
                one.log.machine = one.container_log.machine = Machine("nowhere", is_gone=True)
                chance = self._world.draw(f"notice {self._world.elapsed}")
                self._world.later(chance.choice((2.0, 30.0)), partial(self._miss, instance, one))

    def time_out(self, instance: TaskInstance) -> None:
        """Let the task's time be over, as a signal's handler does: by an exception that is no ``Exception``."""
        for one in instance.tries[-1:]:
            if one.is_alive and one.thread is not None:
                self._note(f"{one.name}: execution_timeout")
                one.thread.interrupt(AirflowTaskTimeout("Timeout"))

    def _miss(self, instance: TaskInstance, one: Try) -> None:
        if instance.tries[-1] is one and instance.state == "running":
            self._fail(instance)

    def _queue_if(self, instance: TaskInstance, state: str) -> None:
        if instance.state == state:
            self.queue(instance, 1.0)

    def _end_running(self, instance: TaskInstance, state: str) -> None:
        if instance.state == "deferred":
            self._world.later(2.0, partial(self.triggerer.forget, instance))
        instance.become(state)
        for one in instance.tries[-1:]:
            if one.is_alive:
                self._world.later(
                    self._world.draw(f"hear {self._world.elapsed}").uniform(1, 5), partial(self._kill, one)
                )

    def _kill(self, one: Try) -> None:
        """End a try as Airflow 3 does: by ``on_kill``, and some seconds later by SIGKILL."""
        if one.is_alive and not one.is_unheard:
            self._note(f"{one.name}: on_kill")
            one.is_killed = True
            if one.runner is not None:
                one.runner.kill()
            self._world.later(KILL_SECONDS, partial(self._end, one))

    def _end(self, one: Try) -> None:
        if one.is_alive:
            self._note(f"{one.name}: SIGKILL")
            one.machine.is_gone = True

    def _start(self, instance: TaskInstance) -> None:
        instance.become("running")
        instance.try_number += 1
        instance.started = self._label()
        before = [one.identity.try_number for one in instance.tries if one.identity.round == instance.round]
        identity = Identity(
            "dag",
            "task",
            instance.run_id,
            try_number=instance.try_number,
            first_try=max(1, instance.max_tries - instance.retries + 1),
            round=instance.round,
            started=instance.started,
            has_exact_round=True,
        )
        again, anew = " again" * (instance.runs - 1), " anew" * before.count(identity.try_number)
        machine = Machine(f"{instance.run_id}{again} try {instance.try_number}{anew}")
        pass_on = partial(self._pass_on, self._world.draw(f"log of {machine.name}"))
        one = Try(identity, machine, WorkerLog(machine, pass_on), WorkerLog(machine))
        instance.tries.append(one)
        self._note(f"{one.name} begins")
        half = JobRunner.start if instance.is_deferrable else JobRunner.run
        one.thread = self._world.spawn(partial(self._execute, instance, one, half), one.name, machine)

    def _resume(self, instance: TaskInstance, text: str, outcome: Outcome) -> None:
        """Let a worker go on with a deferred task."""
        if instance.state != "deferred":
            return
        one = instance.tries[-1]
        if self._world.draw(f"{one.name} goes on at {self._world.now}").random() < _TAKEN_FOR_KILLED:
            self._note(f"{one.name} is taken for killed while it was deferred")
            instance.try_number -= 1
            self._start(instance)
            return
        self._note(f"{one.name} goes on: {outcome}")
        instance.become("running")
        one.runner, one.is_killed = None, False
        one.machine = one.log.machine = one.container_log.machine = Machine(one.machine.name)

        def go_on(runner: JobRunner) -> Handover | None:
            return runner.go_on(Handover.from_text(text), outcome)

        one.thread = self._world.spawn(partial(self._execute, instance, one, go_on), one.name, one.machine)

    def _defer(self, instance: TaskInstance, one: Try, handover: Handover) -> None:
        """Take a task from its worker, if it is still wanted: else Airflow refuses that, and ends the process."""
        if instance.tries[-1] is one and instance.state == "running":
            self._note(f"{one.name} is deferred")
            instance.become("deferred")
            self.triggerer.wait_for(instance, handover.to_text())
        else:
            self._note(f"{one.name} is refused its deferral")
            if not one.is_killed:
                instance.warnings.append("Airflow ended a process between two halves, and none of ours was asked.")

    def _execute(self, instance: TaskInstance, one: Try, half: Callable[[JobRunner], Any]) -> None:
        host = self._make_host(one.name, one.machine)
        try:
            one.runner = JobRunner(
                manifest(instance.job_name, instance.backoff_limit, instance.completions),
                one.identity,
                Access(named_kubectl=self._kubectl),
                namespace=NAMESPACE,
                settings=Settings(
                    patience=Patience(*PATIENCE),
                    following=Following(is_on=True),
                    delete_policy=instance.delete_policy,
                    keep_on_worker_stop=instance.try_number <= instance.max_tries,
                    outage_tolerance_seconds=OUTAGE_TOLERANCE_SECONDS,
                    result_from=ResultSource.FILE if instance.hands_over else None,
                ),
                log=one.log,
                container_log=one.container_log,
                memory=Memory(instance, one, self._answer),
                ask_stop=partial(self._who_stopped, instance, one),
                make_processes=host.make_processes,
            )
            if one.is_killed:
                # on_kill has come before there was anything to end, and the operator has kept that in mind.
                one.runner.kill()
            came = half(one.runner)
            one.machine.check()
            one.has_ignored_kill |= one.is_killed
            if isinstance(came, Handover):
                if not one.is_unheard:
                    self._defer(instance, one, came)
                return
            if one.runner.done is not None:
                one.job, one.result = one.runner.done.job, one.runner.done.result
        except Gone:
            raise
        except BaseException as error:  # noqa: BLE001 - Airflow takes all of them
            one.machine.check()
            one.error = error
        one.ended_at = self._world.elapsed
        said = one.error or "success"
        self._note(f"{one.name} ends: {type(said).__name__} {str(said).splitlines()[0][:100]}")
        if one.is_unheard:
            one.job = None
        elif instance.tries[-1] is one and instance.state == "running":
            if one.error is None:
                instance.become("success")
            else:
                self._fail(instance, may_retry=_may_retry(one.error))

    def _fail(self, instance: TaskInstance, *, may_retry: bool = True) -> None:
        if may_retry and instance.try_number <= instance.max_tries:
            self.queue(instance, RETRY_SECONDS)
        else:
            instance.become("failed")

    def _who_stopped(self, instance: TaskInstance, one: Try) -> Stop:
        self._answer()
        one.machine.check()
        if one.is_unheard:
            return Stop()
        is_worker_only = instance.state in (*_WANTED, "none")
        return Stop(f"The state is {instance.state}", is_worker_only, instance.state in _UNWANTED)

    def _answer(self) -> None:
        """Take the time that a question to Airflow's own API takes."""
        self._world.sleep(self._world.draw(f"answer {self._world.now}").uniform(0.01, 0.3))

    def _pass_on(self, chance: random.Random) -> None:
        """Take a record of a task's log: at once, or when the supervisor has time."""
        if chance.random() < _SLOW_RECORDS:
            self._world.sleep(chance.uniform(0.1, 2.0))

    def _label(self) -> str:
        moment = self._world.wall_time.astimezone(datetime.timezone.utc).isoformat(timespec="microseconds")
        return re.sub(r"[-:]", "", moment.removesuffix("+00:00"))


class AirflowTaskTimeout(BaseException):
    """Airflow's own."""


def _may_retry(error: BaseException) -> bool:
    if isinstance(error, (InputError, ResultError)):
        return False
    return not (isinstance(error, KubectlError) and error.kind.needs_author)
