"""Every Role that this repository prints is enough for all that a task may come to, and each right in it is needed."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import JobFailedError, KubectlError, RightsMissingError, TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Process, Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.status.rights import FOR_A_JOB
from tests.demo import EXAMPLES
from tests.integration.accounts import Right, Worker, grant, kubeconfig_of_account, rights_in, rules_in, rules_without
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import until

BASE = EXAMPLES / "airflow_on_kubernetes" / "base"
OF_COMPANIONS = {
    "rbac": EXAMPLES / "rbac" / "companions.yaml",
    "airflow_on_kubernetes": BASE / "rbac-companions.yaml",
}
ROLES = {"rbac": EXAMPLES / "rbac" / "role.yaml", "airflow_on_kubernetes": BASE / "rbac.yaml"}
COMPANIONS = {
    "configmaps": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\ndata: {a: b}\n",
    "secrets": "apiVersion: v1\nkind: Secret\nmetadata: {name: beside}\nstringData: {a: b}\n",
    "services": "apiVersion: v1\nkind: Service\nmetadata: {name: beside}\nspec: {ports: [{port: 80}]}\n",
    "persistentvolumeclaims": (
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: beside}\n"
        "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}\n"
    ),
}
KINDS = {
    name: list(dict.fromkeys(resource for _, resource, _ in rights_in(rules_in(file))))
    for name, file in OF_COMPANIONS.items()
}
NEEDED: list[Right] = [
    (right.verb, f"{right.resource}/{right.subresource}" if right.subresource else right.resource, right.group)
    for right in FOR_A_JOB.needed
]


def manifest(script: str, kinds: list[str]) -> str:
    return "---\n".join([*(COMPANIONS[kind] for kind in kinds), job(script)])


def worker_with(rules: list[dict[str, object]], namespace: Namespace, tmp_path: Path) -> Worker:
    grant(namespace, rules)
    return Worker(namespace, kubeconfig_of_account(namespace, tmp_path / "account"))


def left(namespace: Namespace, kinds: list[str]) -> list[str]:
    """Return which kinds still have something of the task."""
    return [kind for kind in kinds if "beside" in namespace.living(kind)] + namespace.living("jobs")


def is_running(namespace: Namespace) -> bool:
    pods = [pod for pod in namespace.objects("pods") if "deletionTimestamp" not in pod["metadata"]]
    return any(pod["status"].get("phase") == "Running" for pod in pods)


@pytest.mark.parametrize("name", ROLES)
def test_a_printed_role_is_enough_for_success_failure_kill_adoption_and_replacement_with_companions(
    name: str, namespace: Namespace, tmp_path: Path
) -> None:
    kinds = KINDS[name]
    worker = worker_with(rules_in(ROLES[name], OF_COMPANIONS[name]), namespace, tmp_path)

    log, failure = worker.run(manifest("echo well", kinds))
    assert (failure, left(namespace, kinds)) == (None, []), log
    assert "well" in log.splitlines()

    log, failure = worker.run(manifest("echo badly; exit 3", kinds), delete_policy=DeletePolicy.ALWAYS)
    assert isinstance(failure, JobFailedError), log
    assert "badly" in str(failure)
    assert left(namespace, kinds) == []

    log, failure = worker.run(manifest("sleep 120", kinds), kill_when=lambda: is_running(namespace))
    assert isinstance(failure, TaskKilledError), log
    assert left(namespace, kinds) == []

    log, failure = worker.run(
        manifest("sleep 10; echo survived", kinds),
        kill_when=lambda: is_running(namespace),
        is_worker_stop=True,
        keep_on_worker_stop=True,
    )
    assert isinstance(failure, TaskKilledError), log
    assert left(namespace, kinds) == [*kinds, "job"]
    log, failure = worker.run(manifest("sleep 10; echo survived", kinds), try_number=2)
    assert (failure, left(namespace, kinds)) == (None, []), log
    assert "Going on with it." in log
    assert "survived" in log.splitlines()

    log, failure = worker.run(manifest("exit 3", kinds))
    assert isinstance(failure, JobFailedError), log
    assert left(namespace, kinds) == [*kinds, "job"]
    log, failure = worker.run(manifest("echo again", kinds), try_number=2)
    assert (failure, left(namespace, kinds)) == (None, []), log
    assert "It is replaced." in log
    assert "again" in log.splitlines()


@pytest.mark.parametrize("right", NEEDED, ids=lambda right: f"{right[0]} {right[1]}")
def test_without_one_needed_right_a_try_ends_at_once_and_names_it(
    right: Right, namespace: Namespace, tmp_path: Path
) -> None:
    worker = worker_with(rules_without(rules_in(ROLES["rbac"]), right), namespace, tmp_path)
    _, failure = worker.run(job("true"))
    assert isinstance(failure, RightsMissingError)
    verb, resource, group = right
    assert failure.missing == (f"{verb} {resource}" + (f".{group}" if group else ""),)
    assert namespace.names("jobs") == []


def wait_for_the_job(kubectl: Kubectl) -> None:
    ended: queue.SimpleQueue[Process] = queue.SimpleQueue()
    call = kubectl.start_wait("job/job", "condition=complete", 6, ended.put)
    ended.get()
    kubectl.finish_wait(call)


def uses_of(kubectl: Kubectl, namespace: Namespace, file: Path) -> dict[Right, Callable[[], object]]:
    """Return, of each needed right, a command of a try that takes it."""
    (pod,) = namespace.names("pods")
    return {
        ("get", "jobs", "batch"): lambda: kubectl.get("job/job"),
        ("list", "jobs", "batch"): lambda: kubectl.delete("job", "job-name=spare"),
        ("watch", "jobs", "batch"): lambda: wait_for_the_job(kubectl),
        ("create", "jobs", "batch"): lambda: kubectl.apply(file),
        ("patch", "jobs", "batch"): lambda: kubectl.apply(file),
        ("get", "pods", ""): lambda: kubectl.logs(pod, "main", 1),
        ("list", "pods", ""): lambda: kubectl.select("pods", "job-name=job"),
        ("get", "pods/log", ""): lambda: kubectl.logs(pod, "main", 1),
        ("delete", "jobs", "batch"): lambda: kubectl.delete("job", "job-name=job"),
    }


def test_each_needed_right_is_used(namespace: Namespace, tmp_path: Path) -> None:
    """Without it the API server refuses a command of a try; without watch, kubectl wait is blind for ever."""
    namespace.kubectl("apply", "-f", "-", given=job("sleep 600"))
    namespace.kubectl("apply", "-f", "-", given=job("true", name="spare", spec="suspend: true"))
    until(lambda: is_running(namespace), "the Job's pod did not run")
    # The client's words pick what the Job controller has labelled.
    for name in ("job", "spare"):
        namespace.kubectl("label", "job", name, f"job-name={name}", "--overwrite")
    file = tmp_path / "other.yaml"
    file.write_text(job("true", name="other"))
    rules = rules_in(ROLES["rbac"])
    grant(namespace, rules)
    workspace = Workspace()
    access = workspace.settle(Access(config_file=str(kubeconfig_of_account(namespace, tmp_path / "account"))))
    processes = Processes(access.environment(os.environ, workspace.folder))
    kubectl = Kubectl(access, namespace.name, processes, Transcript(lambda _: None))
    uses = uses_of(kubectl, namespace, file)
    assert set(uses) == set(NEEDED)
    for right, use in uses.items():
        grant(namespace, rules_without(rules, right))
        verb, resource, group = right
        refusal = f'cannot {verb} resource "{resource}" in API group "{group}"'
        said = [""]

        def is_refused(use: Callable[[], object] = use, refusal: str = refusal, said: list[str] = said) -> bool:
            try:
                use()
            except KubectlError as error:
                # Inside a line of kubectl's own logger quotes are escaped.
                said[0] = error.stderr.replace("\\", "")
                return refusal in said[0]
            return False  # the API server has yet to learn of the change

        try:
            until(is_refused, "it was allowed", seconds=120)
        except AssertionError:
            pytest.fail(f"nothing was refused for want of the right to {verb} {resource}, but kubectl said: {said[0]}")
    processes.close()
    workspace.remove()


@pytest.mark.parametrize("right", rights_in(rules_in(*OF_COMPANIONS.values())), ids=lambda r: f"{r[0]} {r[1]}")
def test_each_right_on_a_companion_is_needed(right: Right, namespace: Namespace, tmp_path: Path) -> None:
    verb, resource, _ = right
    rules = rules_without(rules_in(ROLES["rbac"], OF_COMPANIONS["rbac"]), right)
    worker = worker_with(rules, namespace, tmp_path)
    log, failure = worker.run(manifest("true", [resource]))
    assert f'cannot {verb} resource "{resource}"' in log + str(failure)
    if verb in ("list", "delete"):
        assert failure is None, log
        assert resource in left(namespace, [resource])
    else:
        assert failure is not None
        assert namespace.names("jobs") == []
