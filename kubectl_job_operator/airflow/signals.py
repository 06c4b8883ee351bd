"""Airflow's handlers of signals, kept from running while a record of the log is being written.

Airflow 3 writes its log through structlog, whose lock cannot be taken twice by one thread, and its handler of
``execution_timeout`` begins by logging. Where the signal comes while the main thread writes a record, the handler would
wait for the very thread that it interrupts, and the task would hang for ever.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

_KEPT = (signal.SIGALRM, signal.SIGTERM)


class KeptSignals:
    """Lets the handlers of signals run as soon as no record is being written."""

    def __init__(self) -> None:
        self._depth = 0
        self._missed: list[Callable[[], object]] = []

    @contextlib.contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep the handlers that there are; only the main thread has any."""
        handlers = {number: signal.getsignal(number) for number in _KEPT} if _is_main_thread() else {}
        own = {number: handler for number, handler in handlers.items() if callable(handler)}
        for number, handler in own.items():
            signal.signal(number, functools.partial(self._handle, handler))
        try:
            yield
        finally:
            for number, handler in own.items():
                signal.signal(number, handler)

    def write(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Write a record by a logger's method, and then let the handlers run that were to run meanwhile."""
        if not _is_main_thread():
            return method(*arguments, **named)
        self._depth += 1
        try:
            return method(*arguments, **named)
        finally:
            self._depth -= 1
            while self._missed and not self._depth:
                self._missed.pop(0)()

    def _handle(self, handler: Callable[[int, FrameType | None], object], number: int, frame: FrameType | None) -> None:
        if self._depth:
            self._missed.append(lambda: _handled(handler, number, frame))
        else:
            _handled(handler, number, frame)


class Writer:
    """A logger of structlog's innermost kind, during whose methods no handler of a signal runs.

    :param logger: what writes.
    :param signals: keeps the handlers.
    """

    def __init__(self, logger: Any, signals: KeptSignals) -> None:
        self._logger = logger
        self._signals = signals

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the logger; a method that writes no longer than its record takes."""
        found = getattr(self._logger, name)
        return functools.partial(self._signals.write, found) if callable(found) else found


class _NoStack(logging.Filter):
    """Airflow 2 logs as an error by which calls the task came to where it waits; who stopped it is what people ask."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let all else pass."""
        return not str(record.msg).startswith("Stacktrace:")


def _handled(handler: Callable[[int, FrameType | None], object], number: int, frame: FrameType | None) -> None:
    """Let a handler run, without the stack that it would log."""
    log, no_stack = logging.getLogger("airflow.task"), _NoStack()
    log.addFilter(no_stack)
    try:
        handler(number, frame)
    finally:
        log.removeFilter(no_stack)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


SIGNALS = KeptSignals()
"""Those of this process: a task runs in one of its own."""
