"""What a cluster and its containers say neither orders the terminal about nor, quoted, gives a Secret away."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from kubectl_job_operator.cli.live import LiveView
from tests.unit import recordings, stage
from tests.unit.airflow.canary import Canaries, files_below, manifest, searched
from tests.unit.cli.program import Program
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.test_printable import COLOUR, CONTROL, ORDERS

OF_THE_VIEW = ("\x1b[?25l", "\x1b[?25h", "\x1b[2K", "\x1b[1A", "\r")


def hostile_pods(text: str) -> dict[str, Any]:
    pods = recordings.pod_list("failed-exit-code")
    for pod in pods["items"]:
        for status in pod["status"]["containerStatuses"]:
            status["state"]["terminated"].update(message=text, reason=text)
    return pods


def script(fake_kubectl: FakeKubectl, text: str, *, end: str) -> None:
    """Let all that speaks say a text."""
    events = recordings.event_list("failed-exit-code")
    for event in events["items"]:
        event.update(message=text, reason=text)
    fake_kubectl.answers("get pods --watch", after_seconds=60.0)
    fake_kubectl.answers("get pods", hostile_pods(text))
    fake_kubectl.answers("get events", events)
    fake_kubectl.answers("get -f", {"kind": "List", "items": []}, stderr=text)
    fake_kubectl.answers("logs", "".join(f"2026-01-01T00:00:00.000000000Z {line}\n" for line in text.split("\n")))
    stage.script(fake_kubectl, end=end)


@pytest.mark.parametrize("order", ORDERS)
def test_a_run_prints_no_control_characters_of_others(
    order: str, program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    script(fake_kubectl, ORDERS[order], end="failed")
    result = program("run", countdown.name, "-n", "here")
    assert result.code == 1
    assert "evil" in result.out or "exit code 3" in result.out
    assert not CONTROL.search(COLOUR.sub("", result.out + result.err))


@pytest.mark.parametrize("end", ["complete", "failed", "refused"])
@pytest.mark.parametrize("output", ["text", "json"])
def test_what_a_secret_of_the_template_holds_is_not_printed_whoever_quotes_it(
    end: str, output: str, program: Program, fake_kubectl: FakeKubectl, tmp_path: Path
) -> None:
    canaries = Canaries(uuid.uuid4().hex)
    text = f"{canaries.all()}\n{canaries.as_json()}"
    if end == "refused":
        fake_kubectl.answers("apply", stderr=f'The Job "countdown" is invalid: {text}', return_code=1)
    script(fake_kubectl, text, end=end)
    template = manifest(canaries, stage.MANIFEST).partition("        env:")[0]
    (tmp_path / "work" / "job.yaml").write_text(template)
    result = program("run", "job.yaml", "-n", "here", "-o", output, "--no-log-yaml")
    surfaces = {"stdout": result.out, "stderr": result.err, "command lines": str(fake_kubectl.calls)}
    in_files = {name: text for name, text in files_below(tmp_path).items() if "kubectl-job-operator-" in name}
    # Of others the command line knows nothing: no Airflow has told it what is secret.
    secret = {"stringData of a Secret", "data of a Secret", "a file in a Secret"}
    found = searched({**surfaces, **in_files}, canaries)
    assert {name: rest for name, places in found.items() if (rest := secret & set(places))} == {}
    assert json.loads(result.out)["kind"] == "Job" if output == "json" else "$ kubectl" in result.out


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.sampled_from(list(ORDERS.values())), st.text(max_size=20)))
def test_the_live_view_draws_no_control_characters_of_others(text: str) -> None:
    written = io.StringIO()
    view = LiveView(Console(file=written, force_terminal=True, width=200, height=50))
    job = stage.job()
    job["metadata"]["name"] = text
    view.on_job(job)
    pods = hostile_pods(text)["items"]
    for pod in pods:
        pod["metadata"]["name"] = pod["spec"]["nodeName"] = text
    view.on_pods(pods)
    view.open()
    for tell in (view.info, view.warning, view.error, view.critical):
        tell(text)
    view.close()
    shown = COLOUR.sub("", written.getvalue())
    for own in OF_THE_VIEW:
        shown = shown.replace(own, "")
    assert not CONTROL.search(shown)
