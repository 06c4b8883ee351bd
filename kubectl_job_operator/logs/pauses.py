"""When a container's log is read again, after a reading that did not come to its end."""

from __future__ import annotations

from kubectl_job_operator.attempt.refusals import REFUSALS_SECONDS

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 10.0
_HELD_SECONDS = 3.0
_NEWS_SECONDS = 1.0
_MOST_REMARKS = 3


class Pauses:
    """The pauses between the readings of one log; all times are of the monotonic clock."""

    def __init__(self) -> None:
        self._retry_at = 0.0
        self._news_until = 0.0
        self._pause = self._remark_pause = _FIRST_PAUSE_SECONDS
        self._refused_since = 0.0
        self._remark_count = 0

    @property
    def until(self) -> float:
        """Until when nothing is read."""
        return max(self._retry_at, self._news_until)

    def await_news(self, now: float) -> None:
        """Leave the watch the time to tell why a stream has ended: by the end of the container, or by a cut."""
        self._news_until = now + _NEWS_SECONDS

    def hear_news(self) -> None:
        """Wait no longer for the watch."""
        self._news_until = 0.0

    def is_news_late(self, now: float) -> bool:
        """Whether the watch was waited for in vain: what it tells now is not why the stream has ended."""
        return 0.0 < self._news_until < now

    def hold(self, now: float) -> None:
        """Leave the watch the time to tell that there is another run of the container."""
        self._retry_at = now + _HELD_SECONDS

    def end(self) -> None:
        """Read again at once, but for the watch."""
        self._retry_at = 0.0

    def note_lines(self) -> None:
        """Learn that something new was read."""
        self._pause, self._refused_since, self._remark_count = _FIRST_PAUSE_SECONDS, 0.0, 0

    def note_failure(self, now: float) -> None:
        """Learn that kubectl has failed."""
        self._retry_at = now + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

    def note_refusal(self, now: float) -> bool:
        """Learn that kubectl was refused; return whether that has gone on for so long that it is no accident."""
        self._refused_since = self._refused_since or now
        return now - self._refused_since >= REFUSALS_SECONDS

    def note_no_refusal(self) -> None:
        """Learn that kubectl was not refused, whatever else came of it."""
        self._refused_since = 0.0

    def note_remark(self, now: float) -> None:
        """Learn that the kubelet had something to say instead of lines, or behind them; each time costs a kubectl."""
        self._retry_at = now + self._remark_pause
        self._remark_pause = min(2 * self._remark_pause, _LONGEST_PAUSE_SECONDS)
        self._remark_count += 1

    def note_no_remark(self) -> None:
        """Learn that the kubelet could follow the log."""
        self._remark_pause = _FIRST_PAUSE_SECONDS

    @property
    def is_remark_repeated(self) -> bool:
        """Whether the kubelet has said something before, and has not followed the log since."""
        return self._remark_pause > _FIRST_PAUSE_SECONDS

    @property
    def has_many_remarks(self) -> bool:
        """Whether the kubelet has said something so often, without a line, that it will not get better."""
        return self._remark_count >= _MOST_REMARKS
