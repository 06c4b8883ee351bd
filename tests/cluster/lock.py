"""Keeps two `up` or `down` from running at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from .paths import lock_file
from .progress import say


@contextmanager
def locked() -> Iterator[None]:
    """Hold the lock; the kernel gives it back even if this process is killed."""
    lock_file().parent.mkdir(parents=True, exist_ok=True)
    with lock_file().open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another `make cluster` or `make cluster-down` is at work; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
