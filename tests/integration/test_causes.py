"""For each cause a Job on the real cluster that has it, and what a tired person then reads in the task's log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from kubectl_job_operator.errors import JobFailedError, JobStartupError
from kubectl_job_operator.life import obstacles
from tests.cluster import Cluster
from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.side_by_side import Outcome, SideBySide
from tests.waiting import in_background, until

# A registry that refuses: nothing listens on port 1 of the node itself.
REFUSING_IMAGE = "127.0.0.1:1/nothing:1"


def with_image(image: str, policy: str = "IfNotPresent") -> str:
    """Return a Job whose image is another one."""
    return job("true").replace("image: busybox:1.36", f"image: {image!r}").replace("IfNotPresent", policy)


def with_container(lines: str, script: str = "true") -> str:
    """Return a Job with more lines in its container."""
    indented = "".join(f"          {line}\n" for line in lines.splitlines())
    return job(script).replace("          command:", f"{indented}          command:")


def with_command(*command: str) -> str:
    """Return a Job that runs another command."""
    text, count = re.subn(r"command: .*", lambda _: f"command: {json.dumps(command)}", job("true"))
    assert count == 1, text
    return text


def with_volume(volume: str) -> str:
    """Return a Job with a volume."""
    text = job("true", pod=f"volumes: [{{name: v, {volume}}}]")
    return text.replace("command:", "volumeMounts: [{name: v, mountPath: /v}]\n          command:")


def with_more_containers(kind: str, container: str, script: str = "true") -> str:
    """Return a Job with a further container, in flow YAML; ``kind`` is the field that it stands in."""
    if kind == "containers":
        return job(script) + f"        - {container}\n"
    return job(script, pod=f"{kind}: [{container}]")


def killed_by(signal_name: str) -> str:
    """Return a Job whose program ends as its child does: by a signal."""
    return job(f"sleep 60 & kill -{signal_name} $!; wait $!")


def nothing(_: Namespace) -> None:
    """Prepare nothing."""


def small_quota(namespace: Namespace) -> None:
    """Allow no pod."""
    namespace.kubectl("create", "quota", "none", "--hard=pods=0")


def secret(namespace: Namespace) -> None:
    """Make a Secret with another key than the one that is wanted."""
    namespace.kubectl("create", "secret", "generic", "known", "--from-literal=other=hunter2")


@dataclass(frozen=True)
class Cause:
    """A Job with something wrong, and what must be read of it.

    :param name: the cause.
    :param manifest: the Job.
    :param error: what must stand in the exception or in the message that ends the task's log.
    :param remedy: what its line "What to do" must say.
    :param log: what must stand in the log before.
    :param arguments: the operator's.
    :param prepare: makes what the Job needs.
    :param kind: the error's class.
    :param takes_long: it waits for a limit of ours or of Kubernetes' that no argument shortens, so it is started first.
    """

    name: str
    manifest: str
    error: tuple[str, ...]
    remedy: str
    log: tuple[str, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Namespace], None] = nothing
    kind: type[Exception] = JobFailedError
    takes_long: bool = False


ENV = "env: [{name: X, valueFrom: {%s: {name: %s, key: word}}}]"
# What there is to say does not go on to the right of a small screen.
LONGEST_REASON = 120
SHORT = {"startup_timeout_seconds": 8}

CAUSES = [
    Cause(
        "exit code",
        job("echo no route to host; exit 3"),
        (
            "container main ended with exit code 3: no route to host\n",
            "container main: exit code 3 (Error)",
        ),
        "read the last log lines above",
    ),
    Cause(
        "command missing in a shell",
        job("nosuchcommand"),
        ("exit code 127 (Error): a command in it was not found.", "nosuchcommand: not found"),
        "mend the name of the command",
    ),
    Cause(
        "command missing in the image",
        with_command("/no/such"),
        ("exit code 128 (StartError): it could not be started: its command '/no/such' is not in the image.",),
        "mend command and args of container main",
    ),
    Cause(
        "not executable, in a shell",
        job("/etc/passwd"),
        ("exit code 126 (Error): a command in it was found, but cannot be executed.",),
        "chmod +x",
    ),
    Cause(
        "not executable, the command itself",
        with_command("/etc/passwd"),
        ("(StartError): it could not be started: its command '/etc/passwd' may not be executed.",),
        "chmod +x",
    ),
    Cause(
        "out of memory",
        with_container("resources: {limits: {memory: 16Mi}}", "tail /dev/zero"),
        # Now and then the kubelet hears of it only after the end, and calls it an Error.
        ("exit code 137 (", "memory"),
        "memory",
    ),
    Cause(
        "killed by SIGKILL",
        killed_by("KILL"),
        ("exit code 137 (Error): SIGKILL: something killed it",),
        "how much memory it uses",
    ),
    Cause(
        "SIGSEGV",
        killed_by("SEGV"),
        ("exit code 139 (Error): SIGSEGV: it crashed in native code.",),
        "native libraries",
    ),
    Cause("SIGTERM", killed_by("TERM"), ("exit code 143 (Error): SIGTERM: something told it to end.",), "find out who"),
    Cause(
        "InvalidImageName",
        with_image("Bad Name:1"),
        ("It cannot start.", "container main cannot start: InvalidImageName: Failed to apply default image tag"),
        "mend the image's name in the template.",
        log=("Nothing runs: pod job-", "The task fails if that lasts for 15 s."),
        kind=JobStartupError,
        takes_long=True,
    ),
    Cause(
        "ErrImageNeverPull",
        with_image("absent:1", "Never"),
        ("container main cannot start: ErrImageNeverPull: Container image",),
        "load the image onto the node",
        log=("Nothing runs: pod job-",),
        kind=JobStartupError,
        takes_long=True,
    ),
    Cause(
        "an image that cannot be pulled",
        with_image(REFUSING_IMAGE),
        (
            "An image could not be pulled within 6 s.",
            f"container main has no image yet: {REFUSING_IMAGE} cannot be pulled: ",
            "connection refused",
        ),
        "mend the image's name and tag",
        log=("Nothing runs: pod job-", "The task fails if that lasts for 6 s."),
        arguments={"image_pull_grace_seconds": 6},
        kind=JobStartupError,
    ),
    Cause(
        "a ConfigMap that is missing, as a variable",
        with_container(ENV % ("configMapKeyRef", "absent")),
        ('container main cannot start: CreateContainerConfigError: configmap "absent" not found.',),
        "create the ConfigMap or Secret",
        log=("Nothing runs: pod job-",),
        kind=JobStartupError,
        takes_long=True,
    ),
    Cause(
        "a ConfigMap that is missing, as a volume",
        with_volume("configMap: {name: absent}"),
        (
            "No container has started within 8 s.",
            "waits for a volume that cannot be mounted: MountVolume.SetUp failed for volume",
            'configmap "absent" not found',
        ),
        "create what the volume is made from",
        log=("Nothing runs: pod job-", "waits for a volume that cannot be mounted"),
        arguments=SHORT,
        kind=JobStartupError,
    ),
    Cause(
        "a Secret's key that is missing",
        with_container(ENV % ("secretKeyRef", "known")),
        ("container main cannot start: CreateContainerConfigError: couldn't find key word in Secret",),
        "add the key to the ConfigMap or Secret",
        prepare=secret,
        kind=JobStartupError,
        takes_long=True,
    ),
    Cause(
        "unschedulable",
        job("true", pod="nodeSelector: {nowhere: here}"),
        ("No container has started within 8 s.", "cannot be scheduled: 0/", "didn't match"),
        "mend nodeSelector, affinity or tolerations",
        log=("Nothing runs: pod job-", "cannot be scheduled: 0/"),
        arguments=SHORT,
        kind=JobStartupError,
    ),
    Cause(
        "a PersistentVolumeClaim that is not there",
        with_volume("persistentVolumeClaim: {claimName: absent}"),
        ("waits for a volume that is not bound:", 'persistentvolumeclaim "absent" not found'),
        "create the PersistentVolumeClaim",
        log=("waits for a volume that is not bound",),
        arguments=SHORT,
        kind=JobStartupError,
    ),
    Cause(
        "a PersistentVolumeClaim that is not bound",
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: claim}\nspec:\n  accessModes: [ReadWriteOnce]\n"
        "  storageClassName: nobody\n  resources: {requests: {storage: 1Mi}}\n---\n"
        + with_volume("persistentVolumeClaim: {claimName: claim}"),
        ("waits for a volume that is not bound:", "unbound immediate PersistentVolumeClaims"),
        "find out why it is not bound",
        log=("waits for a volume that is not bound",),
        arguments=SHORT,
        kind=JobStartupError,
    ),
    Cause(
        "quota exceeded",
        job("true"),
        (
            "No container has started within 8 s.",
            "The Job has no pod, because none can be created: exceeded quota: none",
        ),
        "have the ResourceQuota of the namespace raised",
        log=("Nothing runs: the Job has no pod, because none can be created: exceeded quota: none",),
        arguments=SHORT,
        prepare=small_quota,
        kind=JobStartupError,
    ),
    Cause(
        "a ServiceAccount that is missing",
        job("true", pod="serviceAccountName: absent"),
        ("It cannot start.", "none can be created: error looking up service account"),
        "create the ServiceAccount",
        log=("Nothing runs: the Job has no pod, because none can be created: error looking up service account",),
        kind=JobStartupError,
        takes_long=True,
    ),
    Cause(
        "deadline exceeded",
        job("sleep 60", spec="backoffLimit: 0\nactiveDeadlineSeconds: 3"),
        ("failed: it ran longer than its activeDeadlineSeconds of 3 (DeadlineExceeded)\n",),
        "raise activeDeadlineSeconds (now 3)",
    ),
    Cause(
        "backoff exhausted",
        job("echo this time too; exit 1", spec="backoffLimit: 2"),
        ("ended with exit code 1: this time too\n", "exit code 1 (Error)"),
        "read the last log lines above",
        log=(
            "its backoffLimit of 2 allows (BackoffLimitExceeded).",
            "(backoffLimit is 2); after a pause Kubernetes starts the next.",
        ),
        takes_long=True,
    ),
    Cause(
        "an init container fails",
        with_more_containers(
            "initContainers", "{name: prepare, image: busybox:1.36, command: [sh, -c, echo no disk; exit 5]}"
        ),
        (
            "container prepare of pod job-",
            "ended with exit code 5: no disk\n",
            "container prepare: exit code 5 (Error)",
        ),
        "read the last log lines above",
    ),
    Cause(
        "one of two containers fails",
        with_more_containers("containers", "{name: other, image: busybox:1.36, command: [sh, -c, echo me; exit 6]}"),
        ("container other of pod job-", "ended with exit code 6: me\n", "container other: exit code 6 (Error)"),
        "read the last log lines above",
    ),
    Cause(
        "a container's image is missing while another runs",
        with_more_containers("containers", "{name: other, image: 'Bad Name:1'}", "sleep 60"),
        ("It cannot start.", "container other cannot start: InvalidImageName"),
        "mend the image's name in the template.",
        kind=JobStartupError,
        takes_long=True,
    ),
]


@pytest.fixture(scope="module")
def outcomes(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Outcome]]]:
    """Start the tasks of all causes that are asked for: one after the other they would wait for minutes."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    chosen = [cause for item in items if isinstance(cause := item.callspec.params.get("cause"), Cause)]
    tasks = SideBySide(cluster)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(cluster.kubeconfig))
        chosen.sort(key=lambda cause: not cause.takes_long)
        yield {cause.name: tasks.start(cause.prepare, job_yaml=cause.manifest, **cause.arguments) for cause in chosen}
        tasks.close()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_the_log_tells_the_cause_and_what_to_do(cause: Cause, outcomes: dict[str, Future[Outcome]]) -> None:
    outcome = outcomes[cause.name].result()
    run = outcome.run
    assert run.state == "failed"
    assert isinstance(run.failures[0], cause.kind), run.failures
    assert [words for words in cause.error if words not in run.told] == [], run.told
    assert run.log.endswith(run.report), "who reads the end of the log knows the cause"
    reason = run.error.splitlines()[0]
    assert len(reason) <= LONGEST_REASON, reason
    assert run.log.count(reason) == 1
    assert ".." not in run.told.replace("...", ""), "one full stop"
    assert run.report.count("What to do:") == run.error.count("What to do:") == 1
    for said in (run.report, run.error):
        assert cause.remedy in said[said.index("What to do:") :], said
    assert [words for words in cause.log if words not in run.log] == [], run.log
    assert "hunter2" not in run.log + run.error
    told = [line for line in run.log.splitlines() if line.startswith("Nothing runs: ")]
    assert len(told) == len(set(told)), "in changes, not in repetitions"
    if cause.kind is JobStartupError:
        assert outcome.jobs == []


def test_a_pod_that_somebody_deleted_is_told_from_a_failure_of_its_own(task: TaskRunner, namespace: Namespace) -> None:
    version = json.loads(namespace.kubectl("version", "-o", "json"))["serverVersion"]
    if int(version["minor"].rstrip("+")) < 26:
        pytest.skip(
            "this server replaces a deleted pod and counts no failure; test_diagnosis.py shows it with recordings"
        )
    task.write("job.yaml", job("sleep 60"))

    def delete_it() -> None:
        until(lambda: namespace.running_pods() != [], "no pod ran")
        namespace.kubectl("delete", "pod", namespace.running_pods()[0], "--wait=false")

    thread = in_background(delete_it)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "failed"
    assert "somebody deleted it" in run.error
    assert "BackoffLimitExceeded" in run.log
    assert "Killing: Stopping container main" in run.told
    assert "exit code 3" not in run.told


def test_a_missing_configmap_that_comes_in_time_fails_nothing(
    task: TaskRunner, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The kubelet looks again after 10 to 15 s, and a busy one later: in time for a user, but not surely for a test.
    monkeypatch.setattr(obstacles, "HOPELESS_GRACE_SECONDS", 60.0)

    def bring() -> None:
        missed = "CreateContainerConfigError"
        until(lambda: missed in json.dumps(namespace.objects("pods")), "the kubelet did not miss it")
        namespace.kubectl("create", "configmap", "late", "--from-literal=word=here")

    task.write("job.yaml", with_container(ENV % ("configMapKeyRef", "late"), "echo word is $X; sleep 3"))
    thread = in_background(bring)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "success", run.failures
    assert 'CreateContainerConfigError: configmap "late" not found.' in run.log
    assert "word is here" in run.log


@pytest.mark.parametrize(("argument", "state"), [("skip_on_exit_code", "success"), ("fail_on_exit_code", "failed")])
def test_an_exit_code_decides_between_skipped_failed_and_tried_again(
    argument: str, state: str, task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job("exit 99"))
    arguments: dict[str, Any] = {argument: [98, 99]}
    run = task.run(
        yaml_file_name="job.yaml", retries=1, retry_delay=timedelta(0), delete_policy="IfFailed", **arguments
    )
    assert run.state == state, run.failures
    assert run.subcommands.count("apply") == 1, "neither is tried again"
    assert namespace.living("jobs") == [], "cleaned up as a failed Job"
    if state == "failed":
        assert "exit code 99 (Error)" in run.told
    else:
        assert run.failures == []
