"""Nothing that is secret is left anywhere, whatever way a task takes: a canary in each place, and a search for it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.exceptions import TaskDeferred

from kubectl_job_operator import KubernetesLegacyJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.compat.masking import import_redact
from kubectl_job_operator.airflow.decorators import KubernetesJobDecoratedOperator
from kubectl_job_operator.airflow.triggers import KubernetesJobTrigger
from kubectl_job_operator.attempt import workspace
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.attempt.sweeping import sweep
from kubectl_job_operator.errors import JobFailedError, KubectlError
from tests.unit import recordings, stage
from tests.unit.airflow.canary import (
    PLACES,
    Canaries,
    connection,
    files_below,
    make_context,
    make_task,
    searched,
)
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.shared import JOBS_WATCH, PODS_WATCH
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("hasty")


class Collector(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        self.lines.append(record.getMessage())


class Scene:
    """A task with canaries all over, and all that it writes."""

    def __init__(self, folder: Path, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> None:
        self.canaries = Canaries(uuid.uuid4().hex)
        self.kubectl = fake_kubectl
        self.disk, self.memory, self.replays = (folder / name for name in ("disk", "memory", "replays"))
        self.disk.mkdir()
        self.memory.mkdir()
        self.pushed: list[Any] = []
        self.absent: set[str] = set()
        self.surfaces: dict[str, Any] = {}
        self.collector = Collector()
        self.logger = logging.getLogger(f"canary.{self.canaries.run}")
        self.logger.setLevel(logging.INFO)
        self.logger.addHandler(self.collector)
        self.logger.propagate = False
        monkeypatch.setattr(tempfile, "tempdir", str(self.disk))
        monkeypatch.setattr(workspace, "memory_disk", lambda: self.memory)
        monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", connection(self.canaries))

    def task(self, **arguments: Any) -> Any:
        """Make the task."""
        return make_task(self.canaries, self.logger, self.replays, **arguments)

    def context(self, task: Any) -> Any:
        """Return what Airflow tells the task."""
        context = make_context(self.canaries, task)
        context["ti"].xcom_push = lambda **pushed: self.pushed.append(pushed)
        return context

    def execute(self, task: Any) -> Any:
        """Run the task as Airflow does, and keep what Airflow would: an error's text, and the fields."""
        return self._kept(task, task.execute)

    def execute_later_half(self, task: Any, event: dict[str, Any]) -> Any:
        """Run the half that follows, as a new process does."""
        return self._kept(task, lambda context: task.execute_complete(context, event))

    def _kept(self, task: Any, action: Callable[[Any], Any]) -> Any:
        context = self.context(task)
        try:
            task.render_template_fields(context)
            result = action(context)
        except Exception as error:
            self.surfaces["error"] = f"{error}\n{error!r}"
            raise
        finally:
            self.surfaces["rendered fields"] = _shown_fields(task)
        self.surfaces["result"] = str(result)
        return result

    def found(self) -> dict[str, list[str]]:
        """Search all that was written."""
        self.surfaces |= {
            "log": "\n".join(self.collector.lines),
            "XComs": json.dumps(self.pushed, default=str),
            "command lines": str(self.kubectl.calls),
            "environments": str(self.kubectl.environments),
            **files_below(self.disk, self.memory, self.replays),
        }
        found = searched(self.surfaces, self.canaries)
        return {name: rest for name, places in found.items() if (rest := sorted(set(places) - self.absent))}


def _shown_fields(task: Any) -> str:
    """Return what Airflow keeps of rendered fields: without what it knows to be secret, or takes for it by its name."""
    return str({name: import_redact()(getattr(task, name), name) for name in task.template_fields})


@pytest.fixture
def scene(tmp_path: Path, fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Give a scene whose cluster repeats every canary wherever it can."""
    made = Scene(tmp_path, fake_kubectl, monkeypatch)
    yield made
    made.logger.handlers.clear()


def gossip(scene: Scene, *, end: str) -> None:
    """Let the cluster, and kubectl, repeat all canaries: in logs, termination messages, events and warnings."""
    canaries = scene.canaries
    pods = recordings.pod_list("failed-exit-code")
    for pod in pods["items"]:
        for status in pod["status"]["containerStatuses"]:
            # No kubelet does that; but what is drawn is spelled as XML.
            status["state"]["terminated"]["reason"] = canaries[PLACES[4]]
            status["state"]["terminated"]["message"] = f"{canaries.all()}\n{canaries.as_json()}"
    log = "".join(
        f"2026-01-01T00:00:00.{number:09}Z {line}\n"
        for number, line in enumerate(
            [
                *canaries.all().split("\n"),
                canaries.as_json(),
                *(f"{'x' * width}{canaries[PLACES[4]]}{'y' * 9000}" for width in (1480, 1500, 4080)),
            ]
        )
    )
    events = recordings.event_list("failed-exit-code")
    for event in events["items"]:
        event["message"] = canaries.as_json()
    warning = f"W0101 00:00:00.000000 1 exec.go:1] plugin says {canaries.all()}\n{canaries.as_json()}\n"
    fake = scene.kubectl
    fake.answers("config view", {"contexts": []})
    fake.answers(
        "get pods --watch", then=[json.dumps({"type": "ADDED", "object": pods["items"][0]}).encode() + b"\n", 60.0]
    )
    fake.answers("get pods", pods)
    fake.answers("logs", log, stderr=warning)
    fake.answers("get events", events)
    fake.answers("get -f", {"kind": "List", "items": []}, stderr=warning)
    fake.answers("version -o json", {"clientVersion": {"gitVersion": "v1.32.4"}})
    stage.script(fake, end=end)


def test_a_task_that_succeeds(scene: Scene) -> None:
    gossip(scene, end="complete")
    scene.execute(scene.task())
    assert any("is Complete" in line for line in scene.collector.lines)
    assert scene.found() == {}
    assert [*scene.disk.iterdir(), *scene.memory.iterdir()] == []


def test_a_task_that_fails(scene: Scene) -> None:
    gossip(scene, end="failed")
    with pytest.raises(JobFailedError):
        scene.execute(scene.task())
    assert scene.found() == {}
    assert list(scene.memory.iterdir()) == []
    assert any(name.endswith("timeline.svg") for name in scene.surfaces), "the folder for a replay was searched"


def test_a_task_whose_manifest_the_server_refuses_and_quotes(scene: Scene) -> None:
    quoted = f'The Job "countdown" is invalid: spec.template: Invalid value: {scene.canaries.as_json()}: no\n'
    scene.kubectl.answers("apply --server-side", stderr=quoted, return_code=1)
    gossip(scene, end="never")
    with pytest.raises(AirflowFailException, match="is invalid"):
        scene.execute(scene.task())
    assert scene.found() == {}


def test_a_task_whose_credential_plugin_says_too_much(scene: Scene) -> None:
    said = f"{scene.canaries.all()}\nerror: You must be logged in to the server (Unauthorized)\n"
    scene.kubectl.answers("auth can-i --list", stderr=said, return_code=1)
    gossip(scene, end="never")
    with pytest.raises(KubectlError, match="logged in"):
        scene.execute(scene.task())
    assert scene.found() == {}


def test_a_task_that_is_deferred_its_rows_in_the_database_and_its_later_half(scene: Scene) -> None:
    watched = json.dumps({"type": "ADDED", "object": job_with_all(scene, "failed")}).encode() + b"\n"
    scene.kubectl.answers(JOBS_WATCH, watched, then=[60.0])
    scene.kubectl.answers(PODS_WATCH, after_seconds=60.0, times=1)
    scene.kubectl.answers("get pods jsonpath={.items[*].metadata.uid}")
    scene.kubectl.answers(f"get {stage.TARGET}", "", times=1)
    scene.kubectl.answers(f"get {stage.TARGET}", job_with_all(scene, "failed"))
    gossip(scene, end="failed")
    with pytest.raises(TaskDeferred) as deferred:
        scene.execute(scene.task(deferrable=True))
    assert [*scene.disk.iterdir(), *scene.memory.iterdir()] == []
    path, kept = deferred.value.trigger.serialize()
    scene.surfaces["trigger's row"] = f"{path} {json.dumps(kept)}"
    event = asyncio.run(asyncio.wait_for(first_event(KubernetesJobTrigger(**kept)), 60))
    assert event["news"] == "ended"
    scene.surfaces["trigger's event"] = json.dumps(event)
    with pytest.raises(JobFailedError):
        scene.execute_later_half(scene.task(deferrable=True), json.loads(json.dumps(event)))
    assert scene.found() == {}
    assert list(scene.memory.iterdir()) == []


def test_a_task_that_was_written_for_pods(scene: Scene) -> None:
    gossip(scene, end="failed")
    task = make_task(
        scene.canaries,
        scene.logger,
        scene.replays,
        of=KubernetesLegacyJobOperator,
        job_yaml=None,
        yaml_template_fields=None,
        name=stage.NAME,
        image="busybox",
        cmds=["echo", "{{ params.api_key }}", "{{ ti.xcom_pull('upstream') }}"],
        env_vars={
            "API_TOKEN": scene.canaries["env_vars by name"],
            "DB_PASSWORD": scene.canaries["an XCom in a variable by name"],
        },
        random_name_suffix=False,
    )
    # What it has none of, nobody can know for a secret.
    scene.absent = {"stringData of a Secret", "data of a Secret", "a file in a Secret", "yaml_template_fields by name"}
    with pytest.raises(JobFailedError):
        scene.execute(task)
    assert scene.found() == {}


def test_a_task_that_is_a_function(scene: Scene) -> None:
    gossip(scene, end="failed")

    def variables() -> dict[str, str]:
        return {"password": scene.canaries["yaml_template_fields by name"]}

    task = make_task(
        scene.canaries, scene.logger, scene.replays, of=KubernetesJobDecoratedOperator, python_callable=variables
    )
    task.yaml_template_fields = {}
    with pytest.raises(JobFailedError):
        scene.execute(task)
    assert scene.found() == {}


@pytest.mark.parametrize("by_signal", [signal.SIGTERM, signal.SIGKILL])
def test_a_task_whose_process_is_killed(by_signal: signal.Signals, scene: Scene) -> None:
    gossip(scene, end="never")
    command = [sys.executable, "-m", "tests.unit.airflow.canary_worker"]
    places = [scene.canaries.run, str(scene.disk), str(scene.memory), str(scene.replays)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [*command, *places], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as worker:
        scene.kubectl.wait_for_call("get pods --watch")
        secret = searched(files_below(scene.memory), scene.canaries)
        assert secret, "there is something to be left"
        assert searched(files_below(scene.disk), scene.canaries) == {}, "and it never was on a disk"
        worker.send_signal(by_signal)
        scene.surfaces["printed"], _ = worker.communicate(timeout=60)
    assert "$ kubectl" in scene.surfaces["printed"]
    assert searched(files_below(scene.disk, scene.replays), scene.canaries) == {}
    until(lambda: not scene.kubectl.running(), "a kubectl outlived its worker")
    # What the next task finds.
    sweep([scene.disk, scene.memory], Keeping())
    assert list(scene.memory.iterdir()) == []
    assert scene.found() == {}


def job_with_all(scene: Scene, state: str) -> dict[str, Any]:
    """Return the Job as the cluster has it: with all that it was given."""
    job = stage.job(state)
    for container in job["spec"]["template"]["spec"]["containers"]:
        container["env"] = [{"name": place, "value": scene.canaries[place]} for place in PLACES]
    return job


async def first_event(trigger: KubernetesJobTrigger) -> dict[str, Any]:
    instance: Any = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    trigger.task_instance = instance
    event: Any = await anext(aiter(trigger.run()))
    return dict(event.payload)
