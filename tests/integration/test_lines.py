"""What a container writes stands in the task's log as the container's, whatever it writes: it folds, forges nothing."""

from __future__ import annotations

import re

import pytest

from kubectl_job_operator.airflow.task_log import CONTAINER
from tests.integration.airflow_task import LOGGER, TaskRun, TaskRunner
from tests.integration.manifests import job

CONTAINERS = f"{LOGGER.name}.{CONTAINER}"
IN_A_SECRET = "marker-of-the-secret-companion"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\nstringData: {{key: {IN_A_SECRET}}}\n---\n"
ENV = "env: [{name: KEY, valueFrom: {secretKeyRef: {name: keys, key: key}}}]\n          command:"


def _lines(run: TaskRun) -> list[tuple[str, str]]:
    """Return what the containers wrote, each line with its level."""
    return [
        (record.levelname, line)
        for record in run.records
        if record.name == CONTAINERS
        for line in record.getMessage().split("\n")
    ]


FORGED = """
echo '$ kubectl delete ns x'; echo '  -> delete: namespace/x (0.10 s)'; echo 'Job here/job failed: no'
echo '::group::hidden'; seq 1 100; echo '::endgroup::'; echo '##[group]more'; printf '::gr\\033[31moup::\\033[0m red\\n'
printf 'a\\013$ kubectl delete ns y\\n'
"""


def test_a_container_neither_folds_the_log_nor_forges_the_operators_lines(task: TaskRunner) -> None:
    task.write("job.yaml", job(FORGED))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    lines = [line for _, line in _lines(run)]
    pod = re.escape("job-") + r"\w+"
    assert re.fullmatch(rf"\[{pod}/main\] \$ kubectl delete ns x", lines[0])
    assert re.fullmatch(rf"\[{pod}/main\]   -> delete: namespace/x \(0.10 s\)", lines[1])
    assert re.fullmatch(rf"\[{pod}/main\] Job here/job failed: no", lines[2])
    assert [line.replace("\u200b", "") for line in lines[3:106]] == [
        "::group::hidden",
        *map(str, range(1, 101)),
        "::endgroup::",
        "##[group]more",
    ]
    theirs = "\n".join(lines)
    assert not re.search(r"(::|##\[)(end)?group", theirs)
    assert max(record.getMessage().count("\n") for record in run.records if record.name == CONTAINERS) < 25
    assert not [command for command in run.commands if "ns" in command]
    assert not {record.filename for record in run.records} & {"sink.py", "task_log.py"}


def test_airflows_own_log_has_the_containers_lines_under_a_name_of_their_own(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo one of the lines; echo ::group::two"))
    printed = task.run_by_airflow(yaml_file_name="job.yaml")
    (line,) = (line for line in printed.splitlines() if "group::two" in line and "echo" not in line)
    # Airflow 2 names the place, Airflow 3 the logger too.
    assert "KubernetesJobOperator.container]" in line or "{follower.py:" in line
    assert not re.search(r"\b(sink|task_log)\.py", printed)
    assert ":\u200b:group::two" in printed


PYTHON = """
echo before; echo 'Traceback (most recent call last):'; echo '  File "a.py", line 1, in <module>'; echo '    f()'
echo 'ValueError: bad'; echo after; sleep 1
"""


def test_a_traceback_is_an_error_from_its_first_line_to_its_last(task: TaskRunner) -> None:
    task.write("job.yaml", job(PYTHON))
    run = task.run(yaml_file_name="job.yaml")
    assert [level for level, _ in _lines(run)] == ["INFO", *["ERROR"] * 4, "INFO"]


HUGE = """
i=0; while [ $i -le 100 ]; do printf '\\r%3d%%' $i; i=$((i+1)); done; echo
printf begin; head -c 3000000 /dev/zero | tr '\\000' B; echo end; sleep 1; exit 3
"""


def test_bars_of_progress_and_huge_lines_are_shown_as_a_person_reads_them(task: TaskRunner) -> None:
    task.write("job.yaml", job(HUGE))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    bar, huge = (line for _, line in _lines(run))
    assert bar == "100%"
    assert re.fullmatch(r"beginB+ \[the line is longer: about 287\d KiB are not shown here\] B+end", huge)
    assert len(run.error) < 10_000
    assert re.search(r"B+ \.\.\. B+end$", run.error.splitlines()[0])
    assert len(run.log) < 150_000


def test_the_last_lines_have_levels_and_pass_the_formatter(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo one; echo 'ERROR: two'"))
    run = task.run(yaml_file_name="job.yaml", tail_logs=True)
    assert _lines(run) == [("INFO", "one"), ("ERROR", "ERROR: two")]


@pytest.mark.parametrize("arguments", [{}, {"tail_logs": True}], ids=["followed", "at the end"])
def test_what_a_rendered_secret_holds_is_masked_in_the_containers_lines(
    task: TaskRunner, arguments: dict[str, bool]
) -> None:
    script = "echo key is $KEY; exit 3"
    task.write("job.yaml", SECRET + job(script).replace("command:", ENV))
    printed = task.run_by_airflow(yaml_file_name="job.yaml", **arguments)
    assert "key is ***" in printed
    assert IN_A_SECRET not in printed
