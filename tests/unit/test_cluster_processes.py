"""A process is known by more than its pid, so that a recycled pid or a stale record never fools anybody."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.cluster.debian import processes
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the node, and /proc, exist on Linux only")


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[processes.Record]:
    """Run a process that sleeps longer than any test."""
    record = processes.start(("sleep", "300"), tmp_path / "log")
    yield record
    processes.kill([record.pid])


def test_a_started_process_is_alive_and_once_killed_it_is_not(sleeper: processes.Record) -> None:
    assert processes.is_alive(sleeper)
    processes.kill([sleeper.pid])
    assert not processes.is_alive(sleeper)


def test_another_process_that_has_got_the_pid_is_not_taken_for_ours(sleeper: processes.Record) -> None:
    boot, _, ticks = sleeper.birth.rpartition("/")
    assert not processes.is_alive(replace(sleeper, birth=f"{boot}/{int(ticks) - 1}"))


def test_a_process_from_before_a_reboot_is_not_taken_for_ours(sleeper: processes.Record) -> None:
    ticks = sleeper.birth.rpartition("/")[2]
    assert not processes.is_alive(replace(sleeper, birth=f"another-boot/{ticks}"))


def test_a_dead_process_that_nobody_has_collected_yet_is_not_alive(sleeper: processes.Record) -> None:
    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert os.path.exists(f"/proc/{sleeper.pid}")  # noqa: PTH110 - a zombie, still in the table
    assert not processes.is_alive(sleeper)


def test_a_paused_process_is_alive_but_does_not_work(sleeper: processes.Record) -> None:
    assert processes.is_working(sleeper)
    processes.send(sleeper.pid, signal.SIGSTOP)
    deadline = time.monotonic() + 5
    while processes.is_working(sleeper) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes.is_alive(sleeper)
    assert not processes.is_working(sleeper)


def test_a_process_has_a_session_of_its_own_so_that_it_survives_the_shell(sleeper: processes.Record) -> None:
    assert os.getsid(sleeper.pid) == sleeper.pid


def test_what_a_process_writes_lands_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "echo.log"
    record = processes.start(("sh", "-c", "cat; echo out; echo err >&2"), log)
    processes.wait_until_gone([record.pid], 5)
    assert log.read_text() == "out\nerr\n"


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    record = processes.Record(7, "boot/42", ("etcd", "--data-dir=/x"))
    record.save(tmp_path / "etcd.json")
    assert processes.load(tmp_path / "etcd.json") == record


@pytest.mark.parametrize("content", ["", '{"pid": 7', '{"pid": 7}', "[]"])
def test_half_a_record_is_no_record(tmp_path: Path, content: str) -> None:
    (tmp_path / "etcd.json").write_text(content)
    assert processes.load(tmp_path / "etcd.json") is None


def test_our_processes_are_found_by_the_folder_that_their_command_lines_name(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "node", tmp_path / "node-of-another"
    for folder in (ours, theirs):
        folder.mkdir()
        (folder / "file").touch()
    records = [processes.start(("tail", "-f", f"{folder}/file"), tmp_path / "log") for folder in (ours, theirs)]
    try:
        # For a moment after its start a process has no command line.
        until(lambda: processes.belonging_to(ours, ("tail",)) == [records[0].pid], "ours is not found, or not alone")
        assert processes.belonging_to(ours, ("etcd",)) == [], "someone who reads a log of ours is not ours"
    finally:
        processes.kill(record.pid for record in records)
