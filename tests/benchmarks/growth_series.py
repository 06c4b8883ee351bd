"""What more of one thing costs this process, without its kubectls: each count in a fork of its own, in a model."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from kubectl_job_operator.attempt.outcome import News
from kubectl_job_operator.attempt.settings import Following, Settings
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.deferred_wait import Terms, wait_for_job
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.watch.shared_watch import shared_watch
from tests.benchmarks.forking import forked_result, forked_results
from tests.benchmarks.model import job_name, job_uid, write_jobs, write_model
from tests.unit.stage import NAMESPACE, US, runner

_PAUSE_SECONDS = 0.001
_AT_ONCE = 10


@dataclass(frozen=True)
class Growth:
    """What so many of something have cost.

    :param count: how many.
    :param cpu_seconds: of the user and of the system.
    :param megabytes: by how much the process has grown at most; of several processes, all together.
    """

    count: int
    cpu_seconds: float
    megabytes: float


class _Nowhere:
    """Takes the lines of a log, and tells whether the Job is Complete."""

    is_complete = False

    def info(self, message: str, /) -> None:
        """Drop it."""
        self.is_complete = self.is_complete or "is Complete" in message

    warning = error = critical = info


def of_pods(count: int) -> Growth:
    """Run one Job of so many pods, 50 at once, without their logs."""
    return _in_fork(count, _run_without_logs, pods=count)


def of_pods_with_logs(count: int) -> Growth:
    """Run one Job of so many pods, 50 at once, and show the five lines of each."""
    return _in_fork(count, _run_with_logs, pods=count)


def of_lines(count: int) -> Growth:
    """Run one Job of one pod whose container writes so many lines."""
    return _in_fork(count, _run_with_logs, lines=count)


def of_deferred_jobs(count: int) -> Growth:
    """Let so many deferred Jobs wait in one event loop, until all of them have ended."""
    return _in_fork(count, lambda _: asyncio.run(_wait_for_all(count)), jobs=count)


def of_tasks(count: int) -> Growth:
    """Run so many tasks, ten at once, each in a fork, as a worker does."""
    found: list[tuple[float, float]] = []
    for start in range(0, count, _AT_ONCE):
        with contextlib.ExitStack() as folders:
            programs = [
                Path(folders.enter_context(tempfile.TemporaryDirectory())) / "bin"
                for _ in range(min(_AT_ONCE, count - start))
            ]
            for program in programs:
                write_model(program, 1, pause_seconds=_PAUSE_SECONDS)
            found += forked_results([partial(_cost_of, program, _run_with_logs) for program in programs])
    largest = sorted((megabytes for _, megabytes in found), reverse=True)[:_AT_ONCE]
    return Growth(count, sum(cpu_seconds for cpu_seconds, _ in found), sum(largest))


def _in_fork(
    count: int, action: Callable[[Path], object], *, pods: int = 1, lines: int = 5, jobs: int | None = None
) -> Growth:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "bin"
        write_model(program, pods, pause_seconds=_PAUSE_SECONDS, lines=lines)
        if jobs is not None:
            write_jobs(program, jobs)
        cpu_seconds, megabytes = forked_result(lambda: _cost_of(program, action))
    return Growth(count, cpu_seconds, megabytes)


def _cost_of(program: Path, action: Callable[[Path], object]) -> tuple[float, float]:
    os.environ["PATH"] = f"{program}:{os.environ['PATH']}"
    os.environ["KUBECACHEDIR"] = str(program / "cache")
    before, cpu = _resident_megabytes(), time.process_time()
    action(program)
    return time.process_time() - cpu, max(0.0, _peak_megabytes() - before)


def _run_with_logs(_: Path) -> None:
    _run(Following(is_on=True))


def _run_without_logs(_: Path) -> None:
    _run(Following(is_on=False))


def _run(following: Following) -> None:
    log = _Nowhere()
    runner(log, settings=Settings(following=following)).run()  # type: ignore[arg-type]
    if not log.is_complete:
        raise RuntimeError("the Job of the model is not Complete")


async def _wait_for_all(count: int) -> None:
    log = _Nowhere()

    async def wait(number: int) -> None:
        handover = Handover(
            NAMESPACE, job_name(number), job_uid(number), {"a": "b"}, "job.v1.batch", US.selector(), time.time()
        )
        outcome = await wait_for_job(shared_watch(Access(), NAMESPACE, log), handover, Terms(), log)
        if outcome.news is not News.ENDED:
            raise RuntimeError(f"a Job of the model has not ended: {outcome}")

    await asyncio.gather(*(wait(number) for number in range(count)))


def _resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def _peak_megabytes() -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
