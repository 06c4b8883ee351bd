"""Airflow in the cluster hands its tasks to Jobs beside it. `make e2e` runs this; the checks build on each other."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment
from tests.e2e.evidence import watched
from tests.e2e.images import EXAMPLE
from tests.e2e.stand_ins import GitServer, Store

pytestmark = pytest.mark.timeout(1500)


def test_the_ui_answers_and_every_dag_is_read(deployment: Deployment) -> None:
    assert "<title>Airflow" in deployment.api.page()
    _wait_for_dags(deployment, {"countdown", "deferred", "side_by_side", "fan_out", "shared_volume"})


def test_the_countdown_is_in_the_log_and_its_result_in_the_xcom(deployment: Deployment) -> None:
    run_id, state = deployment.api.run("countdown")
    log = deployment.api.log("countdown", run_id, "countdown")
    assert state == "success", log
    assert [line for line in log.splitlines() if re.fullmatch("[0-9]", line)] == list("987654321")
    # The commands can be pasted in the scheduler's pod.
    assert "$ kubectl --kubeconfig /dev/null -n airflow-e2e apply" in log
    assert deployment.api.xcom("countdown", run_id, "countdown") == {"counted": 9}
    assert deployment.jobs_of_tasks() == []


def test_a_deferred_countdown_has_the_same_log_and_result(deployment: Deployment) -> None:
    run_id, state = deployment.api.run("deferred")
    log = deployment.api.log("deferred", run_id, "countdown")
    assert state == "success", log
    assert [line for line in log.splitlines() if re.fullmatch("[0-9]", line)] == list("987654321")
    assert deployment.api.xcom("deferred", run_id, "countdown") == {"counted": 9}
    assert deployment.jobs_of_tasks() == []


def test_a_command_of_the_log_runs_in_the_schedulers_pod(deployment: Deployment) -> None:
    command = "kubectl --kubeconfig /dev/null -n airflow-e2e get jobs -o name"
    assert deployment.kubectl("exec", "scheduler-0", "-c", "airflow", "--", *command.split()) == "job.batch/migrate\n"


def test_a_failing_task_is_red_and_says_why_beside_a_green_one(deployment: Deployment) -> None:
    run_id, state = deployment.api.run("side_by_side")
    assert state == "failed"
    assert deployment.api.states("side_by_side", run_id) == {"passes": "success", "fails": "failed"}
    assert "exit code 3" in deployment.api.log("side_by_side", run_id, "fails")
    # A failed Job stays, for a look.
    assert deployment.jobs_of_tasks() == ["fails"]
    deployment.kubectl("delete", "job", "fails")


def test_twenty_mapped_jobs_hand_over_their_results(deployment: Deployment, tmp_path: Path) -> None:
    with watched(deployment, "jobs", tmp_path / "jobs") as jobs:
        run_id, state = deployment.api.run("fan_out", seconds=420)
        assert state == "success", deployment.api.states("fan_out", run_id)
    made = {name: uids for name, uids in jobs.uids_by_name().items() if name.startswith("square-")}
    assert {name: len(uids) for name, uids in made.items()} == {f"square-{number}": 1 for number in range(1, 21)}
    results = [deployment.api.xcom("fan_out", run_id, "square", map_index=index) for index in range(20)]
    assert results == [number * number for number in range(1, 21)]
    assert deployment.api.xcom("fan_out", run_id, "add_up") == 2870
    assert deployment.jobs_of_tasks() == []


def test_a_volume_is_shared_by_two_jobs_and_goes_away_with_the_run(deployment: Deployment) -> None:
    run_id, state = deployment.api.run("shared_volume")
    assert state == "success", deployment.api.states("shared_volume", run_id)
    assert "from the first Job" in deployment.api.log("shared_volume", run_id, "read")
    claims = {one["metadata"]["name"] for one in deployment.objects("persistentvolumeclaims")}
    assert claims == {"data-postgres-0", "logs-scheduler-0", "logs-triggerer-0"}
    assert deployment.jobs_of_tasks() == []


def test_every_job_runs_once_though_the_scheduler_is_deleted_amid_them(deployment: Deployment, tmp_path: Path) -> None:
    api = deployment.api
    with watched(deployment, "jobs", tmp_path / "jobs") as jobs, watched(deployment, "pods", tmp_path / "pods") as pods:
        # Longer than the scheduler's pod has to end: its tasks are killed.
        run_id = api.trigger("fan_out", {"seconds": 60})
        deadline = time.monotonic() + 180
        while len(deployment.jobs_of_tasks()) < 5:
            assert time.monotonic() < deadline, api.instances("fan_out", run_id)
            time.sleep(0.5)
        before = deployment.kubectl("get", "pod", "scheduler-0", "-o", "jsonpath={.metadata.uid}")
        deployment.kubectl("delete", "pod", "scheduler-0")
        assert api.wait_for_run("fan_out", run_id, 900) == "success", api.instances("fan_out", run_id)
        after = deployment.kubectl("get", "pod", "scheduler-0", "-o", "jsonpath={.metadata.uid}")
    assert before != after
    made = {name: len(uids) for name, uids in jobs.uids_by_name().items() if name.startswith("square-")}
    assert made == {f"square-{number}": 1 for number in range(1, 21)}
    ran = {name: len(uids) for name, uids in pods.uids_by("job-name").items() if name.startswith("square-")}
    assert ran == made
    # Some tasks were killed with the pod, and their next tries went on with the same Jobs.
    second = [one for one in api.instances("fan_out", run_id) if one["try_number"] > 1]
    assert second
    for one in second:
        assert "square" in api.log("fan_out", run_id, "square", try_number=2, map_index=one["map_index"])
    assert api.xcom("fan_out", run_id, "add_up") == 2870
    assert deployment.jobs_of_tasks() == []


def test_logs_are_kept_in_an_s3_compatible_store(deployment: Deployment) -> None:
    store = Store(deployment)
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "secret",
        "extra": {"endpoint_url": "http://moto:5000", "region_name": "us-east-1"},
    }
    overlay = deployment.example / "overlays" / "logs-to-s3"
    (overlay / "s3.env").write_text(f"AIRFLOW_CONN_REMOTE_LOGS={json.dumps(connection)}\n")
    deployment.apply("logs-to-s3")
    run_id, state = deployment.api.run("countdown")
    assert state == "success"
    (key,) = [key for key in store.names() if f"run_id={run_id}" in key]
    assert key == f"airflow/dag_id=countdown/run_id={run_id}/task_id=countdown/attempt=1.log"
    # What the scheduler has on its own volume is not needed any more.
    deployment.kubectl("exec", "scheduler-0", "-c", "airflow", "--", "rm", "-r", "/opt/airflow/logs/dag_id=countdown")
    log = deployment.api.log("countdown", run_id, "countdown")
    assert "s3://my-bucket/airflow" in log
    assert "-n airflow-e2e apply" in log


def test_a_commit_becomes_a_dag_by_git_sync(deployment: Deployment) -> None:
    repository = GitServer(deployment)
    for name in ("countdown.py", "countdown.yaml"):
        repository.commit(name, (EXAMPLE / "dags" / name).read_text())
    kustomization = deployment.example / "overlays" / "dags-by-git-sync" / "kustomization.yaml"
    text = kustomization.read_text()
    for old, new in (("https://git.example.com/team/dags.git", "git://git/dags.git"), ("PERIOD=30s", "PERIOD=2s")):
        assert old in text
        text = text.replace(old, new)
    kustomization.write_text(text)
    deployment.apply("dags-by-git-sync")
    _wait_for_dags(deployment, {"countdown"})

    # The repository moves while a task runs: its Job goes on as it is, and the next run is of the new commit.
    run_id = deployment.api.trigger("countdown")
    deadline = time.monotonic() + 120
    while deployment.jobs_of_tasks() != ["countdown"]:
        assert time.monotonic() < deadline, deployment.api.states("countdown", run_id)
        time.sleep(0.5)
    dag = (EXAMPLE / "dags" / "countdown.py").read_text()
    repository.commit("countdown.py", dag.replace('"start": 9', '"start": 4'))
    assert deployment.api.wait_for_run("countdown", run_id, 120) == "success"
    assert deployment.api.xcom("countdown", run_id, "countdown") == {"counted": 9}
    repository.commit("later.py", dag.replace('DAG("countdown"', 'DAG("later"'))
    _wait_for_dags(deployment, {"countdown", "later"})
    run_id, state = deployment.api.run("countdown")
    assert state == "success"
    assert deployment.api.xcom("countdown", run_id, "countdown") == {"counted": 4}


def _wait_for_dags(deployment: Deployment, wanted: set[str]) -> None:
    deadline = time.monotonic() + 180
    while set(deployment.api.dags()) != wanted:
        assert time.monotonic() < deadline, (deployment.api.dags(), deployment.api.import_errors())
        time.sleep(1)
    assert deployment.api.import_errors() == []
