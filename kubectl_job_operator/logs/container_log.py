"""What of a container's log has been shown, through all its restarts, and what is to be read next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kubectl_job_operator.logs.lines import Line
from kubectl_job_operator.logs.reading import Kind, Reading
from kubectl_job_operator.logs.resumption import Position, Resumption, SavedPosition
from kubectl_job_operator.status.pod_status import ContainerState

_IDLE_SECONDS, _LONG_LOG_IDLE_SECONDS = 0.05, 2.0
"""The kubelet ends a stream up to a second after the container; that is waited for only where reading anew is dear."""
_SHORT_LOG_LINES = 5_000


class ContainerLog:
    """Knows what its container does, which of its runs is being shown and how far, and tells what is lost.

    :param warn: takes a sentence where lines are lost.
    :param show: takes what may be half of a line, where nothing can read it again.
    :param saved: how far another process has shown it; ``None`` if none has.
    :param follows: whether a container that runs is followed; else it is read once, as far as it has come.
    """

    def __init__(
        self,
        warn: Callable[[str], None],
        show: Callable[[Sequence[Line]], None],
        saved: SavedPosition | None = None,
        *,
        follows: bool = True,
    ) -> None:
        self._warn = warn
        self._show = show
        self._follows = follows
        self.state: ContainerState | None = None
        """What the container does, as the kubelet reports it; ``None`` if that is not known."""
        self.is_gone = False
        """Whether its pod has been deleted."""
        self._is_evicted = False
        self.instance = saved.instance if saved else 0
        """Which run of the container is the next to be shown, or is being shown."""
        self.position = Position(saved)
        """How far that run has been shown."""
        self._ahead = Position()
        self._before = Position()
        self._after_gap: Position | None = None
        self._half: Sequence[Line] = ()
        self._is_read_so_far = False
        self._has_given_up = False
        self.is_held = False
        """Whether it waits to learn if kubectl reads the next run of the container already."""
        self.is_shown_to_end = False
        """Whether nothing came any more from a stream that was well when its run had ended."""
        if saved is not None and saved.is_over:
            self.turn_to(saved.instance + 1)

    @property
    def is_read(self) -> bool:
        """Whether there is nothing to read now."""
        state = self.state
        if state is None or self._has_given_up or not (state.is_running or state.is_over):
            return True
        return self.instance > state.instance or (state.is_running and self._is_read_so_far)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to read now and will hardly ever be: its last run has been shown to the end."""
        state = self.state
        has_ended = state is not None and state.is_over and not state.can_restart
        return self._has_given_up or (has_ended and self.is_read)

    @property
    def next_instance(self) -> int | None:
        """Which run of the container is the next to be shown; ``None`` where none will be."""
        return None if self._has_given_up else self.instance

    @property
    def is_previous(self) -> bool:
        """Whether the run that is to be shown is not the container's latest."""
        return self.state is not None and self.instance < self.state.instance

    def is_over(self, instance: int) -> bool:
        """Whether a run of the container has ended."""
        state = self.state
        return state is None or state.is_over or state.instance > instance or self.is_gone

    def since(self) -> str | None:
        """Return from when to read on, as ``--since-time`` takes it; ``None`` is from the beginning."""
        # A short log is read whole: then even a clock that goes back while nobody reads hides nothing.
        return self.position.since() if self.position.line_count >= _SHORT_LOG_LINES else None

    def idle_seconds(self, reading: Reading) -> float:
        """Return how long a stream is still listened to when the run that it follows has ended."""
        # The kubelet may keep nothing of a run once the next one ends: then the end of the stream is the only proof.
        is_quick = reading.line_count < _SHORT_LOG_LINES and not self._can_restart
        return _IDLE_SECONDS if is_quick else _LONG_LOG_IDLE_SECONDS

    def hold(self) -> bool:
        """Return whether to wait, which is done once, for the watch to tell of another run of the container."""
        if self.is_held or not self._can_restart:
            return False
        self.is_held = True
        return True

    def note(self, state: ContainerState | None, *, is_gone: bool, is_evicted: bool) -> None:
        """Learn what the container does now."""
        self.state, self.is_gone, self._is_evicted = state, is_gone, is_evicted

    def wanted(self) -> Kind | None:
        """Return what is to be read next, if anything; runs of the container that are lost are left out and told.

        What ``kubectl logs`` reads goes by the state that the kubelet reports, which is the one that the watch shows.
        """
        state = self.state
        if state is None or self.is_read or self.is_gone:
            return None
        oldest = state.instance - 1 if state.has_previous else state.instance
        if self.instance < oldest:
            self._show_half()  # before the warning
            lost = oldest - self.instance
            runs = "1 earlier run" if lost == 1 else f"{lost} earlier runs"
            self._warn(f"{runs} of this container came and went before they could be read")
            self.turn_to(oldest)
        if self.instance < state.instance:
            return Kind.PREVIOUS
        if state.is_lost:
            self.is_shown_to_end = self.is_shown_to_end and self._is_evicted
            self._tell_loss("its node lost sight of it")
            self.turn_to(state.instance + 1)
            return None
        if state.is_running:
            return Kind.FOLLOW if self._follows else Kind.SO_FAR
        return Kind.REST

    def has_run_after(self, instance: int) -> bool:
        """Whether the container has been started again since."""
        return self.state is not None and self.state.instance > instance

    def is_new_run(self, reading: Reading, line: Line) -> bool:
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
            self.position, reading.resumption = before, Resumption(before)
            return True
        self.position, self._ahead = Position(), before
        self.instance -= 1
        return False

    def tell_gap(self, first: bytes, stamp: bytes) -> None:
        """Tell that lines may be missing.

        :param first: the time of the first line that is there.
        :param stamp: the time of the first line behind the gap.
        """
        self._warn(
            f"lines between {self.position.stamp.decode()} and {stamp.decode()} may be missing: the log "
            "was rotated before they could be read"
        )
        self._after_gap = Position()
        self._after_gap.first = first

    def advance(self, lines: Sequence[Line]) -> None:
        """Note that these lines have been shown too."""
        self.is_held = False
        self._half = ()
        self.position.advance(lines)
        if self._after_gap is not None:
            self._after_gap.advance(lines)

    def keep_half(self, lines: Sequence[Line]) -> None:
        """Keep what a stream had of a line that had not ended: a reading will have all of it, if there is one."""
        if lines and lines[0].stamp != self._before.first:
            self._half = lines

    def note_read_so_far(self) -> None:
        """Note that a container that goes on has been read as far as it has come."""
        self._is_read_so_far = True

    def turn_to(self, instance: int) -> None:
        """Go on with a later run; what was taken for an earlier one's lines is not shown again."""
        self._show_half()
        is_next = instance == self.instance + 1
        self._before = (self._after_gap or self.position) if is_next else Position()
        self._after_gap = self._after_gap if is_next else None
        self.position, self._ahead = self._ahead if is_next else Position(), Position()
        self.instance = instance
        self.is_held = False
        self.is_shown_to_end = False

    def read_again(self) -> None:
        """Read the run from its beginning: what was shown as its lines was the next one's."""
        self.position, self._ahead = Position(), self.position
        self._half = ()

    def leave_without_last_line(self, instance: int) -> None:
        """Go on with the run after this one, for where to go on in it cannot be found."""
        self._show_half()  # before the warning
        self._warn(
            f"lines after {self.position.stamp.decode()} may be missing: the last line that was shown is not in "
            "the log any more"
        )
        self.turn_to(instance + 1)

    def leave(self, instance: int, why: str) -> None:
        """Go on with the run after this one, for it cannot be read to its end."""
        self._tell_loss(why)
        self.turn_to(instance + 1)

    def give_up(self, why: str) -> None:
        """Read nothing more, of no run."""
        self._has_given_up = True
        self._tell_loss(why)

    def saved(self, pod_uid: str, container: str) -> SavedPosition | None:
        """Return how far it has been shown, for another process; ``None`` if nothing has."""
        if self._before.first and not self.position.stamp:
            over = self._before.saved(pod_uid, container, self.instance - 1)
            return replace(over, first=self._before.first.decode(), is_over=True)
        if not self.instance and not self.position.stamp:
            return None
        return self.position.saved(pod_uid, container, self.instance)

    @property
    def _can_restart(self) -> bool:
        return self.state is not None and self.state.can_restart

    def _tell_loss(self, why: str) -> None:
        if self.is_shown_to_end and not self._half:
            # Only the proof is missing.
            return
        self._show_half()
        shown_to = f"after {self.position.stamp.decode()}" if self.position.stamp else "from its beginning"
        self._warn(f"its log could not be read to the end, and lines {shown_to} may be missing: {why}")

    def _show_half(self) -> None:
        if half := self._half:
            self.advance(half)
            self._show(half)
