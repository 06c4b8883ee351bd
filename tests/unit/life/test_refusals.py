"""A server or a credential plugin that errs for a moment ends no task, at whichever command it errs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import COMPLETE_WAIT, TARGET, Log

pytestmark = pytest.mark.usefixtures("hasty")

CREDENTIALS: dict[str, Any] = {
    "stderr": "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255\n",
    "return_code": 1,
}
UNAUTHORIZED: dict[str, Any] = {
    "stderr": "error: You must be logged in to the server (Unauthorized)\n",
    "return_code": 1,
}
NOT_READY: dict[str, Any] = {
    "stderr": 'Error from server (InternalError): an error on the server ("[-]informer-sync failed")\n',
    "return_code": 1,
}


@pytest.mark.parametrize("step", ["auth can-i", f"get {TARGET}", "apply", COMPLETE_WAIT, "delete"])
def test_a_credential_plugin_that_fails_for_a_moment_ends_no_task(
    fake_kubectl: FakeKubectl, log: Log, step: str
) -> None:
    fake_kubectl.answers(step, **CREDENTIALS, times=2)
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    if step != COMPLETE_WAIT:
        assert any(line.startswith("The cluster does not serve us now (no credentials)") for line in log.warnings)


@pytest.mark.parametrize("step", [f"get {TARGET}", "apply", "delete"])
def test_a_server_that_has_just_started_and_refuses_everybody_ends_no_task(
    fake_kubectl: FakeKubectl, log: Log, step: str
) -> None:
    fake_kubectl.answers(step, **stage.FORBIDDEN, times=2)
    fake_kubectl.answers("get --raw /readyz", **NOT_READY, times=2)
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert log.warnings[0] == (
        "The cluster refuses us (forbidden). One that has just started refuses everybody, so it is asked again before "
        "that is believed."
    )
    assert log.warnings[1].startswith("The cluster serves us again after ")
    assert fake_kubectl.called("delete")


def test_rights_that_a_starting_server_does_not_know_yet_are_asked_for_again(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers("auth can-i", "jobs.batch   []   []   [get]\n", times=1)
    fake_kubectl.answers("get --raw /readyz", **NOT_READY, times=1)
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert "The cluster refuses us (rights are missing)" in log.text


def test_credentials_that_are_not_known_for_some_seconds_in_mid_run_end_no_task(
    fake_kubectl: FakeKubectl, log: Log
) -> None:
    fake_kubectl.answers(COMPLETE_WAIT, **UNAUTHORIZED, times=3)
    fake_kubectl.answers(f"get {TARGET}", "", times=1)
    fake_kubectl.answers(f"get {TARGET}", **UNAUTHORIZED, times=4)
    fake_kubectl.answers(f"get {TARGET}", stage.job())
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert "The cluster refuses us (unauthorized). " in log.text
