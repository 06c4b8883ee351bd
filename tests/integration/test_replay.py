"""A failed try can be run again by hand: out of its log, and out of the folder that was kept. Checked by a machine."""

from __future__ import annotations

import itertools
import json
import os
import re
import stat
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.errors import JobFailedError
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.test_arguments import kubeconfig
from tests.log_text import commands_in

AWKWARD_CONTEXT = 'it\'s a "$HOME" ünï`id`'
AWKWARD_SAYING = 'it\'s "quoted", costs $5 or `id`, a\\b, ünï ☃; * ? # end'
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {word: from the config}\n---\n"
READS_CONFIG = job("echo word: $WORD; exit 4").replace(
    "command:",
    "env: [{name: WORD, valueFrom: {configMapKeyRef: {name: config, key: word}}}]\n          command:",
)
TWO_CONTAINERS = (
    job("echo from main; exit 3").replace(
        "      containers:",
        "      initContainers: [{name: first, image: busybox:1.36, command: [echo, from init]}]\n      containers:",
    )
    + "        - {name: other, image: 'busybox:1.36', command: [echo, from other]}\n"
)

# How a person gets the commands out of a log. Airflow 3's log file has a JSON object a line; all else is text, whose
# first line has something before it.
EXTRACT = {
    "Airflow 2's log file": "sed -n '/::group::Replay/,/::endgroup::/p' log | sed '1,2d;$d'",
    "Airflow 3's log file": 'python3 -c \'for line in open(0): print(__import__("json").loads(line)["event"])\' < log |'
    " sed -n '/::group::Replay/,/::endgroup::/p' | sed '1d;$d'",
    "what `airflow dags test` prints": "sed -n '/::group::Replay/,/::endgroup::/p' log | sed '1,2d;$d'",
}


# What some versions of the server write on a Job: from 1.24 to 1.26, and on one whose pods have no labels of their own.
BY_THE_SERVER = (
    *("batch.kubernetes.io/job-tracking", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name"),
    *("controller-uid", "job-name"),
)


@dataclass(frozen=True)
class Example:
    """A task that fails, and what it needs."""

    template: str
    arguments: dict[str, Any] = field(default_factory=dict)
    context: str | None = None
    companions: tuple[str, ...] = ()


EXAMPLES = {
    "plain": Example(job("echo one; echo two; exit 3")),
    "two containers": Example(TWO_CONTAINERS),
    "several pods": Example(job("echo trying; exit 1", spec="backoffLimit: 1"), {"unique_name": True}),
    "companion": Example(CONFIG + READS_CONFIG, companions=("configmap/config",)),
    "awkward words": Example(
        job("SCRIPT", spec="backoffLimit: 0").replace(
            "[sh, -c, 'SCRIPT']", '[sh, -c, {{ ("echo \\"$1\\"; exit 5") | tojson }}, sh, {{ saying | tojson }}]'
        ),
        {
            "yaml_template_fields": {"saying": AWKWARD_SAYING},
            "annotations": {"note": AWKWARD_SAYING},
            "cluster_context": AWKWARD_CONTEXT,
        },
        context=AWKWARD_CONTEXT,
    ),
}


@pytest.fixture
def other(namespace: Namespace) -> Iterator[Namespace]:
    """Give a second namespace."""
    other = Namespace.create(namespace.cluster)
    yield other
    other.delete()


@dataclass(frozen=True)
class Fail:
    """Runs an example, which fails, and keeps what it leaves."""

    task: TaskRunner
    namespace: Namespace
    folder: Path
    setenv: Callable[[str, str], None]

    def __call__(self, example: Example) -> TaskRun:
        """Run it in this process."""
        run = self.task.run(**self._arguments(example))
        assert run.state == "failed"
        assert isinstance(run.failures[0], JobFailedError), run.failures
        return run

    def log(self, example: Example, kind: str) -> str:
        """Run it, and return its log as Airflow writes it."""
        if kind not in ("Airflow 2's log file", "Airflow 3's log file"):
            return self.task.run_by_airflow(**self._arguments(example))
        records = self(example).records
        if kind == "Airflow 3's log file":
            lines = [json.dumps({"level": "info", "event": record.getMessage()}) for record in records]
        else:
            lines = [
                f"[2026-11-21T01:02:03.456+0000] {{{record.filename}:{record.lineno}}} {record.levelname} - "
                + record.getMessage()
                for record in records
            ]
        return "".join(f"{line}\n" for line in lines)

    def _arguments(self, example: Example) -> dict[str, Any]:
        if example.context is not None:
            config = kubeconfig(self.namespace, self.folder / "my config's $file", example.context)
            self.setenv("KUBECONFIG", str(config))
        self.task.write("job.yaml.j2", example.template)
        replays = {"replay_dir": str(self.folder / "replays")}
        return {"yaml_file_name": "job.yaml.j2", **replays, **example.arguments}

    @property
    def script(self) -> Path:
        """The script of the one try that was kept."""
        (script,) = (self.folder / "replays").glob("*/replay.sh")
        return script


@pytest.fixture
def fail(task: TaskRunner, namespace: Namespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Give what runs an example."""
    return Fail(task, namespace, tmp_path, monkeypatch.setenv)


def bare_environment(**variables: str) -> dict[str, str]:
    """Return what a person's shell has, without what the tests set."""
    return {"PATH": os.environ["PATH"], "HOME": "/nowhere", "LANG": "C.UTF-8", **variables}


def said_by(lines: str) -> Counter[str]:
    """Count the lines of ``kubectl logs --prefix``, without the pods' names, which differ."""
    return Counter(re.sub(r"^\[pod/[^/]*/", "[", line) for line in lines.splitlines() if line.startswith("[pod/"))


def logs_of(namespace: Namespace, name: str) -> Counter[str]:
    return said_by(namespace.kubectl("logs", "-l", f"job-name={name}", "--all-containers", "--prefix", "--tail=-1"))


def nature(job_json: dict[str, Any], *, is_of_task: bool = True) -> dict[str, Any]:
    """Return what makes a Job this Job: not its UID, nor what follows from it; on request not whose it is."""
    job: dict[str, Any] = json.loads(json.dumps(job_json).replace(job_json["metadata"]["uid"], "UID"))
    pod = job["spec"]["template"].pop("metadata")
    return {"name": job["metadata"]["name"], "spec": job["spec"]} | {
        f"{key} of {what}": {
            name: value
            for name, value in (metadata.get(key) or {}).items()
            if (is_of_task or not name.startswith(("kubectl-job-operator/", "app.kubernetes.io/managed-by")))
            and name not in BY_THE_SERVER
        }
        for what, metadata in (("job", job["metadata"]), ("pod", pod))
        for key in ("labels", "annotations")
    }


def verdict(job_json: dict[str, Any]) -> tuple[str, str] | None:
    for condition in job_json.get("status", {}).get("conditions", []):
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return condition["type"], condition.get("reason", "")
    return None


@pytest.mark.parametrize(("name", "kind"), list(zip(EXAMPLES, itertools.cycle(EXTRACT), strict=False)))
def test_what_the_log_prints_makes_the_same_job_with_the_same_logs_and_the_same_verdict(
    name: str, kind: str, fail: Fail, tmp_path: Path
) -> None:
    (tmp_path / "log").write_text(fail.log(EXAMPLES[name], kind))
    namespace = fail.namespace
    (before,) = namespace.objects("jobs")
    logs = logs_of(namespace, before["metadata"]["name"])
    assert logs, "an example without a log shows nothing"
    namespace.kubectl("delete", f"job/{before['metadata']['name']}", *EXAMPLES[name].companions)

    commands = subprocess.run(EXTRACT[kind], shell=True, cwd=tmp_path, capture_output=True, check=True).stdout
    empty = tmp_path / "empty"
    empty.mkdir()
    pasted = subprocess.run(
        ["bash"], input=commands, cwd=empty, env=bare_environment(), capture_output=True, check=False, timeout=200
    )
    printed = pasted.stdout.decode()
    told = f"{commands.decode()}\n{printed}\n{pasted.stderr.decode()}"

    (after,) = namespace.objects("jobs")
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert nature(after) == nature(before)
    assert logs_of(namespace, after["metadata"]["name"]) == logs
    assert re.findall(r"^Job \S+:.* (Complete|Failed) \((\w*)\)", printed, re.MULTILINE) == [verdict(before)], told
    assert "{\n" not in printed, "no JSON for a person"
    assert said_by(printed) == logs, told


def test_a_paste_after_another_run_has_replaced_the_job_says_so_and_tells_nothing_of_that_one(
    fail: Fail, tmp_path: Path
) -> None:
    kind = "Airflow 3's log file"
    (tmp_path / "log").write_text(fail.log(EXAMPLES["plain"], kind))
    namespace = fail.namespace
    (before,) = namespace.objects("jobs")
    namespace.kubectl("delete", "job/job")
    namespace.kubectl("apply", "-f", "-", given=job("echo of another run"))
    (other,) = namespace.objects("jobs")
    commands = subprocess.run(EXTRACT[kind], shell=True, cwd=tmp_path, capture_output=True, check=True).stdout
    pasted = subprocess.run(
        ["bash"], input=commands, cwd=tmp_path, env=bare_environment(), capture_output=True, check=False, timeout=60
    )
    assert pasted.returncode == 1
    assert pasted.stdout == b""
    told = pasted.stderr.decode()
    assert told.startswith(f"Stopped: job/job is another one now, with uid {other['metadata']['uid']}; "), told
    assert before["metadata"]["uid"] in told
    assert [one["metadata"]["uid"] for one in namespace.objects("jobs")] == [other["metadata"]["uid"]]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_kept_script_runs_the_job_in_another_namespace_and_it_is_nobodys(
    name: str, fail: Fail, other: Namespace
) -> None:
    fail(EXAMPLES[name])
    (before,) = fail.namespace.objects("jobs")
    logs = logs_of(fail.namespace, before["metadata"]["name"])
    done = run_script(fail.script, NAMESPACE=other.name)
    assert done.returncode == 1, done.stderr
    (after,) = other.objects("jobs")
    assert nature(after, is_of_task=True) == nature(before, is_of_task=False)
    assert verdict(after) == verdict(before)
    assert said_by(done.stdout) == logs
    assert "is Failed: BackoffLimitExceeded" in done.stderr
    assert [one["metadata"]["uid"] for one in fail.namespace.objects("jobs")] == [before["metadata"]["uid"]], (
        "untouched"
    )


def test_the_kept_script_runs_the_job_anew_in_its_own_namespace_and_tells_success(fail: Fail) -> None:
    fail.namespace.kubectl("create", "configmap", "config", "--from-literal=word=exit 6")
    fail(Example(READS_CONFIG.replace("echo word: $WORD; exit 4", "echo said; $WORD")))
    script = fail.script
    (before,) = fail.namespace.objects("jobs")
    assert run_script(script).returncode == 1
    (failed_again,) = fail.namespace.objects("jobs")
    assert failed_again["metadata"]["uid"] != before["metadata"]["uid"]
    fail.namespace.kubectl("patch", "configmap", "config", "-p", '{"data": {"word": "true"}}')
    done = run_script(script)
    assert done.returncode == 0, done.stderr
    assert said_by(done.stdout) == Counter(["[main] said"])
    assert "is Complete." in done.stderr


def test_the_kept_script_does_not_touch_a_job_that_still_runs(fail: Fail, other: Namespace) -> None:
    fail(EXAMPLES["plain"])
    other.kubectl("apply", "-f", "-", given=job("sleep 60"))
    uids = [one["metadata"]["uid"] for one in other.objects("jobs")]
    done = run_script(fail.script, NAMESPACE=other.name)
    assert done.returncode == 2
    assert "has not ended, so it is not touched" in done.stderr
    assert [one["metadata"]["uid"] for one in other.objects("jobs")] == uids
    assert fail.namespace.names("jobs") == ["job"]


def test_the_kept_folder_is_complete_private_and_true(fail: Fail) -> None:
    run = fail(EXAMPLES["plain"])
    folder = fail.script.parent
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "replay.sh",
        "manifest.yaml",
        "job.json",
        "pods.json",
        "events.txt",
        "transcript.txt",
        "versions.txt",
        "timeline.svg",
    }
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert {modes.pop("replay.sh"), stat.S_IMODE(folder.stat().st_mode)} == {0o700}
    assert set(modes.values()) == {0o600}
    (on_cluster,) = fail.namespace.objects("jobs")
    assert json.loads((folder / "job.json").read_text())["metadata"]["uid"] == on_cluster["metadata"]["uid"]
    pods = json.loads((folder / "pods.json").read_text())["items"]
    assert [pod["metadata"]["name"] for pod in pods] == fail.namespace.names("pods")
    assert "pod/" in (folder / "events.txt").read_text()
    versions = (folder / "versions.txt").read_text()
    assert re.search(r"^server: v1\.", versions, re.MULTILINE)
    assert all(f"{name}: " in versions for name in ("kubectl", "Airflow", "kubectl-job-operator", "Python"))
    assert "exit 3" in (folder / "timeline.svg").read_text()
    transcript = (folder / "transcript.txt").read_text()
    assert all(f"  $ {line}\n" in transcript for line in shown_commands(run)), "each command of the log's Replay"
    assert str(folder / "replay.sh") in run.log


def shown_commands(run: TaskRun) -> list[str]:
    """Return the commands that the try showed before it was over, each once."""
    return commands_in(run.log.partition("Looked into it for a replay")[0])


def run_script(script: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a kept script as it is, from another folder."""
    environment = bare_environment(**variables)
    return subprocess.run([script], cwd="/", env=environment, capture_output=True, text=True, check=False, timeout=200)
