"""``make bench-deferrable``: a thousand Jobs that wait under one triggerer process, beside Airflow's own provider."""

from __future__ import annotations

import argparse
import base64
import contextlib
import http.client
import json
import os
import random
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.life.handover import Handover
from tests import cluster as test_cluster
from tests.benchmarks.telling import say
from tests.integration.namespace import Namespace

_OURS = "kubectl_job_operator.airflow.triggers.KubernetesJobTrigger"
_THEIRS = "airflow.providers.cncf.kubernetes.triggers.job.KubernetesJobTrigger"
_AGENT = "bench"
_SAMPLE_SECONDS = 0.5
_START_SECONDS = 300.0
_OUTAGE_SECONDS = 30.0
_ROOT = Path(__file__).parents[2]
_US = Identity("bench", "task", "run")
_CONTAINER = {"name": "main", "image": "busybox:1.36", "command": ["sleep", "600"]}

_BARS = {
    "kubectl processes": 2.0,
    "memory over an idle one, MB": 60.0,
    "CPU seconds per Job": 0.02,
    "delay, median, s": 0.5,
    "delay, 99th percentile, s": 2.0,
    "API requests per Job": 0.1,
    "longest block of the loop, ms": 50.0,
}


def main() -> int:
    """Measure and print; return 1 if an end was missed, told twice or told wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.deferrable", description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000, help="how many wait (default: %(default)s)")
    parser.add_argument("--quiet-seconds", type=int, default=60, help="in which nothing ends (default: %(default)s)")
    parser.add_argument("--ending-seconds", type=int, default=60, help="in which all end (default: %(default)s)")
    parser.add_argument(
        "--provider-python", type=Path, help="a Python that has the cncf provider; without it, it is left out"
    )
    parser.add_argument("--only", choices=("times", "outage", "kill", "two"), action="append", help="do not do all")
    arguments = parser.parse_args()
    bench = _Bench(arguments)
    wanted = arguments.only or ["times", "outage", "kill", "two"]
    harm = 0
    if "times" in wanted:
        harm += bench.times()
    if "outage" in wanted:
        harm += bench.outage()
    if "kill" in wanted:
        harm += bench.kill()
    if "two" in wanted:
        harm += bench.two_at_once()
    return 1 if harm else 0


@dataclass
class _Triggerer:
    """A process that waits, and what was seen of it.

    :param folder: its own.
    :param python: runs it.
    :param kubeconfig: where it finds the cluster.
    """

    folder: Path
    python: Path
    kubeconfig: Path
    idle_bytes: int = 0
    samples: list[tuple[float, int, int, float]] = field(default_factory=list)
    process: Any = None

    def start(self) -> None:
        """Start it without a trigger."""
        self.folder.mkdir(parents=True)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_")},
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "KUBECONFIG": str(self.kubeconfig),
            "PYTHONPATH": str(_ROOT),
        }
        with (self.folder / "out").open("wb") as out:
            self.process = psutil.Popen(
                [self.python, "-m", "tests.benchmarks.trigger_process", self.folder],
                env=environment,
                stdout=out,
                stderr=out,
                cwd=_ROOT,
            )
        self._wait_for("idle")
        time.sleep(1)
        self.idle_bytes = self.process.memory_info().rss

    def give(self, classpath: str, triggers: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
        """Give it what it runs, and return when all of that has been started."""
        threading.Thread(target=self._sample, daemon=True).start()
        new = self.folder / "triggers.new"
        new.write_text(json.dumps({"classpath": classpath, "triggers": triggers}))
        new.replace(self.folder / "triggers.json")
        self._wait_for("started")

    def stop(self) -> None:
        """End it as an operator would."""
        with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
            self.process.terminate()
            self.process.wait(60)
        self.kill()

    def kill(self) -> None:
        """Kill it without a warning."""
        with contextlib.suppress(psutil.NoSuchProcess):
            self.process.kill()
        with contextlib.suppress(psutil.TimeoutExpired):
            self.process.wait(30)

    def events(self) -> list[dict[str, Any]]:
        """Return what its triggers have told, whole lines only."""
        file = self.folder / "events"
        text = file.read_text() if file.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def longest_blocks(self) -> tuple[float, float, float]:
        """Return for how long, in seconds, its loop was ever held up: by the clock, by work, by garbage collection."""
        lines = [line.split() for line in (self.folder / "blocks").read_text().splitlines()]
        whole = [line for line in lines if len(line) == 3] or [["0", "0", "0"]]
        by_clock, by_work, by_collection = map(float, whole[-1])
        return by_clock, by_work, by_collection

    def children(self) -> list[Any]:
        """Return its kubectls."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [child for child in self.process.children(recursive=True) if child.is_running()]
        return []

    def cpu_seconds(self) -> float:
        """Return what it and its kubectls have used."""
        used = 0.0
        for one in [self.process, *self.children()]:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                used += times.user + times.system
                if one is self.process:
                    used += times.children_user + times.children_system
        return used

    def _sample(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            while self.process.is_running():
                rss = self.process.memory_info().rss
                self.samples.append((time.time(), rss, len(self.children()), self.cpu_seconds()))
                time.sleep(_SAMPLE_SECONDS)

    def _wait_for(self, name: str) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not (self.folder / name).exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The triggerer does not start:\n{(self.folder / 'out').read_text()[-3000:]}")
            time.sleep(0.02)


class _Api:
    """The API server, without a kubectl for each of a thousand changes.

    :param cluster: the test cluster.
    """

    def __init__(self, cluster: test_cluster.Cluster) -> None:
        argv = ("kubectl", "--kubeconfig", cluster.kubeconfig, "--context", cluster.context)
        view = (*argv, "config", "view", "--raw", "--minify", "--flatten", "-o", "json")
        config = json.loads(subprocess.run(view, capture_output=True, check=True).stdout)
        server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(server["certificate-authority-data"]).decode()
        self._address = urlsplit(server["server"])
        self._context = ssl.create_default_context(cadata=authority)
        with tempfile.NamedTemporaryFile() as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]) + b"\n")
            pair.write(base64.b64decode(user["client-key-data"]))
            pair.flush()
            self._context.load_cert_chain(pair.name)
        self._connection: http.client.HTTPSConnection | None = None

    def ask(self, verb: str, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        """Send a request, again if the connection was cut, and return the answer."""
        headers = {"User-Agent": _AGENT, "Content-Type": content_type}
        for attempt in range(20):
            try:
                if self._connection is None:
                    host, port = self._address.hostname or "", self._address.port
                    self._connection = http.client.HTTPSConnection(host, port, context=self._context, timeout=20)
                self._connection.request(verb, path, None if body is None else json.dumps(body), headers)
                answer = self._connection.getresponse()
                text = answer.read()
                if answer.status < 300:
                    return json.loads(text)
                if attempt == 19 or answer.status not in (403, 429, 500, 503, 504):
                    raise RuntimeError(f"{verb} {path}: {answer.status} {text[:500]!r}")
            except (OSError, http.client.HTTPException):
                self._connection = None
            time.sleep(0.5)
        raise RuntimeError(f"{verb} {path}: no answer")


class _Jobs:
    """Jobs whose pods run nowhere, but say so, and whose end the bench itself decides.

    :param api: where.
    :param namespace: their namespace.
    :param count: how many.
    """

    def __init__(self, api: _Api, namespace: str, count: int) -> None:
        self._api = api
        self.namespace = namespace
        self._path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self.ends: dict[int, tuple[float, str]] = {}
        self.uids = {number: self._create(number) for number in range(count)}
        for number in self.uids:
            self._create_pod(number)

    def end(self, number: int, how: str) -> None:
        """Give a Job its verdict, or delete it.

        :param how: ``Complete``, ``Failed`` or ``gone``.
        """
        self.ends[number] = (time.time(), how)
        if how == "gone":
            self._api.ask("DELETE", f"{self._path}/job-{number}", {"propagationPolicy": "Background"})
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        condition = {"type": how, "status": "True", "lastTransitionTime": now, "lastProbeTime": now, "reason": "Bench"}
        status = {"conditions": [condition], "succeeded" if how == "Complete" else "failed": 1}
        if how == "Complete":
            status["completionTime"] = now
        self._api.ask("PATCH", f"{self._path}/job-{number}/status", {"status": status}, "application/merge-patch+json")

    def end_all(self, seconds: float, hows: Sequence[str] = ("Complete", "Failed")) -> None:
        """Let all that have not ended end, evenly over a time, in a random order."""
        numbers = [number for number in self.uids if number not in self.ends]
        random.Random(8).shuffle(numbers)
        began = time.monotonic()
        for position, number in enumerate(numbers):
            time.sleep(max(0.0, began + seconds * position / len(numbers) - time.monotonic()))
            self.end(number, hows[number % len(hows)])

    def for_us(self, number: int) -> dict[str, Any]:
        """Return the arguments of our trigger."""
        handover = Handover(
            self.namespace,
            f"job-{number}",
            self.uids[number],
            {"controller-uid": self.uids[number]},
            "job.v1.batch",
            _US.selector(),
            time.time(),
        )
        return {"handover": handover.to_text(), "startup_timeout_seconds": 0}

    def for_them(self, number: int) -> dict[str, Any]:
        """Return the arguments of the provider's trigger, with its defaults."""
        return {
            "job_name": f"job-{number}",
            "job_namespace": self.namespace,
            "pod_names": [],
            "pod_namespace": self.namespace,
            "base_container_name": "base",
        }

    def _create(self, number: int) -> str:
        job = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": f"job-{number}", "labels": _US.object_labels()},
            "spec": {
                "parallelism": 0,
                "template": {"spec": {"restartPolicy": "Never", "containers": [_CONTAINER]}},
            },
        }
        return str(self._api.ask("POST", self._path, job)["metadata"]["uid"])

    def _create_pod(self, number: int) -> None:
        """Make a pod that says it runs; the Job does not control it, so it lets it be."""
        name, path = f"job-{number}-pod", f"/api/v1/namespaces/{self.namespace}/pods"
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": f"job-{number}", "uid": self.uids[number]}
        self._api.ask(
            "POST",
            path,
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {"name": name, "labels": _US.labels(), "ownerReferences": [owner]},
                "spec": {"schedulerName": "nobody", "restartPolicy": "Never", "containers": [_CONTAINER]},
            },
        )
        state = {"name": "main", "image": "busybox:1.36", "imageID": "", "ready": True, "restartCount": 0}
        running = {**state, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
        status = {"status": {"phase": "Running", "containerStatuses": [running]}}
        self._api.ask("PATCH", f"{path}/{name}/status", status, "application/merge-patch+json")


class _Bench:
    def __init__(self, arguments: Any) -> None:
        self._arguments = arguments
        self._cluster = test_cluster.current()
        self._api = _Api(self._cluster)

    def times(self) -> int:
        """Measure both, one after the other, and print the table."""
        sides = [("ours", _OURS, Path(sys.executable), _Jobs.for_us)]
        if self._arguments.provider_python:
            sides.append(("cncf", _THEIRS, self._arguments.provider_python, _Jobs.for_them))
        columns, harm = {}, 0
        for name, classpath, python, arguments in sides:
            say(f"{self._arguments.jobs} Jobs wait for {name} ...")
            with self._namespace() as jobs, self._triggerer(python) as triggerer:
                columns[name], wrong = self._measure(triggerer, jobs, classpath, arguments)
            harm += wrong if name == "ours" else 0
        say(f"\n{self._arguments.jobs} Jobs in one namespace under one triggerer process:")
        say(f"  {'':32}{'bar':>8}" + "".join(f"{name:>12}" for name in columns))
        for row, bar in _BARS.items():
            cells = "".join(f"{column[row]:>12.3g}" for column in columns.values())
            verdict = "" if columns["ours"][row] <= bar else "  MISSED"
            say(f"  {row:32}{bar:>8g}{cells}{verdict}")
        for row in (
            "ends told",
            "ends missed, doubled or wrong",
            "the most of them, for a moment",
            "kubectls' memory, MB",
            "a full garbage collection, ms",
            "longest block by the clock, ms",
            "import of the trigger, s",
        ):
            say(f"  {row:32}{'':>8}" + "".join(f"{column[row]:>12.3g}" for column in columns.values()))
        return harm

    def _measure(
        self, triggerer: _Triggerer, jobs: _Jobs, classpath: str, arguments: Callable[[_Jobs, int], dict[str, Any]]
    ) -> tuple[dict[str, float], int]:
        requests = _Requests(jobs.namespace)
        triggerer.give(classpath, [(number, arguments(jobs, number)) for number in jobs.uids])
        time.sleep(15)  # the start, with its list of all there is
        began = time.time()
        cpu = triggerer.cpu_seconds()
        time.sleep(self._arguments.quiet_seconds)
        memory = sum(_rss(child) for child in triggerer.children())
        jobs.end_all(self._arguments.ending_seconds)
        self._wait_for_events([triggerer], jobs)
        used = triggerer.cpu_seconds() - cpu
        asked = requests.count()
        events = triggerer.events()
        delays = sorted(one["at"] - jobs.ends[one["number"]][0] for one in events)
        wrong = _wrong(events, jobs)
        waiting = [sample for sample in triggerer.samples if sample[0] >= began]
        count = len(jobs.uids)
        by_clock, by_work, by_collection = triggerer.longest_blocks()
        return {
            "kubectl processes": statistics.median(sample[2] for sample in waiting),
            "the most of them, for a moment": max(sample[2] for sample in triggerer.samples),
            "memory over an idle one, MB": (max(one[1] for one in triggerer.samples) - triggerer.idle_bytes) / 1e6,
            "CPU seconds per Job": used / count,
            "delay, median, s": statistics.median(delays) if delays else float("nan"),
            "delay, 99th percentile, s": delays[int(len(delays) * 0.99)] if delays else float("nan"),
            "API requests per Job": asked / count,
            "longest block of the loop, ms": by_work * 1000,
            "a full garbage collection, ms": by_collection * 1000,
            "longest block by the clock, ms": by_clock * 1000,
            "ends told": len(events),
            "ends missed, doubled or wrong": wrong,
            "kubectls' memory, MB": memory / 1e6,
            "import of the trigger, s": float((triggerer.folder / "import").read_text()),
        }, wrong

    def outage(self) -> int:
        """Kill the API server while all wait."""
        if self._cluster.kind != "debian":
            say("\nThe API server can be killed only on the node that runs on this machine: left out.")
            return 0
        with self._namespace() as jobs, self._triggerer(Path(sys.executable)) as triggerer:
            triggerer.give(_OURS, [(number, jobs.for_us(number)) for number in jobs.uids])
            time.sleep(15)
            hows = ("Complete", "Failed", "gone")
            third = len(jobs.uids) // 3
            for number in range(third):
                jobs.end(number, hows[number % 3])
            test_cluster.faults.kill("kube-apiserver")
            try:
                time.sleep(_OUTAGE_SECONDS)
            finally:
                test_cluster.faults.start("kube-apiserver")
            # As early as the server takes it: most watches are not there again.
            for number in range(third, 2 * third):
                jobs.end(number, hows[number % 3])
            back = time.time()
            time.sleep(10)
            jobs.end_all(20, hows)
            self._wait_for_events([triggerer], jobs)
            events = triggerer.events()
            in_gap = [one["at"] - back for one in events if third <= one["number"] < 2 * third]
            processes = max(sample[2] for sample in triggerer.samples)
            wrong = _wrong(events, jobs)
            test_cluster.faults.wait_until_healthy()
        say(
            f"\nThe API server killed for {_OUTAGE_SECONDS:.0f} s while {len(jobs.uids)} wait: "
            f"{len(events)} ends told, {wrong} missed, doubled or wrong; those that ended while it came back were told "
            f"at most {max(in_gap, default=0):.1f} s after; at most {processes} kubectls at once"
        )
        return wrong

    def kill(self) -> int:
        """Kill the triggerer while Jobs end, and start another one with what the database would still have."""
        with self._namespace() as jobs, self._triggerer(Path(sys.executable)) as first:
            first.give(_OURS, [(number, jobs.for_us(number)) for number in jobs.uids])
            time.sleep(15)
            ending = threading.Thread(target=jobs.end_all, args=(30.0, ("Complete", "Failed", "gone")))
            ending.start()
            time.sleep(10)
            kubectls = first.children()
            first.kill()
            _, left = psutil.wait_procs(kubectls, timeout=5)
            told = {one["number"] for one in first.events()}
            with self._triggerer(Path(sys.executable)) as second:
                rest = [(number, jobs.for_us(number)) for number in jobs.uids if number not in told]
                second.give(_OURS, rest)
                ending.join()
                self._wait_for_events([first, second], jobs)
                events = [*first.events(), *second.events()]
            wrong = _wrong(events, jobs)
        say(
            f"\nThe triggerer killed and started again: {len(told)} ends told before, {len(events)} in all, {wrong} "
            f"missed, doubled or wrong; {len(left)} kubectls outlived it"
        )
        return wrong + len(left)

    def two_at_once(self) -> int:
        """Share the triggers between two triggerers; one is killed, and the other takes over what it had."""
        with (
            self._namespace() as jobs,
            self._triggerer(Path(sys.executable)) as one,
            self._triggerer(Path(sys.executable)) as other,
        ):
            half = len(jobs.uids) // 2
            one.give(_OURS, [(number, jobs.for_us(number)) for number in range(half)])
            other.give(_OURS, [(number, jobs.for_us(number)) for number in range(half, len(jobs.uids))])
            time.sleep(15)
            processes = [len(each.children()) for each in (one, other)]
            ending = threading.Thread(target=jobs.end_all, args=(30.0, ("Complete", "Failed", "gone")))
            ending.start()
            time.sleep(10)
            one.kill()
            told = {event["number"] for event in one.events()}
            with self._triggerer(Path(sys.executable)) as third:
                third.give(_OURS, [(number, jobs.for_us(number)) for number in range(half) if number not in told])
                ending.join()
                self._wait_for_events([one, other, third], jobs)
                events = [event for each in (one, other, third) for event in each.events()]
            wrong = _wrong(events, jobs)
        say(
            f"\nTwo triggerers at once, {processes[0]} and {processes[1]} kubectls, of which one is killed and its "
            f"triggers go to a third: {len(events)} ends told, {wrong} missed, doubled or wrong"
        )
        return wrong

    @contextlib.contextmanager
    def _namespace(self) -> Iterator[_Jobs]:
        namespace = Namespace.create(self._cluster)
        try:
            yield _Jobs(self._api, namespace.name, self._arguments.jobs)
        finally:
            namespace.delete()

    @contextlib.contextmanager
    def _triggerer(self, python: Path) -> Iterator[_Triggerer]:
        folder = Path(tempfile.mkdtemp(prefix="bench-deferrable-"))
        triggerer = _Triggerer(folder / "triggerer", python, self._cluster.kubeconfig)
        try:
            triggerer.start()
            yield triggerer
        finally:
            if triggerer.process is not None:
                triggerer.stop()
            shutil.rmtree(folder)

    def _wait_for_events(self, triggerers: Sequence[_Triggerer], jobs: _Jobs) -> None:
        """Wait until all ends have been told, and a little longer, for those that are told twice."""
        deadline = time.monotonic() + 120
        while sum(len(one.events()) for one in triggerers) < len(jobs.uids) and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(3)


class _Requests:
    """The requests in a namespace from now on, as the API server's audit log has them.

    :param namespace: where.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        test_cluster.faults.begin_audit()
        self._start = test_cluster.faults.audit_log_size()

    def count(self) -> float:
        """Return how many there were that are not the bench's own."""
        seen = set()
        for line in test_cluster.faults.audit_log_since(self._start):
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                is_ours = (event.get("objectRef") or {}).get("namespace") == self._namespace
                agent = str(event.get("userAgent"))
                if is_ours and agent != _AGENT and not agent.startswith(("kube-", "kubelet")):
                    seen.add(event["auditID"])
        return float(len(seen))


def _wrong(events: Sequence[Mapping[str, Any]], jobs: _Jobs) -> int:
    """Count the ends that were told twice, not at all, or as something else than they were."""
    told: dict[int, list[str]] = {}
    for event in events:
        told.setdefault(event["number"], []).append(_end_in(event))
    return sum(1 for number in jobs.uids if told.get(number) != [jobs.ends[number][1]])


def _end_in(event: Mapping[str, Any]) -> str:
    """Return how the Job ended, as an event of either trigger tells it."""
    if "status" in event:
        return "Complete" if event["status"] == "success" else "Failed"
    if event["news"] != "ended":
        return str(event["news"])
    conditions = json.loads(event["job"])["status"]["conditions"]
    return str(conditions[-1]["type"])


def _rss(process: Any) -> int:
    with contextlib.suppress(psutil.NoSuchProcess):
        return int(process.memory_info().rss)
    return 0


if __name__ == "__main__":
    sys.exit(main())
