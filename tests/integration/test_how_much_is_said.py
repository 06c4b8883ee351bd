"""What a person sees of a task's log who has unfolded nothing is the program's, and only a few lines are ours."""

from __future__ import annotations

from collections.abc import Collection

from tests.demo import EXAMPLES
from tests.integration.airflow_task import TaskRun, TaskRunner
from tests.integration.manifests import job
from tests.log_text import titles, visible_lines

SIX = "completions: 6\nparallelism: 3\ncompletionMode: Indexed"


def lines_of_ours(run: TaskRun, of_program: Collection[str]) -> list[str]:
    """Return the visible lines that no container has written."""
    visible = visible_lines(record.getMessage() for record in run.records)
    return [line for line in visible if line.rpartition("] ")[2] not in of_program]


def titles_of(run: TaskRun) -> list[str]:
    """Return the titles of the groups."""
    return titles(record.getMessage() for record in run.records)


def test_of_the_countdown_at_most_ten_lines_are_ours(task: TaskRunner) -> None:
    text = (EXAMPLES / "01_countdown" / "countdown.yaml").read_text()
    task.write("countdown.yaml", text)
    run = task.run(yaml_file_name="countdown.yaml", yaml_template_fields={"start": 9})
    assert run.state == "success", run.failures
    ours = lines_of_ours(run, [str(number) for number in range(1, 10)])
    assert len(ours) <= 10, "\n".join(ours)
    first, second, *_, last = titles_of(run)
    assert first == "Manifest: Job countdown, 1 container"
    assert second.startswith("Ready: kubectl 1.")
    assert second.endswith(", all rights, no Job of that name")
    assert last.startswith("Cleaned up: Job ")
    assert {"auth", "get", "apply", "wait", "logs", "delete"} == set(run.subcommands) - {"version"}


def test_of_six_indexed_pods_at_most_twenty_lines_are_ours(task: TaskRunner) -> None:
    task.write("job.yaml", job("for i in 1 2 3 4 5; do echo said $i; sleep 0.2; done", spec=SIX))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    programs = [f"said {number}" for number in range(1, 6)]
    assert sum(line.endswith(tuple(programs)) for line in run.log.splitlines()) >= 30
    ours = lines_of_ours(run, programs)
    assert len(ours) <= 20, "\n".join(ours)
    assert "Time line: 6 pods" in titles_of(run)
    assert len([line for line in run.log.splitlines() if line.endswith(" exit 0") or " exit 0; " in line]) == 6


def test_a_failed_task_has_looked_into_it_and_draws_its_time_line(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo said; exit 3"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "failed"
    assert [title.partition(":")[0] for title in titles_of(run)][-3:] == ["Looked into it", "Time line", "Replay"]
    assert [line for line in run.log.splitlines() if "▓ exit 3" in line or ("▓" in line and "exit 3" in line)]
