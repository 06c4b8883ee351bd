"""What happens to a task while others see: each scene is a function that tells what went wrong beside the general."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubectl_job_operator.status.job_status import COMPLETE
from tests.integration.manifests import job
from tests.waiting import until
from tests.whose.airflows import Airflow, dead_and_unnoticed, kill_worker
from tests.whose.dag import TASK, TEMPLATE, Life, lives_of, write_dags
from tests.whose.sightings import Sightings

_WRITING = threading.Lock()
_SECONDS = 420.0
_OVER = ("success", "failed")
_RUN = "the-run"
_WORKS = "sleep 4; echo the work"
_STAYS = "sleep 600"
_REPLACED = "It is replaced."
_GONE_ON_WITH = "Going on with it."


@dataclass
class Stage:
    """Where a scene plays.

    :param name: the scene's, its DAG's and its Job's.
    :param airflow: the Airflow.
    :param other: a second one with the same DAGs.
    :param sightings: what the cluster has.
    :param dags: the operator's arguments by the DAG's id, of all scenes.
    """

    name: str
    airflow: Airflow
    other: Airflow
    sightings: Sightings
    dags: dict[str, dict[str, Any]]
    successes: int = field(default=0, init=False)

    def make_run(self, script: str) -> None:
        """Start the run; a run of the same name must be gone."""
        self.airflow.make_run(self.name, _RUN, script)

    def delete_run(self) -> None:
        """Delete the run."""
        self.airflow.delete_run(self.name, _RUN)

    def until_over(self, airflow: Airflow | None = None) -> str:
        """Wait for the task's end and return its state."""
        one = airflow or self.airflow
        self.until(lambda: one.state(self.name, _RUN) in _OVER, "the task does not end")
        state = one.state(self.name, _RUN)
        self.successes += state == "success"
        return state

    def until_works(self, count: int = 1) -> None:
        """Wait until so many of the scene's pods have begun to work."""
        self.until(lambda: len(self.sightings.work(self.name)) >= count, f"no {count} pods have begun to work")

    def until(self, condition: Callable[[], bool], otherwise: str) -> None:
        """Wait."""
        until(condition, otherwise, seconds=_SECONDS)

    def change_dag(self, **arguments: Any) -> None:
        """Change the operator's arguments in the DAG's file."""
        with _WRITING:
            self.dags[self.name].update(arguments)
            write_dags(self.airflow.dags, self.dags)

    def life(self) -> Life:
        """Return the processes of the latest try."""
        return lives_of(self.airflow.dags, self.name)[-1]

    def said(self, *words: str, airflow: Airflow | None = None) -> Iterator[str]:
        """Tell which words are not in the log."""
        log = (airflow or self.airflow).logs(self.name, _RUN)
        yield from (f"the log does not say {one!r}" for one in words if one not in log)

    def job_uids(self) -> list[str]:
        """Return the UIDs of all Jobs that there ever were."""
        return [one.uid for one in self.sightings.jobs(self.name)]


Scene = Callable[[Stage], Iterator[str]]


def _is(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r} instead of {wanted!r}"


def again_complete(stage: Stage) -> Iterator[str]:
    """Delete a run whose Complete Job is left, and make it again."""
    yield from _again(stage, _WORKS, "success", "before its run was cleared or made again")


def again_failed(stage: Stage) -> Iterator[str]:
    """Do the same where a Failed Job is left."""
    yield from _again(stage, "exit 3", "failed", "and it failed")


def _again(stage: Stage, script: str, state: str, words: str) -> Iterator[str]:
    stage.make_run(script)
    yield from _is("the first run", stage.until_over(), state)
    stage.delete_run()
    stage.make_run(_WORKS)
    yield from _is("the run made again", stage.until_over(), "success")
    yield from _is("Jobs", len(stage.job_uids()), 2)
    yield from stage.said(words, _REPLACED, "the work")


def again_running(stage: Stage) -> Iterator[str]:
    """Do the same where the worker has died, and the Job runs on."""
    stage.make_run(_STAYS)
    stage.until_works()
    kill_worker(stage.life(), supervisors=1)
    stage.until(lambda: stage.airflow.state(stage.name, _RUN) in _OVER, "nobody notices that the worker is dead")
    stage.delete_run()
    stage.make_run(_WORKS)
    yield from _is("the run made again", stage.until_over(), "success")
    yield from _is("Jobs", len(stage.job_uids()), 2)
    yield from stage.said("before its run was cleared or made again", _REPLACED)


def again_under_way(stage: Stage) -> Iterator[str]:
    """Do the same while the worker lives, which ends its Job when the new one may be there."""
    stage.make_run(_STAYS)
    stage.until_works()
    stage.delete_run()
    stage.make_run("sleep 20; echo the work")
    # Both tries have one name for Airflow, which may take the end of the old one for that of the new one.
    state, begun = stage.until_over(), len(lives_of(stage.airflow.dags, stage.name))
    if state != "success" and begun > 1 and not stage.airflow.has_mixed_up(stage.name):
        yield "the run made again failed, and not by Airflow's own doing"
    yield from _is("Jobs", len(stage.job_uids()), begun)


def again_deferred(stage: Stage) -> Iterator[str]:
    """Do the same while the task is deferred."""
    stage.make_run(_STAYS)
    stage.until_works()
    stage.until(lambda: stage.airflow.state(stage.name, _RUN) == "deferred", "the task is not deferred")
    stage.delete_run()
    stage.make_run("sleep 20; echo the work")
    yield from _is("the run made again", stage.until_over(), "success")
    yield from _is("Jobs", len(stage.job_uids()), 2)
    yield from stage.said("the work")


def clear_dead_worker(stage: Stage) -> Iterator[str]:
    """Clear a running task whose worker is dead."""
    stage.make_run("[ -z $AGAIN ] && sleep 600; echo the work")
    stage.until_works()
    stage.change_dag(env_vars={"AGAIN": "yes"})
    with dead_and_unnoticed(stage.life()):
        stage.airflow.clear(stage.name, _RUN, TASK)
    yield from _is("after the Clear", stage.until_over(), "success")
    yield from _is("Jobs", len(stage.job_uids()), 2)
    yield from stage.said("before the task was cleared", _REPLACED)


def retries_lowered(stage: Stage) -> Iterator[str]:
    """Lower ``retries`` from 3 to 1 while a try runs, whose worker then dies."""
    yield from _retries(stage, 1)


def retries_raised(stage: Stage) -> Iterator[str]:
    """Raise ``retries`` from 3 to 9 while a try runs, whose worker then dies."""
    yield from _retries(stage, 9)


def _retries(stage: Stage, retries: int) -> Iterator[str]:
    stage.make_run("sleep 60; echo the work")
    stage.until_works()
    stage.change_dag(retries=retries)
    stage.until(lambda: stage.airflow.retries(stage.name) == retries, "the scheduler does not learn of it")
    kill_worker(stage.life(), supervisors=0)
    yield from _is("the task", stage.until_over(), "success")
    yield from _is("Jobs", len(stage.job_uids()), 1)
    yield from stage.said(_GONE_ON_WITH, "the work")


def template_broken(stage: Stage) -> Iterator[str]:
    """Break a template while its task is deferred; its Job becomes Complete."""
    file = stage.airflow.dags / TEMPLATE
    stage.make_run("sleep 10; echo the work")
    stage.until_works()
    stage.until(lambda: stage.airflow.state(stage.name, _RUN) == "deferred", "the task is not deferred")
    file.write_text("{{ nowhere }}")
    yield from _is("the task", stage.until_over(), "success")
    yield from _is("Jobs", [one.verdict for one in stage.sightings.jobs(stage.name)], [COMPLETE])
    yield from stage.said("cannot be rendered any more", "the work", "is Complete")
    yield from _left_nothing(stage)


def deferred(stage: Stage) -> Iterator[str]:
    """Run a deferred task."""
    stage.make_run(_WORKS)
    yield from _is("the task", stage.until_over(), "success")
    yield from _is("Jobs", [one.verdict for one in stage.sightings.jobs(stage.name)], [COMPLETE])
    yield from stage.said("The task is deferred", "is Complete")
    shown = len(re.findall(r"the work\b(?!;)", stage.airflow.logs(stage.name, _RUN).replace(_WORKS, "")))
    yield from _is("how often the container's line is shown", shown, 1)
    yield from _left_nothing(stage)


def two_homes(stage: Stage) -> Iterator[str]:
    """Let two Airflows run one DAG in one namespace at once."""
    states = _in_both(stage, "sleep 20; echo the work")
    yield from _is("the tasks", sorted(states), ["failed", "success"])
    yield from _is("Jobs", [one.verdict for one in stage.sightings.jobs(stage.name)], [COMPLETE])
    loser = (stage.airflow, stage.other)[states.index("failed")] if "failed" in states else stage.airflow
    yield from stage.said("of another Airflow", "installation", airflow=loser)


def two_homes_unique(stage: Stage) -> Iterator[str]:
    """Do the same with ``unique_name``."""
    yield from _is("the tasks", _in_both(stage, _WORKS), ["success", "success"])
    found = stage.sightings.jobs(stage.name)
    yield from _is("Jobs", [one.verdict for one in found], [COMPLETE, COMPLETE])
    yield from _is("names", len({one.last["metadata"]["name"] for one in found}), 2)
    yield from _left_nothing(stage)


def _in_both(stage: Stage, script: str) -> list[str]:
    both = (stage.airflow, stage.other)
    threads = [threading.Thread(target=one.make_run, args=(stage.name, _RUN, script)) for one in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [stage.until_over(one) for one in both]


def _left_nothing(stage: Stage) -> Iterator[str]:
    try:
        until(lambda: all(one.is_gone for one in stage.sightings.jobs(stage.name)), "")
    except AssertionError:
        yield "a Job is left that was to be deleted"


_DEFERS: Mapping[str, Any] = {"deferrable": True}
_STAYS_THERE: Mapping[str, Any] = {"delete_policy": "Never"}
SCENES: Mapping[str, tuple[Scene, Mapping[str, Any]]] = {
    "again-complete": (again_complete, _STAYS_THERE),
    "again-failed": (again_failed, _STAYS_THERE),
    "again-running": (again_running, _STAYS_THERE),
    "again-under-way": (again_under_way, _STAYS_THERE),
    "again-deferred": (again_deferred, {**_STAYS_THERE, **_DEFERS}),
    "clear-dead-worker": (clear_dead_worker, _STAYS_THERE),
    "retries-lowered": (retries_lowered, {**_STAYS_THERE, "retries": 3}),
    "retries-raised": (retries_raised, {**_STAYS_THERE, "retries": 3}),
    "template-broken": (template_broken, {**_DEFERS, "yaml_file_name": TEMPLATE, "job_yaml": None}),
    "deferred": (deferred, _DEFERS),
    "two-homes": (two_homes, _STAYS_THERE),
    "two-homes-unique": (two_homes_unique, {"unique_name": True}),
}
"""Each scene with what its operator is given beside the Job."""


def arguments_of(name: str, namespace: str) -> dict[str, Any]:
    """Return the operator's arguments for a scene."""
    return {
        "namespace": namespace,
        "job_yaml": manifest_of(name),
        "labels": {"scene": name},
        "retries": 0,
        "backoff_limit": 0,
        **SCENES[name][1],
    }


def manifest_of(name: str) -> str:
    """Return the template of a scene's Job; what it runs comes with the DAG run."""
    return job("SCRIPT", name=name).replace('"SCRIPT"', '{{ dag_run.conf["script"] | tojson }}')
