"""No handler of a signal runs while a record is written: Airflow's own would wait for itself for ever."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from kubectl_job_operator.airflow.signals import KeptSignals, Writer


class TimedOutError(Exception):
    """What a handler raises."""


class Logger:
    """Writes as structlog does, below a lock that one thread cannot take twice."""

    name = "innermost"

    def __init__(self) -> None:
        self.written: list[str] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self._lock = threading.Lock()

    def info(self, text: str) -> None:
        """Write a record."""
        assert self._lock.acquire(timeout=1), "it would wait for itself for ever"
        try:
            self.meanwhile()
            self.written.append(text)
        finally:
            self._lock.release()


@pytest.fixture
def logger() -> Iterator[Logger]:
    logger = Logger()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's
        logger.meanwhile = lambda: None
        logger.info("timed out")
        raise TimedOutError

    before = {number: signal.signal(number, handle) for number in (signal.SIGALRM, signal.SIGTERM)}
    yield logger
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGTERM])
def test_a_signal_amid_a_record_is_handled_as_soon_as_that_is_written(number: signal.Signals, logger: Logger) -> None:
    signals, own = KeptSignals(), signal.getsignal(number)
    writer: Any = Writer(logger, signals)
    logger.meanwhile = lambda: signal.raise_signal(number)
    with signals.keeping():
        with pytest.raises(TimedOutError):
            writer.info("a line")
        assert logger.written == ["a line", "timed out"]
        with pytest.raises(TimedOutError):
            signal.raise_signal(number)
    assert signal.getsignal(number) is own


def test_without_that_it_waits_for_itself(logger: Logger) -> None:
    logger.meanwhile = lambda: signal.raise_signal(signal.SIGALRM)
    with pytest.raises(AssertionError, match="for ever"):
        logger.info("a line")


def test_a_record_that_cannot_be_written_lets_the_signal_through_too(logger: Logger) -> None:
    signals = KeptSignals()

    def fail() -> None:
        signal.raise_signal(signal.SIGALRM)
        raise OSError

    logger.meanwhile = fail
    writer: Any = Writer(logger, signals)
    with signals.keeping(), pytest.raises(TimedOutError):
        writer.info("a line")
    assert logger.written == ["timed out"]


def test_other_threads_write_as_ever_and_what_is_no_method_is_handed_on(logger: Logger) -> None:
    signals = KeptSignals()
    writer: Any = Writer(logger, signals)
    assert writer.name == "innermost"

    def act() -> None:
        with signals.keeping():
            writer.info("of a thread")

    thread = threading.Thread(target=act)
    thread.start()
    thread.join()
    assert logger.written == ["of a thread"]


@pytest.mark.parametrize(
    "comes",
    [lambda _: signal.raise_signal(signal.SIGTERM), lambda signals: signals.write(signal.raise_signal, signal.SIGTERM)],
    ids=["between two records", "amid a record"],
)
def test_the_stack_that_airflow_2_logs_of_a_task_that_is_stopped_is_left_out(
    monkeypatch: pytest.MonkeyPatch, comes: Callable[[KeptSignals], object]
) -> None:
    log, seen = logging.getLogger("airflow.task"), logging.Handler()
    told: list[str] = []
    monkeypatch.setattr(seen, "emit", lambda record: told.append(record.getMessage()))
    monkeypatch.setattr(log, "handlers", [seen])
    monkeypatch.setattr(log, "disabled", False)
    signals = KeptSignals()

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's
        log.error("Received SIGTERM. Terminating subprocesses.")
        log.error("Stacktrace: \n%s", "File x.py, line 1")
        raise TimedOutError

    before = signal.signal(signal.SIGTERM, handle)
    try:
        with signals.keeping(), pytest.raises(TimedOutError):
            comes(signals)
    finally:
        signal.signal(signal.SIGTERM, before)
    log.error("Stacktrace: of somebody else")
    assert told == ["Received SIGTERM. Terminating subprocesses.", "Stacktrace: of somebody else"]
