"""Why nothing runs is told in a sentence and with an outlook, over what Kubernetes 1.36 really answered."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_job_operator.status.outlook import Outlook
from kubectl_job_operator.status.pending import obstacles
from tests.unit import recordings

REGISTRY = (
    "has no image yet: registry.invalid/nothing:1 cannot be pulled: failed to pull and unpack image "
    '"registry.invalid/nothing:1": failed to resolve image: failed to do request: Head '
    '"https://registry.invalid/v2/nothing/manifests/1": dial tcp: lookup registry.invalid on 10.255.255.53:53: no such '
    "host."
)

SITUATIONS: dict[str, tuple[Outlook, str] | None] = {
    "config-missing": (
        Outlook.HOPELESS,
        'pod config-missing-btwtt, container main cannot start: CreateContainerConfigError: configmap "absent" not '
        "found.",
    ),
    "image-never-pull": (
        Outlook.HOPELESS,
        "pod image-never-pull-9sxtk, container main cannot start: ErrImageNeverPull: Container image "
        '"absent:1" is not present with pull policy of Never.',
    ),
    "image-pull": (Outlook.PULL_FAILING, f"pod image-pull-z5j9k, container main {REGISTRY}"),
    "invalid-image-name": (
        Outlook.HOPELESS,
        "pod invalid-image-name-c9bhk, container main cannot start: InvalidImageName: Failed to apply default image "
        'tag "Bad Name:1": couldn\'t parse image name "Bad Name:1": invalid reference format: repository name '
        "(library/Bad Name) must be lowercase.",
    ),
    "quota": (
        Outlook.MAY_HEAL,
        "the Job has no pod, because none can be created: exceeded quota: q, requested: pods=1, used: pods=0, "
        "limited: pods=0.",
    ),
    "suspended": (Outlook.MAY_HEAL, "the Job is suspended; waiting until somebody resumes it."),
    "unschedulable": (
        Outlook.MAY_HEAL,
        "pod unschedulable-gpw9r cannot be scheduled: 0/1 nodes are available: 1 node(s) didn't match Pod's node "
        "affinity/selector.",
    ),
    "volume-unbound": (
        Outlook.MAY_HEAL,
        "pod volume-unbound-llhzk waits for a volume that is not bound: 0/1 nodes are available: "
        'persistentvolumeclaim "absent" not found. not found.',
    ),
    **dict.fromkeys(
        (
            "backoff-exhausted",
            "backoff-limit-per-index",
            "command-missing",
            "complete",
            "deadline-exceeded",
            "failed-exit-code",
            "oom-killed",
            "on-failure-restarts",
            "parallel-indexed",
            "pod-deleted",
            "pod-failure-policy",
            "two-containers-init-sidecar",
        )
    ),
    # Its pods are gone with it, and that it is gone is for the waits to tell.
    "job-deleted": (Outlook.PASSING, "the Job has no pod yet."),
}


def test_every_recording_is_in_the_table() -> None:
    assert {path.name for path in (recordings.FIXTURES / "kubernetes-1.36").iterdir()} == SITUATIONS.keys()


@pytest.mark.parametrize("scenario", SITUATIONS)
def test_a_recorded_situation_gives_its_sentence_and_its_outlook(scenario: str) -> None:
    job = recordings.job_last_seen(scenario) if scenario == "job-deleted" else recordings.job(scenario)
    found = obstacles(job, recordings.pods(scenario), recordings.events(scenario))
    assert [(one.outlook, str(one)) for one in found] == ([SITUATIONS[scenario]] if SITUATIONS[scenario] else [])
    assert all(one.remedy for one in found if one.outlook is not Outlook.PASSING)


@pytest.mark.parametrize("scenario", ["config-missing", "image-pull", "invalid-image-name", "unschedulable"])
def test_the_pods_alone_tell_as_much_where_they_can(scenario: str) -> None:
    (found,) = obstacles(recordings.job(scenario), recordings.pods(scenario))
    assert (found.outlook, str(found)) == SITUATIONS[scenario]
    assert found.is_explained, "no event need be read"


@pytest.mark.parametrize("scenario", ["quota", "suspended"])
def test_without_a_pod_events_could_tell_more(scenario: str) -> None:
    (found,) = obstacles(recordings.job(scenario), [])
    assert not found.is_explained


@pytest.mark.parametrize(
    ("scenario", "outlook", "words"),
    [
        ("limit-range-max", Outlook.HOPELESS, "maximum memory usage per Container is 32Mi, but limit is 64Mi."),
        ("pod-security", Outlook.HOPELESS, 'can be created: violates PodSecurity "restricted:latest": allowPrivilege'),
        ("quota-wants-limits", Outlook.HOPELESS, "failed quota: memory: must specify limits.memory for: main."),
        ("validating-policy-pod", Outlook.HOPELESS, "denied request: every object says whose it is: set the label"),
    ],
)
def test_what_todays_kubernetes_refuses_is_told_in_its_words(scenario: str, outlook: Outlook, words: str) -> None:
    found = the_one(*(read(scenario, "1.37") for read in (recordings.job, recordings.pods, recordings.events)))
    assert found.outlook is outlook
    assert words in found.sentence


def test_a_job_that_another_controller_runs_waits_for_nothing_here() -> None:
    job, version = "managed-by-nobody", "1.37"
    assert obstacles(recordings.job(job, version), recordings.pods(job, version), recordings.events(job, version)) == []


# --- made from recordings

JOB = recordings.job("image-pull")


def pod(**waiting: Any) -> dict[str, Any]:
    """Return a recorded pod whose one container waits for something else."""
    (made,) = recordings.pods("image-pull")
    made["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
    return made


def event(reason: str, message: str, *, about: dict[str, Any], type_: str = "Warning", **more: Any) -> dict[str, Any]:
    """Return an event about a Job or a pod."""
    metadata = about["metadata"]
    return {
        "metadata": {"creationTimestamp": "2026-11-20T19:30:00Z"},
        "type": type_,
        "reason": reason,
        "message": message,
        "involvedObject": {"kind": about["kind"], "name": metadata["name"], "uid": metadata["uid"]},
        "lastTimestamp": "2026-11-20T19:30:00Z",
        **more,
    }


def the_one(job: Any, pods: Any, events: Any = ()) -> Any:
    (found,) = obstacles(job, pods, events)
    return found


def test_every_way_the_kubelet_tells_of_one_failing_pull_is_one_obstacle() -> None:
    cause = "failed to resolve image: no such host"
    ways = [
        pod(reason="ErrImagePull", message=cause),
        pod(reason="ErrImagePull", message=f"rpc error: code = Unknown desc = {cause}"),
        pod(reason="ImagePullBackOff", message=f'Back-off pulling image "i:1": ErrImagePull: {cause}'),
    ]
    assert len({the_one(JOB, [way]).key for way in ways}) == 1
    older = pod(reason="ImagePullBackOff", message='Back-off pulling image "i:1"')
    assert not the_one(JOB, [older]).is_explained
    about = {**event("Failed", f'Failed to pull image "i:1": rpc error: code = Unknown desc = {cause}', about=older)}
    about["involvedObject"]["fieldPath"] = "spec.containers{main}"
    told = the_one(JOB, [older], [about])
    assert told.key == the_one(JOB, [ways[0]]).key
    assert told.is_explained


@pytest.mark.parametrize(
    ("message", "outlook"),
    [
        ('secret "absent" not found', Outlook.HOPELESS),
        ("couldn't find key word in Secret here/known", Outlook.HOPELESS),
        ("container has runAsNonRoot and image will run as root", Outlook.HOPELESS),
        ("container's runAsUser breaks non-root policy", Outlook.HOPELESS),
        (
            "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root",
            Outlook.HOPELESS,
        ),
        ("failed to sync configmap cache: timed out waiting for the condition", Outlook.MAY_HEAL),
    ],
)
def test_only_a_configuration_that_does_not_exist_is_hopeless(message: str, outlook: Outlook) -> None:
    found = the_one(JOB, [pod(reason="CreateContainerConfigError", message=message)])
    assert found.outlook is outlook
    assert message in found.sentence


@pytest.mark.parametrize(
    ("message", "count", "outlook"),
    [
        ('pods "image-pull-" is forbidden: error looking up service account here/x: not found', 1, Outlook.MAY_HEAL),
        ('pods "image-pull-" is forbidden: error looking up service account here/x: not found', 2, Outlook.HOPELESS),
        ('admission webhook "w" denied the request: no', 2, Outlook.HOPELESS),
        ('admission webhook "w" denied the request: connection refused: timeout', 2, Outlook.HOPELESS),
        ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no timeout is set", 2, Outlook.HOPELESS),
        ('Pod "image-pull-x" is invalid: spec.priorityClassName: not found', 2, Outlook.HOPELESS),
        ('Internal error occurred: failed calling webhook "w": connection refused', 9, Outlook.MAY_HEAL),
        ('pods "image-pull-" is forbidden: exceeded quota: q', 9, Outlook.MAY_HEAL),
        ('pods "x-" is forbidden: failed quota: q: must specify limits.memory for: main', 2, Outlook.HOPELESS),
        # What may pass is told by sentences, and not by a name in which such a word stands.
        ('pods "timeout-" is forbidden: error looking up service account here/x: not found', 2, Outlook.HOPELESS),
        ('pods "x-" is forbidden: no PriorityClass with name timeout was found', 2, Outlook.HOPELESS),
        ('pods "x-" is forbidden: error looking up service account here/etcdserver: not found', 2, Outlook.HOPELESS),
        ('pods "x-" is forbidden: Get "https://q": net/http: TLS handshake timeout', 9, Outlook.MAY_HEAL),
        ('pods "x-" is forbidden: error looking up service account here/x: i/o timeout', 9, Outlook.MAY_HEAL),
        ('pods "x-" is forbidden: etcdserver: leader changed', 9, Outlook.MAY_HEAL),
        ('pods "x-" is forbidden: Timeout: request did not complete within requested timeout', 9, Outlook.MAY_HEAL),
    ],
)
def test_what_keeps_a_pod_from_being_created_is_hopeless_only_if_it_was_refused_twice(
    message: str, count: int, outlook: Outlook
) -> None:
    refused = event("FailedCreate", f"Error creating: {message}", about=JOB, count=count)
    found = the_one(JOB, [], [refused])
    assert found.outlook is outlook
    assert "has no pod, because none can be created" in found.sentence


@pytest.mark.parametrize(
    ("message", "is_account"),
    [
        ('pods "x-" is forbidden: error looking up service account here/x: serviceaccount "x" not found', True),
        ('pods "serviceaccount-sync-" is forbidden: violates PodSecurity "restricted:latest": privileged', False),
        ("pods is forbidden: unable to validate: Forbidden: not usable by user or serviceaccount", False),
    ],
)
def test_an_account_is_missing_where_the_api_server_says_so(message: str, is_account: bool) -> None:
    refused = event("FailedCreate", f"Error creating: {message}", about=JOB, count=2)
    assert ("ServiceAccount" in the_one(JOB, [], [refused]).remedy) is is_account


def test_a_refusal_that_is_over_is_not_told() -> None:
    refused = event("FailedCreate", "Error creating: exceeded quota: q", about=JOB)
    created = event("SuccessfulCreate", "Created pod: p", about=JOB, lastTimestamp="2026-11-20T19:31:00Z")
    assert the_one(JOB, [], [refused, created]).reason == "NoPod"


@pytest.mark.parametrize(("born", "reason"), [("19:29:59", "FailedCreate"), ("19:30:00", ""), ("19:30:01", "")])
def test_a_refusal_is_over_when_a_pod_was_created_after_it_though_no_event_tells_so(born: str, reason: str) -> None:
    """The events may not have been read since; a Job whose pods have all succeeded is about to be Complete."""
    refused = event("FailedCreate", 'Error creating: pods is forbidden: User "x" cannot create', about=JOB, count=5)
    (made,) = recordings.pods("complete")
    made["metadata"]["creationTimestamp"] = f"2026-11-20T{born}Z"
    made["metadata"]["ownerReferences"] = [{"uid": JOB["metadata"]["uid"]}]
    assert [one.reason for one in obstacles(JOB, [made], [refused])] == [reason] * bool(reason)


def test_events_of_other_jobs_and_of_an_earlier_job_of_the_name_are_not_told() -> None:
    other = copy.deepcopy(JOB)
    other["metadata"]["uid"] = "another"
    refused = event("FailedCreate", "Error creating: exceeded quota: q", about=other, count=5)
    assert the_one(JOB, [], [refused]).reason == "NoPod"


def test_a_job_that_was_resumed_is_not_called_suspended() -> None:
    suspended = recordings.job("suspended")
    past = event("Suspended", "Job suspended", about=suspended, type_="Normal")
    resumed = event("Resumed", "Job resumed", about=suspended, type_="Normal", lastTimestamp="2026-11-20T19:31:00Z")
    assert the_one(suspended, [], [past]).reason == "Suspended"
    assert the_one(suspended, [], [past, resumed]).reason == "NoPod"


def test_a_resumed_job_whose_pods_are_gone_is_not_called_suspended() -> None:
    suspended = recordings.job("suspended")
    past = event("Suspended", "Job suspended", about=suspended, type_="Normal")
    condition = {"type": "Suspended", "status": "False", "lastTransitionTime": "2026-11-20T19:31:00Z"}
    resumed = {**suspended, "status": {**suspended["status"], "conditions": [condition]}}
    assert the_one(suspended, [], [past]).reason == "Suspended"
    assert the_one(resumed, [], [past]).reason == "NoPod"


def test_a_job_that_has_made_a_pod_since_it_was_suspended_is_not_called_suspended() -> None:
    suspended = recordings.job("suspended")
    past = event("Suspended", "Job suspended", about=suspended, type_="Normal")
    ended = pod()
    ended["status"]["phase"] = "Succeeded"
    ended["metadata"]["creationTimestamp"] = "2026-11-20T19:45:00Z"
    assert obstacles(suspended, [ended], [past]) == []
    assert obstacles(suspended, [ended]) == []
    suspended["status"]["conditions"][0]["lastTransitionTime"] = "2026-11-20T19:50:00Z"
    assert the_one(suspended, [ended]).reason == "Suspended"


@pytest.mark.parametrize(
    "message",
    [
        'secret "mysql-root-password" not found',
        "couldn't find key root-password in Secret here/known",
        'configmap "non-numeric" not found',
        "couldn't find key runAsNonRoot in ConfigMap here/known",
    ],
)
def test_the_name_of_what_is_missing_is_not_taken_for_a_user(message: str) -> None:
    job = copy.deepcopy(JOB)
    missing = pod(reason="CreateContainerConfigError", message=message)
    assert "runAsUser" not in the_one(job, [missing]).remedy
    job["metadata"]["annotations"] = {"kubectl-job-operator/secrets-come-late": "true"}
    assert the_one(job, [missing]).outlook is Outlook.MAY_HEAL


def test_a_user_that_may_not_be_root_is_told_with_its_remedy_whoever_makes_secrets() -> None:
    job = copy.deepcopy(JOB)
    job["metadata"]["annotations"] = {"kubectl-job-operator/secrets-come-late": "true"}
    for message in (
        "container has runAsNonRoot and image will run as root",
        "container's runAsUser breaks non-root policy",
        "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root",
    ):
        whose = f'{message} (pod: "image-pull-z5j9k_here(4e495d1b-7dd9-4d53-b43f-a8aa330ac7a3)", container: main)'
        found = the_one(job, [pod(reason="CreateContainerConfigError", message=whose)])
        assert found.outlook is Outlook.HOPELESS
        assert "runAsUser" in found.remedy


@pytest.mark.parametrize(("companion", "outlook"), [("true", Outlook.MAY_HEAL), ("false", Outlook.HOPELESS)])
def test_a_secret_that_somebody_is_about_to_make_may_heal(companion: str, outlook: Outlook) -> None:
    job = copy.deepcopy(JOB)
    job["metadata"]["annotations"] = {"kubectl-job-operator/secrets-come-late": companion}
    found = the_one(job, [pod(reason="CreateContainerConfigError", message='secret "absent" not found')])
    assert found.outlook is outlook
    assert ("see why what is to make it has not" in found.remedy) is (outlook is Outlook.MAY_HEAL)


def test_of_a_job_that_another_controller_runs_nothing_here_is_in_the_way() -> None:
    job = copy.deepcopy(JOB)
    job["spec"]["managedBy"] = "kueue.x-k8s.io/multikueue"
    assert obstacles(job, []) == []
    job["spec"]["suspend"] = True
    assert the_one(job, []).reason == "Suspended"
    job["spec"] |= {"managedBy": "kubernetes.io/job-controller", "suspend": False}
    assert the_one(job, []).reason == "NoPod"


@pytest.mark.parametrize("reason", ["FailedMount", "FailedAttachVolume"])
def test_a_volume_that_cannot_be_mounted_is_told_in_the_kubelets_words(reason: str) -> None:
    creating = pod(reason="ContainerCreating")
    cause = event(reason, 'MountVolume.SetUp failed for volume "v" : configmap "absent" not found', about=creating)
    later = event(
        reason,
        "Unable to attach or mount volumes: unmounted volumes=[v]: timed out waiting for the condition",
        about=creating,
        lastTimestamp="2026-11-20T19:33:00Z",
    )
    found = the_one(JOB, [creating], [cause, later])
    assert found.sentence == (
        'waits for a volume that cannot be mounted: MountVolume.SetUp failed for volume "v" : configmap "absent" not '
        "found."
    )
    assert found.outlook is Outlook.MAY_HEAL
    begun = event("Pulling", "", about=creating, type_="Normal", lastTimestamp="2026-11-20T19:34:00Z")
    assert the_one(JOB, [creating], [cause, later, begun]).outlook is Outlook.PASSING, "the mount has succeeded since"


def test_a_sandbox_that_cannot_be_made_is_told() -> None:
    creating = pod(reason="ContainerCreating")
    found = the_one(JOB, [creating], [event("FailedCreatePodSandBox", "no network", about=creating)])
    assert (found.outlook, found.sentence) == (Outlook.MAY_HEAL, "cannot be set up: no network.")


def test_an_image_that_is_being_pulled_is_normal_progress() -> None:
    creating = pod(reason="ContainerCreating")
    path = {"kind": "Pod", "uid": creating["metadata"]["uid"], "fieldPath": "spec.containers{main}"}
    pulling = event("Pulling", "Pulling image", about=creating, type_="Normal", involvedObject=path)
    found = the_one(JOB, [creating], [pulling])
    assert found.outlook is Outlook.PASSING
    assert found.sentence == "waits until the image registry.invalid/nothing:1 is pulled on node node1."
    assert the_one(JOB, [creating]).sentence == "is being created on node node1."


def test_an_init_container_is_told_and_those_that_wait_for_it_are_not() -> None:
    behind = pod(reason="PodInitializing")
    behind["status"]["initContainerStatuses"] = [
        {"name": "first", "image": "x", "state": {"waiting": {"reason": "InvalidImageName", "message": "bad"}}}
    ]
    found = the_one(JOB, [behind])
    assert (found.container, found.outlook) == ("first", Outlook.HOPELESS)


def test_a_container_that_is_started_again_and_again_is_told_with_its_exit_code() -> None:
    crashing = pod(reason="CrashLoopBackOff", message="back-off 10s")
    crashing["status"]["containerStatuses"][0].update(
        restartCount=3, lastState={"terminated": {"exitCode": 7, "reason": "Error"}}
    )
    found = the_one(JOB, [crashing])
    assert found.outlook is Outlook.MAY_HEAL
    assert found.sentence == "ended with exit code 7 (Error), 3 restarts so far, and is started again after a pause."


@pytest.mark.parametrize(("failed", "outlook"), [(1, Outlook.MAY_HEAL), (7, Outlook.HOPELESS)])
def test_a_pod_that_its_node_refused_is_hopeless_only_if_the_job_does_not_replace_it(
    failed: int, outlook: Outlook
) -> None:
    (rejected,) = recordings.pods("unschedulable")
    rejected["status"] = {"phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough resource: cpu"}
    job = recordings.job("unschedulable")
    assert job["spec"]["backoffLimit"] in (0, 6)
    job["spec"]["backoffLimit"] = 6
    job["status"]["failed"] = failed
    found = obstacles(job, [rejected])[0]
    assert found.outlook is outlook
    assert "was refused by its node (OutOfcpu): Node didn't have enough resource: cpu." in found.sentence


def test_between_two_pods_it_says_that_kubernetes_pauses() -> None:
    job = recordings.job("image-pull")
    job["spec"]["backoffLimit"] = 2
    found = the_one(job, recordings.pods("failed-exit-code"))
    assert found.outlook is Outlook.PASSING
    assert "1 failed pod (backoffLimit is 2)" in found.sentence
    job["spec"]["backoffLimit"] = 0
    assert (
        "more than backoffLimit allows; Kubernetes calls it Failed soon"
        in the_one(job, recordings.pods("failed-exit-code")).sentence
    )


def test_a_job_that_counts_by_index_is_told_with_that_limit() -> None:
    job = recordings.job("failed-indexes", "1.37")
    job["status"]["conditions"] = []
    failed = [one for one in recordings.pods("failed-indexes", "1.37") if one["status"]["phase"] == "Failed"]
    assert "has 2 failed pods (backoffLimitPerIndex is 1); after a pause" in the_one(job, failed).sentence


@pytest.mark.parametrize(("failures", "outlook"), [("0", Outlook.MAY_HEAL), ("1", Outlook.HOPELESS)])
def test_a_refused_pod_of_an_index_is_hopeless_where_that_index_has_failed_too_often(
    failures: str, outlook: Outlook
) -> None:
    job = recordings.job("failed-indexes", "1.37")
    job["status"]["conditions"] = []
    refused = recordings.pods("failed-indexes", "1.37")[0]
    refused["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"] = failures
    refused["status"] = {"phase": "Failed", "reason": "OutOfcpu", "message": "Node didn't have enough resource: cpu"}
    assert obstacles(job, [refused])[0].outlook is outlook


def test_a_pod_whose_sidecar_runs_has_begun_and_waits_for_its_start_and_for_its_end() -> None:
    watched = recordings.pod_events("sidecar-complete", "1.37")
    told = [one.sentence for event in watched for one in obstacles(JOB, [event["object"]])]
    assert list(dict.fromkeys(told)) == [
        "waits for the scheduler.",
        "was given to node kubectl-job-operator-worker, which has not begun with it.",
        "waits for its sidecar proxy: that runs, but its startup probe has not succeeded yet.",
        "has begun, and its next containers are being created.",
        "has done its work, and waits until its sidecar proxy has ended too.",
    ]


@pytest.mark.parametrize(
    "reason",
    [
        "2 node(s) had volume node affinity conflict",
        "2 node(s) didn't match PersistentVolume's node affinity",
        "2 node(s) had no available volume zone",
    ],
)
def test_a_volume_that_is_bound_where_no_node_is_free_is_not_called_unbound(reason: str) -> None:
    (waiting,) = recordings.pods("unschedulable")
    condition = waiting["status"]["conditions"][0]
    condition["message"] = f"0/3 nodes are available: 1 Insufficient cpu, {reason}."
    found = the_one(JOB, [waiting])
    assert found.sentence == f"cannot be scheduled: {condition['message']}"
    assert found.outlook is Outlook.MAY_HEAL
    assert "its volume is bound" in found.remedy


@pytest.mark.parametrize(
    ("reason", "is_unbound"),
    [
        ('persistentvolumeclaim "data" not found', True),
        ("pod has unbound immediate PersistentVolumeClaims", True),
        ("1 node(s) didn't find available persistent volumes to bind", True),
        ('waiting for ephemeral volume controller to create the persistentvolumeclaim "data"', True),
        ("1 Insufficient example.com/unbound", False),
        ("1 node(s) had untolerated taint {persistentvolumeclaim: unbound}", False),
    ],
)
def test_a_volume_is_unbound_where_the_scheduler_says_so(reason: str, is_unbound: bool) -> None:
    (waiting,) = recordings.pods("unschedulable")
    waiting["status"]["conditions"][0]["message"] = f"0/1 nodes are available: {reason}."
    found = the_one(JOB, [waiting])
    assert ("waits for a volume that is not bound" in found.sentence) is is_unbound
    assert ("PersistentVolumeClaim" in found.remedy) is is_unbound


def test_a_gated_pod_and_one_that_nobody_has_looked_at_are_told() -> None:
    (gated,) = recordings.pods("unschedulable")
    gated["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    assert the_one(JOB, [gated]).sentence.startswith("is held back by its scheduling gates")
    fresh = {**gated, "status": {"phase": "Pending"}}
    assert the_one(JOB, [fresh]).sentence == "waits for the scheduler."
    fresh["spec"] = {"nodeName": "n"}
    assert the_one(JOB, [fresh]).sentence == "was given to node n, which has not begun with it."
    fresh["metadata"] = {**fresh["metadata"], "deletionTimestamp": "2026-11-20T19:30:00Z"}
    assert the_one(JOB, [fresh]).sentence == "is being deleted."


def test_a_pod_that_runs_has_no_obstacle_unless_another_container_of_it_can_never_start() -> None:
    running = pod(reason="ContainerCreating")
    statuses = running["status"]["containerStatuses"]
    statuses.append({"name": "side", "state": {"running": {}}})
    assert obstacles(JOB, [running]) == []
    statuses[0]["state"] = {"waiting": {"reason": "InvalidImageName", "message": "bad"}}
    assert the_one(JOB, [running]).container == "main"


def test_pods_that_wait_for_the_same_have_the_same_key_whatever_the_numbers() -> None:
    first, second = recordings.pods("unschedulable")[0], recordings.pods("unschedulable")[0]
    second["metadata"]["name"] = "another"
    condition = second["status"]["conditions"][0]
    condition["message"] = condition["message"].replace("0/1", "0/7")
    one, other = obstacles(JOB, [first, second])
    assert one.key == other.key
    assert str(one) != str(other)
