"""Why a Job waits is logged once for each reason, and one that cannot start is given up early, but not too early."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.permissions import Permissions
from kubectl_job_operator.attempt.settings import Patience
from kubectl_job_operator.errors import JobStartupError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.life import obstacles
from kubectl_job_operator.life.obstacles import Obstacles
from kubectl_job_operator.watch.event_reader import KubectlEvents
from tests.unit import recordings, stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import Log
from tests.unit.status.test_pending import pod


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class Scene:
    """A chore over a Job and pods that a test can change."""

    kubectl: Kubectl
    log: Log
    clock: Clock
    mailbox: Mailbox = field(default_factory=Mailbox)
    job: Any = None
    pods: list[Any] = field(default_factory=list)
    anew: Any = None
    on_running: Any = None
    chore: Any = None

    def begin(self, scenario: str, **patience: float) -> Scene:
        """Begin with a recorded situation."""
        self.job, self.pods = recordings.job(scenario), recordings.pods(scenario)
        self.chore = Obstacles(
            self.job,
            KubectlEvents(self.kubectl, self.mailbox.post, Permissions(self.log)),
            self.log,
            pods=lambda: self.pods,
            look=lambda: self.job,
            pods_of=lambda _: self.pods if self.anew is None else self.anew,
            patience=Patience(**patience),
            on_running=self.on_running,
        )
        return self

    def after(self, seconds: float) -> None:
        """Let time pass and the chore look, then take what it reads."""
        self.clock.now += seconds
        self.chore.advance()
        while self.chore.pending():
            self.chore.handle(self.mailbox.receive(20))
            self.chore.advance()

    @property
    def told(self) -> list[str]:
        """What it has said."""
        return self.log.lines


@pytest.fixture
def scene(fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """Give a scene whose events cannot be had, unless the test scripts them before."""
    clock = Clock()
    monkeypatch.setattr(obstacles, "time", clock)
    assert fake_kubectl.program.exists()
    processes = Processes(os.environ)
    yield Scene(Kubectl(Access(), stage.NAMESPACE, processes, Transcript(lambda _: None)), Log(), clock)
    processes.close()


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("unschedulable", "Nothing runs: pod unschedulable-gpw9r cannot be scheduled: 0/1 nodes are available"),
        ("volume-unbound", "Nothing runs: pod volume-unbound-llhzk waits for a volume that is not bound"),
        (
            "config-missing",
            'main cannot start: CreateContainerConfigError: configmap "absent" not found. The task fails',
        ),
        ("image-pull", "no such host. The task fails if that lasts for 120 s."),
    ],
)
def test_a_reason_is_said_once_and_without_reading_an_event(
    scenario: str, words: str, scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    scene.begin(scenario)
    scene.after(0)
    assert scene.told == [], "it may be over in a moment"
    for _ in range(4):
        scene.after(2)
    (line,) = scene.told
    assert words in line
    assert fake_kubectl.called("get events") == []


def test_pods_that_wait_for_the_same_are_one_line(scene: Scene) -> None:
    scene.begin("unschedulable")
    scene.pods = [{**scene.pods[0], "metadata": {**scene.pods[0]["metadata"], "name": f"p{n}"}} for n in range(200)]
    scene.after(3)
    (line,) = scene.told
    assert line.startswith("Nothing runs: pod p0 (and 199 more) cannot be scheduled")


def test_another_reason_is_another_line_and_the_first_is_not_said_again(scene: Scene) -> None:
    scene.begin("unschedulable")
    first = scene.pods
    for pods in (first, recordings.pods("volume-unbound"), first):
        scene.pods = pods
        scene.after(3)
    assert len(scene.told) == 2


def test_a_suspended_job_is_told_at_once_and_does_not_use_the_time_up(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", recordings.event_list("suspended"))
    scene.begin("suspended", startup_timeout_seconds=60)
    scene.after(0)
    assert scene.told == ["Nothing runs: the Job is suspended; waiting until somebody resumes it."]
    for _ in range(10):
        scene.after(50)
    assert len(scene.told) == 1
    assert len(fake_kubectl.called("get events")) <= 3, "hours of it must not fill the log"


def test_why_no_pod_is_there_comes_from_the_jobs_events(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", recordings.event_list("quota"))
    scene.begin("quota")
    scene.after(2)
    assert fake_kubectl.called("get events") == [], "most Jobs have their pod by now"
    scene.after(2)
    (line,) = scene.told
    assert "has no pod, because none can be created: exceeded quota: q, requested: pods=1" in line
    (call,) = fake_kubectl.called("get events")
    assert f"--field-selector=involvedObject.uid={scene.job['metadata']['uid']}" in call


def test_events_are_read_later_and_later(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", recordings.event_list("quota"))
    scene.begin("quota", startup_timeout_seconds=0)
    for _ in range(100):
        scene.after(1)
    assert 4 <= len(fake_kubectl.called("get events")) <= 6


def test_events_are_not_read_while_a_container_runs(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    scene.begin("image-pull")
    scene.pods[0]["status"]["containerStatuses"][0]["state"] = {"running": {}}
    for _ in range(20):
        scene.after(5)
    assert fake_kubectl.calls == []
    assert scene.told == []


def test_events_that_cannot_be_read_fail_nothing_and_are_read_again(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", **stage.REFUSED)
    scene.begin("quota")
    scene.after(6)
    scene.after(40)
    assert scene.told == ["Nothing runs: the Job has no pod yet."]
    assert len(fake_kubectl.called("get events")) == 2


def test_events_that_may_not_be_read_are_asked_for_once_and_that_is_one_line(
    scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get events", **stage.FORBIDDEN)
    scene.begin("quota")
    scene.after(6)
    scene.after(40)
    scene.after(40)
    absence, nothing_runs = scene.told
    assert nothing_runs == "Nothing runs: the Job has no pod yet."
    assert absence.startswith("The account lacks the right to list events")
    assert len(fake_kubectl.called("get events")) == 1


def test_that_it_runs_at_last_is_said(scene: Scene) -> None:
    scene.begin("unschedulable")
    scene.after(20)
    scene.pods = [pod(reason="")]
    scene.pods[0]["status"]["containerStatuses"][0]["state"] = {"running": {}}
    scene.after(1)
    assert scene.told[-1].startswith("Waited 21 s: pod unschedulable-gpw9r cannot be scheduled")


def test_who_wants_to_learn_for_how_long_and_for_what_was_waited(scene: Scene) -> None:
    waited: list[str] = []
    scene.on_running = waited.append
    scene.begin("unschedulable")
    scene.after(20)
    scene.pods = [pod(reason="")]
    scene.pods[0]["status"]["containerStatuses"][0]["state"] = {"running": {}}
    scene.after(1)
    (title,) = waited
    assert title.startswith("Waited 21 s: pod unschedulable-gpw9r cannot be scheduled")
    assert len(scene.told) == 1


def test_between_the_pods_of_a_slow_cluster_what_is_no_news_is_told_only_if_it_lasts(
    scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get events", recordings.event_list("complete"))
    scene.begin("unschedulable")
    unscheduled = scene.pods
    running, creating = pod(reason=""), pod(reason="ContainerCreating")
    running["status"]["containerStatuses"][0]["state"] = {"running": {}}
    scene.after(10)
    for waiting in (unscheduled, [creating], unscheduled, [creating]):
        scene.pods = [running]
        scene.after(10)
        scene.pods = waiting
        for _ in range(4):
            scene.after(10)
    first, waited = scene.told
    assert first.startswith("Nothing runs: pod unschedulable-gpw9r cannot be scheduled")
    assert waited.startswith("Waited 20 s: ")
    for _ in range(4):
        scene.after(10)
    assert scene.told[2:] == ["Nothing runs: pod image-pull-z5j9k, container main is being created on node node1."]


def test_each_time_that_a_job_is_suspended_is_told_at_once(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", recordings.event_list("suspended"))
    scene.begin("suspended")
    running = pod(reason="")
    running["status"]["containerStatuses"][0]["state"] = {"running": {}}
    for pods in ([], [running], []):
        scene.pods = pods
        scene.after(5)
    held = "Nothing runs: the Job is suspended; waiting until somebody resumes it."
    assert [line for line in scene.told if line.startswith("Nothing runs")] == [held, held]


def test_the_first_pause_before_the_next_pod_is_told_although_a_pod_has_run(
    scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get events", recordings.event_list("complete"))
    scene.begin("backoff-exhausted")
    scene.job = scene.chore._job = recordings.job("unschedulable")
    scene.job["spec"]["backoffLimit"] = 2
    ended = scene.pods[:1]
    scene.pods = [pod(reason="")]
    scene.pods[0]["status"]["containerStatuses"][0]["state"] = {"running": {}}
    scene.after(10)
    scene.pods = ended
    for _ in range(3):
        scene.after(4)
    (line,) = scene.told
    assert line.endswith("has 1 failed pod (backoffLimit is 2); after a pause Kubernetes starts the next.")


def test_the_moment_between_the_end_of_a_container_and_the_verdict_is_no_waiting(
    scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    scene.begin("backoff-exhausted")
    scene.job = scene.chore._job = recordings.job("unschedulable")
    ended = scene.pods
    scene.pods = [pod(reason="")]
    scene.pods[0]["status"]["containerStatuses"][0]["state"] = {"running": {}}
    scene.after(100)
    scene.pods = ended
    for _ in range(3):
        scene.after(1)
    assert scene.told == []
    assert fake_kubectl.calls == []


@pytest.mark.parametrize("scenario", ["config-missing", "image-never-pull", "invalid-image-name"])
def test_what_cannot_heal_fails_the_task_after_a_short_grace(scenario: str, scene: Scene) -> None:
    scene.begin(scenario)
    scene.after(0)
    scene.after(14)
    with pytest.raises(JobStartupError) as failure:
        scene.after(2)
    lines = str(failure.value).splitlines()
    assert lines[0].startswith(f"Job fixtures/{scenario} did not start: container main: ")
    assert len(lines[0]) <= 125
    assert lines[1] == "It cannot start."
    assert lines[2].startswith("What to do: ")
    assert f"\n  Pod {scenario}-" in failure.value.report


def test_what_heals_within_the_grace_fails_nothing(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", recordings.event_list("complete"))
    scene.begin("config-missing")
    hopeless = scene.pods
    for pods in (hopeless, [pod(reason="ContainerCreating")], hopeless, [pod(reason="ContainerCreating")]):
        scene.pods = pods
        scene.after(2)
    scene.pods = hopeless
    scene.after(2)
    scene.after(14)
    with pytest.raises(JobStartupError):
        scene.after(2)


def test_what_was_known_may_be_old_so_it_is_looked_at_anew_before_the_task_fails(scene: Scene) -> None:
    scene.begin("config-missing")
    scene.anew = [pod(reason="ContainerCreating")]
    for _ in range(5):
        scene.after(16)
    scene.anew = None
    scene.after(1)
    with pytest.raises(JobStartupError):
        scene.after(16)


def test_as_long_as_another_pod_makes_progress_a_hopeless_one_is_borne(scene: Scene, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get events", recordings.event_list("complete"))
    scene.begin("config-missing")
    scene.pods.append(pod(reason="ContainerCreating"))
    for _ in range(4):
        scene.after(16)


def test_an_image_that_cannot_be_pulled_is_borne_for_its_grace_from_the_first_failure_on(scene: Scene) -> None:
    scene.begin("image-pull", image_pull_grace_seconds=60)
    back_off = pod(reason="ImagePullBackOff", message="Back-off pulling image: ErrImagePull: no such host")
    for pods in (scene.pods, [back_off], scene.pods, [back_off], scene.pods):
        scene.pods = pods
        scene.after(12)
    with pytest.raises(JobStartupError) as failure:
        scene.after(13)
    assert "An image could not be pulled within 60 s." in str(failure.value)
    assert "image_pull_grace_seconds" in str(failure.value)


def test_a_pull_grace_of_zero_leaves_it_to_the_startup_timeout(scene: Scene) -> None:
    scene.begin("image-pull", image_pull_grace_seconds=0, startup_timeout_seconds=500)
    for _ in range(8):
        scene.after(60)
    with pytest.raises(JobStartupError, match="No container has started within 500 s"):
        scene.after(60)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [("unschedulable", "cannot be scheduled"), ("volume-unbound", "waits for a volume"), ("quota", "exceeded quota")],
)
def test_a_job_without_a_running_container_fails_when_the_time_is_over_with_what_it_waits_for(
    scenario: str, reason: str, scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get events", recordings.event_list(scenario))
    scene.begin(scenario, startup_timeout_seconds=30)
    scene.after(4)
    scene.after(25)
    with pytest.raises(JobStartupError) as failure:
        scene.after(2)
    assert "No container has started within 30 s." in str(failure.value)
    assert reason in failure.value.report
    assert "raise startup_timeout_seconds" in str(failure.value)


@pytest.mark.parametrize("scenario", ["complete", "failed-exit-code", "oom-killed"])
def test_a_job_whose_container_has_run_is_not_failed_for_time(
    scenario: str, scene: Scene, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("get events", recordings.event_list(scenario))
    scene.begin(scenario, startup_timeout_seconds=1)
    for _ in range(3):
        scene.after(60)


def test_a_timeout_of_zero_is_without_limit(scene: Scene) -> None:
    scene.begin("unschedulable", startup_timeout_seconds=0)
    for _ in range(3):
        scene.after(10_000)


@pytest.mark.parametrize("change", [lambda _: None, lambda job: {**job, "metadata": {**job["metadata"], "uid": "new"}}])
def test_a_job_that_is_gone_is_for_the_waits_to_tell(change: Callable[[Any], Any], scene: Scene) -> None:
    scene.begin("unschedulable", startup_timeout_seconds=5)
    scene.job = change(scene.job)
    scene.after(60)


def test_the_code_under_test_has_the_clock_of_the_test(scene: Scene) -> None:
    assert scene.clock.now != time.monotonic()


def _stamp(seconds_ago: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds_ago))


def _again(scene: Scene, clocks: str, waited: float = 0.0, **patience: float) -> Scene:
    """Go on in another process."""
    scene.chore = Obstacles(
        scene.job,
        KubectlEvents(scene.kubectl, scene.mailbox.post, Permissions(scene.log)),
        scene.log,
        pods=lambda: scene.pods,
        look=lambda: scene.job,
        pods_of=lambda _: scene.pods,
        patience=Patience(**patience),
        waited_seconds=waited,
        clocks=clocks,
    )
    return scene


def test_a_failing_pull_ends_the_task_as_early_however_often_its_process_changes(scene: Scene) -> None:
    limits = {"startup_timeout_seconds": 0.0, "image_pull_grace_seconds": 100.0}
    scene.begin("image-pull", **limits)
    scene.after(0)
    for _ in range(9):
        scene.after(10)
        _again(scene, scene.chore.clocks, **limits)
    with pytest.raises(JobStartupError, match="An image could not be pulled within 100 s"):
        scene.after(11)
    assert len(scene.told) == 1, "what was said is not said again by the next process"


def test_the_start_has_one_time_limit_however_often_the_process_changes(scene: Scene) -> None:
    limits = {"startup_timeout_seconds": 50.0}
    scene.begin("unschedulable", **limits)
    scene.job["status"].pop("startTime", None)
    for _ in range(4):
        scene.after(10)
        _again(scene, scene.chore.clocks, **limits)
    with pytest.raises(JobStartupError, match="No container has started within 50 s"):
        scene.after(11)


def test_a_job_that_a_queue_has_let_go_a_moment_ago_has_all_its_time(scene: Scene) -> None:
    scene.begin("unschedulable")
    scene.job["status"]["startTime"] = _stamp(5)
    _again(scene, "", waited=3600.0, startup_timeout_seconds=60.0)
    scene.after(0)
    scene.after(50)
    scene.job["status"]["startTime"] = _stamp(70)
    with pytest.raises(JobStartupError, match="No container has started within 60 s"):
        scene.after(11)


def test_the_time_that_a_pod_is_gated_does_not_count(scene: Scene) -> None:
    scene.begin("unschedulable", startup_timeout_seconds=60)
    scene.job["status"].pop("startTime", None)
    scheduled = next(one for one in scene.pods[0]["status"]["conditions"] if one["type"] == "PodScheduled")
    ungated = dict(scheduled)
    scheduled.update(reason="SchedulingGated", message="Scheduling is blocked due to non-empty scheduling gates")
    for _ in range(9):
        scene.after(50)
    assert scene.told == [
        "Nothing runs: pod unschedulable-gpw9r is held back by its scheduling gates: Scheduling is blocked due to "
        "non-empty scheduling gates."
    ]
    scheduled.update(ungated)
    scene.after(30)
    with pytest.raises(JobStartupError, match="No container has started within 60 s"):
        scene.after(40)


def test_a_job_that_another_controller_runs_is_not_given_up_and_its_logs_are_said_to_be_elsewhere(scene: Scene) -> None:
    scene.begin("unschedulable", startup_timeout_seconds=60)
    scene.pods = []
    scene.job["spec"]["managedBy"] = "kueue.x-k8s.io/multikueue"
    for _ in range(10):
        scene.after(50)
    assert scene.told == [
        "The Job is run by kueue.x-k8s.io/multikueue (spec.managedBy): its pods and their logs are elsewhere, and its "
        "status here tells its end."
    ]


@pytest.mark.parametrize(("key", "count"), [("active", 1), ("ready", 1)])
def test_a_job_whose_status_tells_of_work_elsewhere_is_not_given_up(
    scene: Scene, fake_kubectl: FakeKubectl, key: str, count: int
) -> None:
    fake_kubectl.answers("get events", {"items": []})
    scene.begin("unschedulable", startup_timeout_seconds=60)
    scene.pods = []
    scene.job["status"] = {key: count}
    for _ in range(10):
        scene.after(50)


def test_a_pod_that_is_active_and_waits_for_its_node_is_no_start(scene: Scene) -> None:
    scene.begin("unschedulable", startup_timeout_seconds=60)
    assert scene.job["status"]["active"] == 1
    scene.job["status"].pop("startTime", None)
    scene.after(0)
    with pytest.raises(JobStartupError):
        scene.after(61)


def test_a_pod_that_ran_on_a_node_that_is_lost_does_not_hide_that_nothing_runs(scene: Scene) -> None:
    scene.begin("unschedulable")
    lost = recordings.pods("complete")[0]
    lost["metadata"].update(name="lost", deletionTimestamp=_stamp(100))
    lost["status"].update(phase="Running", containerStatuses=[{"name": "main", "state": {"running": {}}}])
    scene.pods = [lost, *scene.pods]
    scene.after(0)
    scene.after(3)
    assert any(line.startswith("Nothing runs: pod unschedulable-gpw9r cannot be scheduled") for line in scene.told)
