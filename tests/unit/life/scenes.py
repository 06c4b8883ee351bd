"""What the tests of a try's pieces share: who owns a Job, what kubectl says, and what is asked of the fake one."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psutil

from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import US, Log

OTHERS = replace(US, run_id="manual__2026-01-02")
EARLIER = replace(US, try_number=1)
ETCD: dict[str, Any] = {"stderr": "Error from server: etcdserver: request timed out\n", "return_code": 1}
INVALID: dict[str, Any] = {
    "stderr": 'The Job "countdown" is invalid: spec.completions: Invalid value: -1: must be greater than 0\n',
    "return_code": 1,
}
SECRET = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\nstringData:\n  token: very-secret\n"


class Interruption(BaseException):
    """What a signal handler raises, as Airflow's does for a timeout."""


def verbs(fake_kubectl: FakeKubectl) -> list[str]:
    """Return the subcommands, in order, that are no readings."""
    verbs = [
        next(
            word
            for word in call[1:]
            if word in {"apply", "delete", "wait", "get", "logs", "auth", "version", "config", "label"}
        )
        for call in fake_kubectl.calls
    ]
    return [verb for verb in verbs if verb in ("apply", "delete")]


def no_child_is_left(fake_kubectl: FakeKubectl) -> bool:
    new = [child for child in psutil.Process().children(recursive=True) if child.pid not in fake_kubectl.strangers]
    return not fake_kubectl.running() and all(child.status() == psutil.STATUS_ZOMBIE for child in new)


@contextlib.contextmanager
def once_called(fake_kubectl: FakeKubectl, words: str, action: Callable[[], object]) -> Iterator[None]:
    """Act from another thread once a command was run."""

    def act() -> None:
        fake_kubectl.wait_for_call(words)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def outages(log: Log) -> tuple[int, int]:
    """Count the lines that say that an outage has begun, and that it is over."""
    begins = [line for line in log.warnings if line.startswith("The cluster does not serve us now (unreachable)")]
    ends = [line for line in log.warnings if line.startswith("The cluster serves us again")]
    return len(begins), len(ends)


@contextlib.contextmanager
def on_signal(handler: Callable[..., None], number: signal.Signals = signal.SIGUSR1) -> Iterator[None]:
    """Handle a signal meanwhile."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def signal_main_thread() -> None:
    """Interrupt what the test waits for."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
