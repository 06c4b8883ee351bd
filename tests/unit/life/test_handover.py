"""What one process hands over to the next: small, without secrets, and all that the next one needs."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator import objects
from kubectl_job_operator.kubectl.transcript import Record
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.logs.resumption import SavedPosition
from tests.unit.shared import handover

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def record(*argv: str) -> Record:
    return Record(("kubectl", "-n", "here", *argv), 1, NOW, NOW, 0, 0.1)


@given(
    name=st.text(min_size=1),
    began=st.floats(min_value=0, max_value=1e11),
    words=st.lists(st.text(), max_size=5),
    stamp=st.text(),
)
def test_what_is_written_is_read_again(name: str, began: float, words: list[str], stamp: str) -> None:
    written = Handover(
        "here",
        name,
        "uid",
        {"matchLabels": {"controller-uid": "uid"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]},
        "job.v1.batch",
        "a=b",
        began,
        commands=[record(*words)],
        positions=[SavedPosition("pod", "main", 1, stamp, 2, stamp, 3)],
    )
    assert Handover.from_text(written.to_text()) == written


def test_of_very_many_commands_the_first_the_latest_and_all_that_change_something_are_kept() -> None:
    many = [record("logs", f"pod-{number}") for number in range(1000)]
    many[500] = record("apply", "-f", "x")
    kept = handover(1, began=0).with_commands(many)
    assert len(kept.commands) < 70
    assert len(kept.to_text()) < 20_000
    assert kept.commands[0] == many[0]
    assert kept.commands[-1] == many[-1]
    assert many[500] in kept.commands
    assert kept.left_out == 1000 - len(kept.commands)


def test_a_few_commands_are_all_kept() -> None:
    few = [record("get", "x"), record("apply", "-f", "y")]
    kept = handover(1, began=0).with_commands(few)
    assert list(kept.commands) == few
    assert kept.left_out == 0


def test_the_commands_name_the_files_where_they_are_now() -> None:
    first = Handover(
        "here",
        "job",
        "uid",
        {},
        "k",
        "s",
        0,
        folder="/tmp/first",
        secret_folder="/memory/first",
        commands=[record("--kubeconfig", "/memory/first/kubeconfig", "-f", "/tmp/first/a")],
    )
    now = first.commands_in(Path("/tmp/second"), Path("/memory/second"))
    assert now[0].argv[-3:] == ("/memory/second/kubeconfig", "-f", "/tmp/second/a")
    one_folder = replace(first, secret_folder="/tmp/first").commands_in(Path("/tmp/second"), Path("/tmp/second"))
    assert one_folder[0].argv[-1] == "/tmp/second/a"
    of_an_earlier_version = replace(first, folder="", secret_folder="")
    assert of_an_earlier_version.commands_in(Path("/a"), Path("/b")) == first.commands


def test_its_job_is_enough_to_find_its_pods() -> None:
    from kubectl_job_operator.status import job_status

    job = handover(7, began=0).job()
    assert job_status.pod_selector(job) == f"controller-uid={objects.uid(job)}"
    assert job_status.verdict(job) is None
    assert json.dumps(job)
