"""A Job's whole life: the sequence of a try, every command of it in the log."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.kubectl.access import Access
from tests.log_text import commands_in
from tests.unit import stage
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.life.scenes import no_child_is_left, outages, verbs
from tests.unit.stage import COMPLETE_WAIT, TARGET, US, Log

pytestmark = pytest.mark.usefixtures("hasty")


def test_a_job_that_completes_is_looked_for_applied_waited_for_and_deleted(
    fake_kubectl: FakeKubectl, log: Log, folders: Callable[[], list[Path]]
) -> None:
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert verbs(fake_kubectl) == ["apply", "delete"]
    position = {word: index for index, call in enumerate(fake_kubectl.calls) for word in call if "--watch" not in call}
    assert position["get"] < position["apply"] < position["wait"] < position["delete"]
    (delete,) = fake_kubectl.called("delete")
    assert delete == ("kubectl", "-n", "here", "delete", "job.v1.batch", "-l", US.selector(), "--wait=false")
    assert no_child_is_left(fake_kubectl)
    assert folders() == []
    assert log.warnings == []
    assert re.search(r"Job here/countdown is Complete after [\d.]+ s: 1 succeeded\.", log.text)


def test_every_command_of_a_run_stands_in_the_log_as_it_ran(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log, access=Access(context="my 'odd' context")).run()
    shown = sorted(commands_in(log.text))
    ran = [shlex.join(call) for call in fake_kubectl.calls]
    # On a slow machine what is stopped at once may be so before the fake has noted that it was called.
    ran += [line for line in shown if ("--for=delete" in line or "--watch" in line) and line not in ran]
    assert shown == sorted(ran)
    for call in fake_kubectl.calls:
        if "version" not in call:
            assert call[1:5] == ("--context", "my 'odd' context", "-n", "here")


def test_children_get_kubectls_preferences_switched_off(fake_kubectl: FakeKubectl, log: Log) -> None:
    stage.script(fake_kubectl)
    stage.runner(log).run()
    assert {environment.get("KUBERC") for environment in fake_kubectl.environments} == {"off"}


def test_a_refused_connection_is_waited_out_at_every_step(fake_kubectl: FakeKubectl, log: Log) -> None:
    fake_kubectl.answers("apply", **stage.REFUSED, times=2)
    fake_kubectl.answers(f"get {TARGET}", times=2)
    fake_kubectl.answers(COMPLETE_WAIT, **stage.REFUSED, times=1)
    stage.script(fake_kubectl)
    assert stage.runner(log).run() == stage.job("complete")
    assert outages(log) == (1, 1)
