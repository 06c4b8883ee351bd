"""How long a stream of a log may say nothing before it is taken for stuck, and read anew."""

from __future__ import annotations

from kubectl_job_operator.logs.reading import Reading

_FIRST_SILENCE_SECONDS, _LONGEST_SILENCE_SECONDS = 20.0, 600.0
_AT_ONCE_SECONDS = 1.0


class Silence:
    """The patience with the streams of one log: it grows as long as reading anew brings nothing."""

    def __init__(self) -> None:
        self.seconds = _FIRST_SILENCE_SECONDS
        """How long the next one may say nothing."""
        self._is_check_due = False

    def note_too_long(self) -> None:
        """Learn that a stream has said nothing for so long; the next one tells whether it was stuck."""
        self.seconds = min(2 * self.seconds, _LONGEST_SILENCE_SECONDS)
        self._is_check_due = True

    def begin(self) -> bool:
        """Return whether the reading that begins now tells whether the one before it was stuck."""
        is_check, self._is_check_due = self._is_check_due, False
        return is_check

    def note_lines(self, reading: Reading, now: float) -> None:
        """Learn that a reading has brought something new."""
        if reading.is_check and now - reading.began < _AT_ONCE_SECONDS:
            # The stream before this one was stuck, and the next may be too. A container is just quiet where it was not.
            self.seconds = _FIRST_SILENCE_SECONDS
