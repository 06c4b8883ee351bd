"""The log of one container, read by one kubectl after another until it has been shown to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.attempt.refusals import REFUSALS_SECONDS
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.client import Call, Kubectl
from kubectl_job_operator.kubectl.output import Output
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.logs import kubelet
from kubectl_job_operator.logs.lines import Line, LineReader
from kubectl_job_operator.logs.reading import Kind, Reading
from kubectl_job_operator.logs.resumption import Position, Resumption, SavedPosition
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.status.pod_status import ContainerState

_IDLE_SECONDS, _LONG_LOG_IDLE_SECONDS = 0.05, 2.0
"""The kubelet ends a stream up to a second after the container; that is waited for only where reading anew is dear."""
_HELD_SECONDS = 3.0
_NEWS_SECONDS = 1.0
_FIRST_SILENCE_SECONDS, _LONGEST_SILENCE_SECONDS = 20.0, 600.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0
_MOST_REMARKS = 3
_STATE_SECONDS = 10.0
_WELL_SECONDS, _QUIET_SECONDS = 2.0, 0.2
_SHORT_LOG_LINES = 5_000


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
        self._warn = warn
        self._remark = remark
        self._mask = mask
        self._position = Position(saved)
        self._ahead = Position()
        self._before = Position()
        self._after_gap: Position | None = None
        self._next = saved.instance if saved else 0
        self._follows = follows
        self._is_read_so_far = False
        self._state: ContainerState | None = None
        self._is_gone = False
        self._is_evicted = False
        self._has_given_up = False
        self._reading: Reading | None = None
        self._retry_at = 0.0
        self._news_until = 0.0
        self._pause = _FIRST_PAUSE_SECONDS
        self._silence = _FIRST_SILENCE_SECONDS
        self._refused_since = 0.0
        self._remark_count = 0
        self._is_held = False
        self._is_check_due = False
        self._remark_pause = _FIRST_PAUSE_SECONDS
        self._state_at = 0.0
        self._is_resting = False
        """Whether the kubelet cannot follow it, so that it is read now and then."""
        self._is_shown_to_end = False
        """Whether nothing came any more from a stream that was well when its run had ended."""

    @property
    def name(self) -> str:
        """As ``pod/container``."""
        return f"{self.pod}/{self.container}"

    @property
    def is_read(self) -> bool:
        """Whether there is nothing to read now."""
        if self._reading is not None:
            return False
        state = self._state
        if state is None or self._has_given_up or not (state.is_running or state.is_over):
            return True
        return self._next > state.instance or (state.is_running and self._is_read_so_far)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to read now and will hardly ever be: its last run has been shown to the end."""
        state = self._state
        has_ended = state is not None and state.is_over and not state.can_restart
        return self._reading is None and (self._has_given_up or (has_ended and self.is_read))

    @property
    def next_instance(self) -> int | None:
        """Which run of the container is the next to be shown; ``None`` where none will be."""
        return None if self._has_given_up else self._next

    @property
    def is_following(self) -> bool:
        """Whether it is being followed."""
        return self._reading is not None and self._reading.kind is Kind.FOLLOW

    @property
    def is_held(self) -> bool:
        """Whether it waits to learn if kubectl reads the next run of the container already."""
        return self._is_held

    @property
    def is_reading(self) -> bool:
        """Whether a kubectl reads it."""
        return self._reading is not None

    def note(self, state: ContainerState | None, *, is_gone: bool, is_evicted: bool = False) -> None:
        """Learn what the container does now.

        :param is_gone: whether its pod has been deleted.
        :param is_evicted: whether its node has ended the pod, which then may not know its containers any more.
        """
        if (state, is_gone) != (self._state, self._is_gone) and 0.0 < self._news_until < time.monotonic():
            # The stream ended long before, so it was cut.
            self._is_shown_to_end = False
        if state != self._state:
            self._news_until = 0.0
            if self._is_held and state is not None and state.instance > self._next:
                # What was waited for; the kubelet does not keep the earlier run for ever.
                self._retry_at = 0.0
            if self._is_resting and state is not None and (state.is_over or state.instance > self._next):
                self._retry_at = 0.0
            self._state = state
        self._is_gone = is_gone
        self._is_evicted = is_evicted

    def wanted(self) -> Kind | None:
        """Return what is to be started now, if anything; runs of the container that are lost are left out and told.

        What ``kubectl logs`` reads goes by the state that the kubelet reports, which is the one that the watch shows.
        """
        state, now = self._state, time.monotonic()
        if state is None or self._reading is not None or self.is_read or self._is_gone:
            return None
        if now < max(self._retry_at, self._news_until):
            return None
        oldest = state.instance - 1 if state.has_previous else state.instance
        if self._next < oldest:
            lost = oldest - self._next
            runs = "1 earlier run" if lost == 1 else f"{lost} earlier runs"
            self._warn(f"{runs} of this container came and went before they could be read")
            self._turn_to(oldest)
        if self._next < state.instance:
            return Kind.PREVIOUS
        if state.is_lost:
            self._is_shown_to_end = self._is_shown_to_end and self._is_evicted
            self._tell_loss("its node lost sight of it")
            self._turn_to(state.instance + 1)
            return None
        if state.is_running:
            return Kind.FOLLOW if self._follows else Kind.SO_FAR
        return Kind.REST

    def start(self, kind: Kind) -> None:
        """Start what is wanted."""
        # A short log is read whole: then even a clock that goes back while nobody reads hides nothing.
        since = self._position.since() if self._position.line_count >= _SHORT_LOG_LINES else None
        output = Output(self._mailbox.wake)
        call = self._kubectl.start_stream_of_logs(
            self.pod,
            self.container,
            follow=kind is Kind.FOLLOW,
            previous=kind is Kind.PREVIOUS,
            since=since,
            on_output=output.put,
            on_exit=self._mailbox.post,
        )
        is_check, self._is_check_due = self._is_check_due, False
        now = time.monotonic()
        reader, resumption = LineReader(self._mask), Resumption(self._position)
        self._reading = Reading(kind, self._next, call, output, resumption, is_check, now, now, reader)
        self._is_resting, self._news_until = False, 0.0
        self._state_at = now
        if kind is Kind.FOLLOW:
            self._is_shown_to_end = False

    def take(self) -> bool:
        """Show a piece of what has come; return whether there may be more."""
        reading = self._reading
        if reading is None:
            return False
        chunk = reading.output.take()
        if not chunk:
            return False
        reading.heard_at = time.monotonic()
        if not self._show_new(reading, reading.reader.feed(chunk)):
            return False
        self._show_state(reading)
        return True

    def advance(self) -> float | None:
        """Do what time brings, and return in how many seconds to ask again; ``None`` if only news matter."""
        reading, state, now = self._reading, self._state, time.monotonic()
        if reading is None:
            if self.is_read or state is None:
                return None
            if self._is_gone:
                self._give_up("its pod was deleted")
                return None
            return max(0.0, max(self._retry_at, self._news_until) - now) or None
        is_over = reading.kind is Kind.FOLLOW and self._is_over(reading)
        # The kubelet may keep nothing of a run once the next one ends: then the end of the stream is the only proof.
        is_quick = reading.line_count < _SHORT_LOG_LINES and not (state is not None and state.can_restart)
        idle = _IDLE_SECONDS if is_quick else _LONG_LOG_IDLE_SECONDS
        limit = reading.heard_at + (idle if is_over else self._silence)
        if now < limit:
            return limit - now
        if is_over:
            self._is_shown_to_end = not self._is_gone and _was_well(reading, now)
        else:
            self._silence = min(2 * self._silence, _LONGEST_SILENCE_SECONDS)
            self._is_check_due = True
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
        previous = self._state is not None and self._next < self._state.instance
        return self._kubectl.logs_command(self.pod, self.container, self._position.since(), previous=previous)

    def saved(self, pod_uid: str) -> SavedPosition | None:
        """Return how far it has been shown, for another process; ``None`` if nothing has."""
        if not self._next and not self._position.stamp:
            return None
        return self._position.saved(pod_uid, self.container, self._next)

    def _is_over(self, reading: Reading) -> bool:
        """Whether the run of the container that is being read has ended."""
        state = self._state
        return state is None or state.is_over or state.instance > reading.instance or self._is_gone

    def _show_new(self, reading: Reading, lines: Sequence[Line]) -> bool:
        """Show the lines that were not shown yet; return whether to go on reading."""
        if not reading.line_count and lines and not self._is_new_run(reading, lines[0]):
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
            self._warn(
                f"lines between {self._position.stamp.decode()} and {new[0].stamp.decode()} may be missing: the log "
                "was rotated before they could be read"
            )
            self._after_gap = Position()
            self._after_gap.first = reading.first
        self._is_held = False
        reading.new_count += len(new)
        self._position.advance(new)
        if self._after_gap is not None:
            self._after_gap.advance(new)
        self._pause, self._refused_since, self._remark_count = _FIRST_PAUSE_SECONDS, 0.0, 0
        if reading.is_check and time.monotonic() - reading.began < _NEWS_SECONDS:
            # The stream before this one was stuck, and the next may be too. A container is just quiet where it was not.
            self._silence = _FIRST_SILENCE_SECONDS
        self._show(new)
        return True

    def _show_state(self, reading: Reading) -> None:
        """Show, now and then, what stands in a line that is written over and over; its end is shown as all lines."""
        now = time.monotonic()
        if now - self._state_at < _STATE_SECONDS:
            return
        state = reading.reader.state()
        if state is not None and state.text.strip() and state.stamp > self._position.newest:
            self._state_at = now
            self._show([state])

    def _finish(self, reading: Reading) -> None:
        """Draw the conclusions from the end of a reading."""
        now = time.monotonic()
        is_held = not self._take_end(reading)
        try:
            self._kubectl.finish_stream(reading.call, reading.said())
        except KubectlError as error:
            self._bear(reading, error, now)
            return
        if is_held:
            return
        if reading.reader.remarks:
            self._bear_remarks(reading, now)
        elif reading.kind is Kind.FOLLOW:
            self._remark_pause = _FIRST_PAUSE_SECONDS
            self._is_shown_to_end = reading.line_count > 0
            if not self._is_over(reading):
                # The end of the container, or a cut? The watch will tell; if it does not, it was a cut.
                self._news_until = now + _NEWS_SECONDS
        elif reading.kind is Kind.SO_FAR:
            self._is_read_so_far = True
        elif not reading.resumption.is_in_vain:
            self._turn_to(reading.instance + 1)
        elif reading.kind is Kind.PREVIOUS:
            # What was shown as this run's was the next one's, for its last line is not in this run's log.
            self._position, self._ahead = Position(), self._position
        elif not self._is_holding_back():
            self._warn(
                f"lines after {self._position.stamp.decode()} may be missing: the last line that was shown is not in "
                "the log any more"
            )
            self._turn_to(reading.instance + 1)

    def _take_end(self, reading: Reading) -> bool:
        """Take what has no newline; return whether to go on."""
        if reading.kind in (Kind.REST, Kind.PREVIOUS) and reading.call.process.return_code == 0:
            return self._show_new(reading, reading.reader.last())
        reading.reader.hear_kubelet()
        return True

    def _is_holding_back(self) -> bool:
        """Wait, once, for the watch to tell, if kubectl perhaps reads the next run of the container already."""
        if self._is_held or self._state is None or not self._state.can_restart:
            return False
        self._is_held = True
        self._retry_at = time.monotonic() + _HELD_SECONDS
        return True

    def _turn_to(self, instance: int) -> None:
        """Go on with a later run; what was taken for an earlier one's lines is not shown again."""
        is_next = instance == self._next + 1
        self._before = (self._after_gap or self._position) if is_next else Position()
        self._after_gap = self._after_gap if is_next else None
        self._position, self._ahead = self._ahead if is_next else Position(), Position()
        self._next = instance
        self._is_held = False
        self._is_shown_to_end = False

    def _is_new_run(self, reading: Reading, line: Line) -> bool:
        """Whether a log is another one than what was shown as the run before; if it is not, go on as is right then.

        The watch may be late, and kubectl reads the newest run. A log is known by the time of its first line.
        """
        reading.first = line.stamp
        before, self._before = self._before, Position()
        if not before.first:
            return True
        had_gap, self._after_gap = self._after_gap is not None, None
        if line.stamp != before.first:
            return True
        if had_gap:
            # What is missing of the run before was told.
            self._position, reading.resumption = before, Resumption(before)
            return True
        self.stop()
        self._position, self._ahead = Position(), before
        self._next -= 1
        return False

    def _bear(self, reading: Reading, error: KubectlError, now: float) -> None:
        """Go on after a failure of kubectl, unless it is in vain."""
        self._retry_at = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
        if error.kind is ErrorKind.NOT_FOUND:
            self._give_up("its pod was deleted")
        elif reading.kind is Kind.PREVIOUS and "previous terminated container" in error.words:
            self._leave(reading, "the kubelet has removed it")
        elif not error.kind.can_pass and error.kind is not ErrorKind.CONTAINER_WAITING:
            self._refused_since = self._refused_since or now
            if now - self._refused_since >= REFUSALS_SECONDS:
                self._give_up(f"kubectl refuses to read it: {error.words}")

    def _bear_remarks(self, reading: Reading, now: float) -> None:
        """Go on after the kubelet had something to say instead of lines, or behind them; each time costs a kubectl."""
        if reading.kind is Kind.FOLLOW and not self._is_over(reading):
            self._is_resting = True
            if self._remark_pause > _FIRST_PAUSE_SECONDS:
                self._remark(reading.reader.remarks[-1])
        self._retry_at = now + self._remark_pause
        self._remark_pause = min(2 * self._remark_pause, _LONGEST_PAUSE_SECONDS)
        self._remark_count += 1
        # A run that goes on is asked for again and again: it has more to say when the container runtime is back.
        if reading.kind is Kind.PREVIOUS or (reading.kind is Kind.REST and self._remark_count >= _MOST_REMARKS):
            self._leave(reading, f"the kubelet says: {kubelet.with_cure(reading.reader.remarks[-1])}")

    def _leave(self, reading: Reading, why: str) -> None:
        """Go on with the next run of the container."""
        self._tell_loss(why)
        self._turn_to(reading.instance + 1)

    def _give_up(self, why: str) -> None:
        self._has_given_up = True
        self._tell_loss(why)

    def _tell_loss(self, why: str) -> None:
        if self._is_shown_to_end:
            # Only the proof is missing.
            return
        shown_to = f"after {self._position.stamp.decode()}" if self._position.stamp else "from its beginning"
        self._warn(f"its log could not be read to the end, and lines {shown_to} may be missing: {why}")


def _was_well(reading: Reading, now: float) -> bool:
    """Whether a stream has shown something, has had the time to show all, and has nothing more to show."""
    return reading.line_count > 0 and now - reading.began >= _WELL_SECONDS and now - reading.heard_at >= _QUIET_SECONDS
