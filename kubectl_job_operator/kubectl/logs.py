"""``kubectl logs``: the last lines, a whole log, or a log as it comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_job_operator.kubectl import summary
from kubectl_job_operator.kubectl.calls import Call, Calls
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.printable import joined

_LOGS_SECONDS = 15.0
_WHOLE_LOG_SECONDS = 600.0


class Logs(Calls):
    """Reads what containers have written."""

    def logs(self, pod: str, container: str, tail: int) -> Sequence[str]:
        """Return the last lines of a container's log."""
        return self.finish_logs(self._start_here("logs", pod, "-c", container, f"--tail={tail}"))

    def start_logs_of_all(self, selector: str, tail: int, on_exit: Callable[[Process], None] | None = None) -> Call:
        """Start reading the last lines of every container of the pods that the selector picks.

        :param on_exit: called when it has ended, in another thread.
        """
        arguments = ("-l", selector, "--all-containers", "--prefix", "--ignore-errors", f"--tail={tail}")
        return self._start_here("logs", *arguments, on_exit=on_exit)

    def finish_logs(self, call: Call) -> Sequence[str]:
        """Return the lines; after ``start_logs_of_all`` each begins with ``[pod/POD/CONTAINER] ``.

        A container without a log gives a line that says so.
        """
        return summary.lines(self._finish(call, _LOGS_SECONDS, summary.count_lines).stdout)

    def start_log(self, pod: str, container: str, on_output: Callable[[bytes], None]) -> Call:
        """Start reading a container's whole log, as it was written.

        :param on_output: takes it as it comes, in another thread.
        """
        return self._start_here("logs", pod, "-c", container, on_output=on_output)

    def finish_log(self, call: Call) -> None:
        """Wait until the log has been read to its end."""
        self._finish(call, _WHOLE_LOG_SECONDS, lambda _: "read to its end")

    def start_stream_of_logs(
        self,
        pod: str,
        container: str,
        *,
        follow: bool,
        previous: bool,
        since: str | None,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[Process], None],
    ) -> Call:
        """Start reading a container's log line by line, each with its time; ``finish_stream`` when it has ended.

        :param follow: go on until the container ends.
        :param previous: read the instance of the container before its last restart.
        :param since: leave out what is older, as ``2026-11-20T19:25:02Z``.
        :param on_output: takes what kubectl prints, as it comes, in another thread.
        :param on_exit: called when it has ended, in another thread.
        """
        flags = [*(("--follow",) if follow else ()), *(("--previous",) if previous else ())]
        return self._start_here(
            *_logs(pod, container, since), *flags, on_exit=on_exit, on_output=on_output, is_long=follow
        )

    def logs_command(self, pod: str, container: str, since: str | None, *, previous: bool = False) -> str:
        """Return what prints a container's log, for a person to paste."""
        return joined(self._here(*_logs(pod, container, since), *(("--previous",) if previous else ())))


def _logs(pod: str, container: str, since: str | None) -> tuple[str, ...]:
    return ("logs", pod, "-c", container, "--timestamps", *((f"--since-time={since}",) if since else ()))
