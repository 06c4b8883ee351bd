"""What kubectl is asked for a manifest, and what is made of its refusals."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_job_operator.attempt import retrying, sources
from kubectl_job_operator.errors import InputError, KubectlError, RightsMissingError, TemplateError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.transcript import Record
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import MANIFEST, NAMESPACE, REFUSED, Log

FORBIDDEN: dict[str, Any] = {
    "stderr": 'Error from server (Forbidden): cronjobs.batch "nightly" is forbidden: User "u" cannot get resource '
    '"cronjobs" in API group "batch" in the namespace "here"\n',
    "return_code": 1,
}
ABSENT: dict[str, Any] = {
    "stderr": 'Error from server (NotFound): cronjobs.batch "nightly" not found\n',
    "return_code": 1,
}
BROKEN: dict[str, Any] = {
    "stderr": "error: accumulating resources: accumulation err='accumulating nope.yaml'\n",
    "return_code": 1,
}
AWAY: dict[str, Any] = {
    "stderr": 'error: hit 5 retries: Get "https://example.com/base.yaml": no such host\n',
    "return_code": 1,
}
COMMAND = (
    "kubectl",
    "-n",
    "here",
    "create",
    "job",
    "nightly",
    "--from=cronjob/nightly",
    "--dry-run=client",
    "-o",
    "yaml",
)


def of_cronjob(log: Log, namespace: str | None = NAMESPACE) -> str:
    return sources.job_of_cronjob(Access(), namespace, "nightly", log)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def test_a_kustomization_is_built_by_one_command_which_is_shown(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("kustomize /dags/prod", f"{MANIFEST}---\n{MANIFEST}")
    log = Log()
    assert sources.kustomized(Access(context="there"), "/dags/prod", log.info) == f"{MANIFEST}---\n{MANIFEST}"
    assert fake_kubectl.calls == [("kubectl", "kustomize", "/dags/prod")]
    assert log.lines[0] == "$ kubectl kustomize /dags/prod"
    assert log.lines[1].startswith("  -> kustomize: 2 documents (")
    assert MANIFEST not in log.text


def test_a_kustomization_that_is_broken_is_the_authors_to_mend(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("kustomize", **BROKEN)
    with pytest.raises(TemplateError) as caught:
        sources.kustomized(Access(), "/dags/prod")
    assert "accumulating nope.yaml" in str(caught.value)
    assert "this shows the same: kubectl kustomize /dags/prod" in str(caught.value)


@pytest.mark.parametrize(
    ("address", "answer"), [("/dags/prod", AWAY), ("https://example.com/jobs//prod", BROKEN)], ids=["base", "whole"]
)
def test_what_comes_from_elsewhere_may_come_another_time(
    address: str, answer: dict[str, Any], fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("kustomize", **answer)
    with pytest.raises(KubectlError):
        sources.kustomized(Access(), address)


def test_the_job_of_a_cronjob_is_printed_and_not_created(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("create job", MANIFEST)
    log = Log()
    assert of_cronjob(log) == MANIFEST
    assert fake_kubectl.calls == [COMMAND]
    assert log.lines[0] == f"$ {' '.join(COMMAND)}"


def test_without_a_namespace_it_is_looked_for_where_kubectl_works_by_default(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("config view --minify", {"contexts": [{"context": {"namespace": "here"}}]})
    fake_kubectl.answers("create job", MANIFEST)
    of_cronjob(Log(), None)
    assert fake_kubectl.called("create job") == [COMMAND]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (FORBIDDEN, RightsMissingError, "in namespace here: get cronjobs.batch. Nothing was created."),
        (ABSENT, InputError, "There is no CronJob here/nightly to make the Job of."),
    ],
    ids=["forbidden", "absent"],
)
def test_a_cronjob_that_cannot_be_read_is_named(
    answer: dict[str, Any], kind: type[Exception], words: str, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers("create job", **answer)
    with pytest.raises(kind) as caught:
        of_cronjob(Log())
    assert words in str(caught.value)


@pytest.mark.usefixtures("no_pause")
def test_an_outage_is_waited_for(fake_kubectl: FakeKubectl) -> None:
    fake_kubectl.answers("create job", **REFUSED, times=1)
    fake_kubectl.answers("create job", MANIFEST)
    assert of_cronjob(Log()) == MANIFEST


@pytest.mark.parametrize("name", ["", "a/b", "cronjob/a", "A", "-a", "a b"])
def test_what_cannot_be_the_name_of_a_cronjob_is_not_asked_for(name: str) -> None:
    with pytest.raises(InputError, match="must be the name of a CronJob"):
        sources.job_of_cronjob(Access(), NAMESPACE, name, Log())


@pytest.mark.parametrize(
    ("argv", "changes"), [(COMMAND, False), (COMMAND[:-3], True), (("kubectl", "kustomize", "a"), False)]
)
def test_what_only_prints_changes_nothing(
    argv: tuple[str, ...], changes: bool, record: Callable[[tuple[str, ...]], Record]
) -> None:
    assert record(argv).changes is changes


@pytest.fixture
def record() -> Callable[[tuple[str, ...]], Record]:
    import datetime

    now = datetime.datetime.now(datetime.timezone.utc)
    return lambda argv: Record(argv, 1, now, now)
