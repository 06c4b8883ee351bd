"""The log of one container, read by one kubectl after another until it has been shown to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.logs import kubelet
from kubectl_job_operator.logs.container_log import ContainerLog
from kubectl_job_operator.logs.lines import Line, LineReader
from kubectl_job_operator.logs.pauses import Pauses
from kubectl_job_operator.logs.reading import Kind, Reading
from kubectl_job_operator.logs.resumption import Resumption, SavedPosition
from kubectl_job_operator.logs.silence import Silence
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.status.pod_status import ContainerState


class LogSource:
    """The log of one container of one pod, through all its restarts.

    While a run of the container goes on, its log is followed. When that run has ended, what is left of it is read once
    more without following, from the last line that was shown: only this proves that nothing is missing.

    :param kubectl: reads.
    :param mailbox: learns that there is something to show.
    :param pod: the pod's name.
    :param container: the container's name.
    :param show: takes lines, each once, in order.
    :param warn: takes a sentence where lines are lost.
    :param remark: takes what the kubelet says where it should go on.
    :param saved: how far another process has shown it; ``None`` if none has.
    :param follows: whether a container that runs is followed; else it is read once, as far as it has come.
    :param mask: hides the secrets in a line that is too long, before it is cut.
    """

    def __init__(
        self,
        kubectl: Kubectl,
        mailbox: Mailbox,
        pod: str,
        container: str,
        *,
        show: Callable[[Sequence[Line]], None],
        warn: Callable[[str], None],
        remark: Callable[[str], None],
        saved: SavedPosition | None = None,
        follows: bool = True,
        mask: Mask = masks_nothing,
    ) -> None:
        self._kubectl = kubectl
        self._mailbox = mailbox
        self.pod = pod
        self.container = container
        self._show = show
        self._remark = remark
        self._mask = mask
        self._log = ContainerLog(warn, show, saved, follows=follows)
        self._pauses = Pauses()
        self._silence = Silence()
        self._reading: Reading | None = None
        self._is_resting = False
        """Whether the kubelet cannot follow it, so that it is read now and then."""

    @property
    def name(self) -> str:
        """As ``pod/container``."""
        return f"{self.pod}/{self.container}"

    @property
    def is_read(self) -> bool:
        """Whether there is nothing to read now."""
        return self._reading is None and self._log.is_read

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to read now and will hardly ever be: its last run has been shown to the end."""
        return self._reading is None and self._log.is_done

    @property
    def next_instance(self) -> int | None:
        """Which run of the container is the next to be shown; ``None`` where none will be."""
        return self._log.next_instance

    @property
    def is_following(self) -> bool:
        """Whether it is being followed."""
        return self._reading is not None and self._reading.kind is Kind.FOLLOW

    @property
    def is_held(self) -> bool:
        """Whether it waits to learn if kubectl reads the next run of the container already."""
        return self._log.is_held

    @property
    def is_reading(self) -> bool:
        """Whether a kubectl reads it."""
        return self._reading is not None

    def note(self, state: ContainerState | None, *, is_gone: bool, is_evicted: bool = False) -> None:
        """Learn what the container does now.

        :param is_gone: whether its pod has been deleted.
        :param is_evicted: whether its node has ended the pod, which then may not know its containers any more.
        """
        if (state, is_gone) != (self._log.state, self._log.is_gone) and self._pauses.is_news_late(time.monotonic()):
            # The stream ended long before, so it was cut.
            self._log.is_shown_to_end = False
        if state != self._log.state:
            self._pauses.hear_news()
            is_next = state is not None and state.instance > self._log.instance
            is_over = state is not None and state.is_over
            # What was waited for; the kubelet does not keep the earlier run for ever.
            if (self._log.is_held and is_next) or (self._is_resting and (is_next or is_over)):
                self._pauses.end()
        self._log.note(state, is_gone=is_gone, is_evicted=is_evicted)

    def wanted(self) -> Kind | None:
        """Return what is to be started now, if anything; runs of the container that are lost are left out and told."""
        if self._reading is not None or time.monotonic() < self._pauses.until:
            return None
        return self._log.wanted()

    def start(self, kind: Kind) -> None:
        """Start what is wanted."""
        output, since = Output(self._mailbox.wake), self._log.since()
        call = self._kubectl.start_stream_of_logs(
            self.pod,
            self.container,
            follow=kind is Kind.FOLLOW,
            previous=kind is Kind.PREVIOUS,
            since=since,
            on_output=output.put,
            on_exit=self._mailbox.post,
        )
        reader = LineReader(self._mask, leaves_out_older=since is not None)
        resumption, is_check = Resumption(self._log.position), self._silence.begin()
        self._reading = Reading(kind, self._log.instance, call, output, resumption, reader, is_check, time.monotonic())
        self._is_resting = False
        self._pauses.hear_news()
        if kind is Kind.FOLLOW:
            self._log.is_shown_to_end = False

    def take(self) -> bool:
        """Show a piece of what has come; return whether there may be more."""
        reading = self._reading
        if reading is None or not (chunk := reading.output.take()):
            return False
        reading.heard_at = time.monotonic()
        return self._show_new(reading, reading.reader.feed(chunk))

    def advance(self) -> float | None:
        """Do what time brings, and return in how many seconds to ask again; ``None`` if only news matter."""
        reading, log, now = self._reading, self._log, time.monotonic()
        if reading is None:
            if log.is_read:
                return None
            if log.is_gone:
                log.give_up("its pod was deleted")
                return None
            return max(0.0, self._pauses.until - now) or None
        is_over = reading.kind is Kind.FOLLOW and log.is_over(reading.instance)
        limit = reading.heard_at + (log.idle_seconds(reading) if is_over else self._silence.seconds)
        if now < limit:
            return limit - now
        if is_over:
            # Of the last run the last lines come with the end, and may not have come yet, however quiet it was.
            log.is_shown_to_end = log.has_run_after(reading.instance) and not log.is_gone and reading.was_well(now)
        else:
            self._silence.note_too_long()
        self._pauses.note_no_refusal()
        self.stop()
        return 0.0

    def handle(self, process: Process) -> None:
        """Learn that a process has ended; it may be the one that reads."""
        reading = self._reading
        if reading is None or reading.call.process is not process:
            return
        while self.take():
            pass
        if self._reading is reading:
            self._reading = None
            self._finish(reading)

    def stop(self) -> None:
        """End the reading; what is missing is read later."""
        call = self.abandon()
        if call is not None:
            self._kubectl.stop(call)

    def abandon(self) -> Call | None:
        """Take nothing more from the reading, and return what is to be stopped."""
        reading, self._reading = self._reading, None
        if reading is None:
            return None
        reading.output.close()
        return reading.call

    def rest_command(self) -> str:
        """Return, for a person to paste, what shows the lines that were not shown."""
        since = self._log.position.since()
        return self._kubectl.logs_command(self.pod, self.container, since, previous=self._log.is_previous)

    def saved(self, pod_uid: str) -> SavedPosition | None:
        """Return how far it has been shown, for another process; ``None`` if nothing has."""
        return self._log.saved(pod_uid, self.container)

    def _show_new(self, reading: Reading, lines: Sequence[Line]) -> bool:
        """Show the lines that were not shown yet; return whether to go on reading."""
        if not reading.line_count and lines and not self._log.is_new_run(reading, lines[0]):
            self.stop()
            return False
        reading.line_count += len(lines)
        had_gap = reading.resumption.has_gap
        new = reading.resumption.unseen(lines)
        if not new:
            return True
        if reading.resumption.has_gap and not had_gap:
            if self._is_holding_back():
                self.stop()
                return False
            self._log.tell_gap(reading.first, new[0].stamp)
        reading.new_count += len(new)
        self._log.advance(new)
        self._pauses.note_lines()
        self._silence.note_lines(reading, time.monotonic())
        self._show(new)
        return True

    def _finish(self, reading: Reading) -> None:
        """Draw the conclusions from the end of a reading."""
        now, is_within_line = time.monotonic(), reading.reader.is_within_line
        is_held = not self._take_end(reading)
        try:
            self._kubectl.finish_stream(reading.call, reading.said())
        except KubectlError as error:
            self._bear(reading, error, now)
            return
        self._pauses.note_no_refusal()
        if is_held:
            return
        if reading.reader.remarks:
            self._bear_remarks(reading, now)
        elif reading.kind is Kind.FOLLOW:
            self._pauses.note_no_remark()
            self._log.is_shown_to_end = reading.line_count > 0 and not is_within_line
            if not self._log.is_over(reading.instance):
                # The end of the container, or a cut? The watch will tell; if it does not, it was a cut.
                self._pauses.await_news(now)
        elif reading.kind is Kind.SO_FAR:
            self._log.note_read_so_far()
        elif not reading.resumption.is_in_vain:
            self._log.turn_to(reading.instance + 1)
        elif reading.kind is Kind.PREVIOUS:
            self._log.read_again()
        elif not self._is_holding_back():
            self._log.leave_without_last_line(reading.instance)

    def _take_end(self, reading: Reading) -> bool:
        """Take what has no newline; return whether to go on."""
        if reading.kind in (Kind.REST, Kind.PREVIOUS) and reading.call.process.return_code == 0:
            return self._show_new(reading, reading.reader.last())
        reading.reader.hear_kubelet()
        # A line before it has told of which run it is.
        if reading.kind is Kind.FOLLOW and reading.line_count > 0 and not reading.reader.remarks:
            half, resumption = reading.resumption.unseen(reading.reader.half()), reading.resumption
            if not (resumption.is_in_vain or resumption.has_gap):
                self._log.keep_half(half)
        return True

    def _is_holding_back(self) -> bool:
        """Wait, once, for the watch to tell, if kubectl perhaps reads the next run of the container already."""
        if not self._log.hold():
            return False
        self._pauses.hold(time.monotonic())
        return True

    def _bear(self, reading: Reading, error: KubectlError, now: float) -> None:
        """Go on after a failure of kubectl, unless it is in vain."""
        self._pauses.note_failure(now)
        if error.kind is ErrorKind.NOT_FOUND:
            self._log.give_up("its pod was deleted")
        elif reading.kind is Kind.PREVIOUS and "previous terminated container" in error.words:
            self._log.leave(reading.instance, "the kubelet has removed it")
        elif error.kind.can_pass or error.kind is ErrorKind.CONTAINER_WAITING:
            self._pauses.note_no_refusal()
        elif self._pauses.note_refusal(now):
            self._log.give_up(f"kubectl refuses to read it: {error.words}")

    def _bear_remarks(self, reading: Reading, now: float) -> None:
        """Go on after the kubelet had something to say instead of lines, or behind them; each time costs a kubectl."""
        remark = reading.reader.remarks[-1]
        if reading.kind is Kind.FOLLOW and not self._log.is_over(reading.instance):
            self._is_resting = True
            if self._pauses.is_remark_repeated:
                self._remark(remark)
        self._pauses.note_remark(now)
        # A run that goes on is asked for again and again: it has more to say when the container runtime is back.
        if reading.kind is Kind.PREVIOUS or (reading.kind is Kind.REST and self._pauses.has_many_remarks):
            self._log.leave(reading.instance, f"the kubelet says: {kubelet.with_cure(remark)}")
