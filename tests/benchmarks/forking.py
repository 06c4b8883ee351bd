"""Doing something in forks of this process, each of which begins with nothing that an earlier one has left."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Sequence
from typing import Any


def forked_result(action: Callable[[], Any]) -> Any:
    """Do it in a fork, and return its result, which goes through JSON.

    :raises RuntimeError: if it has failed; how stands in what it printed.
    """
    return forked_results([action])[0]


def forked_results(actions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of them at once, each in a fork, and return their results.

    :raises RuntimeError: if one has failed.
    """
    forks = [_fork(action) for action in actions]
    found = []
    for pid, reading in forks:
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        _, status = os.waitpid(pid, 0)
        if status:
            raise RuntimeError(f"the fork has failed: {os.waitstatus_to_exitcode(status)}")
        found.append(json.loads(text))
    return found


def _fork(action: Callable[[], Any]) -> tuple[int, int]:
    """Return the process id, and where its result can be read."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            os.write(writing, json.dumps(action()).encode())
            code = 0
        except BaseException:  # noqa: BLE001 - it is told, and nothing of it may come into the parent's life
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    return pid, reading
