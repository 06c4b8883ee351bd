"""A deferred task ends like one that keeps its worker: the same states, logs, reasons and clean-up."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator.airflow import triggers
from kubectl_job_operator.airflow.compat.states import state_of_deferred
from kubectl_job_operator.airflow.connection import Place
from kubectl_job_operator.airflow.triggers import KubernetesJobTrigger
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.errors import JobFailedError, JobStartupError, JobVanishedError, TaskTimeoutError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.watch.shared_watch import shared_watch
from tests import cluster as test_cluster
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.between import Line
from tests.integration.held_kubectl import UNTIL_TOLD, ends_the_job_meanwhile, holds_the_first
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.log_text import without_times
from tests.processes import running
from tests.unit.stage import Log
from tests.waiting import in_background, until

US = Identity("dag", "task", "run", started="20260101T000000.000001")
LABELS = json.dumps(US.labels() | US.try_labels())
_OUTAGE_SECONDS = 25.0
"""Longer than a triggerer used to bear when it deletes."""
_REFUSED_SECONDS = 240.0
"""A refusal is believed when it has come again from a server that says it is ready: on a busy machine that takes long,
and a command that fails otherwise lets it begin anew."""


def lines_of(run: TaskRun, pattern: str) -> list[str]:
    """Return the lines of the log that match, without the time, the pod and the container before them."""
    lines = [line.partition("] ")[2] if line.startswith("[") else line for line in without_times(run.log).splitlines()]
    return [line for line in lines if re.fullmatch(pattern, line)]


def soon(action: Callable[[], object], when: Callable[[], bool]) -> threading.Thread:
    """Do something, in the background, as soon as a condition holds."""

    def wait_and_act() -> None:
        until(when, "what the test waits for did not come")
        action()

    return in_background(wait_and_act)


def is_running(namespace: Namespace) -> bool:
    """Whether a pod runs."""
    return namespace.running_pods() != []


def test_a_deferred_task_succeeds_with_its_job_shows_each_line_once_and_cleans_up(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("for i in 1 2 3; do echo line-$i; sleep 1; done"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    assert run.state == "success", run.failures
    assert lines_of(run, r"line-\d") == ["line-1", "line-2", "line-3"]
    assert len(re.findall(r"^\d\d:\d\d:\d\dZ line-\d$", run.log, re.MULTILINE)) == 3, "each has its own time"
    first, _, second = run.log.partition("The task is deferred")
    assert " apply " in first
    assert "kubectl wait" not in run.log
    assert "is Complete after" in second
    assert namespace.living("jobs") == []
    assert not running(namespace.name), "a kubectl outlived the task"


def test_a_failed_job_fails_the_task_with_its_reason_its_last_lines_and_all_commands_to_replay(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("echo no route to host; exit 3"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobFailedError)
    assert "exit code 3" in run.told
    assert "no route to host" in run.told
    replay = run.log.partition("::group::Replay")[2]
    assert " apply --server-side" in replay
    assert "--watch" in replay
    assert namespace.living("jobs") == ["job"]


@pytest.mark.parametrize(("code", "state"), [(3, "skipped"), (4, "failed")])
def test_exit_codes_mean_what_they_mean_for_a_task_that_keeps_its_worker(
    code: int, state: str, task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job(f"exit {code}"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, skip_on_exit_code=3)
    assert namespace.living("jobs") == ["job"]
    assert run.state == ("success" if state == "skipped" else "failed"), run.failures


def test_a_job_that_cannot_start_fails_the_task_early_with_the_reason_and_is_deleted(
    task: TaskRunner, namespace: Namespace
) -> None:
    began = time.monotonic()
    task.write("job.yaml", job("true").replace("busybox:1.36", "not/A/name"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobStartupError)
    assert "It cannot start." in run.told
    assert "InvalidImageName" in run.told
    assert namespace.living("jobs") == []
    assert time.monotonic() - began < 60


def test_a_job_without_pods_fails_the_task_with_what_the_events_say(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true", pod="serviceAccountName: nobody"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobStartupError)
    assert 'serviceaccount "nobody" not found' in run.told
    assert namespace.living("jobs") == []


def test_a_job_that_does_not_start_in_time_fails_the_task(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true", pod="nodeSelector: {nowhere: here}"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, startup_timeout_seconds=6)
    assert run.state == "failed"
    assert "No container has started within 6 s" in run.told
    assert namespace.living("jobs") == []


def test_logs_that_are_shown_in_between_are_shown_once_and_in_order(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("for i in $(seq 1 40); do echo line-$i; sleep 0.3; done"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, logging_interval=3)
    assert run.state == "success", run.failures
    assert run.log.count("The task is deferred again.") >= 2
    assert lines_of(run, r"line-\d+") == [f"line-{number}" for number in range(1, 41)]
    shown_before_the_end, _, _ = run.log.rpartition("The task is deferred again.")
    assert re.search(r"Z line-1$", shown_before_the_end, re.MULTILINE)
    assert namespace.living("jobs") == []


def test_of_a_container_that_is_restarted_each_line_is_shown_once(task: TaskRunner) -> None:
    # The second run is long enough to read the first one's rest: with the pod's end the kubelet removes that.
    end = "test -e /x/again && sleep 6 || { touch /x/again; exit 1; }"
    script = f"for i in 1 2 3 4 5 6; do echo line-$i; sleep 0.5; done; {end}"
    pod = "volumes: [{name: x, emptyDir: {}}]"
    text = job(script, pod=pod, spec="backoffLimit: 3").replace("restartPolicy: Never", "restartPolicy: OnFailure")
    task.write("job.yaml", text + "          volumeMounts: [{name: x, mountPath: /x}]\n")
    run = task.run(yaml_file_name="job.yaml", deferrable=True, logging_interval=2)
    assert run.state == "success", run.failures
    assert lines_of(run, r"line-\d+") == [f"line-{number}" for number in range(1, 7)] * 2


def test_execution_timeout_ends_a_deferred_task_shows_its_logs_and_deletes_the_job(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("echo began; sleep 120"))
    began = time.monotonic()
    run = task.run(yaml_file_name="job.yaml", deferrable=True, execution_timeout=timedelta(seconds=8))
    assert run.state == "failed"
    assert namespace.living("jobs") == []
    assert time.monotonic() - began < 40
    if isinstance(run.failures[0], TaskTimeoutError):  # Airflow 2 ends the task itself before it comes back
        assert lines_of(run, "began") == ["began"]
        assert "execution_timeout" in run.told


def test_a_job_that_somebody_deletes_is_noticed_and_fails_the_task_and_its_companions_go(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("sleep 120") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\n")
    thread = soon(
        lambda: namespace.kubectl("delete", "job", "job", "--wait=false"), lambda: namespace.running_pods() != []
    )
    began = time.monotonic()
    run = task.run(yaml_file_name="job.yaml", deferrable=True)
    thread.join()
    assert run.state == "failed"
    assert isinstance(run.failures[0], JobVanishedError)
    assert time.monotonic() - began < 60
    assert "beside" not in namespace.living("configmaps")


def test_the_next_try_goes_on_with_a_job_that_still_runs(
    task: TaskRunner, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Any] = []
    wait = KubernetesJobTrigger._wait_for_news

    async def fail_once(self: KubernetesJobTrigger) -> Any:
        tries.append(self)
        if len(tries) == 1:
            raise OSError("the triggerer is broken")
        return await wait(self)

    monkeypatch.setattr(KubernetesJobTrigger, "_wait_for_news", fail_once)
    task.write("job.yaml", job("sleep 5; echo survived"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, retries=1, retry_delay=timedelta(0), backoff_limit=0)
    assert run.state == "success", run.failures
    assert "the triggerer is broken" in run.log
    assert "a retry goes on with it" in run.log
    assert "Going on with it." in run.log
    assert run.subcommands.count("apply") == 1
    assert lines_of(run, "survived") == ["survived"]
    assert namespace.living("jobs") == []


def test_the_way_into_the_cluster_is_looked_up_in_the_triggerer(
    task: TaskRunner, cluster: test_cluster.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps({"kube_config": cluster.kubeconfig.read_text(), "cluster_context": cluster.context})
    monkeypatch.setenv("AIRFLOW_CONN_HERE", json.dumps({"conn_type": "kubernetes", "extra": content}))
    monkeypatch.delenv("KUBECONFIG")
    task.write("job.yaml", job("echo here"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, kubernetes_conn_id="here")
    assert run.state == "success", run.failures
    assert lines_of(run, "here") == ["here"]
    assert "client-key-data" not in run.log


def test_mapped_tasks_are_deferred_each_with_its_own_job(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("echo number-{{ number }}", name="job-{{ number }}"))
    run = task.run(yaml_file_name="job.yaml", deferrable=True, mapped_over=[{"number": number} for number in range(3)])
    assert run.state == "success", run.failures
    assert sorted(lines_of(run, r"number-\d")) == ["number-0", "number-1", "number-2"]
    assert namespace.living("jobs") == []


@pytest.mark.skipif(
    importlib.util.find_spec("airflow.sdk") is not None,
    reason="Airflow 3 tells it through its own processes; make test-deferrable-airflow marks and clears tasks there",
)
def test_airflow_2_tells_the_state_of_a_task_from_its_database(task: TaskRunner) -> None:
    instance = task.load(job_yaml=job("true"), deferrable=True).test().get_task_instances()[0]
    assert asyncio.run(state_of_deferred(instance)) == "success"


def companion(name: str) -> str:
    """Return the manifest of a ConfigMap that the try has made."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {LABELS}}}\n"


def deferred(
    namespace: Namespace, name: str = "job", kubeconfig: Path | None = None, script: str = "sleep 120"
) -> KubernetesJobTrigger:
    """Make a Job that runs, with a companion, and the trigger that waits for it."""
    text = job(script, name=f"{name}, labels: {LABELS}")
    namespace.kubectl("apply", "-f", "-", given=f"{text}---\n{companion(name)}")
    made = next(one for one in namespace.objects("jobs") if one["metadata"]["name"] == name)
    handover = Handover(
        namespace.name,
        name,
        made["metadata"]["uid"],
        made["spec"]["selector"],
        "job.v1.batch,configmap",
        US.selector(),
        time.time(),
    )
    config_file = str(kubeconfig or namespace.cluster.kubeconfig)
    trigger = KubernetesJobTrigger(handover=handover.to_text(), config_file=config_file)
    instance: Any = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    trigger.task_instance = instance
    return trigger


def airflow_says(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Airflow tell triggers that their tasks have this state."""

    async def state_of(_: Any) -> str:
        return state

    monkeypatch.setattr(triggers, "state_of_deferred", state_of)


@pytest.mark.parametrize(
    ("state", "stays"), [("failed", False), ("success", False), ("None", False), ("deferred", True)]
)
def test_a_deferred_task_that_is_marked_or_cleared_leaves_neither_job_nor_companion_and_a_healthy_one_keeps_both(
    state: str, stays: bool, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = deferred(namespace)

    airflow_says(state, monkeypatch)

    async def wait_and_be_ended() -> None:
        waiting = asyncio.ensure_future(anext(aiter(trigger.run())))
        await asyncio.sleep(2)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await trigger.on_kill()

    asyncio.run(wait_and_be_ended())
    assert (namespace.living("jobs") == ["job"]) is stays
    assert ("job" in namespace.living("configmaps")) is stays
    assert not running(namespace.name)


def test_a_deferred_task_that_is_marked_leaves_no_companion_though_somebody_had_deleted_its_job(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = deferred(namespace)
    namespace.kubectl("delete", "job", "job", "--wait=true")

    airflow_says("success", monkeypatch)
    asyncio.run(trigger.on_kill())
    assert "job" not in namespace.living("configmaps")


def test_a_deferred_task_that_is_marked_while_the_cluster_is_away_leaves_no_job_when_it_is_back(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    airflow_says("failed", monkeypatch)
    with closing(Line(namespace, tmp_path)) as line:
        trigger = deferred(namespace, kubeconfig=line.kubeconfig)
        log = Log()
        monkeypatch.setattr(triggers, "own_log", lambda _: log)
        line.refuse()

        async def mark() -> None:
            ending = asyncio.create_task(trigger.on_kill())
            await asyncio.sleep(_OUTAGE_SECONDS)
            assert not ending.done()
            assert namespace.living("jobs") == ["job"]
            line.mend()
            await ending

        asyncio.run(mark())
        assert (namespace.living("jobs"), "job" in namespace.living("configmaps")) == ([], False)
        # What the log has given by hand from the first moment on.
        namespace.kubectl("apply", "-f", "-", given=companion("again"))
        subprocess.run(shlex.split(log.warnings[0].partition("By hand: ")[2]), check=True)
        assert namespace.living("configmaps") == ["kube-root-ca.crt"]


def test_a_deferred_task_that_is_marked_keeps_a_job_that_becomes_complete_while_it_is_about_to_be_deleted(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The trigger has looked, and the Job was at work; then kubectl takes long to ask for its deletion."""
    airflow_says("failed", monkeypatch)
    monkeypatch.setenv("AIRFLOW__KUBECTL_JOB_OPERATOR__KUBECTL", str(holds_the_first("delete", tmp_path)))
    trigger = deferred(namespace, script=UNTIL_TOLD)
    until(lambda: is_running(namespace), "no pod runs")
    thread = ends_the_job_meanwhile(namespace, tmp_path)
    asyncio.run(trigger.on_kill())
    thread.join()
    assert (namespace.living("jobs"), "job" in namespace.living("configmaps")) == (["job"], True)


def test_after_a_clear_the_job_of_the_next_try_is_not_hit_by_the_old_trigger(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = deferred(namespace)
    namespace.kubectl("label", "job", "job", "--overwrite", "kubectl-job-operator/try-number=2")

    airflow_says("None", monkeypatch)
    asyncio.run(trigger.on_kill())
    assert namespace.living("jobs") == ["job"]


def test_a_watch_begins_with_every_job_that_there_is_however_many_they_are(namespace: Namespace) -> None:
    count = 520  # kubectl asks for 500 at a time
    spec = {
        "parallelism": 0,
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox:1.36"}]}},
    }
    jobs = [
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"job-{n}", "labels": US.labels()}, "spec": spec}
        for n in range(count)
    ]
    namespace.kubectl("create", "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": jobs}))
    uids = {one["metadata"]["uid"] for one in namespace.objects("jobs")}

    async def look() -> None:
        watch = shared_watch(Access(config_file=str(namespace.cluster.kubeconfig)), namespace.name, logging.getLogger())
        subscription = watch.subscribe("nobody", "nobody")
        deadline = time.monotonic() + 60
        while not all(map(watch.job, uids)):
            assert time.monotonic() < deadline, f"of {count} Jobs only {sum(map(bool, map(watch.job, uids)))} were seen"
            await asyncio.sleep(0.1)
        subscription.close()

    asyncio.run(look())


def test_an_account_that_may_only_watch_single_jobs_waits_for_each_with_a_kubectl_of_its_own(
    namespace: Namespace,
) -> None:
    trigger = deferred(namespace)
    rules = json.dumps(
        [
            {
                "apiGroups": ["batch"],
                "resources": ["jobs"],
                "resourceNames": ["job"],
                "verbs": ["get", "list", "watch", "delete"],
            },
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        ]
    )
    role = f"apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: narrow}}\nrules: {rules}\n"
    namespace.kubectl("apply", "-f", "-", given=role)
    namespace.kubectl("create", "rolebinding", "narrow", "--role=narrow", "--user=narrow")
    config = json.loads(namespace.kubectl("config", "view", "--raw", "-o", "json"))
    for user in config["users"]:
        user["user"]["as"] = "narrow"
    place = Place(Access(config_content=json.dumps(config)), namespace.name)

    async def find_place() -> Place:
        return place

    trigger._find_place = find_place  # type: ignore[method-assign]

    async def wait_and_delete() -> Any:
        waiting = asyncio.ensure_future(anext(aiter(trigger.run())))
        deadline = time.monotonic() + _REFUSED_SECONDS
        # Other tests have watches of a Job of this name too, and others here watch the namespace.
        while not set(running("job/job")) & set(running(namespace.name)):
            assert not waiting.done(), waiting.result().payload
            assert time.monotonic() < deadline, "no watch of a single Job"
            await asyncio.sleep(0.2)
        await asyncio.to_thread(namespace.kubectl, "delete", "job", "job", "--wait=false")
        return await asyncio.wait_for(waiting, 150)

    event = asyncio.run(wait_and_delete())
    assert event.payload["news"] == "gone"
