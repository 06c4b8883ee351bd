"""Why a Job failed is told in words that a tired person can act on, the most important first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kubectl_job_operator.status.diagnosis import diagnose, exit_codes, remains
from kubectl_job_operator.status.failed_pods import LAST_LINES, MOST_PODS
from tests.unit import recordings

NO_POD = "No pod of it is known any more, so there is neither an exit code nor a log."
READ_ON = "What to do: read the last log lines above: the program itself ended like that."

# The first line, another that must be there, and what to do. Situations of a Job without a verdict are what a task
# tells that gives up on it or loses it.
SITUATIONS: dict[str, tuple[str, str, str]] = {
    "backoff-exhausted": (
        "Pod backoff-exhausted-qr2kq on node node1, container main: exit code 1 (Error)",
        "Pod backoff-exhausted-94www on node node1, container main: exit code 1 (Error)",
        READ_ON,
    ),
    "backoff-limit-per-index": (
        "Pod backoff-limit-per-index-1-jhhpq on node node1, container main: exit code 1 (Error)",
        "  its last log line:",
        READ_ON,
    ),
    "command-missing": (
        "Pod command-missing-xn96h on node node1, container main: exit code 128 (StartError): it could not be started: "
        "its command '/no/such' is not in the image.",
        "  its termination message: failed to create containerd task: failed to create shim task: OCI runtime create "
        'failed: runc create failed: unable to start container process: exec: "/no/such": stat /no/such: no such file '
        "or directory",
        "What to do: mend command and args of container main, or take an image that has it.",
    ),
    "complete": ("No container ended with an error; its pods: complete-wqjfs (Succeeded).", READ_ON, READ_ON),
    "config-missing": (
        "Never started: pod config-missing-btwtt, container main cannot start: CreateContainerConfigError: configmap "
        '"absent" not found.',
        "What to do: create the ConfigMap or Secret, or add it to the manifest.",
        "What to do: create the ConfigMap or Secret, or add it to the manifest.",
    ),
    "deadline-exceeded": (
        NO_POD,
        "  1 x SuccessfulDelete: Deleted pod: *",
        "What to do: raise activeDeadlineSeconds (now 4), or find out in the log why it took so long.",
    ),
    "failed-exit-code": (
        "Pod failed-exit-code-28jd2 on node node1, container main: exit code 3 (Error)",
        "    dying",
        READ_ON,
    ),
    "image-never-pull": (
        "Never started: pod image-never-pull-9sxtk, container main cannot start: ErrImageNeverPull: Container image "
        '"absent:1" is not present with pull policy of Never.',
        "What to do: load the image onto the node, or set another imagePullPolicy than Never.",
        "What to do: load the image onto the node, or set another imagePullPolicy than Never.",
    ),
    "image-pull": (
        "Never started: pod image-pull-z5j9k, container main has no image yet: registry.invalid/nothing:1 cannot be "
        'pulled: failed to pull and unpack image "registry.invalid/nothing:1": failed to resolve image: failed to do '
        'request: Head "https://registry.invalid/v2/nothing/manifests/1": dial tcp: lookup registry.invalid on '
        "10.255.255.53:53: no such host.",
        "Events:",
        "What to do: mend the image's name and tag, add imagePullSecrets, or see whether the node reaches the "
        "registry.",
    ),
    "invalid-image-name": (
        "Never started: pod invalid-image-name-c9bhk, container main cannot start: InvalidImageName: Failed to apply "
        'default image tag "Bad Name:1": couldn\'t parse image name "Bad Name:1": invalid reference format: repository '
        "name (library/Bad Name) must be lowercase.",
        "What to do: mend the image's name in the template.",
        "What to do: mend the image's name in the template.",
    ),
    "job-deleted": (NO_POD, "  1 x Killing: Stopping container main", "What to do: keep the pods for a look"),
    "on-failure-restarts": (
        NO_POD,
        "  1 x SuccessfulDelete: Deleted pod: *",
        'What to do: keep the pods for a look: restartPolicy "Never" leaves them where they failed; tail_logs_every '
        "shows their logs while they run.",
    ),
    "oom-killed": (
        "Pod oom-killed-sr6n2 on node node1, container main: exit code 137 (OOMKilled): it used more memory than its "
        "limit of 16Mi.",
        "    dying",
        "What to do: raise resources.limits.memory of container main, or let it use less.",
    ),
    "parallel-indexed": ("No container ended with an error; its pods: parallel-indexed-0-", READ_ON, READ_ON),
    "pod-deleted": (NO_POD, "  1 x Killing: Stopping container main", "What to do: keep the pods for a look"),
    "pod-failure-policy": (
        "Pod pod-failure-policy-8c59d on node node1, container main: exit code 42 (Error)",
        "    dying",
        "What to do: a rule of the Job's podFailurePolicy ended it; read the lines above, or change the rule.",
    ),
    "quota": (
        "Never started: the Job has no pod, because none can be created: exceeded quota: q, requested: pods=1",
        '  6 x FailedCreate: Error creating: pods "*" is forbidden: exceeded quota: q, requested: pods=1, used: '
        "pods=0, limited: pods=0",
        "What to do: ask for less, wait until others have ended, or have the ResourceQuota of the namespace raised.",
    ),
    "suspended": (
        "Never started: the Job is suspended; waiting until somebody resumes it.",
        "  1 x Suspended: Job suspended",
        "What to do: resume the Job: set spec.suspend to false, or ask the queueing system that holds it.",
    ),
    "two-containers-init-sidecar": ("No container ended with an error; its pods: two-", "Events:", READ_ON),
    "unschedulable": (
        "Never started: pod unschedulable-gpw9r cannot be scheduled: 0/1 nodes are available: 1 node(s) didn't match",
        "Events:",
        "What to do: ask for less, mend nodeSelector, affinity or tolerations, or wait for a node that fits.",
    ),
    "volume-unbound": (
        "Never started: pod volume-unbound-llhzk waits for a volume that is not bound: 0/1 nodes are available: "
        'persistentvolumeclaim "absent" not found.',
        "What to do: create the PersistentVolumeClaim, or find out why it is not bound: kubectl describe pvc.",
        "What to do: create the PersistentVolumeClaim, or find out why it is not bound: kubectl describe pvc.",
    ),
}

# The same, where the pods that are gone by now were seen while they were there.
SEEN_BEFORE: dict[str, tuple[str, str, str]] = {
    "deadline-exceeded": (
        "Pod deadline-exceeded-p4z9h on node node1, container main: exit code 137 (Error): SIGKILL: its pod was "
        "deleted, and it did not end within 1 s by itself.",
        "Pod deadline-exceeded-p4z9h on node node1: the Job deleted it.",
        "What to do: raise activeDeadlineSeconds (now 4), or find out in the log why it took so long.",
    ),
    "on-failure-restarts": (
        "Pod on-failure-restarts-k55x6 on node node1, container main: exit code 1 (Error)",
        "  it was restarted 1 time",
        READ_ON,
    ),
    "pod-deleted": (
        "Pod pod-deleted-bsxbw on node node1: somebody deleted it.",
        "Pod pod-deleted-bsxbw on node node1, container main: exit code 137 (Error): SIGKILL: its pod was deleted, and "
        "it did not end within 1 s by itself.",
        "What to do: find out who deleted the pod; a Job with a backoffLimit above 0 starts another one.",
    ),
    "job-deleted": (
        "Pod job-deleted-5wh6g on node node1: somebody deleted it.",
        "  1 x Killing: Stopping container main",
        "What to do: find out who deleted the pod",
    ),
}


class Logs:
    """Logs that can be read, noting what was asked for.

    :param lines: what each log ends with; ``None`` if it cannot be read.
    """

    def __init__(self, *lines: str, is_readable: bool = True) -> None:
        self.lines = lines if is_readable else None
        self.asked: list[tuple[str, str, int]] = []

    def __call__(self, pod: Any, container: str, line_count: int) -> Sequence[str] | None:
        """Return the lines."""
        self.asked.append((pod["metadata"]["name"], container, line_count))
        return self.lines


def job_of(scenario: str) -> dict[str, Any]:
    return recordings.job_last_seen(scenario) if scenario == "job-deleted" else recordings.job(scenario)


def told(scenario: str, pods: Sequence[Any], logs: Logs | None = None) -> list[str]:
    return account(job_of(scenario), pods, recordings.events(scenario), logs or Logs("dying"))


def account(job: Any, pods: Sequence[Any], events: Sequence[Any], logs: Any) -> list[str]:
    """Return all that is told below the one line that says why."""
    found = diagnose(job, pods, events, logs)
    return [*found.lines, f"What to do: {found.remedy}"]


def test_every_recording_is_in_the_table() -> None:
    assert {path.name for path in (recordings.FIXTURES / "kubernetes-1.36").iterdir()} == SITUATIONS.keys()


@pytest.mark.parametrize("scenario", SITUATIONS)
def test_a_recorded_situation_is_told_with_its_cause_first_and_what_to_do_last(scenario: str) -> None:
    first, among, last = SITUATIONS[scenario]
    lines = told(scenario, recordings.pods(scenario))
    assert lines[0].startswith(first)
    assert among in lines
    assert lines[-1].startswith(last)


@pytest.mark.parametrize("scenario", SEEN_BEFORE)
def test_pods_that_are_gone_are_told_if_they_were_seen_before(scenario: str) -> None:
    first, among, last = SEEN_BEFORE[scenario]
    lines = told(scenario, recordings.pods_last_seen(scenario))
    assert lines[0] == first
    assert among in lines
    assert lines[-1].startswith(last)


def test_the_last_log_lines_stand_below_the_container() -> None:
    logs = Logs("dying", "now")
    assert told("failed-exit-code", recordings.pods("failed-exit-code"), logs)[1:4] == [
        "  its last 2 log lines:",
        "    dying",
        "    now",
    ]
    assert logs.asked == [("failed-exit-code-28jd2", "main", LAST_LINES)]


@pytest.mark.parametrize(
    ("logs", "line"), [(Logs(), "  it wrote no log"), (Logs(is_readable=False), "  its log cannot be read")]
)
def test_an_empty_log_is_not_one_that_cannot_be_read(logs: Logs, line: str) -> None:
    assert told("failed-exit-code", recordings.pods("failed-exit-code"), logs)[1] == line


def test_kubernetes_1_20_tells_as_much() -> None:
    lines = account(recordings.job("failed", "1.20"), recordings.pods("failed", "1.20"), [], Logs("dying"))
    assert lines[0].endswith("container main: exit code 3 (Error)")
    assert lines[-1] == READ_ON


def _failed_pods(count: int) -> list[dict[str, Any]]:
    (pod,) = recordings.pods("failed-exit-code")
    return [
        {
            **pod,
            "metadata": {
                "name": f"pod-{number}",
                "uid": str(number),
                "creationTimestamp": f"2026-01-01T00:00:{number:02}Z",
            },
        }
        for number in range(count)
    ]


def test_at_most_five_pods_are_told_the_newest_and_the_others_counted() -> None:
    assert MOST_PODS == 5
    logs = Logs("x")
    lines = told("failed-exit-code", _failed_pods(8), logs)
    assert [pod for pod, _, _ in logs.asked] == [f"pod-{number}" for number in (7, 6, 5, 4, 3)]
    assert "And 3 more pods failed, with exit code 3." in lines


def test_five_pods_are_all_told_without_a_word_of_others() -> None:
    lines = told("failed-exit-code", _failed_pods(5))
    assert sum(line.startswith("Pod ") for line in lines) == 5
    assert not any(line.startswith("And ") for line in lines)


def test_an_image_that_never_came_before_the_deadline_is_the_cause() -> None:
    job = recordings.job("deadline-exceeded")
    job["metadata"] = recordings.job("image-pull")["metadata"]
    lines = account(job, recordings.pods("image-pull"), recordings.events("image-pull"), Logs())
    assert lines[0].startswith("Never started: pod image-pull-z5j9k, container main has no image yet")
    assert lines[-1].startswith("What to do: mend the image's name and tag")


def test_of_a_job_that_is_gone_it_tells_what_is_left_and_no_remedy() -> None:
    job, pods = job_of("job-deleted"), recordings.pods_last_seen("job-deleted")
    lines = remains(job, pods, recordings.events("job-deleted"), Logs("dying"), is_shown=False).splitlines()
    assert lines[0] == "Pod job-deleted-5wh6g on node node1: somebody deleted it."
    assert "    dying" in lines
    assert not any(line.startswith("What to do") for line in lines)


def test_exit_codes_are_those_of_failed_pods_each_once() -> None:
    assert exit_codes(recordings.pods("backoff-exhausted")) == (1,)
    assert exit_codes(recordings.pods("oom-killed")) == (137,)
    assert exit_codes(recordings.pods("two-containers-init-sidecar")) == (), "its sidecar was killed, but it succeeded"
    assert exit_codes([]) == ()


def test_what_kept_a_pod_for_a_moment_is_not_named_beside_why_it_failed() -> None:
    scenario = "failed-exit-code"
    job, pods, events = recordings.job(scenario), recordings.pods(scenario), recordings.events(scenario)
    mount = {
        **events[0],
        "type": "Warning",
        "reason": "FailedMount",
        "message": 'MountVolume.SetUp failed for volume "kube-api-access" : object "kube-root-ca.crt" not registered',
        "involvedObject": {"kind": "Pod", "uid": pods[0]["metadata"]["uid"], "name": pods[0]["metadata"]["name"]},
    }
    assert "FailedMount" not in str(account(job, pods, [*events, mount], Logs()))
    pods[0]["status"]["containerStatuses"] = []
    assert "FailedMount" in str(account(job, pods, [*events, mount], Logs()))
