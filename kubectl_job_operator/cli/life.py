"""A Job's whole life under a view, and what interrupts it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.settings import DeletePolicy, Following, KillAction, Patience, Settings, Tail
from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.masked import MaskedLog, mask_error, mask_for
from kubectl_job_operator.cli.options import Options, access_of
from kubectl_job_operator.cli.outcome import as_json
from kubectl_job_operator.cli.streams import complain, say
from kubectl_job_operator.errors import KubectlJobOperatorError, WorkspaceError
from kubectl_job_operator.life.runner import JobRunner
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.failed_try import Caller
from kubectl_job_operator.status import events as event_list

if TYPE_CHECKING:
    from kubectl_job_operator.cli.live import LiveView
    from kubectl_job_operator.cli.plain import PlainView

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def live(manifest: Manifest, identity: Identity, namespace: str | None, options: Options) -> ExitCode:
    """Run a Job to its end, as ``JobRunner.run`` does.

    :param namespace: where, if the manifest names no namespace.
    :raises KubectlJobOperatorError: unless it is Complete.
    """
    if options.timeline is not None:
        check_writable(Path(options.timeline))
    view, mask = _view(options), mask_for(manifest)
    witness = Witness(view, wants_events=options.timeline is not None)
    runner = JobRunner(
        manifest,
        identity,
        access_of(options),
        namespace=namespace,
        settings=settings_of(options),
        log=MaskedLog(view, mask),
        observer=witness,
        caller=Caller(mask),
    )
    view.open()
    error: KubectlJobOperatorError | None = None
    try:
        with _interruptible(runner.kill):
            runner.run()
    except KubectlJobOperatorError as failure:
        error = failure
        mask_error(failure, mask)
        raise
    finally:
        view.close()
        if options.timeline is not None:
            witness.draw(Path(options.timeline))
        if options.output == "json":
            say(mask(as_json(manifest, witness.job, error)))
    return ExitCode.COMPLETE


def check_writable(file: Path) -> None:
    """Refuse a file that cannot be written, before anything is run.

    :raises WorkspaceError: if it cannot.
    """
    folder = file.parent
    if file.is_dir() or not folder.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        raise WorkspaceError(
            f"The timeline cannot be written to {file}.\n"
            "What to do: name a file in a folder that is there and may be written. Nothing was created."
        )


class Witness:
    """Keeps what was last seen of a Job and of each of its pods, also of those that are gone, to draw it.

    :param view: is shown the Job and the pods too.
    :param wants_events: whether the events are read at the end.
    """

    def __init__(self, view: LiveView | PlainView, *, wants_events: bool) -> None:
        self.wants_events, self.wants_pods = wants_events, True
        self._view = view
        self.job: Object | None = None
        """As it was last seen."""
        self._pods: dict[str, Object] = {}
        self._events: Sequence[Object] = ()

    def on_job(self, job: Object) -> None:
        """Keep the Job."""
        self.job = job
        self._view.on_job(job)

    def on_pods(self, pods: Sequence[Object]) -> None:
        """Keep the pods."""
        self._pods.update({objects.uid(pod): pod for pod in pods})
        self._view.on_pods(pods)

    def on_events(self, events: Sequence[Object]) -> None:
        """Keep the events."""
        self._events = events

    def draw(self, file: Path) -> None:
        """Write the picture of what was seen; if that cannot be done any more, say so: the run has its own verdict."""
        from kubectl_job_operator.replay.timeline_svg import timeline

        if self.job is None:
            return
        pods = list(self._pods.values())
        try:
            file.write_text(timeline(self.job, pods, event_list.of(self.job, pods, self._events)), encoding="utf-8")
        except OSError as error:
            complain(f"warning: the timeline cannot be written to {file}: {error.strerror}")


def settings_of(options: Options) -> Settings:
    """Translate the options."""
    policy = options.delete_policy or ("Never" if options.keep else "IfSucceeded")
    return Settings(
        following=Following(is_on=options.tail is None),
        tail=Tail(is_on=bool(options.tail), line_count=options.tail or 0),
        log_yaml=not options.no_log_yaml,
        delete_policy=DeletePolicy(policy),
        on_kill=KillAction.KEEP if options.keep else KillAction.DELETE,
        patience=Patience(startup_timeout_seconds=options.startup_timeout_seconds),
        outage_tolerance_seconds=options.outage_tolerance_seconds,
    )


def _view(options: Options) -> LiveView | PlainView:
    """Choose how to show it; rich is imported only where it is needed."""
    if options.output == "json":
        from kubectl_job_operator.cli.plain import PlainView

        return PlainView(complain)
    if options.plain or not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        from kubectl_job_operator.cli.plain import PlainView

        return PlainView()
    from rich.console import Console

    from kubectl_job_operator.cli.live import LiveView

    return LiveView(Console())


@contextlib.contextmanager
def _interruptible(kill: Callable[[], None]) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and the end of the terminal end the run in good order; under ``nohup`` it goes on."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        kill()

    earlier = {number: signal.getsignal(number) for number in _INTERRUPTIONS}
    wanted = {number: was for number, was in earlier.items() if was is not signal.SIG_IGN}
    for number in wanted:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, was in wanted.items():
            signal.signal(number, was)
