"""What is not a manifest with one Job that can be run is refused; what is, is changed only where it must be."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from kubectl_job_operator.errors import InputError, ManifestError
from kubectl_job_operator.manifest.manifest import MASK, Manifest
from kubectl_job_operator.manifest.yaml_text import load_all

SOURCE = "/dags/countdown.yaml"
JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: countdown
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.36
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: keys
data:
  password: aHVudGVyMg==
stringData:
  token: very-secret
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  colour: blue\n"
OTHER_JOB = JOB.replace("name: countdown", "name: second")


def _parse(*documents: str) -> Manifest:
    return Manifest.parse("---\n".join(documents), SOURCE)


def _refused(text: str) -> str:
    with pytest.raises(ManifestError) as caught:
        Manifest.parse(text, SOURCE)
    message = str(caught.value)
    assert SOURCE in message
    assert "What to do: " in message
    return message


def _job_with(old: str, new: str) -> str:
    assert old in JOB
    return JOB.replace(old, new)


REFUSALS: dict[str, tuple[str, str]] = {
    "empty": ("", "has no document"),
    "only blank lines": ("\n  \n", "has no document"),
    "only comments": ("# a\n# b\n", "only comments"),
    "only separators": ("---\n---\n# nothing\n", "has no document"),
    "a list": ("- a\n- b\n", r"document \(number 1\) that is not a mapping, but a list"),
    "a string": (f"{JOB}---\njust words\n", r"document \(number 2\) that is not a mapping, but a str"),
    "no apiVersion": (_job_with("apiVersion: batch/v1\n", ""), r"document \(number 1\) without apiVersion"),
    "no kind": (_job_with("kind: Job\n", ""), r"document \(number 1\) without kind"),
    "a kind that is no string": (_job_with("kind: Job", "kind: [Job]"), "without kind"),
    "no Job": (CONFIG, r"has no Job \(apiVersion: batch/v1\), only ConfigMap"),
    "a Job of another group": (_job_with("batch/v1", "example.com/v1"), "has no Job .*only Job"),
    "a CronJob": (_job_with("kind: Job", "kind: CronJob"), "has no Job .*only CronJob"),
    "two Jobs": (f"{JOB}---\n{OTHER_JOB}", r"has 2 Jobs \(countdown, second\)"),
    "no metadata": (_job_with("metadata:\n  name: countdown\n", ""), r"a Job \(document 1\) without metadata"),
    "no name": (_job_with("  name: countdown\n", "  labels: {}\n"), r"a Job \(document 1\) without a name"),
    "an empty name": (_job_with("name: countdown", 'name: ""'), "without a name"),
    "generateName": (
        _job_with("name: countdown", "generateName: countdown-"),
        r"with generateName(?s:.*)metadata\.name",
    ),
    "generateName of a companion": (
        f"{JOB}---\n{CONFIG.replace('name:', 'generateName:')}",
        r"a ConfigMap \(document 2\) with generateName",
    ),
    "a name that YAML takes for a number": (_job_with("name: countdown", "name: 017"), "name is not a string: 15"),
    "a namespace that is no string": (
        _job_with("metadata:\n", "metadata:\n  namespace: 7\n"),
        "namespace is not a string",
    ),
    "labels that are no mapping": (_job_with("metadata:\n", "metadata:\n  labels: [a]\n"), "labels are not a mapping"),
    "no spec": (JOB[: JOB.index("spec:")], r"a Job 'countdown' without spec\.template\.spec"),
    "a spec that is no mapping": (
        JOB[: JOB.index("spec:")] + "spec: {template: [1]}\n",
        r"without spec\.template\.spec",
    ),
    "no restartPolicy": (_job_with("      restartPolicy: Never\n", ""), "with no restartPolicy"),
    "restartPolicy: Always": (_job_with("Policy: Never", "Policy: Always"), "with restartPolicy: Always"),
    "no containers": (JOB[: JOB.index("      containers:")], "without a list of containers"),
    "different namespaces": (
        f"{_job_with('metadata:', 'metadata:' + chr(10) + '  namespace: a')}---\n"
        f"{CONFIG.replace('metadata:', 'metadata:' + chr(10) + '  namespace: b')}",
        "different namespaces: Job countdown in a, ConfigMap settings in b",
    ),
    "a namespace of a companion alone": (
        f"{JOB}---\n{CONFIG.replace('metadata:', 'metadata:' + chr(10) + '  namespace: b')}",
        r"Job countdown in \(none\), ConfigMap settings in b",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_run_is_refused_with_the_reason(case: str) -> None:
    text, reason = REFUSALS[case]
    message = _refused(text)
    assert re.search(reason, message), message


def test_trying_again_does_not_help_against_a_manifest_error() -> None:
    assert issubclass(ManifestError, InputError)


@pytest.mark.parametrize(
    ("text", "line", "column", "shown"),
    [
        (_job_with("kind: Job", "kind: [Job"), 3, 9, "metadata:"),
        (_job_with("kind: Job", "kind: Job: x"), 2, 10, "kind: Job: x"),
        (_job_with("  name: countdown", "\tname: countdown"), 4, 1, "\tname: countdown"),
        (_job_with("kind: Job", "kind: *nobody"), 2, 7, "kind: *nobody"),
        (_job_with("  name: countdown", "  name: a\n  name: b"), 5, 3, "  name: b"),
        (f"{CONFIG}---\n{_job_with('kind: Job', 'kind: Job: x')}", 9, 10, "kind: Job: x"),
    ],
)
def test_broken_yaml_is_told_with_line_and_column_and_shown_with_a_caret(
    text: str, line: int, column: int, shown: str
) -> None:
    message = _refused(text)
    assert f"is not valid YAML: line {line}, column {column}: " in message
    gutter = f"  {line} | "
    assert f"\n{gutter}{shown}\n{' ' * (len(gutter) + column - 1)}^\n" in message
    assert "tojson" in message


def test_broken_yaml_at_the_very_end_is_told_too() -> None:
    message = _refused("a: 'never closed\n")
    assert re.search(r"line \d+, column \d+", message)


def test_a_key_that_is_given_twice_is_refused() -> None:
    assert "the key 'restartPolicy' is given twice" in _refused(
        _job_with("restartPolicy: Never", "restartPolicy: Never\n      restartPolicy: OnFailure")
    )


@pytest.mark.parametrize("kind", ["kind: Secret", "'kind': Secret", '"kind": "Secret"', "kind:   'Secret'"])
@pytest.mark.parametrize("broken", ["token: very-secret: x", "token: [very-secret", "token: '\n  very-secret"])
def test_a_yaml_error_inside_a_secret_does_not_show_the_line(kind: str, broken: str) -> None:
    secret = SECRET.replace("kind: Secret", kind).replace("token: very-secret", broken)
    for text in (f"{JOB}---\n{secret}", secret, f"{JOB}---\n{secret}---\n{CONFIG}"):
        message = _refused(text)
        assert re.search(r"line \d+, column \d+", message)
        assert "very-secret" not in message


def test_a_yaml_error_inside_a_secret_of_a_list_does_not_show_the_line() -> None:
    indented = "".join(f"  {line}\n" for line in SECRET.splitlines()).replace("very-secret", "very-secret: x")
    message = _refused(f"apiVersion: v1\nkind: List\nitems:\n- {indented.lstrip()}")
    assert "very-secret" not in message


def test_a_yaml_error_beside_a_secret_is_shown() -> None:
    assert "kind: Job: x" in _refused(f"{SECRET}---\n{_job_with('kind: Job', 'kind: Job: x')}")


def test_a_job_and_its_companions_are_read_in_their_order() -> None:
    manifest = _parse(SECRET, JOB, "# nothing\n", CONFIG)
    assert [document["kind"] for document in manifest.documents] == ["Secret", "Job", "ConfigMap"]
    assert manifest.name == "countdown"
    assert manifest.namespace is None
    assert manifest.job is manifest.documents[1]
    assert manifest.source == SOURCE


def test_the_namespace_is_the_one_that_the_documents_name() -> None:
    manifest = _parse(_job_with("metadata:\n", "metadata:\n  namespace: etl\n"), CONFIG)
    assert manifest.namespace == "etl"


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_both_restart_policies_of_jobs_are_taken(policy: str) -> None:
    assert _parse(_job_with("Never", policy)).job["spec"]["template"]["spec"]["restartPolicy"] == policy


def test_a_list_is_taken_apart() -> None:
    inner = "".join(f"- {document.replace(chr(10), chr(10) + '  ').rstrip()}\n" for document in (CONFIG, JOB))
    manifest = Manifest.parse(f"apiVersion: v1\nkind: List\nitems:\n{inner}", SOURCE)
    assert manifest.documents == _parse(CONFIG, JOB).documents


def test_two_jobs_in_a_list_are_two_jobs() -> None:
    inner = "".join(f"- {document.replace(chr(10), chr(10) + '  ').rstrip()}\n" for document in (JOB, OTHER_JOB))
    assert "has 2 Jobs" in _refused(f"apiVersion: v1\nkind: List\nitems:\n{inner}")


def test_json_is_yaml() -> None:
    text = (
        '{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},'
        ' "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "a"}]}}}}'
    )
    assert Manifest.parse(text, SOURCE).name == "j"


def test_documents_that_were_read_already_are_held_to_the_same_rules() -> None:
    documents = load_all(f"{JOB}---\n{CONFIG}")
    assert Manifest.of([None, *documents], SOURCE).documents == tuple(documents)
    with pytest.raises(ManifestError, match="has 2 Jobs"):
        Manifest.of([*documents, load_all(OTHER_JOB)[0]], SOURCE)


LABELS = {"kubectl-job-operator/task-instance": "0123", "app.kubernetes.io/managed-by": "kubectl-job-operator"}


@pytest.fixture
def manifest() -> Manifest:
    """Give a manifest with three documents."""
    return _parse(SECRET, _job_with("metadata:\n", "metadata:\n  labels: {team: blue}\n"), CONFIG)


def _unchanged(manifest: Manifest, change: Any) -> Manifest:
    """Change it; see that the original did not."""
    before = copy.deepcopy(manifest.documents)
    changed: Manifest = change(manifest)
    assert manifest.documents == before
    assert changed.source == manifest.source
    return changed


def test_labels_come_to_every_document_and_to_the_pods_beside_their_own(manifest: Manifest) -> None:
    changed = _unchanged(manifest, lambda one: one.with_labels(LABELS))
    assert [document["metadata"]["labels"] for document in changed.documents] == [
        LABELS,
        {"team": "blue", **LABELS},
        LABELS,
    ]
    assert changed.job["spec"]["template"]["metadata"]["labels"] == LABELS


def test_labels_that_the_pods_have_stay(manifest: Manifest) -> None:
    documents = copy.deepcopy(list(manifest.documents))
    documents[1]["spec"]["template"]["metadata"] = {"labels": {"app": "x"}, "annotations": {"a": "b"}}
    template = Manifest.of(documents, SOURCE).with_labels(LABELS).job["spec"]["template"]
    assert template["metadata"] == {"labels": {"app": "x", **LABELS}, "annotations": {"a": "b"}}
    assert template["spec"] == manifest.job["spec"]["template"]["spec"]


@pytest.mark.parametrize("empty", [{"labels": None, "annotations": None}, None, {}])
def test_empty_metadata_of_the_pods_is_no_obstacle(manifest: Manifest, empty: dict[str, Any] | None) -> None:
    documents = copy.deepcopy(list(manifest.documents))
    documents[1]["spec"]["template"]["metadata"] = empty
    changed = Manifest.of(documents, SOURCE).with_labels(LABELS).with_annotations({"a": "b"}, on_pods=True)
    metadata = changed.job["spec"]["template"]["metadata"]
    assert (metadata["labels"], metadata["annotations"]) == (LABELS, {"a": "b"})


@pytest.mark.parametrize("on_pods", [False, True])
def test_annotations_come_to_every_document_and_to_the_pods_if_asked_for(manifest: Manifest, *, on_pods: bool) -> None:
    changed = _unchanged(manifest, lambda one: one.with_annotations({"a": "b"}, on_pods=on_pods))
    assert [document["metadata"]["annotations"] for document in changed.documents] == [{"a": "b"}] * 3
    pods = changed.job["spec"]["template"].get("metadata", {})
    assert pods.get("annotations") == ({"a": "b"} if on_pods else None)


def test_marks_survive_being_written_and_read(manifest: Manifest) -> None:
    changed = manifest.with_labels(LABELS).with_annotations(
        {"run": "scheduled__2026-01-01T00:00:00+00:00"}, on_pods=True
    )
    assert Manifest.parse(changed.text(), SOURCE).documents == changed.documents


def test_variables_come_to_every_container_and_win_in_the_first(manifest: Manifest) -> None:
    documents = copy.deepcopy(list(manifest.documents))
    pod = documents[1]["spec"]["template"]["spec"]
    pod["initContainers"] = [{"name": "init", "env": [{"name": "A", "value": "own"}]}]
    pod["containers"][0]["env"] = [{"name": "A", "value": "own"}]
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    changed = _unchanged(Manifest.of(documents, SOURCE), lambda one: one.with_env_vars(variables))
    changed_pod = changed.job["spec"]["template"]["spec"]
    assert changed_pod["initContainers"][0]["env"] == [{"name": "B", "value": "2"}, {"name": "A", "value": "own"}]
    assert changed_pod["containers"][0]["env"] == [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("env: [{name: A, value: '1'}, {name: A, value: '2'}]", "the container 'c' has env with name A twice"),
        (
            "volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /v}]",
            "the container 'c' has volumeMounts with mountPath /v twice",
        ),
        (
            "ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]",
            "the container 'c' has ports with containerPort 80 and protocol TCP twice",
        ),
    ],
)
def test_what_the_api_server_refuses_as_given_twice_is_told_with_its_container(part: str, what: str) -> None:
    text = f"""\
apiVersion: batch/v1
kind: Job
metadata: {{name: j}}
spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: i, {part}}}]}}}}}}
"""
    with pytest.raises(ManifestError) as refusal:
        Manifest.parse(text, SOURCE)
    assert f"has a Job 'j' where {what}.\nWhat to do: leave one of them" in str(refusal.value)
    twins = text.replace(f"name: c, image: i, {part}", "name: c, image: i}, {name: c, image: i")
    with pytest.raises(ManifestError, match="the pods have containers with name c twice"):
        Manifest.parse(twins, SOURCE)


def test_the_backoff_limit_of_the_text_stays_unless_it_is_to_be_overridden(manifest: Manifest) -> None:
    limited = _unchanged(manifest, lambda one: one.with_backoff_limit(0, override=False))
    assert limited.job["spec"]["backoffLimit"] == 0
    assert limited.with_backoff_limit(3, override=False).job["spec"]["backoffLimit"] == 0
    assert limited.with_backoff_limit(3, override=True).job["spec"]["backoffLimit"] == 3


def test_what_secrets_hold_is_masked_for_people_and_kept_for_kubectl(manifest: Manifest) -> None:
    masked = manifest.masked_text()
    assert "very-secret" not in masked
    assert "aHVudGVyMg==" not in masked
    secret, job, config = load_all(masked)
    assert (secret["data"], secret["stringData"]) == ({"password": MASK}, {"token": MASK})
    assert (job, config) == manifest.documents[1:]
    assert tuple(load_all(manifest.text())) == manifest.documents
    assert "very-secret" in manifest.text()


@pytest.mark.parametrize("data", ["very-secret", ["very-secret"], None])
def test_a_secret_that_is_no_mapping_is_masked_too(data: Any) -> None:
    secret = {**load_all(SECRET)[0], "data": data}
    masked = Manifest((*load_all(JOB), secret), SOURCE).masked_text()
    assert "very-secret" not in masked


@pytest.mark.parametrize(
    "field",
    ["stringData: {key: 12345678}", "data: {key: 12345678}", "data: {key: 'not base64!'}", "data: [12345678]"],
)
def test_a_secret_that_the_server_would_refuse_with_its_value_is_refused_without_it(field: str) -> None:
    text = f"{JOB}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\n{field}\n"
    with pytest.raises(ManifestError, match="Secret") as refusal:
        Manifest.parse(text, SOURCE)
    assert "12345678" not in str(refusal.value)
    assert "not base64!" not in str(refusal.value)


@pytest.mark.parametrize("secret", ["{kind: Secret, data: {a: b: very-secret}}", "- kind: Secret\n  a: b: very-secret"])
def test_a_yaml_error_in_a_secret_of_any_style_does_not_show_the_line(secret: str) -> None:
    with pytest.raises(ManifestError, match="part of a Secret") as refusal:
        Manifest.parse(f"{JOB}---\n{secret}\n", SOURCE)
    assert "very-secret" not in str(refusal.value)


def test_a_limit_for_each_index_counts_as_one_for_the_job() -> None:
    manifest = Manifest.parse(JOB.replace("spec:\n", "spec:\n  backoffLimitPerIndex: 1\n", 1), SOURCE)
    assert "backoffLimit" not in manifest.with_backoff_limit(0, override=False).job["spec"]
    assert manifest.with_backoff_limit(0, override=True).job["spec"]["backoffLimit"] == 0


@pytest.mark.parametrize("env", ["{A: b}", "[A]"])
def test_an_env_that_is_no_list_of_names_and_values_is_refused(env: str) -> None:
    documents = load_all(JOB)
    documents[0]["spec"]["template"]["spec"]["containers"][0]["env"] = load_all(env)[0]
    with pytest.raises(ManifestError, match="env that is not a list of names and values"):
        Manifest.of(documents, SOURCE)
