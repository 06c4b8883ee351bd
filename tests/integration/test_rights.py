"""A task runs with the rights that it needs, whoever granted them; what only helps is missed in one line."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.errors import RightsMissingError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from tests import predecessors
from tests.demo import EXAMPLES
from tests.integration.accounts import Rules, grant, kubeconfig_of_account, rules_in, rules_without
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.log_text import without_times

RBAC = EXAMPLES / "rbac"
RULES = rules_in(RBAC / "role.yaml")
COUNTDOWN = (EXAMPLES / "01_countdown" / "countdown.yaml").read_text()
COUNTDOWN_OF_A_POD = """\
apiVersion: v1
kind: Pod
metadata: {name: countdown}
spec:
  restartPolicy: Never
  containers:
    - name: countdown
      image: busybox:1.36
      imagePullPolicy: IfNotPresent
      command: [sh, -c, "for i in $(seq {{ start | default(9) }} -1 1); do echo $i; sleep 1; done"]
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: claim
  annotations: {kubectl-job-operator/main: "true"}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""
CLAIMS = [
    {
        "apiGroups": [""],
        "resources": ["persistentvolumeclaims"],
        "verbs": ["get", "list", "watch", "create", "patch", "delete"],
    },
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
]


@pytest.fixture
def account(namespace: Namespace, tmp_path: Path) -> Callable[[Rules], str]:
    """Give a function that makes an account with these rights, and returns its kubeconfig."""

    def make(rules: Rules) -> str:
        grant(namespace, rules)
        return str(kubeconfig_of_account(namespace, tmp_path / "account"))

    return make


def numbers_in(run: TaskRun) -> list[str]:
    return [line for line in without_times(run.log).splitlines() if re.fullmatch(r"\d", line)]


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("name", predecessors.RULES)
def test_the_countdown_runs_with_the_role_of_a_predecessor(
    name: str, deferrable: bool, task: TaskRunner, account: Callable[[Rules], str], namespace: Namespace
) -> None:
    task.write("job.yaml", COUNTDOWN)
    config = account(predecessors.RULES[name])
    run = task.run(
        yaml_file_name="job.yaml",
        yaml_template_fields={"start": 5},
        config_file=config,
        deferrable=deferrable,
    )
    assert run.state == "success", run.failures
    assert numbers_in(run) == ["5", "4", "3", "2", "1"]
    assert namespace.living("jobs") == []
    assert [record.getMessage() for record in run.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize("name", predecessors.RULES_FOR_PODS)
def test_a_pod_counts_down_with_a_role_for_pods(
    name: str, task: TaskRunner, account: Callable[[Rules], str], namespace: Namespace
) -> None:
    task.write("pod.yaml", COUNTDOWN_OF_A_POD)
    config = account(predecessors.RULES_FOR_PODS[name])
    run = task.run(yaml_file_name="pod.yaml", yaml_template_fields={"start": 3}, config_file=config)
    assert run.state == "success", run.failures
    assert numbers_in(run) == ["3", "2", "1"]
    assert namespace.living("pods") == []
    task.write("job.yaml", COUNTDOWN)
    run = task.run(yaml_file_name="job.yaml", config_file=config)
    assert isinstance(run.failures[0], RightsMissingError)
    assert "allowJobLaunching" in run.told
    assert "kind: Pod" in run.told


def test_the_example_is_bound_to_its_account(
    task: TaskRunner, account: Callable[[Rules], str], namespace: Namespace
) -> None:
    config = account([])
    namespace.kubectl("delete", "rolebinding", "kubectl-job-operator")
    namespace.kubectl("apply", "-k", str(RBAC))
    namespace.kubectl("apply", "-f", str(RBAC / "companions.yaml"))
    companion = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: beside}\n"
    task.write("job.yaml", job("echo allowed") + companion)
    run = task.run(yaml_file_name="job.yaml", config_file=config)
    assert run.state == "success", run.failures
    assert "allowed" in run.log
    assert "beside" not in namespace.living("configmaps")


def test_without_events_a_failure_is_told_and_a_line_says_what_is_left_out(
    task: TaskRunner, account: Callable[[Rules], str], tmp_path: Path
) -> None:
    config = account(rules_without(RULES, ("list", "events", "")))
    task.write("job.yaml", job("echo about to fail; exit 3"))
    run = task.run(yaml_file_name="job.yaml", config_file=config, replay_dir=str(tmp_path / "kept"))
    assert run.state == "failed"
    assert "about to fail" in run.told
    assert run.log.count("The account lacks the right to list events: ") == 1
    assert not [command for command in run.commands if "events" in command]


def test_events_are_used_where_they_are_granted(task: TaskRunner, account: Callable[[Rules], str]) -> None:
    pod = "serviceAccountName: absent"
    task.write("job.yaml", job("true", pod=pod))
    config = account(RULES)
    run = task.run(yaml_file_name="job.yaml", config_file=config, startup_timeout_seconds=15)
    assert run.state == "failed"
    assert 'serviceaccount "absent" not found' in run.told


def test_without_watching_pods_every_line_is_shown_once_and_a_line_says_that_they_are_listed(
    task: TaskRunner, account: Callable[[Rules], str]
) -> None:
    config = account(rules_without(RULES, ("watch", "pods", "")))
    spec = "parallelism: 2\ncompletions: 4\nbackoffLimit: 0\ncompletionMode: Indexed"
    task.write("job.yaml", job("for i in 1 2 3; do echo line $JOB_COMPLETION_INDEX-$i; sleep 1; done", spec=spec))
    run = task.run(yaml_file_name="job.yaml", config_file=config)
    assert run.state == "success", run.failures
    lines = re.findall(r"line \d-\d$", run.log, re.MULTILINE)
    assert sorted(lines) == [f"line {index}-{number}" for index in range(4) for number in (1, 2, 3)]
    assert run.log.count("The account lacks the right to watch pods: they are listed now and then") == 1
    assert not [command for command in run.commands if "--watch" in command]
    assert [record.getMessage() for record in run.records if record.levelname == "WARNING"] == []


def test_a_task_without_logs_needs_no_right_to_read_them(task: TaskRunner, account: Callable[[Rules], str]) -> None:
    config = account(rules_without(RULES, ("get", "pods", ""), ("get", "pods/log", "")))
    task.write("job.yaml", job("echo unheard; exit 3"))
    run = task.run(yaml_file_name="job.yaml", config_file=config, get_logs=False)
    assert run.state == "failed"
    assert "its log cannot be read" in run.told
    assert run.log.count("The account lacks the right to get pods, get pods/log") == 1
    assert [command for command in run.commands if "logs" in command] == []
    run = task.run(yaml_file_name="job.yaml", config_file=config)
    assert isinstance(run.failures[0], RightsMissingError)


def test_the_end_of_old_pods_is_noticed_by_who_may_list_and_not_watch_them(
    account: Callable[[Rules], str], namespace: Namespace
) -> None:
    config = account(rules_without(RULES, ("watch", "pods", "")))
    namespace.kubectl("run", "old", "--image=busybox:1.36", "--restart=Never", "--labels=a=b", "--", "sleep", "600")
    namespace.kubectl("wait", "pod/old", "--for=condition=Ready", "--timeout=60s")
    workspace = Workspace()
    access = workspace.settle(Access(config_file=config))
    processes = Processes(access.environment({}, workspace.folder))
    kubectl = Kubectl(access, namespace.name, processes, Transcript(lambda _: None))
    thread = threading.Timer(2, lambda: namespace.kubectl("delete", "pod", "old", "--grace-period=1"))
    thread.start()
    began = time.monotonic()
    kubectl.wait_until_gone("a=b", 300)
    assert time.monotonic() - began < 60
    # A pod that has ended is no hindrance, and so is not waited for: it may be there for another moment.
    assert namespace.running_pods() == []
    thread.join()
    processes.close()
    workspace.remove()


def test_a_claim_is_asked_for_by_its_own_resource(
    task: TaskRunner, account: Callable[[Rules], str], namespace: Namespace
) -> None:
    task.write("claim.yaml", CLAIM)
    run = task.run(
        yaml_file_name="claim.yaml",
        config_file=account(CLAIMS),
        success_when="{.status.phase}=Pending",
        get_logs=False,
    )
    assert run.state == "success", run.failures
    assert namespace.living("pvc") == []


def test_a_missing_right_on_a_claim_is_named(task: TaskRunner, account: Callable[[Rules], str]) -> None:
    task.write("claim.yaml", CLAIM)
    config = account(rules_without(CLAIMS, ("patch", "persistentvolumeclaims", "")))
    run = task.run(yaml_file_name="claim.yaml", config_file=config, success_when="{.status.phase}=Pending")
    error = run.failures[0]
    assert isinstance(error, RightsMissingError)
    assert error.missing == ("patch persistentvolumeclaims",)
