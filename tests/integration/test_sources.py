"""Manifests that only kubectl can give, and Jobs without a name, as a task runs them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.errors import RightsMissingError
from tests.demo import EXAMPLES
from tests.integration.accounts import grant, kubeconfig_of_account, rules_in
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.tries import FIRST, OTHER_RUN, Tries
from tests.waiting import until

OVERLAY = EXAMPLES / "21_kustomize" / "overlays" / "prod"
FROM_CRONJOB = EXAMPLES / "22_from_cronjob"
CRONJOB = "nightly-load"


@pytest.fixture
def cronjob(namespace: Namespace) -> None:
    """Have the platform team's CronJob in the cluster, which is suspended."""
    namespace.kubectl("apply", "-f", str(FROM_CRONJOB / "platform"))


def cronjob_in(namespace: Namespace) -> dict[str, Any]:
    return dict(json.loads(namespace.kubectl("get", "cronjob", CRONJOB, "-o", "json")))


def test_an_overlay_with_a_hashed_configmap_runs_twice_at_once_and_leaves_nothing(
    tries: Tries, namespace: Namespace
) -> None:
    arguments: dict[str, Any] = {
        "job_yaml": None,
        "kustomize_dir": str(OVERLAY),
        "unique_name": True,
        "cmds": ["sh", "-c", "echo a $colour report; sleep 3"],
    }
    started = [tries.start(which, "", **arguments) for which in (FIRST, OTHER_RUN)]
    until(lambda: len(namespace.living("jobs")) > 1, "the two did not run at once")
    configs = {name for name in namespace.living("configmaps") if name.startswith("prod-report-settings-")}
    runs = [one.result() for one in started]
    for run in runs:
        assert run.state == "success", run.failures
        assert f"$ kubectl kustomize {OVERLAY}" in run.log.splitlines()
        assert "a blue report" in run.log.splitlines()
    assert len(configs) == 2
    assert all(re.fullmatch(r"prod-report-settings-[a-z0-9]{10}-[0-9a-f]{8}", name) for name in configs), configs
    assert namespace.living("jobs") == []
    assert [name for name in namespace.living("configmaps") if name.startswith("prod")] == []


def test_a_folder_beside_the_dag_is_built_and_arguments_win_over_it(task: TaskRunner) -> None:
    shutil.copytree(EXAMPLES / "21_kustomize", task.folder / "jobs")
    run = task.run(
        kustomize_dir="./jobs/overlays/{{ params.stage }}", params={"stage": "prod"}, env_vars={"REGION": "x"}
    )
    assert run.state == "success", run.log
    assert f"$ kubectl kustomize {task.folder}/jobs/overlays/prod" in run.log.splitlines()
    assert "a blue report of x" in run.log.splitlines()


@pytest.mark.usefixtures("cronjob")
def test_a_suspended_cronjob_runs_from_a_dag_with_another_argument_and_its_own_history_is_untouched(
    task: TaskRunner, namespace: Namespace
) -> None:
    before = cronjob_in(namespace)
    run = task.run(
        from_cronjob=CRONJOB, arguments=["echo by {{ task.task_id }} in $MODE mode"], delete_completed_job=False
    )
    assert run.state == "success", run.log
    assert "by job in nightly mode" in run.log.splitlines()
    assert f"$ kubectl -n {namespace.name} create job {CRONJOB} --from=cronjob/{CRONJOB} --dry-run=client -o yaml" in (
        run.log.splitlines()
    )
    (made,) = namespace.objects("jobs")
    assert re.fullmatch(rf"{CRONJOB}-[0-9a-f]{{8}}", made["metadata"]["name"])
    assert "ownerReferences" not in made["metadata"]
    assert made["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"] == "64Mi"
    after = cronjob_in(namespace)
    assert (after["status"], after["metadata"]["resourceVersion"]) == (
        before["status"],
        before["metadata"]["resourceVersion"],
    )


@pytest.mark.usefixtures("cronjob")
def test_the_role_of_the_example_is_enough_and_its_right_is_asked_for_only_by_a_task_that_needs_it(
    task: TaskRunner, namespace: Namespace, tmp_path: Path
) -> None:
    ours = rules_in(EXAMPLES / "rbac" / "role.yaml")
    grant(namespace, ours)
    config = str(kubeconfig_of_account(namespace, tmp_path / "account"))
    assert task.run(job_yaml=job("echo well"), config_file=config).state == "success"
    run = task.run(from_cronjob=CRONJOB, config_file=config)
    assert isinstance(run.failures[0], RightsMissingError)
    assert "get cronjobs.batch. Nothing was created." in run.error
    namespace.kubectl("apply", "-f", str(FROM_CRONJOB / "role.yaml"))
    run = task.run(from_cronjob=CRONJOB, config_file=config)
    assert run.state == "success", run.log


def test_a_cronjob_that_is_not_there_is_named_and_no_retry_is_tried(task: TaskRunner, namespace: Namespace) -> None:
    run = task.run(from_cronjob="absent", retries=3)
    assert f"There is no CronJob {namespace.name}/absent to make the Job of." in run.error
    assert type(run.failures[0]).__name__ == "AirflowFailException"


def test_a_manifest_without_a_name_runs_twice_at_once_under_two_names(tries: Tries, namespace: Namespace) -> None:
    nameless = job("sleep 3").replace("metadata: {name: job}\n", "")
    started = [tries.start(which, nameless) for which in (FIRST, OTHER_RUN)]
    until(lambda: len(namespace.living("jobs")) > 1, "the two did not run at once")
    names = set(namespace.living("jobs"))
    runs = [one.result() for one in started]
    assert [run.state for run in runs] == ["success", "success"], [run.failures for run in runs]
    head = f"{tries.dag_id}-job".replace("_", "-")
    assert all(re.fullmatch(rf"{head}-[0-9a-f]{{8}}", name) for name in names), names
    told = {re.findall(r"has no name for the Job; this run's is (\S+)\.$", run.log, re.MULTILINE)[0] for run in runs}
    assert told == names
    assert namespace.living("jobs") == []
