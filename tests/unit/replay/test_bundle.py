"""The folder of a failed try: named after it, private, never half there, and not too many of them."""

from __future__ import annotations

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.replay.bundle import folder_name, write_bundle

US = Identity("dag", "task", "manual__2026-01-01T00:00:00+00:00", try_number=3)
FILES = {"replay.sh": "#!/bin/sh\n", "job.json": "{}\n"}


def old(parent: Path, name: str, age_seconds: int) -> Path:
    folder = write_bundle(parent, name, FILES, Keeping(0, 0.0))
    os.utime(folder, (folder.stat().st_mtime - age_seconds,) * 2)
    return folder


def names(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir())


def test_the_name_is_made_of_dag_task_run_map_index_and_try() -> None:
    assert folder_name(US) == "dag.task.manual__2026-01-01T00_00_00+00_00.try3"
    assert folder_name(replace(US, map_index=7)) == "dag.task.manual__2026-01-01T00_00_00+00_00.7.try3"


@pytest.mark.parametrize("odd", ["../../etc", "a/b", "ünï", "a b", "-rf", ".hidden", "x" * 250, "new\nline", ""])
def test_the_name_of_any_task_is_safe_and_short_and_of_this_task_alone(odd: str) -> None:
    made = {folder_name(Identity(odd, odd, odd, map_index=12345, try_number=99)), folder_name(US)}
    made |= {folder_name(Identity(odd.replace("/", "_"), odd, "other"))}
    assert len(made) == 3
    for name in made:
        assert len(name) <= 255
        assert "/" not in name
        assert name.isascii()
        assert not name.startswith(("-", "."))
        assert name.isprintable()


def test_two_names_that_would_look_the_same_differ() -> None:
    assert folder_name(replace(US, task_id="a b")) != folder_name(replace(US, task_id="a_b"))
    assert folder_name(replace(US, task_id="ä")) != folder_name(replace(US, task_id="ö"))


def test_only_this_user_can_read_it_and_the_script_can_be_run(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = write_bundle(tmp_path / "made" / "for it", "a.try1", FILES, Keeping(5))
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, *folder.iterdir())}
    assert modes == {folder.parent: 0o700, folder: 0o700, folder / "replay.sh": 0o700, folder / "job.json": 0o600}
    assert (folder / "job.json").read_text() == "{}\n"


def test_a_folder_of_the_same_try_is_replaced(tmp_path: Path) -> None:
    write_bundle(tmp_path, "a.try1", {**FILES, "old": ""}, Keeping(5))
    folder = write_bundle(tmp_path, "a.try1", FILES, Keeping(5))
    assert names(folder) == ["job.json", "replay.sh"]
    assert names(tmp_path) == ["a.try1"]


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.try1").write_text("in the way")
    with pytest.raises(OSError, match=r"a\.try1"):
        write_bundle(tmp_path, "a.try1", FILES, Keeping(5))
    assert names(tmp_path) == ["a.try1"]


def test_the_oldest_go_and_nothing_that_is_not_ours(tmp_path: Path) -> None:
    for age in (50, 10, 40, 20, 30):
        old(tmp_path, f"aged.{age}.try1", age)
    (tmp_path / "mine.try1").mkdir()
    (tmp_path / "notes.txt").write_text("")
    write_bundle(tmp_path, "new.try2", FILES, Keeping(3))
    assert names(tmp_path) == ["aged.10.try1", "aged.20.try1", "mine.try1", "new.try2", "notes.txt"]


def test_what_is_older_than_it_may_be_goes_however_few_there_are(tmp_path: Path) -> None:
    for age in (10, 86_000, 90_000):
        old(tmp_path, f"aged.{age}.try1", age)
    write_bundle(tmp_path, "new.try1", FILES, Keeping(50, days=1.0))
    assert names(tmp_path) == ["aged.10.try1", "aged.86000.try1", "new.try1"]


def test_zero_keeps_all(tmp_path: Path) -> None:
    for age in range(60):
        old(tmp_path, f"aged.{age}.try1", age)
    write_bundle(tmp_path, "new.try1", FILES, Keeping(0, 0.0))
    assert len(names(tmp_path)) == 61


def test_what_a_worker_that_died_left_half_written_goes_after_a_while(tmp_path: Path) -> None:
    for name, age in ((".unfinished-old", 7200), (".unfinished-new", 10)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, ((tmp_path / name).stat().st_mtime - age,) * 2)
    write_bundle(tmp_path, "new.try1", FILES, Keeping(3))
    assert names(tmp_path) == [".unfinished-new", "new.try1"]


def test_many_tries_at_once_do_not_trip_over_each_other(tmp_path: Path) -> None:
    failures: list[OSError] = []

    def write(writer: int) -> None:
        try:
            for number in range(20):
                # Every fourth try writes a folder that others write too.
                name = "same.try1" if number % 4 == 0 else f"of-{writer}.{number}.try1"
                write_bundle(tmp_path, name, FILES, Keeping(4))
        except OSError as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failures
    write_bundle(tmp_path, "last.try1", FILES, Keeping(4))
    assert len(names(tmp_path)) == 4
    assert all(names(tmp_path / name) == ["job.json", "replay.sh"] for name in names(tmp_path))
