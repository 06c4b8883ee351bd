"""One deferred Job with thousands of pods, in a model: for how long it holds the triggerer's loop up."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.life.deferred_wait import Terms, wait_for_job
from kubectl_job_operator.life.handover import Handover
from kubectl_job_operator.watch.shared_watch import shared_watch
from tests.benchmarks.forking import forked_result
from tests.benchmarks.model import write_model
from tests.unit.stage import NAME, NAMESPACE, UID, US, Log

_NAP_SECONDS = 0.002


@dataclass(frozen=True)
class Waited:
    """What waiting for a Job has cost.

    :param pods: how many it had.
    :param longest_block_ms: for how long the loop's thread worked at most without letting others go on.
    :param cpu_seconds: of this process, in that time.
    :param seconds: for how long it was waited.
    """

    pods: int
    longest_block_ms: float
    cpu_seconds: float
    seconds: float


def measure_deferred(pods: int, seconds: float, *, at_once: int | None = None) -> Waited:
    """Let all pods of a Job begin, then let them change without end, in a fork of this process.

    :param pods: how many.
    :param seconds: for how long it is waited.
    :param at_once: how many live at once; default is all.
    """
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "bin"
        write_model(program, pods, at_once=at_once or pods, pause_seconds=0.001)
        block, cpu = forked_result(lambda: asyncio.run(_wait(program, seconds)))
    return Waited(pods, 1000 * block, cpu, seconds)


async def _wait(program: Path, seconds: float) -> tuple[float, float]:
    os.environ["PATH"] = f"{program}:{os.environ['PATH']}"
    os.environ["KUBECACHEDIR"] = str(program / "cache")
    handover = Handover(NAMESPACE, NAME, UID, {"controller-uid": UID}, "job.v1.batch", US.selector(), began=time.time())
    waiting = asyncio.create_task(wait_for_job(shared_watch(Access(), NAMESPACE, Log()), handover, Terms(), Log()))
    await asyncio.sleep(1.0)  # the start of a kubectl is another matter
    longest, deadline, cpu = 0.0, time.monotonic() + seconds, time.process_time()
    while time.monotonic() < deadline and not waiting.done():
        busy = time.thread_time()
        await asyncio.sleep(_NAP_SECONDS)
        longest = max(longest, time.thread_time() - busy)
    cpu = time.process_time() - cpu
    assert not waiting.done(), waiting
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    return longest, cpu
