"""Whoever waits is woken by an end or by a kill, whichever thread or signal handler it comes from."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.errors import TaskKilledError
from kubectl_job_operator.kubectl.process import LONGEST_BLOCK_SECONDS, Process

HANG_SECONDS = 60.0


def _process() -> Process:
    return Process(("true",), {})


def test_processes_are_received_in_the_order_of_their_ends() -> None:
    mailbox, first, second = Mailbox(), _process(), _process()
    mailbox.post(first)
    mailbox.post(second)
    assert mailbox.receive(0) is first
    assert mailbox.receive(None) is second


def test_nothing_is_received_when_nothing_ended_in_time() -> None:
    assert Mailbox().receive(0.01) is None


def test_a_process_that_ends_in_another_thread_wakes_whoever_waits() -> None:
    mailbox, process = Mailbox(), _process()
    thread = threading.Timer(0.02, mailbox.post, (process,))
    thread.start()
    assert mailbox.receive(HANG_SECONDS) is process
    thread.join()


def test_a_kill_from_another_thread_ends_receiving_and_pausing() -> None:
    for wait in (Mailbox.receive, Mailbox.pause):
        mailbox = Mailbox()
        thread = threading.Timer(0.02, mailbox.kill)
        thread.start()
        began = time.monotonic()
        with pytest.raises(TaskKilledError):
            wait(mailbox, HANG_SECONDS)
        assert time.monotonic() - began < HANG_SECONDS / 2
        thread.join()


def test_a_kill_from_a_signal_handler_ends_receiving_and_pausing_in_the_same_thread() -> None:
    for wait in (Mailbox.receive, Mailbox.pause):
        for delay in (0.0005, 0.01):
            mailbox = Mailbox()
            before = signal.signal(signal.SIGALRM, lambda *_, this=mailbox: this.kill())
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                began = time.monotonic()
                with pytest.raises(TaskKilledError):
                    wait(mailbox, HANG_SECONDS)
                assert time.monotonic() - began < HANG_SECONDS / 2
            finally:
                signal.signal(signal.SIGALRM, before)


def test_after_a_kill_every_wait_raises_at_once_also_where_something_has_ended() -> None:
    mailbox = Mailbox()
    mailbox.post(_process())
    mailbox.kill()
    mailbox.kill()
    assert mailbox.is_killed
    for _ in range(3):
        with pytest.raises(TaskKilledError):
            mailbox.receive(HANG_SECONDS)
        with pytest.raises(TaskKilledError):
            mailbox.pause(HANG_SECONDS)
        with pytest.raises(TaskKilledError):
            mailbox.check()


def test_without_a_kill_a_check_passes_and_a_pause_takes_its_time() -> None:
    mailbox = Mailbox()
    mailbox.check()
    began = time.monotonic()
    mailbox.pause(0.05)
    assert time.monotonic() - began >= 0.05
    mailbox.pause(0)
    assert not mailbox.is_killed


def test_a_pause_does_not_lose_what_ended_meanwhile() -> None:
    mailbox, process = Mailbox(), _process()
    mailbox.post(process)
    mailbox.pause(0.01)
    assert mailbox.receive(0) is process


def test_a_wake_ends_the_wait_that_goes_on_or_the_next_one_and_no_other() -> None:
    mailbox = Mailbox()
    thread = threading.Timer(0.02, mailbox.wake)
    thread.start()
    began = time.monotonic()
    assert mailbox.receive(HANG_SECONDS) is None
    assert time.monotonic() - began < HANG_SECONDS / 2
    thread.join()
    for _ in range(1_000):
        mailbox.wake()
    assert mailbox.receive(HANG_SECONDS) is None
    mailbox.post(process := _process())
    assert mailbox.receive(0) is process


def test_a_wake_loses_no_process_and_a_process_loses_no_wake() -> None:
    mailbox, process = Mailbox(), _process()
    mailbox.wake()
    mailbox.post(process)
    mailbox.wake()
    assert [mailbox.receive(HANG_SECONDS) for _ in range(2)] == [None, process]
    mailbox.post(process)
    mailbox.wake()
    assert [mailbox.receive(HANG_SECONDS) for _ in range(2)] == [process, None]


def test_whoever_looks_after_each_wait_sees_all_that_was_told_by_a_wake() -> None:
    mailbox, told, seen = Mailbox(), list[int](), 0

    def tell() -> None:
        for number in range(5_000):
            told.append(number)
            mailbox.wake()

    thread = threading.Thread(target=tell)
    thread.start()
    while seen < 5_000:
        began = time.monotonic()
        mailbox.receive(HANG_SECONDS)
        assert time.monotonic() - began < HANG_SECONDS / 2, "a wake was lost"
        seen = len(told)
    thread.join()


@pytest.mark.parametrize(
    "wait", [lambda box: box.receive(None), lambda box: box.receive(60.0), lambda box: box.pause(60.0)]
)
def test_a_handler_that_python_runs_only_after_a_wait_is_not_late(wait: Callable[[Mailbox], object]) -> None:
    mailbox, blocks = Mailbox(), list[float]()

    class Deaf:
        """The signal came in the moment before the first wait."""

        def __init__(self, real: Any) -> None:
            self.put, self._get = real.put, real.get

        def get(self, timeout: float) -> Any:
            blocks.append(timeout)
            if len(blocks) == 1:
                mailbox.kill()
                raise queue.Empty
            return self._get(timeout=timeout)

    mailbox._exits = Deaf(mailbox._exits)  # type: ignore[assignment]
    mailbox._kills = Deaf(mailbox._kills)  # type: ignore[assignment]
    with pytest.raises(TaskKilledError):
        wait(mailbox)
    assert max(blocks) <= LONGEST_BLOCK_SECONDS
