"""Starting a kubectl command and taking what came of it, for all that is done with kubectl."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from kubectl_job_operator.errors import ErrorKind, KubectlError, KubectlMissingError, TaskKilledError
from kubectl_job_operator.kubectl import known_version, summary, versions
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.process import Finished, Process, Processes
from kubectl_job_operator.kubectl.program import how_to_install
from kubectl_job_operator.kubectl.stderr import explain, no_answer, not_started
from kubectl_job_operator.kubectl.transcript import Command, Transcript
from kubectl_job_operator.objects import Object

READ_SECONDS = 20.0
CHANGE_SECONDS = 60.0  # an admission webhook alone may take 30 s

_STOP_SECONDS = 2.0
_SILENT_SECONDS = 8.0
# A command of a moment ends before it has made 16 MB of garbage: to collect it is a fifth of its CPU time. What runs
# beside the Job collects as it is used to, so that it stays small.
_BRIEF = {"GOGC": "400"}


@dataclass(frozen=True)
class Call:
    """A kubectl command that runs in the background."""

    command: Command
    process: Process


class Calls:
    """Starts commands, and gives their results or their errors; every method of kubectl is made of these."""

    def __init__(self, access: Access, namespace: str | None, processes: Processes, transcript: Transcript) -> None:
        self.access = access
        self.namespace = namespace
        self._processes = processes
        self._transcript = transcript
        self._version_call: Call | None = None
        self._version_is_checked = False
        self.own_version = ""
        """kubectl's, as ``1.32``, once it is known."""

    def finish_stream(self, call: Call, said: str) -> None:
        """Show that a command whose output was passed on has ended.

        :param said: what came of it.
        """
        self._finish(call, READ_SECONDS, lambda _: said)

    def stop(self, *calls: Call) -> None:
        """End background commands that are not needed any more; waits at most two seconds for all of them."""
        for call in calls:
            call.process.stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for call in calls:
            finished = None
            with contextlib.suppress(OSError):  # it could not be started
                finished = call.process.wait(max(0.0, deadline - time.monotonic()))
            if finished is not None:
                said = "stopped, no longer needed"
                self._transcript.ended(call.command, 0, finished.duration_seconds, said, was_stopped=True)

    def require_version(self) -> None:
        """Refuse a kubectl that is too old, before something is changed; every method does so by itself, at the latest.

        Where something was read before, this costs nothing.

        :raises KubectlMissingError: if there is none, or it is too old.
        """
        self._ask_for_version()
        self._check_version()

    def _start_here(
        self,
        *arguments: str,
        label: str = "",
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
        is_long: bool = False,
    ) -> Call:
        """Start a command against the chosen cluster and namespace.

        :param is_long: whether it runs beside the Job.
        """
        call = self._start(
            *self._here(*arguments),
            label=label or arguments[0],
            on_exit=on_exit,
            on_output=on_output,
            is_long=is_long,
        )
        self._ask_for_version()
        return call

    def _here(self, *arguments: str) -> tuple[str, ...]:
        """Return a whole command against the chosen cluster and namespace."""
        if self.namespace is None:
            raise ValueError("the namespace is not known yet")
        return (self.access.kubectl(), *self.access.flags_for(arguments), "-n", self.namespace, *arguments)

    def _start(
        self,
        *argv: str,
        label: str = "",
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
        is_long: bool = False,
    ) -> Call:
        self.access.kubectl_path()
        command = self._transcript.started(argv, label)
        settings = {} if is_long else _BRIEF
        return Call(command, self._processes.start(argv, on_exit, on_output, settings=settings))

    def _finish(self, call: Call, timeout_seconds: float, summarize: Callable[[str], str]) -> Finished:
        """Wait for a command, show what came of it, and give its result or its error."""
        self._check_version()
        return self._end(call, timeout_seconds, summarize)

    def _tell_silence(self, call: Call, timeout_seconds: float) -> None:
        """Show that a command has no answer yet: kubectl itself may sit out half a minute of it without a word."""
        with contextlib.suppress(OSError):  # that is for whoever takes the result
            if timeout_seconds > _SILENT_SECONDS and call.process.wait(_SILENT_SECONDS) is None:
                self._transcript.waits(call.command, _SILENT_SECONDS, timeout_seconds)

    def _end(self, call: Call, timeout_seconds: float, summarize: Callable[[str], str]) -> Finished:
        try:
            finished = call.process.wait(timeout_seconds)
        except OSError as cause:
            failure = not_started(call.command.argv, cause)
            self._transcript.ended(call.command, failure.return_code, 0.0, failure.words)
            raise failure from cause
        if finished is None:
            call.process.stop()
            late = no_answer(call.command.argv, timeout_seconds)
            self._transcript.ended(call.command, late.return_code, timeout_seconds, late.words)
            raise late
        if call.process.was_stopped:
            self._transcript.ended(call.command, finished.return_code, finished.duration_seconds, "stopped")
            raise TaskKilledError(f"The task was told to stop while this ran: {call.command}")
        error = None
        if finished.return_code:
            error = explain(call.command.argv, finished.return_code, finished.stderr, self._transcript.mask)
        said = error.words if error else summary.joined(summarize(finished.stdout), finished.stderr)
        self._transcript.ended(call.command, finished.return_code, finished.duration_seconds, said)
        if error:
            raise error
        return finished

    def _ask_for_version(self) -> None:
        if self._version_call is not None or self._version_is_checked:
            return
        known = known_version.recall(self.access.kubectl_path(), self._processes.environment)
        if known is not None and known >= versions.OLDEST:
            self.own_version, self._version_is_checked = versions.dotted(known), True
        else:
            self._version_call = self._start_version()

    def _start_version(self) -> Call:
        return self._start(self.access.kubectl(), "version", "--client", "-o", "json", label="version")

    def _check_version(self) -> None:
        """Refuse a kubectl that is too old; asked once."""
        if self._version_is_checked or self._version_call is None:
            return
        # Asked anew after a failure: it may have been an accident.
        call, self._version_call = self._version_call, None
        finished = self._end(call, READ_SECONDS, lambda out: versions.dotted(versions.version(out)))
        version = versions.version(finished.stdout)
        self.own_version = versions.dotted(version)
        if version < versions.OLDEST:
            raise KubectlMissingError(
                f"{self.access.kubectl_path()} is version {self.own_version}, but "
                f"{versions.dotted(versions.OLDEST)} or later is needed.\n"
                f"What to do: {how_to_install()}"
            )
        self._version_is_checked = True
        known_version.remember(self.access.kubectl_path(), self._processes.environment, version)


def parsed(finished: Finished) -> Object | None:
    """Read the JSON that a command has printed; ``None`` if it printed nothing."""
    if not finished.stdout.strip():
        return None
    try:
        value: Object = json.loads(finished.stdout)
    except ValueError as error:
        raise KubectlError(
            finished.argv,
            finished.return_code,
            finished.stderr,
            ErrorKind.OTHER,
            words=f"it printed something that is not JSON: {error}; it begins with {finished.stdout[:200]!r}",
        ) from error
    return value


def listed(found: Object) -> list[Object]:
    """Return the objects of a List, or the one object that it is."""
    return list(found["items"]) if found.get("kind") == "List" else [found]
