"""What is not a manifest with one Job that can be run is refused with the reason."""

from __future__ import annotations

import re

import pytest

from kubectl_job_operator.errors import InputError, ManifestError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.yaml_text import load_all
from tests.unit.manifest.texts import CONFIG, JOB, OTHER_JOB, SOURCE, job_with, parse, refused

REFUSALS: dict[str, tuple[str, str]] = {
    "empty": ("", "has no document"),
    "only blank lines": ("\n  \n", "has no document"),
    "only comments": ("# a\n# b\n", "only comments"),
    "only separators": ("---\n---\n# nothing\n", "has no document"),
    "a list": ("- a\n- b\n", r"document \(number 1\) that is not a mapping, but a list"),
    "a string": (f"{JOB}---\njust words\n", r"document \(number 2\) that is not a mapping, but a str"),
    "no apiVersion": (job_with("apiVersion: batch/v1\n", ""), r"document \(number 1\) without apiVersion"),
    "no kind": (job_with("kind: Job\n", ""), r"document \(number 1\) without kind"),
    "a kind that is no string": (job_with("kind: Job", "kind: [Job]"), "without kind"),
    "no Job": (CONFIG, r"has no Job \(apiVersion: batch/v1\), only ConfigMap"),
    "a Job of another group": (job_with("batch/v1", "example.com/v1"), "has no Job .*only Job"),
    "a CronJob": (job_with("kind: Job", "kind: CronJob"), "has no Job .*only CronJob"),
    "two Jobs": (f"{JOB}---\n{OTHER_JOB}", r"has 2 Jobs \(countdown, second\)"),
    "no metadata": (job_with("metadata:\n  name: countdown\n", ""), r"a Job \(document 1\) without metadata"),
    "no name": (job_with("  name: countdown\n", "  labels: {}\n"), r"a Job \(document 1\) without a name"),
    "an empty name": (job_with("name: countdown", 'name: ""'), "without a name"),
    "generateName": (
        job_with("name: countdown", "generateName: countdown-"),
        r"with generateName(?s:.*)metadata\.name",
    ),
    "generateName of a companion": (
        f"{JOB}---\n{CONFIG.replace('name:', 'generateName:')}",
        r"a ConfigMap \(document 2\) with generateName",
    ),
    "a name that YAML takes for a number": (job_with("name: countdown", "name: 017"), "name is not a string: 15"),
    "a namespace that is no string": (
        job_with("metadata:\n", "metadata:\n  namespace: 7\n"),
        "namespace is not a string",
    ),
    "labels that are no mapping": (job_with("metadata:\n", "metadata:\n  labels: [a]\n"), "labels are not a mapping"),
    "no spec": (JOB[: JOB.index("spec:")], r"a Job 'countdown' without spec\.template\.spec"),
    "a spec that is no mapping": (
        JOB[: JOB.index("spec:")] + "spec: {template: [1]}\n",
        r"without spec\.template\.spec",
    ),
    "no restartPolicy": (job_with("      restartPolicy: Never\n", ""), "with no restartPolicy"),
    "restartPolicy: Always": (job_with("Policy: Never", "Policy: Always"), "with restartPolicy: Always"),
    "no containers": (JOB[: JOB.index("      containers:")], "without a list of containers"),
    "different namespaces": (
        f"{job_with('metadata:', 'metadata:' + chr(10) + '  namespace: a')}---\n"
        f"{CONFIG.replace('metadata:', 'metadata:' + chr(10) + '  namespace: b')}",
        "different namespaces: Job countdown in a, ConfigMap settings in b",
    ),
    "a namespace of a companion alone": (
        f"{JOB}---\n{CONFIG.replace('metadata:', 'metadata:' + chr(10) + '  namespace: b')}",
        r"Job countdown in \(none\), ConfigMap settings in b",
    ),
    "the same companion twice": (f"{CONFIG}---\n{JOB}---\n{CONFIG}", "has ConfigMap settings twice(?s:.*)leave one"),
    "the same companion of another version twice": (
        f"{JOB}---\n{{apiVersion: a.example/v1, kind: W, metadata: {{name: w}}}}"
        "\n---\n{apiVersion: a.example/v1beta1, kind: W, metadata: {name: w}}",
        "has W w twice",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_run_is_refused_with_the_reason(case: str) -> None:
    text, reason = REFUSALS[case]
    message = refused(text)
    assert re.search(reason, message), message


def test_companions_of_one_name_are_two_where_their_kinds_or_groups_differ() -> None:
    of = "apiVersion: {}\nkind: {}\nmetadata: {{name: settings}}\n"
    others = [of.format("v1", "Secret"), of.format("a.example/v1", "ConfigMap")]
    assert len(parse(JOB, CONFIG, *others).companions) == 3


def test_trying_again_does_not_help_against_a_manifest_error() -> None:
    assert issubclass(ManifestError, InputError)


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


@pytest.mark.parametrize("env", ["{A: b}", "[A]"])
def test_an_env_that_is_no_list_of_names_and_values_is_refused(env: str) -> None:
    documents = load_all(JOB)
    documents[0]["spec"]["template"]["spec"]["containers"][0]["env"] = load_all(env)[0]
    with pytest.raises(ManifestError, match="env that is not a list of names and values"):
        Manifest.of(documents, SOURCE)


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
