"""The task's log holds each line of the containers once, whatever is cut while it is read."""

from __future__ import annotations

import contextlib
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests import cluster as test_cluster
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import in_background, until

_PATIENT = "backoffLimit: 0\nactiveDeadlineSeconds: 300"


@contextlib.contextmanager
def _everything_cut(namespace: Namespace, api_servers: int = 3) -> Iterator[None]:
    """Kill the API server some times, and reading kubectls again and again, while the block runs."""
    over = threading.Event()

    def kill_api_servers() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        for _ in range(api_servers):
            if over.wait(3):
                break
            test_cluster.faults.kill("kube-apiserver")
            over.wait(1)
            test_cluster.faults.start("kube-apiserver")

    def kill_kubectls() -> None:
        while not over.wait(random.uniform(0.3, 1.5)):
            readers = [child for child in psutil.Process().children(recursive=True) if _reads(child)]
            if readers:
                with contextlib.suppress(psutil.NoSuchProcess):
                    random.choice(readers).send_signal(signal.SIGKILL)

    threads = [in_background(kill_api_servers), in_background(kill_kubectls)]
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _reads(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return {"logs", "--watch"} & set(process.cmdline()) != set()
    return False


def _numbers(run: TaskRun) -> dict[str, list[int]]:
    """Return the numbers that the lines ``number N`` of each container have, in the order of the log."""
    found: dict[str, list[int]] = {}
    for container, number in re.findall(r"^(?:\[(\S+)\] )?number (\d+)$", run.log, re.MULTILINE):
        found.setdefault(container, []).append(int(number))
    return found


def _writer(blocks: int, lines: int, pause: float) -> str:
    """Return a script that writes numbered lines in blocks, with pauses between them."""
    return (
        f"i=0; while [ $i -lt {blocks * lines} ]; do seq $((i+1)) $((i+{lines})) | sed 's/^/number /'; "
        f"i=$((i+{lines})); sleep {pause}; done"
    )


@pytest.mark.usefixtures("breakable")
def test_a_hundred_thousand_lines_are_shown_once_each_in_order_while_everything_is_cut(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job(_writer(100, 1000, 0.15), spec=_PATIENT))
    with _everything_cut(namespace):
        run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert _numbers(run) == {"": list(range(1, 100_001))}


@pytest.mark.usefixtures("breakable")
def test_twenty_pods_at_once_are_shown_once_each_while_everything_is_cut(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job(_writer(20, 250, 0.5), spec=f"{_PATIENT}\nparallelism: 20\ncompletions: 20"))
    with _everything_cut(namespace):
        run = task.run(yaml_file_name="job.yaml", max_log_streams=12)
    assert run.state == "success", run.failures
    numbers = _numbers(run)
    assert len(numbers) == 20
    assert all(each == list(range(1, 5001)) for each in numbers.values()), _differences(numbers, 5000)


@pytest.mark.usefixtures("breakable")
def test_lines_that_come_slowly_are_shown_once_each_while_everything_is_cut(
    task: TaskRunner, namespace: Namespace
) -> None:
    task.write("job.yaml", job(_writer(200, 1, 0.1), spec=_PATIENT))
    with _everything_cut(namespace):
        run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert _numbers(run) == {"": list(range(1, 201))}


def test_lines_are_shown_while_the_container_runs(task: TaskRunner) -> None:
    task.write("job.yaml", job("for i in 1 2 3; do echo number $i; sleep 2; done"))
    run = task.run(yaml_file_name="job.yaml")
    (first,) = (record for record in run.records if record.getMessage().startswith("number 1"))
    (last,) = (record for record in run.records if record.getMessage().endswith("number 3"))
    assert last.created - first.created > 0.5, "they came together"


def test_the_runs_of_a_container_that_is_restarted_are_all_shown(task: TaskRunner) -> None:
    script = (
        "n=$(cat /count/n 2>/dev/null || echo 0); echo $((n+1)) >/count/n; "
        "for i in 1 2 3; do echo number $((n*3+i)); done; [ $n = 2 ]"
    )
    text = job(script, pod="volumes: [{name: count, emptyDir: {}}]").replace(
        "restartPolicy: Never", "restartPolicy: OnFailure"
    )
    task.write("job.yaml", f"{text}          volumeMounts: [{{name: count, mountPath: /count}}]\n")
    run = task.run(yaml_file_name="job.yaml", backoff_limit=6)
    assert run.state == "success", run.failures
    assert _numbers(run) == {"": list(range(1, 10))}


def test_the_pods_that_replace_a_failed_one_are_shown_each_with_its_name(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo number 7; exit 3", spec="backoffLimit: 1"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert sorted(number for each in _numbers(run).values() for number in each) == [7, 7]


def test_lines_of_every_kind_are_shown_as_they_are(task: TaskRunner) -> None:
    script = """
        echo; echo '  blanks  '; printf 'bad \\377 byte\\n'; echo 'grüße'; printf '\\033[31mred\\033[0m\\n'
        head -c 50000 /dev/zero | tr '\\000' A; echo
        head -c 3000000 /dev/zero | tr '\\000' B; echo
        echo 'ERROR: bad'; echo '{"level": "warning"}'; printf 'no newline'
    """
    task.write("job.yaml", job(script))
    run = task.run(yaml_file_name="job.yaml", strip_log_colors=True)
    assert run.state == "success", run.failures
    # The transcript may come between two lines.
    lines = [line for line in run.log.splitlines() if not line.startswith(("$ ", "  -> "))]
    start = lines.index("  blanks  ")
    assert lines[start - 1 : start + 4] == ["", "  blanks  ", r"bad \xff byte", "grüße", "red"]
    assert lines[start + 4] == "A" * 50_000
    assert re.fullmatch(
        r"B{50000} \[the line is longer: about 287\d KiB are not shown here\] B{10000}", lines[start + 5]
    )
    assert "no newline" in lines
    levels = {line: record.levelname for record in run.records for line in record.getMessage().split("\n")}
    assert levels["ERROR: bad"] == "ERROR"
    assert levels['{"level": "warning"}'] == "WARNING"


def test_containers_are_told_apart_and_chosen_by_name(task: TaskRunner) -> None:
    pod = "initContainers: [{name: first, image: 'busybox:1.36', imagePullPolicy: IfNotPresent, command: [echo, one]}]"
    more = "        - {name: quiet, image: 'busybox:1.36', imagePullPolicy: IfNotPresent, command: [echo, three]}\n"
    task.write("job.yaml", job("echo two", pod=pod) + more)
    run = task.run(yaml_file_name="job.yaml", container_logs="main")
    shown = re.findall(r"^\[job-\w+/(\w+)\] (\w+)$", run.log, re.MULTILINE)
    assert Counter(shown) == Counter([("first", "one"), ("main", "two")])


def test_the_verdict_does_not_wait_for_lines_that_are_still_unread(task: TaskRunner) -> None:
    # The pause: containerd 1.6 drops what a container has written a moment before its end.
    task.write("job.yaml", job("seq 1 500000 | sed 's/^/number /'; sleep 1"))
    run = task.run(yaml_file_name="job.yaml", log_drain_seconds=120)
    assert run.state == "success", run.failures
    messages = [record.getMessage() for record in run.records]
    verdict = next(index for index, message in enumerate(messages) if "is Complete after" in message)
    unread = sum(message.count("number ") for message in messages[verdict:])
    assert unread > 20_000, "too few to show anything"
    assert _numbers(run) == {"": list(range(1, 500_001))}


def test_what_the_drain_leaves_is_said_with_the_command_that_shows_it(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo number 1; sleep 3; seq 2 400000 | sed 's/^/number /'"))
    run = task.run(yaml_file_name="job.yaml", log_drain_seconds=0, delete_policy="Never")
    assert run.state == "success", run.failures
    numbers = _numbers(run)[""]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) < 400_000
    (warning,) = (record.getMessage() for record in run.records if "log_drain_seconds" in record.getMessage())
    assert re.search(r"\n  kubectl .*logs job-\w+ -c main --timestamps", warning), warning


@pytest.mark.usefixtures("breakable")
def test_a_log_that_is_rotated_goes_on_and_what_is_missing_is_announced(task: TaskRunner) -> None:
    before = test_cluster.faults.configure_kubelet(containerLogMaxSize="50Ki")
    try:
        task.write("job.yaml", job(_writer(100, 60, 0.2), spec=_PATIENT))
        run = task.run(yaml_file_name="job.yaml")
    finally:
        test_cluster.faults.configure_kubelet(**before)
    assert run.state == "success", run.failures
    numbers = _numbers(run)[""]
    assert numbers == sorted(set(numbers)), "a line was shown twice or out of order"
    assert numbers[-1] == 6000
    # Old kubelets also skip lines within a stream, which nobody can see.
    is_said = "may be missing: the log was rotated" in run.log
    assert is_said or len(numbers) == 6000, f"{6000 - len(numbers)} lines were rotated away"


def test_a_pod_that_is_deleted_while_it_is_read_is_announced(task: TaskRunner, namespace: Namespace) -> None:
    replaces = _PATIENT.replace("backoffLimit: 0", "backoffLimit: 2")
    task.write("job.yaml", job("i=0; while true; do i=$((i+1)); echo number $i; sleep 0.2; done", spec=replaces))

    def delete() -> None:
        until(lambda: namespace.living("pods") != [], "there was no pod")
        time.sleep(3)
        first = set(namespace.living("pods"))
        namespace.kubectl("delete", "pods", "--all", "--grace-period=0", "--force", "--wait=false")
        until(lambda: bool(set(namespace.running_pods()) - first), "the pod was not replaced")
        time.sleep(2)
        namespace.kubectl("delete", "job", "job", "--wait=false")

    thread = in_background(delete)
    run = task.run(yaml_file_name="job.yaml")
    thread.join()
    assert run.state == "failed"
    assert len(_numbers(run)) == 2, "the pod and its replacement"
    assert re.search(
        r"^\[job-\w+/main\] its log could not be read to the end.*its pod was deleted", run.log, re.MULTILINE
    )


def _differences(numbers: dict[str, list[int]], count: int) -> str:
    """Tell which numbers of which container are missing or doubled."""
    told = []
    for container, each in numbers.items():
        missing = sorted(set(range(1, count + 1)) - set(each))
        doubled = [number for number, times in Counter(each).items() if times > 1]
        if missing or doubled or each != sorted(each):
            told.append(f"{container}: missing {missing[:5]} ({len(missing)}), doubled {doubled[:5]} ({len(doubled)})")
    return "; ".join(told)
