"""Tells a person what is being done: one short line a step, with its seconds."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_SECONDS = 20.0


def duration(seconds: float) -> str:
    """Write seconds as a person does: `0.4 s`, `12.0 s`, `3 min 05 s`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


class Step:
    """One step under way; `still` says now and then that it goes on."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.last_said = self.started

    def elapsed(self) -> str:
        """Return the time since the step's start, in words."""
        return duration(time.monotonic() - self.started)

    def still(self, what: str) -> None:
        """Say what goes on, unless something was said a moment ago."""
        if time.monotonic() - self.last_said >= PATIENCE_SECONDS:
            self.say(what)

    def say(self, what: str) -> None:
        """Say something inside the step, with the time since its start."""
        self.last_said = time.monotonic()
        say(f"    {what}, {self.elapsed()}")


def say(line: str) -> None:
    """Write one line to stderr, so that stdout stays free for results."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[Step]:
    """Announce a step that may last, and report its seconds at the end."""
    under_way = Step()
    try:
        yield under_way
    except BaseException:
        say(f"  {what}: failed after {under_way.elapsed()}")
        raise
    say(f"  {what}: {under_way.elapsed()}")
