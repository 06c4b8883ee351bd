"""Whatever a cluster answers: the replay runs kubectl and nothing else, and the pictures are nothing but pictures."""

from __future__ import annotations

import datetime
import itertools
import shlex
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubectl_job_operator.kubectl.transcript import Record
from kubectl_job_operator.replay.replay import ManifestFile, Try, replay
from kubectl_job_operator.replay.replay_script import Script, Target
from kubectl_job_operator.replay.timeline_svg import timeline
from kubectl_job_operator.replay.timeline_text import timeline_text
from tests.unit import recordings
from tests.unit.test_printable import CONTROL, ORDERS

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
MANY = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])

PAYLOADS = [
    "$(evil)",
    "`evil`",
    "; evil",
    "&& evil",
    "| evil",
    "\nevil\n",
    "'\nevil\n'",
    '"; evil; "',
    "$'\\n'evil",
    "# x\nevil",
    "> evil",
    "\\\nevil",
    "MANIFEST\nevil",
    "!evil",
    "${x:=$(evil)}",
    "a b",
    "-x",
    "<script>evil()</script>",
    '" onload="evil()',
    "]]><script/>",
    "&evil;",
    "\x1b[201~evil\n",
    "\x00",
    "\ud800",
    *ORDERS.values(),
]
HOSTILE = st.one_of(
    st.sampled_from(PAYLOADS),
    st.lists(st.one_of(st.sampled_from(PAYLOADS), st.text(max_size=5)), max_size=3).map("".join),
)
# What can be a word of a command: it ran as one.
WORD = HOSTILE.map(lambda text: text.replace("\0", "").encode(errors="ignore").decode())

Paste = Callable[[str], list[list[str]]]


@pytest.fixture
def paste(tmp_path: Path) -> Paste:
    """Give a function that pastes a text into bash, and returns the commands that ran."""
    programs, work = tmp_path / "programs", tmp_path / "work"
    programs.mkdir()
    work.mkdir()
    calls = tmp_path / "calls"
    for name in ("kubectl", "evil"):
        program = programs / name
        program.write_text(f'#!/bin/bash\nprintf "%s\\0" $# {name} "$@" >> {shlex.quote(str(calls))}\n')
        program.chmod(0o755)
    for name in ("cat", "sleep", "dirname", "grep", "tr", "mktemp", "rm"):
        (programs / name).symlink_to(f"/usr/bin/{name}")

    def run(text: str) -> list[list[str]]:
        calls.write_bytes(b"")
        for file in work.iterdir():
            file.unlink()
        environment = {"PATH": str(programs), "CONNECTION_KUBECONFIG": "/theirs", "LC_ALL": "C.UTF-8"}
        subprocess.run(
            ["/bin/bash", "--norc"],
            input=text.encode(errors="backslashreplace"),  # as the folder is written
            cwd=work,
            env=environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert not [file.name for file in work.iterdir() if file.name == "evil"], "it wrote a file"
        words = iter(calls.read_bytes().decode().split("\0")[:-1])
        return [list(itertools.islice(words, int(count) + 1)) for count in words]

    return run


def record(*argv: str) -> Record:
    return Record(argv, 1, NOW, NOW, 0, 0.1)


WORDS = st.lists(WORD, min_size=8, max_size=8)


@FEW
@given(words=WORDS, text=HOSTILE)
def test_a_pasted_replay_runs_kubectl_with_the_very_words_and_nothing_else(
    paste: Paste, words: list[str], text: str
) -> None:
    pod, container, name, uid, context, selector, *_ = words
    uid = f"0b5b-{uid}"
    job: dict[str, Any] = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "uid": uid},
        "spec": {"selector": {"matchLabels": {"a": selector}}},
    }
    begin = ("kubectl", "--context", context, "-n", "here")
    records = [
        record(*begin, "get", f"job/{name}", "-o", "json"),
        record(*begin, "apply", "-f", "/tmp/x/job.yaml", "-o", "json"),
        record(*begin, "wait", f"job/{name}", "--for=condition=complete", "-o", "json"),
        record(*begin, "logs", f"x{pod}", "-c", container),
        record(*begin, "get", "pods", "-l", f"uid={uid}", "--watch"),
        record(*begin, "delete", selector, "-l", f"a={pod}"),
    ]
    file = ManifestFile(
        Path("/tmp/x/job.yaml"),
        text.replace("\0", "").encode(errors="ignore").decode(),
        has_masked_values=True,
    )
    pasted = replay(Try(records, settings={"KUBECONFIG": f"/{context}"}, files=[file], job=job))
    assert not CONTROL.search(pasted.replace(str(file.text), ""))
    ran = paste(pasted)
    assert {call[0] for call in ran} == {"kubectl"}
    assert all(call[1:3] == ["--context", context] for call in ran), ran
    assert [call[:-1] for call in ran if call[-1].endswith("/job.yaml")] == [[*begin, "apply", "-f"]]
    assert [*begin, "delete", selector, "-l", f"a={pod}"] in ran


@FEW
@given(name=WORD, uid=WORD)
def test_where_another_job_has_the_name_it_says_so_and_runs_nothing_more(paste: Paste, name: str, uid: str) -> None:
    job: dict[str, Any] = {"kind": "Job", "apiVersion": "batch/v1", "metadata": {"name": name, "uid": f"uid{uid}"}}
    job["spec"] = {"selector": {"matchLabels": {"a": "b"}}}
    pasted = replay(Try([record("kubectl", "-n", "here", "delete", "job/x")], job=job))
    ran = paste(f'kubectl() {{ command kubectl "$@"; echo another; }}\n{pasted}')
    assert [call[:4] for call in ran] == [["kubectl", "-n", "here", "get"]]


@FEW
@given(words=WORDS, what=HOSTILE)
def test_the_script_of_a_folder_runs_kubectl_and_nothing_else(paste: Paste, words: list[str], what: str) -> None:
    name, namespace, context, kubeconfig, secret, target, rule, _ = words
    other = Target(target, target, target, [rule], [rule], ["-l", rule])
    for of_kind in (None, other):
        script = Script(name, what, f"n{namespace}", context, kubeconfig, secrets=[secret], other=of_kind)
        ran = paste(script.text())
        assert {call[0] for call in ran} == {"kubectl"}
        expected = [*(["--context", context] if context else []), "-n", f"n{namespace}"]
        assert all(call[1 : 1 + len(expected)] == expected for call in ran), ran


def evidence(text: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a Job, pods and events with a text wherever the cluster gives one."""
    job, pods = recordings.job("failed-exit-code"), recordings.pods("failed-exit-code")
    events = recordings.events("failed-exit-code")
    job["metadata"].update(name=text, namespace=text)
    for condition in job["status"]["conditions"]:
        condition["reason"] = text
    for pod in pods:
        pod["metadata"]["name"], pod["spec"]["nodeName"] = text, text
        for status in pod["status"]["containerStatuses"]:
            status["name"] = text
            status["state"]["terminated"]["reason"] = text
    for event in events:
        event.update(message=text, reason=text)
    return job, pods, events


@MANY
@given(HOSTILE)
def test_the_picture_is_xml_without_a_script_a_handler_or_a_link(text: str) -> None:
    tree = ET.fromstring(timeline(*evidence(text)))
    allowed = {"fill", "font-family", "font-size", "font-weight", "height", "stroke", "stroke-width", "text-anchor"}
    allowed |= {"viewBox", "width", "x", "x1", "x2", "y", "y1", "y2"}
    for element in tree.iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in {"svg", "title", "rect", "text", "line", "g"}
        assert set(element.attrib) <= allowed
        assert not any(sign in value for value in element.attrib.values() for sign in (":", "(", "&", "<"))


@MANY
@given(HOSTILE)
def test_the_picture_in_the_log_is_as_many_lines_as_it_has_and_orders_no_terminal(text: str) -> None:
    drawn, calm = timeline_text(*evidence(text)), timeline_text(*evidence("calm"))
    assert not CONTROL.search(drawn)
    assert len(drawn.splitlines()) == len(calm.splitlines())
