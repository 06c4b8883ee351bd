"""A container that decides alone, beside old-fashioned sidecars that never end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kubectl_job_operator.errors import JobFailedError
from kubectl_job_operator.manifest.labels import MAIN_CONTAINER_EXIT_CODE
from tests.integration.airflow_task import TaskRun
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.tries import FIRST, RETRY, Tries
from tests.waiting import until

SHIPS_FOR_EVER = "trap 'exit 143' TERM; echo shipping; while true; do sleep 1; done"
NOT_ALL_READ = "Not all logs could be read"
WAITS_FOR_SIDECAR = "until [ -e /shared/up ]; do sleep 0.2; done; "
COUNTS = f"{WAITS_FOR_SIDECAR}for i in 3 2 1; do echo $i; done; echo '[6]' > ${{RESULT:-/dev/null}}"


RESULT = {"RESULT": "/airflow/xcom/return.json"}


def with_sidecar(script: str, sidecar: str, spec: str = "") -> str:
    """Return a Job whose pod has a container beside the main one, which comes first."""
    mount = "volumeMounts: [{name: shared, mountPath: /shared}]"
    yaml = job(script, spec=spec, pod="volumes: [{name: shared, emptyDir: {}}]")
    beside = (
        "        - name: beside\n          image: busybox:1.36\n          imagePullPolicy: IfNotPresent\n"
        f"          {mount}\n          command: [sh, -c, {json.dumps(f'touch /shared/up; {sidecar}')}]\n"
    )
    return yaml.replace("      containers:\n", f"      containers:\n{beside}").replace(
        "          command: [sh, -c, " + json.dumps(script),
        f"          {mount}\n          command: [sh, -c, " + json.dumps(script),
    )


def as_pod(yaml: str) -> str:
    """Return the Pod of a Job's template."""
    _, _, spec = yaml.partition("    spec:\n")
    lines = [line.removeprefix("    ") for line in f"    spec:\n{spec}".splitlines()]
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: job}\n" + "\n".join(lines) + "\n"


def run(tries: Tries, yaml: str, **arguments: Any) -> TaskRun:
    return tries.run(FIRST, yaml, main_container="main", **arguments)


@pytest.mark.parametrize("shape", [str, as_pod], ids=["Job", "Pod"])
def test_the_main_containers_end_is_the_tasks_although_a_sidecar_never_ends(
    shape: Any, tries: Tries, namespace: Namespace
) -> None:
    done = run(tries, shape(with_sidecar(COUNTS, SHIPS_FOR_EVER)), do_xcom_push=True, env_vars=RESULT)
    assert done.state == "success", done.failures
    lines = done.log.splitlines()
    assert [line.rpartition("] ")[2] for line in lines if line.startswith("[job") and "/main] " in line] == [
        "3",
        "2",
        "1",
    ]
    assert NOT_ALL_READ not in done.log
    assert tries._runners[-1].done.result == [6]  # type: ignore[union-attr]
    until(lambda: namespace.living("jobs") + namespace.living("pods") == [], "something was left")


@pytest.mark.parametrize("shape", [str, as_pod], ids=["Job", "Pod"])
def test_a_main_container_that_fails_fails_the_task_and_the_rest_is_ended_but_stays(
    shape: Any, tries: Tries, namespace: Namespace
) -> None:
    done = run(tries, shape(with_sidecar(f"{WAITS_FOR_SIDECAR}echo sorry; exit 3", SHIPS_FOR_EVER)))
    assert isinstance(done.failures[0], JobFailedError)
    assert (done.failures[0].exit_codes, "container main" in done.error, "sorry" in done.error) == ((3,), True, True)
    until(lambda: namespace.running_pods() == [], "the sidecar runs on")
    assert len(namespace.living("pods")) == 1
    assert "shipping" in namespace.kubectl("logs", namespace.living("pods")[0], "-c", "beside")


def test_a_sidecar_that_fails_first_fails_nobody(tries: Tries, namespace: Namespace) -> None:
    done = run(tries, with_sidecar(f"{WAITS_FOR_SIDECAR}sleep 2; echo well", "exit 1"), delete_policy="Never")
    assert done.state == "success", done.failures
    (made,) = namespace.objects("jobs")
    assert made["metadata"]["annotations"][MAIN_CONTAINER_EXIT_CODE] == "0"


def test_a_job_that_its_main_container_has_completed_is_not_run_again_by_the_next_try(
    tries: Tries, namespace: Namespace
) -> None:
    yaml = with_sidecar(COUNTS, SHIPS_FOR_EVER)
    assert run(tries, yaml, delete_policy="Never").state == "success"
    until(lambda: namespace.running_pods() == [], "the sidecar runs on")
    (made,) = namespace.objects("jobs")
    again = tries.run(RETRY, yaml, main_container="main", delete_policy="Never")
    assert again.state == "success", again.failures
    assert [one["metadata"]["uid"] for one in namespace.objects("jobs")] == [made["metadata"]["uid"]]
    assert "it is Complete. Going on with it." in again.log


def test_the_next_try_goes_on_with_a_job_whose_main_container_ended_while_nobody_looked(
    tries: Tries, namespace: Namespace
) -> None:
    yaml = with_sidecar(f"{WAITS_FOR_SIDECAR}sleep 4; echo well", SHIPS_FOR_EVER)
    uid = tries.leave_running(FIRST, yaml, main_container="main")

    def has_ended() -> bool:
        (pod,) = namespace.objects("pods")
        found = {one["name"]: one["state"] for one in pod["status"]["containerStatuses"]}
        return "terminated" in found["main"]

    until(has_ended, "the main container did not end")
    done = tries.run(RETRY, yaml, main_container="main", delete_policy="Never")
    assert done.state == "success", done.failures
    assert tries.uid_of("jobs") == uid
    assert "well" in done.log
