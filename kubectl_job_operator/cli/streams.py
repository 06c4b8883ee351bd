"""Writing to the terminal or into a pipe that may be closed at its other end."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

from kubectl_job_operator.printable import harmless_on_a_terminal


def say(line: str) -> None:
    """Write a line to stdout."""
    write(sys.stdout, f"{harmless_on_a_terminal(line)}\n")


def complain(line: str) -> None:
    """Write a line to stderr."""
    write(sys.stderr, f"{harmless_on_a_terminal(line)}\n")


def write(stream: TextIO, text: str) -> None:
    """Write at once; when nobody reads any more, go on without a word: a Job does not end because ``head`` did."""
    try:
        stream.write(text)
        stream.flush()
    except UnicodeEncodeError:
        write(stream, text.encode(stream.encoding, "backslashreplace").decode(stream.encoding))
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)
