"""What pre-commit hands over: files of which few are this operator's; and a DAG's file where there is no Airflow."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tests.unit.cli.program import Program

Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chart.yaml", "kind: ConfigMap\ndata: {a: {{ .Values.a }} }\n"),
        ("workflow.yml", "jobs: {run: '${{ secrets.TOKEN }}'}\n"),
        ("cron.yaml", "kind: CronJob\n"),
        ("setup.py", "raise SystemExit\n"),
    ],
)
def test_files_of_others_are_passed_over_only_if_that_is_asked_for(
    program: Program, write: Write, countdown: Path, name: str, text: str
) -> None:
    write(name, text)
    passed = program("validate", "--ignore-other-yaml", name, countdown.name)
    assert (passed.code, passed.err) == (0, "")
    assert passed.out.startswith("countdown.yaml: valid")
    assert program("validate", name, countdown.name).code == 2


@pytest.mark.parametrize("kind", ["kind: Job", "  kind: 'Job'", "- kind: Pod"])
def test_what_may_be_run_is_no_other_file(program: Program, write: Write, kind: str) -> None:
    write("job.yaml", f"{kind}\n")
    assert program("validate", "--ignore-other-yaml", "job.yaml").code == 2


def test_nothing_to_check_is_refused_unless_all_of_it_is_others(program: Program, write: Write) -> None:
    write("other.yaml", "a: 1\n")
    assert program("validate", "--ignore-other-yaml", "other.yaml").code == 0
    assert "There is nothing to check" in program("validate").err
    assert "Either a template or --dag" in program("render").err


def test_without_airflow_a_dag_is_refused_with_the_cure(
    program: Program, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("dag.py", "import kubectl_job_operator\n")
    find_spec: Callable[..., ModuleSpec | None] = importlib.util.find_spec

    def without(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "airflow" else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    result = program("render", "--dag", "dag.py")
    assert result.code == 2
    assert "--dag needs Airflow" in result.err
    assert "pip install kubectl-job-operator" in result.err


def test_a_dag_that_is_not_there_is_named(program: Program) -> None:
    assert "There is no file of a DAG 'nothing.py'" in program("validate", "--dag", "nothing.py").err
    assert "No file in . has a DAG" in program("validate", "--dag", ".").err
