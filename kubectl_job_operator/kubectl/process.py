"""One kubectl child process, from its start to its end: the only module that starts processes.

``sh`` starts each child from a thread of its own, for three reasons:

* Airflow's signal handlers run in the main thread, and some raise. Between a fork and the moment when somebody knows
  the child's id, that would lose the child. In a thread no handler ever runs.
* All signals are blocked in that thread, and the child inherits this until it is about to become kubectl. So a signal
  to Airflow's process group never runs Airflow's handlers in a half-made child.
* Linux can end a child when the thread that started it ends (``PR_SET_PDEATHSIG``). The thread waits for its child, so
  this happens only when the whole worker dies, however hard: no kubectl outlives it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import logging
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_BLOCK_BYTES = 65536
_EVERY_RETURN_CODE = tuple(range(-64, 256))
_SECONDS_TO_END = 1.0
LONGEST_BLOCK_SECONDS = 1.0
"""How long a thread waits at a time: Python runs a signal's handler between two waits, and one that comes in the very
moment before a wait begins only after it."""


@dataclass(frozen=True)
class Finished:
    """A process that has ended.

    :param argv: the command as it ran.
    :param return_code: its return code; negative is the number of the signal that ended it.
    :param stdout: all that it printed to stdout.
    :param stderr: all that it printed to stderr.
    :param duration_seconds: from before the start until after the end.
    """

    argv: tuple[str, ...]
    return_code: int
    stdout: str
    stderr: str
    duration_seconds: float


class Process:
    """A child process in a session of its own, whose output is collected or passed on.

    :param argv: the command; its first word is looked up on this process's PATH.
    :param environment: the child's whole environment.
    :param on_exit: called with this process when it has ended, in the thread that waited for it.
    :param on_output: takes what the child prints to stdout, as it comes, in that thread; while it waits, the child has
        to wait too. Without it, stdout is collected.
    """

    def __init__(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> None:
        self.argv = tuple(argv)
        self._environment = dict(environment)
        self._on_exit = on_exit
        self._on_output = on_output
        self._thread = threading.Thread(target=self._live, name=f"waits for {self.argv[0]}", daemon=True)
        self._started_at = 0.0
        self._is_begun = False
        self._stop_signal: signal.Signals | None = None
        self._pid: int | None = None
        self._ended = threading.Event()
        self._finished: Finished | None = None
        self._failure: Exception | None = None

    def start(self) -> None:
        """Start the child; that it could not be started is for whoever waits for it."""
        self._started_at = time.monotonic()
        self._is_begun = True
        try:
            self._thread.start()
        except RuntimeError as error:
            if not _is_want_of_threads(error):
                raise
            self._end(OSError(str(error)))

    def wait(self, timeout_seconds: float | None = None) -> Finished | None:
        """Wait for the end; ``None`` if it has not come in that time. Without a limit, wait as long as it takes.

        :raises OSError: if the child could not be started.
        """
        deadline = math.inf if timeout_seconds is None else time.monotonic() + timeout_seconds
        while not self._ended.wait(min(LONGEST_BLOCK_SECONDS, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                break
        if self._failure is not None:
            raise self._failure
        return self._finished

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> None:
        """Ask the child and what it started to end; never waits, does no harm twice, is safe in a signal handler."""
        self._stop_signal = with_signal
        if self._pid is not None and not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, with_signal)

    @property
    def was_stopped(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop_signal is not None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._is_begun and not self._ended.is_set()

    @property
    def return_code(self) -> int | None:
        """Its return code; ``None`` if it has not ended or could not be started."""
        return self._finished.return_code if self._finished is not None else None

    def _live(self) -> None:
        """Start, wait and tell: the whole life of the thread."""
        failure = None
        try:
            self._finished = self._run()
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            failure = OSError(str(error)) if _is_want_of_threads(error) else error
        self._end(failure)

    def _end(self, failure: Exception | None) -> None:
        self._failure = failure
        self._ended.set()
        if self._on_exit is not None:
            self._on_exit(self)

    def _run(self) -> Finished:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        sh = _sh()
        try:
            command = sh.Command(self.argv[0])
        except sh.CommandNotFound as error:
            raise FileNotFoundError(f"no program {self.argv[0]!r} on PATH") from error
        with contextlib.ExitStack() as cleanup:
            nothing = cleanup.enter_context(open(os.devnull, "rb"))  # noqa: PTH123 - a file object is what sh takes
            output, for_child = self._pipe(cleanup)
            try:
                running = command(
                    *self.argv[1:],
                    _bg=True,
                    _bg_exc=False,
                    _in=nothing,
                    _tty_out=False,
                    _new_session=True,
                    _env=self._environment,
                    _ok_code=_EVERY_RETURN_CODE,
                    _err_bufsize=_BLOCK_BYTES,
                    _no_pipe=True,
                    _preexec_fn=_preparation_of_child(),
                    **({"_out_bufsize": _BLOCK_BYTES} if for_child is None else {"_out": for_child}),
                )
            except sh.ForkException as error:
                raise OSError(f"{self.argv[0]!r} cannot be executed: {error}") from error
            except OSError:
                gc.enable()  # sh has switched it off, and leaves it so where there is no room for a child
                raise
            self._pid = running.pid
            if self._stop_signal is not None:
                self.stop(self._stop_signal)
            if output is not None and for_child is not None and self._on_output is not None:
                for_child.close()
                while chunk := output.read(_BLOCK_BYTES):
                    self._on_output(chunk)
            running.wait()
        return Finished(
            argv=self.argv,
            return_code=running.exit_code,
            stdout=running.stdout.decode(errors="backslashreplace"),
            stderr=running.stderr.decode(errors="backslashreplace"),
            duration_seconds=time.monotonic() - self._started_at,
        )

    def _pipe(self, cleanup: contextlib.ExitStack) -> tuple[IO[bytes] | None, IO[bytes] | None]:
        """Open a pipe from the child to us, if its output is passed on: sh's own reader would hold lines back."""
        if self._on_output is None:
            return None, None
        reading, writing = os.pipe()
        return (
            cleanup.enter_context(os.fdopen(reading, "rb", buffering=0)),
            cleanup.enter_context(os.fdopen(writing, "wb", buffering=0)),
        )


class Processes:
    """The children of one task try; none of them outlives ``close``.

    :param environment: their whole environment.
    :param make: makes each of them, not started yet, from what ``Process`` takes.
    """

    def __init__(self, environment: Mapping[str, str], make: Callable[..., Process] = Process) -> None:
        self.environment: Mapping[str, str] = dict(environment)
        self._make = make
        self._processes: list[Process] = []
        self._stopping = False

    def start(
        self,
        argv: Sequence[str],
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a child; after ``stop`` it is stopped again at once.

        :param settings: variables for this one alone, where the environment does not have them.
        """
        process = self._make(argv, {**(settings or {}), **self.environment}, on_exit, on_output)
        # On the list before it starts: whatever interrupts us in between, close() knows every child.
        self._processes = [*(other for other in self._processes if other.is_running), process]
        process.start()
        if self._stopping:
            process.stop()
        return process

    def stop(self) -> None:
        """Ask every child to end, and every child that is still to come; never waits, is safe in a signal handler."""
        self._stopping = True
        for process in self._processes:
            process.stop()

    def close(self) -> None:
        """End every child, the stubborn ones by SIGKILL; takes at most about two seconds."""
        self._stopping = True
        for how in (signal.SIGTERM, signal.SIGKILL):
            running = [process for process in self._processes if process.is_running]
            for process in running:
                process.stop(how)
            deadline = time.monotonic() + _SECONDS_TO_END
            for process in running:
                with contextlib.suppress(OSError):
                    process.wait(max(0.0, deadline - time.monotonic()))


def _is_want_of_threads(error: Exception) -> bool:
    """Whether the machine has no room for another thread; no other error of a lock means that."""
    return isinstance(error, RuntimeError) and "start new thread" in str(error)


@functools.cache
def _sh() -> Any:
    """Import ``sh`` when the first process starts, and keep its line for each process out of the task's log."""
    import sh

    logging.getLogger("sh").setLevel(logging.WARNING)
    return sh


@functools.cache
def _prctl() -> Callable[[int, int], int] | None:
    """Linux's ``prctl``; ``None`` elsewhere."""
    return ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def _preparation_of_child() -> Callable[[], None]:
    """Make what the child does just before it becomes kubectl: forget Airflow's handlers, end with the worker."""
    parent, prctl = os.getpid(), _prctl()
    resettable = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}

    def prepare() -> None:
        for number in resettable:
            signal.signal(number, signal.SIG_DFL)
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return prepare
