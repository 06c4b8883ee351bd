"""What goes on until something happens: ``kubectl wait`` and ``kubectl get --watch``."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import summary
from kubectl_job_operator.kubectl.calls import CHANGE_SECONDS, READ_SECONDS, Call, Calls, parsed
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.objects import Object

_FIRST_LOOK_SECONDS = 5
_WATCH = ("--watch", "--output-watch-events")


class Waiting(Calls):
    """Waits for a condition or a deletion, and watches objects."""

    def start_wait(self, target: str, condition: str, timeout_seconds: int, on_exit: Callable[[Process], None]) -> Call:
        """Start waiting in the background until ``target`` has the condition; ``finish_wait`` takes the result.

        :param condition: kubectl's word behind ``--for=``, as ``condition=complete`` or ``delete``.
        :param timeout_seconds: when kubectl gives up by itself.
        :param on_exit: called when it has ended, in another thread.
        """
        return self._start_here(
            "wait",
            target,
            f"--for={condition}",
            f"--timeout={timeout_seconds}s",
            *(() if condition == "delete" else ("-o", "json")),
            label=f"wait --for={condition}",
            on_exit=on_exit,
            is_long=True,
        )

    def finish_wait(self, call: Call) -> Object | None:
        """Return the object that a wait printed when it ended; ``None`` if it printed none.

        :raises KubectlError: with ``CONDITION_TIMED_OUT`` if the condition did not come in time.
        """
        finished = self._finish(call, READ_SECONDS, lambda out: f"condition met by {summary.names(out)}")
        return parsed(finished) if finished.stdout.lstrip().startswith("{") else None

    def wait_until_gone(self, pods_selector: str, timeout_seconds: int) -> None:
        """Wait until no pod that has not ended has these labels; that there is none is no error.

        Where the account may list pods but not watch them, kubectl notices their end only when it begins anew: so it
        does now and then, later and later.

        :raises KubectlError: with ``CONDITION_TIMED_OUT`` if they are not gone in time.
        """
        seconds, left = _FIRST_LOOK_SECONDS, timeout_seconds
        while True:
            seconds = min(seconds, left)
            call = self._start_here(
                "wait",
                "pods",
                "-l",
                pods_selector,
                "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
                "--for=delete",
                f"--timeout={seconds}s",
            )
            try:
                self._finish(call, seconds + CHANGE_SECONDS, lambda out: out.strip() or "there is none")
            except KubectlError as error:
                left -= seconds
                if error.kind is not ErrorKind.CONDITION_TIMED_OUT or left <= 0:
                    raise
                seconds *= 2
            else:
                return

    def start_watch(
        self,
        resource: str,
        selector: str | None,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[Process], None],
        *,
        output: str = "json",
    ) -> Call:
        """Start watching the objects that the label selector picks; ``finish_stream`` when it has ended.

        Without a selector all in the namespace are watched.

        kubectl prints one line for each that there is, and then for each change. It ends without a word when the server
        closes the connection.

        :param on_output: takes what kubectl prints, as it comes, in another thread.
        :param on_exit: called when it has ended, in another thread.
        :param output: what it prints of each event, as kubectl's ``-o`` takes it.
        """
        # Else it prints, of more than 500 objects that there are, only the lists in which they come.
        chosen = () if selector is None else ("-l", selector)
        arguments = ("get", resource, *chosen, *_WATCH, "--chunk-size=0", "-o", output)
        return self._start_watch(resource, arguments, on_output, on_exit)

    def start_watch_of_one(
        self, target: str, on_output: Callable[[bytes], None], on_exit: Callable[[Process], None]
    ) -> Call:
        """Start watching one object, as ``job/NAME``, where all of its kind may not be watched.

        It ends as ``start_watch`` does, and with ``NOT_FOUND`` if there is no such object.
        """
        arguments = ("get", target, *_WATCH, "-o", "json")
        return self._start_watch(target, arguments, on_output, on_exit)

    def _start_watch(
        self,
        what: str,
        arguments: tuple[str, ...],
        on_output: Callable[[bytes], None],
        on_exit: Callable[[Process], None],
    ) -> Call:
        return self._start_here(*arguments, label=f"watch {what}", on_exit=on_exit, on_output=on_output, is_long=True)
