"""Nothing that is secret is left anywhere, whatever way a task takes: a canary in each place, and a search for it."""

from __future__ import annotations

import json
import logging
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.attempt import workspace
from kubectl_job_operator.errors import JobFailedError
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import recordings, stage
from tests.unit.airflow.canary import PLACES, Canaries, connection, files_below, manifest, searched
from tests.unit.fake_kubectl import FakeKubectl

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
        self.surfaces: dict[str, Any] = {}
        self.collector = Collector()
        self.logger = logging.getLogger(f"canary.{self.canaries.run}")
        self.logger.setLevel(logging.INFO)
        self.logger.addHandler(self.collector)
        self.logger.propagate = False
        monkeypatch.setattr(tempfile, "tempdir", str(self.disk))
        monkeypatch.setattr(workspace, "memory_disk", lambda: self.memory)
        monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", connection(self.canaries))

    def task(self, **arguments: Any) -> KubernetesJobOperator:
        """Make the task."""
        logger = self.logger

        class Task(KubernetesJobOperator):
            log = logger

        given = {
            "task_id": "task",
            "namespace": stage.NAMESPACE,
            "job_yaml": manifest(self.canaries, stage.MANIFEST),
            "yaml_template_fields": {"password": self.canaries["yaml_template_fields by name"]},
            "env_vars": {"API_TOKEN": self.canaries["env_vars by name"]},
            "kubernetes_conn_id": "cluster",
            "replay_dir": str(self.replays),
            **arguments,
        }
        return Task(dag=DAG("dag", schedule=None), **given)

    def context(self, task: Any) -> Any:
        """Return what Airflow tells the task."""
        context = context_for(task, run_id="manual__2026-01-01", try_number=2)
        context["params"] = {"api_key": self.canaries["params by name"]}
        context["ti"].xcom_pull = lambda _: self.canaries["an XCom in a variable by name"]
        context["ti"].xcom_push = lambda **pushed: self.pushed.append(pushed)
        return context

    def execute(self, task: Any) -> None:
        """Run the task as Airflow does, and keep what Airflow would: an error's text, and the fields."""
        context = self.context(task)
        try:
            task.render_template_fields(context)
            self.surfaces["rendered fields"] = _shown_fields(task)
            task.execute(context)
        except Exception as error:
            self.surfaces["error"] = f"{error}\n{error!r}"
            raise

    def found(self) -> dict[str, list[str]]:
        """Search all that was written."""
        self.surfaces |= {
            "log": "\n".join(self.collector.lines),
            "XComs": json.dumps(self.pushed, default=str),
            "command lines": str(self.kubectl.calls),
            "environments": str(self.kubectl.environments),
            **files_below(self.disk, self.memory, self.replays),
        }
        return searched(self.surfaces, self.canaries)


def _shown_fields(task: Any) -> str:
    """Return what Airflow keeps of rendered fields: without what it knows to be secret, or takes for it by its name."""
    from kubectl_job_operator.airflow.compat import import_redact

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
    fake.answers("apply companions-of-job_yaml.yaml", {"kind": "List", "items": []})
    fake.answers("version -o json", {"clientVersion": {"gitVersion": "v1.32.4"}})
    stage.script(fake, end=end)


def test_a_task_that_succeeds(scene: Scene) -> None:
    gossip(scene, end="complete")
    scene.execute(scene.task())
    assert "is Complete" in scene.collector.lines[-1] or any("is Complete" in line for line in scene.collector.lines)
    assert scene.found() == {}
    assert [*scene.disk.iterdir(), *scene.memory.iterdir()] == []


def test_a_task_that_fails(scene: Scene) -> None:
    gossip(scene, end="failed")
    with pytest.raises(JobFailedError):
        scene.execute(scene.task())
    assert scene.found() == {}
    assert list(scene.memory.iterdir()) == []
