"""kubectl-job-operator doctor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.program import Program
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import ALL_RIGHTS, FORBIDDEN, REFUSED

CONFIGURATION: dict[str, Any] = {
    "current-context": "staging",
    "contexts": [{"name": "staging", "context": {"cluster": "c", "namespace": "mine"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://cluster.example:6443"}}],
}
VERSIONS = {"clientVersion": {"gitVersion": "v1.32.4"}, "serverVersion": {"gitVersion": "v1.31.2"}}
CLIENT = "version --client"
SERVER = "version -o json"
NAMESPACE = {"kind": "Namespace", "metadata": {"name": "mine", "uid": "1"}}
LOG_IS_MISSING = """\
jobs.batch     []   []   [get list watch create patch delete]
pods           []   []   [get list watch]
events         []   []   [list]
"""
EVENTS_ARE_MISSING = """\
jobs.batch     []   []   [get list watch create patch delete]
pods           []   []   [get list watch]
pods/log       []   []   [get]
"""


def script(fake_kubectl: FakeKubectl) -> None:
    """Script a cluster where all is well; what a test scripted before goes first."""
    fake_kubectl.answers("config view --minify", CONFIGURATION)
    fake_kubectl.answers(CLIENT, {"clientVersion": VERSIONS["clientVersion"]})
    fake_kubectl.answers(SERVER, VERSIONS)
    fake_kubectl.answers("get namespace/mine", NAMESPACE)
    fake_kubectl.answers("auth can-i --list", ALL_RIGHTS)


def row(table: str, what: str) -> str:
    """Return the row about something, with single blanks."""
    return next(" ".join(line.split()) for line in table.splitlines() if f" {what}" in line)


def test_where_all_is_well_it_returns_0_and_shows_what_is_there(program: Program, fake_kubectl: FakeKubectl) -> None:
    script(fake_kubectl)
    result = program("doctor")
    assert (result.code, result.err) == (0, "")
    assert row(result.out, "kubectl ") == f"ok kubectl 1.32.4, {fake_kubectl.program}"
    assert row(result.out, "context") == "ok context staging, https://cluster.example:6443"
    assert row(result.out, "server") == "ok server 1.31.2"
    assert row(result.out, "namespace") == "ok namespace mine"
    assert result.out.count(" granted") == 11
    assert "NO" not in result.out


def test_a_missing_right_is_red_and_the_role_is_named(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("auth can-i --list", LOG_IS_MISSING)
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == 2
    assert row(result.out, "right to get pods/log").startswith("NO right to get pods/log missing add it to")
    assert "examples/rbac/role.yaml" in result.out
    assert result.out.count(" granted") == 10


def test_a_right_that_only_helps_is_no_trouble(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("auth can-i --list", EVENTS_ARE_MISSING)
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == 0
    assert row(result.out, "right to list events").startswith("? right to list events missing; tasks run without it")
    assert result.out.count(" granted") == 10


def test_rights_that_only_some_tasks_need_are_told_and_are_no_trouble(
    program: Program, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("auth can-i --list", f"{EVENTS_ARE_MISSING}cronjobs.batch   []   []   [get]\n")
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == 0
    assert row(result.out, "for from_cronjob") == "ok for from_cronjob: get cronjobs.batch there"
    words = " ".join(result.out.split())
    assert "ok for main_container: patch pods not there; no other task needs it" in words


def test_rights_that_the_cluster_does_not_tell_are_unsure(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("auth can-i --list", **FORBIDDEN)
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == 0
    assert row(result.out, "right to list events") == "? right to list events the cluster does not tell"


@pytest.mark.parametrize(
    ("words", "answer", "expected"),
    [
        (CLIENT, {"stdout": {"clientVersion": {"gitVersion": "v1.20.1"}}}, (2, "kubectl ", "1.28 or later is needed")),
        (
            "config view",
            {"stderr": "error: context was not found for specified context: x\n", "return_code": 1},
            (2, "context", "check --kubeconfig, --context and KUBECONFIG"),
        ),
        (SERVER, REFUSED, (3, "server", "was refused")),
        ("get namespace/mine", {"stdout": ""}, (2, "namespace", "kubectl create namespace mine")),
    ],
)
def test_what_is_wrong_is_red_with_what_to_do(
    program: Program, fake_kubectl: FakeKubectl, words: str, answer: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    code, what, shown = expected
    fake_kubectl.answers(words, **answer)
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == code
    assert row(result.out, what).startswith("NO ")
    assert shown in row(result.out, what)


def test_an_account_that_may_not_look_at_namespaces_is_no_trouble(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get namespace/mine", **FORBIDDEN)
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == 0
    assert row(result.out, "namespace").startswith("? namespace mine; the account may not look")


def test_a_server_that_is_far_from_kubectl_is_pointed_out(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers(SERVER, {**VERSIONS, "serverVersion": {"gitVersion": "v1.36.2"}})
    script(fake_kubectl)
    result = program("doctor")
    assert result.code == 0
    assert "kubectl is 4 minor versions older" in " ".join(result.out.split())


@pytest.mark.usefixtures("no_kubectl")
def test_without_kubectl_it_says_where_it_is_needed(program: Program) -> None:
    result = program("doctor")
    assert result.code == 2
    assert "There is no kubectl on the PATH" in " ".join(result.out.split())


def test_the_options_lead_kubectl(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("get namespace/other", NAMESPACE)
    script(fake_kubectl)
    assert program("doctor", "--context", "there", "-n", "other").code == 0
    assert fake_kubectl.called("--context there -n other auth can-i")
    assert fake_kubectl.called("--context there version")


def test_a_kubectl_that_is_named_and_not_there_is_told_as_the_option(program: Program) -> None:
    result = program("doctor", "--kubectl", "/opt/kubectl")
    assert result.code == 2
    words = " ".join(result.out.split())
    assert "There is no program '/opt/kubectl'" in words
    assert "mend --kubectl, or leave it out" in words


RESOURCES = """\
configmaps     cm       v1        true   ConfigMap
deployments    deploy   apps/v1   true   Deployment
"""


def test_the_rights_of_what_stands_beside_the_jobs_are_looked_at_where_that_is_asked(
    program: Program, fake_kubectl: FakeKubectl
) -> None:
    rights = f"{EVENTS_ARE_MISSING}events [] [] [list]\nconfigmaps [] [] [get list watch delete]\n"
    fake_kubectl.answers("auth can-i --list", rights)
    fake_kubectl.answers("api-resources --no-headers", RESOURCES)
    script(fake_kubectl)
    result = program("doctor", "--resource", "cm")
    assert result.code == 2
    assert row(result.out, "right to delete configmaps") == "ok right to delete configmaps granted"
    assert row(result.out, "right to create configmaps").startswith(
        "NO right to create configmaps missing, for KubectlApplyOperator"
    )
    assert "deployments" not in result.out
    assert "configmaps" not in program("doctor").out


def test_a_resource_that_the_cluster_does_not_have_is_told(program: Program, fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("api-resources --no-headers", RESOURCES)
    script(fake_kubectl)
    result = program("doctor", "--resource", "widgets")
    assert result.code == 2
    assert row(result.out, "widgets").startswith("NO widgets the cluster has no such resource")
