"""What a try that was killed has left is gone with the next one, and what is in use, or somebody else's, is not."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubectl_job_operator.attempt import memory_disk as memory_disk_module
from kubectl_job_operator.attempt import private_folder, sweeping
from kubectl_job_operator.attempt.memory_disk import memory_disk
from kubectl_job_operator.attempt.private_folder import KEPT, LOCK, PrivateFolder, machine
from kubectl_job_operator.attempt.settings import Keeping
from kubectl_job_operator.attempt.sweeping import sweep

DAY = 86_400
FOR_EVER = Keeping(0, 0.0)
MAKER = """
import sys
from pathlib import Path
from kubectl_job_operator.attempt.private_folder import PrivateFolder
folder = PrivateFolder(Path(sys.argv[1]))
(folder.path / "kubeconfig").write_text("token: hunter2")
print(folder.path, flush=True)
input()
"""


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Give a process that has a folder in use, and the folder."""
    command = [sys.executable, "-c", MAKER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def orphan(parent: Path, host: str | None = None, boot: str | None = None) -> Path:
    """Make what a process that was killed has left."""
    folder = PrivateFolder(parent)
    (folder.path / "kubeconfig").write_text("token: hunter2")
    here = machine()
    (folder.path / LOCK).write_text(f"{here[0] if host is None else host}\n{here[1] if boot is None else boot}")
    folder._let_go()
    return folder.path


def kept(parent: Path, age_seconds: float) -> Path:
    folder = PrivateFolder(parent)
    folder.keep()
    then = time.time() - age_seconds
    os.utime(folder.path / KEPT, (then, then))
    return folder.path


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_what_a_process_has_left_that_was_killed_by_sigkill_goes_and_not_while_it_lives(
    maker: tuple[subprocess.Popen[str], Path], tmp_path: Path
) -> None:
    process, folder = maker
    sweep([tmp_path], FOR_EVER)
    assert (folder / "kubeconfig").exists(), "it is in use"
    process.send_signal(signal.SIGKILL)
    process.wait()
    sweep([tmp_path], FOR_EVER)
    assert not folder.exists()


def test_one_that_is_in_use_in_this_very_process_stays(tmp_path: Path) -> None:
    mine = PrivateFolder(tmp_path)
    age(mine.path, 100 * DAY)
    sweep([tmp_path], Keeping(1, 1.0))
    assert mine.path.exists()
    mine.remove()


@pytest.mark.parametrize(
    ("host", "boot", "is_gone"),
    [
        (None, None, True),
        ("a-pod-on-this-machine", None, True),
        (None, "the kernel before", True),
        ("elsewhere", "another kernel", False),
        ("elsewhere", "", False),
        ("", None, False),
    ],
)
def test_of_another_machine_on_a_shared_disk_nothing_is_judged(
    host: str | None, boot: str | None, is_gone: bool, tmp_path: Path
) -> None:
    folder = orphan(tmp_path, host, boot)
    age(folder, 100 * DAY)
    sweep([tmp_path], FOR_EVER)
    assert folder.exists() is not is_gone


def test_a_machine_that_does_not_tell_its_kernels_life_goes_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(private_folder, "_BOOT_ID", tmp_path / "none")
    ours, other = orphan(tmp_path), orphan(tmp_path, "elsewhere")
    sweep([tmp_path], FOR_EVER)
    assert (ours.exists(), other.exists()) == (False, True)


def test_what_lies_behind_a_link_or_is_no_folder_or_somebody_elses_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    elsewhere.mkdir()
    here.mkdir()
    behind = orphan(elsewhere)
    (here / "kubectl-job-operator-link").symlink_to(behind)
    (here / "kubectl-job-operator-file").touch()
    age(here / "kubectl-job-operator-file", 100 * DAY)
    locked_through_a_link = orphan(here)
    (locked_through_a_link / LOCK).unlink()
    (locked_through_a_link / LOCK).symlink_to(behind / LOCK)
    sweep([here], Keeping(1, 1.0))
    assert (behind / "kubeconfig").exists()
    assert len(list(here.iterdir())) == 3
    somebody_elses = orphan(here)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    sweep([here], Keeping(1, 1.0))
    assert somebody_elses.exists()


def test_those_that_were_to_stay_do_until_they_are_too_old_or_too_many(tmp_path: Path) -> None:
    folders = {days: kept(tmp_path, days * DAY) for days in (1, 2, 3, 40)}

    def left() -> list[int]:
        return [days for days, folder in folders.items() if folder.exists()]

    sweep([tmp_path], FOR_EVER)
    assert left() == [1, 2, 3, 40]
    sweep([tmp_path], Keeping(0, 30.0))
    assert left() == [1, 2, 3]
    sweep([tmp_path], Keeping(2, 0.0))
    assert left() == [1, 2]


def test_one_without_a_lock_goes_only_when_it_is_old(tmp_path: Path) -> None:
    """So it is with those of earlier versions, and on disks that know no locks: their makers may live."""
    names = ("kubectl-job-operator-young", "kubectl-job-operator-old", "another")
    young, old, other = (tmp_path / name for name in names)
    for folder in (young, old, other):
        folder.mkdir()
    for folder in (old, other):
        age(folder, 31 * DAY)
    sweep([tmp_path], FOR_EVER)
    sweep([tmp_path], Keeping(1, 30.0))
    assert sorted(tmp_path.iterdir()) == [other, young]


def test_where_there_are_no_locks_a_folder_is_as_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    folder = PrivateFolder(tmp_path)
    assert list(folder.path.iterdir()) == []
    sweep([tmp_path], Keeping(1, 1.0))
    assert folder.path.exists()
    folder.remove()


def test_one_that_its_maker_keeps_in_the_moment_of_the_sweep_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = PrivateFolder(tmp_path)
    judge = sweeping._may_judge

    def keep_first(host: str, boot: str) -> bool:
        folder.keep()
        return judge(host, boot)

    monkeypatch.setattr(sweeping, "_may_judge", keep_first)
    sweep([tmp_path], FOR_EVER)
    assert folder.path.exists()


def test_many_that_make_keep_remove_and_sweep_at_once_lose_nothing_that_is_in_use(tmp_path: Path) -> None:
    lost: list[Path] = []

    def work() -> None:
        for number in range(30):
            folder = PrivateFolder(tmp_path)
            file = folder.path / "file"
            file.touch()
            orphan(tmp_path)
            sweep([tmp_path], Keeping(3, 1.0))
            if not file.exists():
                lost.append(folder.path)
            if number % 3:
                folder.remove()
            else:
                folder.keep()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert lost == []
    sweep([tmp_path], Keeping(3, 1.0))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folder_that_cannot_be_looked_into_does_not_matter(tmp_path: Path) -> None:
    sweep([tmp_path / "none"], FOR_EVER)


@pytest.mark.parametrize(
    ("has_systemd", "uid", "is_used"), [(False, 1000, True), (True, 999, True), (True, 0, True), (True, 1000, False)]
)
def test_memory_is_used_unless_a_logout_may_empty_it(
    has_systemd: bool, uid: int, is_used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_disk_module, "_FOLDER", tmp_path)
    monkeypatch.setattr(memory_disk_module, "_SYSTEMD", tmp_path if has_systemd else tmp_path / "none")
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(os.path, "ismount", lambda _: True)
    assert memory_disk() == (tmp_path if is_used else None)


def test_a_plain_folder_is_not_taken_for_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_disk_module, "_FOLDER", tmp_path)
    monkeypatch.setattr(memory_disk_module, "_SYSTEMD", tmp_path / "none")
    assert memory_disk() is None
