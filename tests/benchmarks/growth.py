"""``make bench-growth``: one Job of more and more pods, in a model: what each costs, and what is kept of them."""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from kubectl_job_operator.attempt.settings import Following, Settings
from tests.benchmarks.forking import forked_result
from tests.benchmarks.model import write_model
from tests.unit.stage import Log, runner

_PAUSE_SECONDS = 0.001
_CPU_RATIO_BAR, _MEMORY_BAR_MB = 1.3, 100.0


@dataclass(frozen=True)
class Growth:
    """What one Job has cost this process, without its kubectls.

    :param pods: how many it had.
    :param cpu_seconds: of the user and of the system.
    :param megabytes: by how much the process has grown at most.
    """

    pods: int
    cpu_seconds: float
    megabytes: float

    @property
    def milliseconds_per_pod(self) -> float:
        """The CPU that each pod has cost."""
        return 1000 * self.cpu_seconds / self.pods


def main() -> None:
    """Measure, print, and fail where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth", description=__doc__)
    parser.add_argument("--pods", type=int, nargs="+", default=[100, 1_000, 10_000], help="(default: %(default)s)")
    parser.add_argument("--logs", action="store_true", help="read each pod's log too: two kubectls for each pod")
    arguments = parser.parse_args()
    found = [measure(count, with_logs=arguments.logs) for count in arguments.pods]
    for one in found:
        _say(f"  {one.pods:6} pods  {one.milliseconds_per_pod:6.2f} ms of CPU for each  {one.megabytes:5.0f} MB more")


def measure(pods: int, *, with_logs: bool = False, pause_seconds: float = _PAUSE_SECONDS) -> Growth:
    """Run one Job in a fork of this process."""
    with tempfile.TemporaryDirectory() as folder:
        write_model(Path(folder) / "bin", pods, pause_seconds=pause_seconds)
        cpu_seconds, megabytes = forked_result(lambda: _run(Path(folder) / "bin", with_logs=with_logs))
    return Growth(pods, cpu_seconds, megabytes)


def _run(program: Path, *, with_logs: bool) -> tuple[float, float]:
    os.environ["PATH"] = f"{program}:{os.environ['PATH']}"
    os.environ["KUBECACHEDIR"] = str(program / "cache")
    settings = Settings(following=Following(is_on=with_logs))
    before, cpu = _resident_megabytes(), time.process_time()
    log = Log()
    runner(log, settings=settings).run()
    grown = _peak_megabytes() - before
    assert "is Complete" in log.text, log.text
    return time.process_time() - cpu, grown


def _resident_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def _peak_megabytes() -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    main()
