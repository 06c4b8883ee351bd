"""How another kind than Job is recognised, named and ended: all that is needed stands on the object itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.decision import Decision, decide
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.memory import essence
from kubectl_job_operator.cli.picture import counts
from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.labels import FAILURE_WHEN, POD_SELECTOR, SUCCESS_WHEN, TASK_INSTANCE_LABEL
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.status import job_status
from kubectl_job_operator.status.diagnosis import diagnose
from kubectl_job_operator.status.job_status import Verdict
from kubectl_job_operator.status.pending import obstacles
from tests.unit import recordings

SOURCE = "/dags/widget.yaml"
US = Identity("dag", "task", "manual__2026-01-01", try_number=2)
WIDGET = """\
apiVersion: example.com/v1
kind: Widget
metadata:
  name: widget
spec:
  groups:
  - template:
      spec:
        initContainers:
        - name: first
        containers:
        - name: main
          env: [{name: A, value: "1"}]
  driver:
    metadata:
      labels: {role: driver}
    spec:
      containers:
      - name: driver
"""
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: pod
spec:
  restartPolicy: Never
  containers:
  - name: main
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: job
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"
PHASES = kinds.annotations_of(["{.status.phase}=Done", "Skipped"], ["{.status.phase}=Broken"], None)
MARK = '  annotations: {kubectl-job-operator/main: "true"}\n'


def parse(*documents: str, said: dict[str, str] | None = None) -> Manifest:
    return Manifest.parse("---\n".join(documents), SOURCE, said)


def widget(said: dict[str, str] = PHASES, owner: Identity | None = US, **status_: Any) -> dict[str, Any]:
    """Return a Widget as it is on the cluster."""
    labels = owner.object_labels() if owner else {}
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "widget", "namespace": "here", "uid": "u", "labels": labels, "annotations": said},
        "spec": {"suspend": True},
        "status": status_,
    }


def pod(scenario: str) -> dict[str, Any]:
    return recordings.pods(scenario)[0]


@pytest.mark.parametrize(
    ("thing", "verdict"),
    [
        (widget(), None),
        (widget(phase="Doing"), None),
        (widget(phase="Done"), Verdict("Complete", ".status.phase is Done")),
        (widget(phase="Broken", message="why"), Verdict("Failed", ".status.phase is Broken", "why")),
        (widget(conditions=[{"type": "Skipped", "status": "True"}]), Verdict("Complete")),
        # Failure counts first.
        (
            widget(phase="Broken", conditions=[{"type": "Skipped", "status": "True"}]),
            Verdict("Failed", ".status.phase is Broken"),
        ),
        # Without rules of its own it ends as a Job does.
        (widget({}, conditions=[{"type": "Complete", "status": "True"}]), Verdict("Complete")),
        # With a rule for success alone it cannot fail.
        (widget({SUCCESS_WHEN: "Good"}, conditions=[{"type": "Failed", "status": "True"}]), None),
        (pod("complete"), Verdict("Complete", ".status.phase is Succeeded")),
        (pod("failed-exit-code"), Verdict("Failed", ".status.phase is Failed")),
        (pod("unschedulable"), None),
    ],
)
def test_the_verdict_is_what_the_annotations_say_or_the_kind_has(
    thing: dict[str, Any], verdict: Verdict | None
) -> None:
    assert job_status.verdict(thing) == verdict


def test_a_pod_with_a_rule_of_its_own_for_success_still_fails_as_pods_do() -> None:
    made = pod("failed-exit-code")
    made["metadata"]["annotations"] = {SUCCESS_WHEN: "Ready"}
    found = job_status.verdict(made)
    assert found is not None
    assert found.type == "Failed"


@pytest.mark.parametrize(
    ("thing", "target"),
    [
        ({**widget(), "apiVersion": "batch/v1", "kind": "Job"}, "job/widget"),
        ({**widget(), "apiVersion": "example.com/v1", "kind": "Job"}, "job.v1.example.com/widget"),
        ({**widget(), "apiVersion": "v1", "kind": "Pod"}, "pod/widget"),
        (widget(), "widget.v1.example.com/widget"),
    ],
)
def test_an_object_is_named_so_that_kubectl_takes_its_kind_for_no_other(thing: dict[str, Any], target: str) -> None:
    assert kinds.target(thing) == target


def test_the_pods_are_those_of_the_author_s_selector_else_those_with_the_task_s_label() -> None:
    assert job_status.pod_selector(widget({POD_SELECTOR: "app in (a, b)"})) == "app in (a, b)"
    assert job_status.pod_selector(widget()) == f"{TASK_INSTANCE_LABEL}={US.digest}"


def test_what_only_a_job_counts_is_not_read_from_others() -> None:
    odd = widget(active=["a", "b"], succeeded={"x": 1}, failed="no")
    assert job_status.ended_pod_count(odd) == 0
    assert not job_status.has_ended_pods(odd)
    assert job_status.ended_pod_count(pod("complete")) == 1
    assert job_status.ended_pod_count(pod("unschedulable")) == 0


def test_progress_of_another_kind_is_what_its_verdict_was_read_from() -> None:
    assert job_status.progress(widget(phase="Broken", message="why.")) == ".status.phase is Broken: why"
    assert job_status.progress(widget()) == "no verdict yet"


OTHERS = replace(US, run_id="manual__2026-01-02")


@pytest.mark.parametrize(
    ("thing", "decision"),
    [
        (widget(), Decision.ADOPT),
        (widget(phase="Done"), Decision.ADOPT),
        (widget(phase="Broken"), Decision.REPLACE),
        (widget(owner=OTHERS), Decision.REFUSE),
        (widget(owner=OTHERS, phase="Done"), Decision.REPLACE),
        (widget(owner=OTHERS, phase="Broken"), Decision.REPLACE),
        (widget({}, owner=None, phase="Done"), Decision.REFUSE),
    ],
)
def test_a_new_try_decides_by_the_object_s_own_rules(thing: dict[str, Any], decision: Decision) -> None:
    assert decide(thing, US)[0] is decision


def test_what_is_remembered_of_another_kind_still_tells_its_end() -> None:
    kept = essence(widget(phase="Done", nodes={"many": "x" * 100_000}))
    assert job_status.verdict(kept) == Verdict("Complete", ".status.phase is Done")
    assert (kinds.word(kept), kept["metadata"]["name"], objects.uid(kept)) == ("Widget", "widget", "u")
    assert len(str(kept)) < 1000
    of_pod = job_status.verdict(essence(pod("complete")))
    assert of_pod is not None
    assert of_pod.is_complete


def test_nothing_is_in_the_way_of_another_kind_that_has_no_pod_yet() -> None:
    assert obstacles(widget(), []) == []


@pytest.mark.parametrize(
    ("documents", "said", "name"),
    [
        ((CONFIG, JOB), {}, "job"),
        ((POD, JOB), {}, "job"),
        ((CONFIG, POD), {}, "pod"),
        ((CONFIG, WIDGET), PHASES, "widget"),
        ((POD.replace("  name: pod\n", "  name: marked\n" + MARK), JOB), {}, "marked"),
        ((WIDGET.replace("  name: widget\n", "  name: widget\n" + MARK), POD, JOB), PHASES, "widget"),
        (
            (CONFIG, WIDGET.replace("  name: widget\n", f"  name: w\n  annotations: {{{SUCCESS_WHEN}: Good}}\n")),
            {},
            "w",
        ),
        ((JOB,), PHASES, "job"),
    ],
)
def test_the_document_that_the_task_waits_for(documents: tuple[str, ...], said: dict[str, str], name: str) -> None:
    manifest = parse(*documents, said=said)
    assert manifest.name == name
    assert len(manifest.companions) == len(documents) - 1
    for key, value in said.items():
        assert manifest.job["metadata"]["annotations"][key] == value


@pytest.mark.parametrize(
    ("documents", "said", "words"),
    [
        ((WIDGET,), {}, ("has no Job", "only Widget", "success_when")),
        ((CONFIG,), PHASES, ("none of ConfigMap settings", "kubectl-job-operator/main")),
        ((WIDGET, POD), PHASES, ("each of Widget widget, Pod pod", "kubectl-job-operator/main")),
        ((POD, POD.replace("name: pod", "name: other")), {}, ("has 2 Pods (pod, other)",)),
        (
            (
                JOB.replace("  name: job\n", "  name: job\n" + MARK),
                POD.replace("  name: pod\n", "  name: pod\n" + MARK),
            ),
            {},
            ("marks 2 documents as the main one (Job job, Pod pod)",),
        ),
        ((WIDGET.replace("  name: widget\n", "  name: widget\n" + MARK),), {}, ("Widget widget", "success_when=")),
        ((WIDGET,), {FAILURE_WHEN: "Broken"}, ("Widget widget", "success_when=")),
        (
            (WIDGET.replace("  name: widget\n", f"  name: w\n  annotations: {{{SUCCESS_WHEN}: a b}}\n"),),
            {},
            ("Widget w", "'a b' is neither"),
        ),
        ((POD.replace("Never", "Always"),), {}, ("Pod pod", "restartPolicy: Always", "never ends")),
        ((POD.replace("  restartPolicy: Never\n", ""),), {}, ("Pod pod", "no restartPolicy")),
        ((POD.replace("  containers:\n  - name: main\n", ""),), {}, ("Pod pod", "without a list of containers")),
    ],
)
def test_a_manifest_in_which_nothing_can_be_waited_for_is_refused(
    documents: tuple[str, ...], said: dict[str, str], words: tuple[str, ...]
) -> None:
    with pytest.raises(ManifestError) as refusal:
        parse(*documents, said=said)
    assert [word for word in (*words, SOURCE, "What to do: ") if word not in str(refusal.value)] == [], refusal.value


def test_a_pod_that_never_ends_may_be_waited_for_until_it_is_ready() -> None:
    ready = kinds.annotations_of(["Ready"], [], None)
    assert parse(POD.replace("Never", "Always"), said=ready).name == "pod"


def test_labels_reach_whatever_describes_pods_in_the_document() -> None:
    job = parse(WIDGET, said=PHASES).with_labels({"a": "b"}).job
    templates = [job["spec"]["groups"][0]["template"], job["spec"]["driver"]]
    assert [template["metadata"]["labels"] for template in templates] == [{"a": "b"}, {"role": "driver", "a": "b"}]
    assert job["metadata"]["labels"] == {"a": "b"}


def test_a_selector_of_the_author_s_own_leaves_the_descriptions_of_pods_as_they_are() -> None:
    said = kinds.annotations_of(["Good"], [], "app=x")
    manifest = parse(WIDGET, said=said)
    assert manifest.with_labels({"a": "b"}).job["spec"] == manifest.job["spec"]


def test_variables_and_the_grace_period_reach_whatever_describes_pods() -> None:
    job = (
        parse(WIDGET, said=PHASES)
        .with_env_vars([{"name": "A", "value": "2"}, {"name": "B", "value": "3"}])
        .with_grace_period(7)
        .job
    )
    group = job["spec"]["groups"][0]["template"]["spec"]
    assert group["initContainers"][0]["env"] == [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}]
    assert group["containers"][0]["env"] == [{"name": "B", "value": "3"}, {"name": "A", "value": "2"}]
    assert group["terminationGracePeriodSeconds"] == job["spec"]["driver"]["spec"]["terminationGracePeriodSeconds"] == 7


def test_a_pod_gets_what_a_job_s_pods_get() -> None:
    manifest = (
        parse(POD)
        .with_labels({"a": "b"})
        .with_env_vars([{"name": "A", "value": "1"}])
        .with_grace_period(7)
        .with_active_deadline(9)
    )
    assert manifest.job["metadata"]["labels"] == {"a": "b"}
    assert manifest.job["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]
    assert (manifest.job["spec"]["terminationGracePeriodSeconds"], manifest.job["spec"]["activeDeadlineSeconds"]) == (
        7,
        9,
    )


def test_a_default_backoff_limit_is_for_jobs_alone_and_one_that_is_asked_for_is_refused_elsewhere() -> None:
    assert parse(POD).with_backoff_limit(2, override=False) == parse(POD)
    with pytest.raises(ManifestError, match="has a Pod pod, and only a Job takes backoff_limit"):
        parse(POD).with_backoff_limit(2, override=True)
    with pytest.raises(ManifestError, match="has a Widget widget, and only a Job takes activeDeadlineSeconds"):
        parse(WIDGET, said=PHASES).with_active_deadline(2)


def test_all_kinds_are_named_for_one_delete() -> None:
    assert parse(CONFIG, WIDGET, said=PHASES).kinds == "widget.v1.example.com,configmap"


def test_what_only_looks_like_a_pod_template_is_left_as_it_is() -> None:
    head, _, _ = WIDGET.partition("spec:")
    manifest = parse(head + "spec: {ship: {spec: {containers: [a, b]}}}\n", said=PHASES)
    assert (
        manifest.with_labels({"a": "b"}).with_env_vars([{"name": "A", "value": "1"}]).job["spec"]
        == manifest.job["spec"]
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("- name: first", "- first", "with a container that is not a mapping, but a str"),
        ('[{name: A, value: "1"}]', "{A: 1}", "whose container main has an env that is not a list"),
        ("labels: {role: driver}", "labels: [driver]", "Widget 'widget' with pods whose labels are not a mapping"),
    ],
)
def test_a_pod_template_that_cannot_be_one_is_refused(old: str, new: str, words: str) -> None:
    assert old in WIDGET
    with pytest.raises(ManifestError, match=words):
        parse(WIDGET.replace(old, new), said=PHASES)


def test_a_pod_keeps_the_order_in_which_it_was_written() -> None:
    job = parse(POD).with_labels({"a": "b"}).with_annotations({"c": "d"}, on_pods=True).job
    assert list(job) == ["apiVersion", "kind", "metadata", "spec"]
    assert job["metadata"]["annotations"] == {"c": "d"}


def test_an_account_of_a_failed_object_without_pods_tells_where_to_look() -> None:
    def account(pods: Sequence[dict[str, Any]]) -> str:
        found = diagnose(widget(phase="Broken"), pods, [], lambda *_: None)
        return "\n".join([*found.lines, f"What to do: {found.remedy}"])

    told = account([])
    assert f"No pod with the labels {TASK_INSTANCE_LABEL}={US.digest} is known." in told
    assert "kubectl describe widget.v1.example.com/widget; pod_selector tells" in told
    of_pods = account([pod("complete")])
    assert of_pods.endswith("What to do: see what it says itself: kubectl describe widget.v1.example.com/widget.")


def test_the_live_picture_counts_the_pods_that_there_are() -> None:
    assert counts(widget(succeeded={"odd": 1}), [pod("complete"), pod("unschedulable")]) == (1, 2)
    assert counts(widget(), []) == (0, 1)
