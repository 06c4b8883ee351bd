"""A worker that runs one task with canaries, until a signal ends it."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import tempfile
from pathlib import Path

from kubectl_job_operator.attempt import workspace
from kubectl_job_operator.errors import TaskKilledError
from tests.unit.airflow.canary import Canaries, make_context, make_task


def main() -> None:
    """Run the task."""
    run, disk, memory, replays = sys.argv[1:]
    tempfile.tempdir = disk
    setattr(workspace, "memory_disk", lambda: Path(memory))  # noqa: B010 - of that module alone
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s", force=True)
    canaries = Canaries(run)
    task = make_task(canaries, logging.getLogger("worker"), Path(replays))
    context = make_context(canaries, task)
    # As Airflow does it.
    signal.signal(signal.SIGTERM, lambda *_: task.on_kill())
    task.render_template_fields(context)
    with contextlib.suppress(TaskKilledError):
        task.execute(context)


if __name__ == "__main__":
    main()
