"""Companions belong to somebody too: to one run, to all runs of a task, or to nobody that we know."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from kubectl_job_operator.errors import JobInUseError
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.tries import CLEARED, FIRST, OTHER_RUN, RETRY, Tries, Try
from tests.waiting import until

CONFIG = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {value: '{{ value }}'}\n"
READS = "env: [{name: VALUE, valueFrom: {configMapKeyRef: {name: config, key: value}}}]\n          command:"
CLAIM = """\
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: {{ size | default('1Mi') }}}}
"""
KEPT_CLAIM = CLAIM.replace("{name: data}", '{name: data, annotations: {kubectl-job-operator/keep: "true"}}')
MOUNTS = "volumeMounts: [{name: data, mountPath: /data}]\n          command:"
VOLUME = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"


def with_config(script: str) -> str:
    """Return a Job whose variable ``VALUE`` comes from a ConfigMap beside it."""
    return job(script).replace("command:", READS) + CONFIG


def with_claim(script: str, claim: str) -> str:
    """Return a Job with a volume under ``/data``, and its claim."""
    return job(script, pod=VOLUME).replace("command:", MOUNTS) + claim


def given(value: str) -> dict[str, Any]:
    return {"yaml_template_fields": {"value": value}}


def config_of(namespace: Namespace) -> dict[str, Any]:
    """Return the ConfigMap."""
    return dict(json.loads(namespace.kubectl("get", "configmap", "config", "-o", "json")))


def configs(namespace: Namespace) -> list[str]:
    """Return the names of the ConfigMaps of tests."""
    return [name for name in namespace.living("configmaps") if name.startswith("config")]


def test_mapped_instances_with_unique_name_have_a_configmap_each_and_leave_nothing(
    tries: Tries, namespace: Namespace
) -> None:
    values = ["north", "south", "west"]
    started = [
        tries.start(replace(FIRST, map_index=index), with_config("echo my $VALUE"), unique_name=True, **given(value))
        for index, value in enumerate(values)
    ]
    for value, running in zip(values, started, strict=True):
        run = running.result()
        assert run.state == "success", run.failures
        assert [line for line in run.log.splitlines() if line.startswith("my ")] == [f"my {value}"]
    assert namespace.living("jobs") == []
    assert configs(namespace) == []


def test_two_runs_with_one_configmap_at_once_are_told_apart(tries: Tries, namespace: Namespace) -> None:
    """The Job has a name of its own for each run, the companion has not."""
    yaml = with_config("sleep 300").replace("{name: job}", "{name: 'job-{{ value }}'}")
    tries.start(FIRST, yaml, **given("one"))
    until(lambda: namespace.running_pods() != [], "no pod ran")
    run = tries.run(OTHER_RUN, yaml, **given("two"))
    assert isinstance(run.failures[0], JobInUseError)
    assert f"ConfigMap config in {namespace.name} belongs to task job of DAG {tries.dag_id}, run {FIRST.run_id}" in (
        run.error
    )
    assert "whose Job job-one has not ended; Job job-two was not created" in run.told
    assert config_of(namespace)["data"] == {"value": "one"}
    assert namespace.living("jobs") == ["job-one"]


def test_the_configmap_of_a_run_whose_job_has_ended_is_replaced(tries: Tries, namespace: Namespace) -> None:
    assert tries.run(FIRST, with_config("exit 1"), **given("old")).state == "failed"
    run = tries.run(OTHER_RUN, with_config("echo my $VALUE"), **given("new"))
    assert run.state == "success", run.failures
    assert "my new" in run.log.splitlines()
    assert configs(namespace) == []


def test_a_retry_takes_its_companions_over_and_deletes_them(tries: Tries, namespace: Namespace) -> None:
    yaml = with_config("sleep 8; echo my $VALUE")
    tries.leave_running(FIRST, yaml, **given("one"))
    run = tries.run(RETRY, yaml, **given("two"))
    assert run.state == "success", run.failures
    assert "Going on with it" in run.log
    assert "my one" in run.log.splitlines()
    assert namespace.living("jobs") == []
    assert configs(namespace) == []


AFTER_ALL: list[list[Try]] = [
    [RETRY, replace(RETRY, number=3)],
    [CLEARED, replace(CLEARED, number=3)],
]


@pytest.mark.parametrize("later", AFTER_ALL, ids=["retries", "a Clear"])
def test_companions_are_applied_again_by_each_try_after_a_failed_one(
    later: list[Try], tries: Tries, namespace: Namespace
) -> None:
    """Also where an adoption in between, and a hand, have set labels by other commands."""
    tries.leave_running(FIRST, with_config("sleep 5; exit 1"), **given("first"))
    adopting = replace(FIRST, number=2)
    if later[0] == RETRY:
        assert tries.run(adopting, with_config("exit 1"), **given("second")).state == "failed"
        later = [replace(one, number=one.number + 1) for one in later]
    namespace.kubectl("label", "configmap", "config", "app.kubernetes.io/managed-by=me", "--overwrite")
    for which in later:
        run = tries.run(which, with_config("echo my $VALUE; exit 1"), **given(f"try {which.number}"))
        assert f"my try {which.number}" in run.log.splitlines(), run.failures
    last = replace(later[-1], number=later[-1].number + 1)
    run = tries.run(last, with_config("echo my $VALUE"), **given("last"))
    assert run.state == "success", run.failures
    assert "my last" in run.log.splitlines()
    assert configs(namespace) == []


def test_a_kept_claim_is_shared_by_all_runs(
    tries: Tries, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    yaml = with_claim("cat /data/log; echo {{ run_id }} >> /data/log", KEPT_CLAIM)
    installation = "AIRFLOW__KUBECTL_JOB_OPERATOR__INSTALLATION"
    for which, airflow in ((FIRST, "old"), (OTHER_RUN, "old"), (replace(OTHER_RUN, run_id="third"), "new")):
        monkeypatch.setenv(installation, airflow)
        run = tries.run(which, yaml)
        assert run.state == "success", run.failures
    assert {FIRST.run_id, OTHER_RUN.run_id} <= set(run.log.splitlines())
    assert namespace.living("jobs") == []
    assert namespace.living("persistentvolumeclaims") == ["data"]


def test_a_kept_claim_of_version_0_1_is_shared_too(tries: Tries, namespace: Namespace) -> None:
    annotations = {f"kubectl-job-operator/{key}": "x" for key in ("run-id", "map-index")}
    annotations |= {"kubectl-job-operator/dag-id": tries.dag_id, "kubectl-job-operator/task-id": "job"}
    made = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": "data",
            "labels": {"kubectl-job-operator/task-instance": "0123456789abcdef", "kubectl-job-operator/keep": "true"},
            "annotations": {**annotations, "kubectl-job-operator/keep": "true"},
        },
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    by_it = ("apply", "--server-side", "--field-manager=kubectl-job-operator", "-f", "-")
    namespace.kubectl(*by_it, given=json.dumps(made))
    run = tries.run(FIRST, with_claim("echo written > /data/log; cat /data/log", KEPT_CLAIM))
    assert run.state == "success", run.failures
    assert "written" in run.log.splitlines()


@pytest.mark.parametrize("size", ["1Mi", "2Mi"])
def test_a_claim_that_a_run_has_left_is_taken_over_with_its_data(size: str, tries: Tries, namespace: Namespace) -> None:
    assert tries.run(FIRST, with_claim("echo the data > /data/log; exit 1", CLAIM)).state == "failed"
    claim = tries.uid_of("persistentvolumeclaims")
    fields = {"yaml_template_fields": {"size": size}}
    run = tries.run(OTHER_RUN, with_claim("cat /data/log; exit 1", CLAIM), **fields)
    assert "the data" in run.log.splitlines(), run.failures
    assert tries.uid_of("persistentvolumeclaims") == claim
    assert ("differs in spec.resources.requests.storage" in run.log) is (size == "2Mi")
    again = replace(OTHER_RUN, number=2, max_tries=5, clear_number=1)
    run = tries.run(again, with_claim("cat /data/log", CLAIM), **fields)
    assert run.state == "success", run.failures
    assert namespace.living("persistentvolumeclaims") == []


def test_what_others_may_live_in_is_not_deleted(tries: Tries, namespace: Namespace) -> None:
    name = f"{namespace.name}-beside"
    beside = f"---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"
    try:
        for which in (FIRST, OTHER_RUN):
            run = tries.run(which, job("true") + beside)
            assert run.state == "success", run.failures
            assert f"Namespace {name} is not deleted at the end" in run.log
            phase = namespace.kubectl("get", "namespace", name, "-o", "jsonpath={.status.phase}")
            assert phase == "Active"
    finally:
        namespace.kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


def test_a_companion_of_nobody_that_differs_is_used_with_a_warning(tries: Tries, namespace: Namespace) -> None:
    namespace.kubectl("create", "configmap", "config", "--from-literal=value=theirs")
    run = tries.run(FIRST, with_config("echo my $VALUE"), **given("ours"))
    assert run.state == "success", run.failures
    assert "my theirs" in run.log.splitlines()
    (warning,) = [one for one in run.records if "differs" in one.getMessage()]
    assert warning.levelname == "WARNING"
    assert "ConfigMap config is not as the template has it; it differs in data.value." in warning.getMessage()
    assert configs(namespace) == ["config"]


def test_the_items_of_a_list_are_companions_each(tries: Tries, namespace: Namespace) -> None:
    config = (
        '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "config%s"}, "data": {"value": "{{ value }}"}}'
    )
    items = ", ".join(config % suffix for suffix in ("", "-two"))
    listed = f'---\n{{"apiVersion": "v1", "kind": "List", "items": [{items}]}}\n'
    yaml = job("echo my $VALUE; exit {{ code }}").replace("command:", READS) + listed
    for which, value, code in ((FIRST, "one", 1), (RETRY, "two", 0)):
        run = tries.run(which, yaml, yaml_template_fields={"value": value, "code": code})
        assert f"my {value}" in run.log.splitlines(), run.failures
        assert len(configs(namespace)) == 2 * code
    assert run.state == "success", run.failures
