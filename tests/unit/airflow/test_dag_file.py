"""``render`` and ``validate`` of the tasks in a DAG's file, by ``--dag``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.cli.main import main

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: NAME}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: main
          image: busybox:1.36
"""
DAG = """\
from tests.airflow_dag import DAG
from kubectl_job_operator import KubernetesJobOperator

with DAG("first", schedule=None, HOW) as dag:
"""

Dag = Callable[..., Path]


@pytest.fixture
def dag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dag:
    """Write a DAG's file in the folder where the program runs, and what lies beside it."""
    monkeypatch.chdir(tmp_path)

    def write(*tasks: str, how: str = "", **beside: str) -> Path:
        for name, text in beside.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        file = tmp_path / "dag.py"
        file.write_text(DAG.replace(", HOW", f", {how}" if how else "") + "".join(f"    {task}\n" for task in tasks))
        return file

    return write


def test_a_task_is_rendered_with_what_its_dag_gives_it(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag(
        'KubernetesJobOperator(task_id="load", yaml_file_name="load.yaml", '
        'yaml_template_fields={"table": "{{ params.who }}"}, labels={"by": "{{ who(7) }}"}, backoff_limit=4)',
        how='params={"who": "orders"}, user_defined_filters={"up": str.lower}, user_defined_macros={"who": str}',
        load=JOB.replace("NAME", "load-{{ table }}-{{ 'A' | up }}-{{ macros.ds_add('2026-01-31', 1) }}"),
    )
    assert main(["render", "--dag", "dag.py", "-o", "json"]) == 0
    job = json.loads(capsys.readouterr().out)
    assert job["metadata"] == {"name": "load-orders-a-2026-02-01", "labels": {"by": "7"}}
    assert job["spec"]["backoffLimit"] == 4


def test_what_is_set_by_hand_wins_over_the_dag(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag(
        'KubernetesJobOperator(task_id="load", image="busybox", name="{{ params.who }}-{{ ds }}")',
        how='params={"who": 1}',
    )
    assert main(["render", "--dag", "dag.py", "-o", "json", "--set", "params.who=you", "--set", "ds=today"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["name"] == "you-today"


def test_what_is_set_by_hand_wins_over_the_tasks_own_variables(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag(
        'KubernetesJobOperator(task_id="load", yaml_file_name="load.yaml", '
        'yaml_template_fields={"table": {"of": "a", "in": "b"}, "ds": "c"})',
        load=JOB.replace("NAME", "{{ table.of }}-{{ table.in }}-{{ ds }}"),
    )
    assert main(["render", "--dag", "dag.py", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["metadata"]["name"] == "a-b-c"
    for how in (["-o", "json"], []):
        assert main(["render", "--dag", "dag.py", *how, "--set", "table.of=mine", "--set", "ds=today"]) == 0
        assert "mine-b-today" in capsys.readouterr().out


def test_what_a_dags_file_prints_is_not_taken_for_the_answer(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag('print("hello")', 'KubernetesJobOperator(task_id="t", image="busybox", name="n")')
    assert main(["render", "--dag", "dag.py", "-o", "json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["metadata"]["name"] == "n"
    assert "hello" in output.err


@pytest.mark.parametrize("chosen", ["two", "first.two"])
def test_one_task_can_be_chosen(dag: Dag, capsys: pytest.CaptureFixture[str], chosen: str) -> None:
    dag(*(f'KubernetesJobOperator(task_id="{name}", image="busybox", name="job-{name}")' for name in ("one", "two")))
    assert main(["render", "--dag", "dag.py", "--task", chosen]) == 0
    out = capsys.readouterr().out
    assert "# dag.py: first.two\n" in out
    assert "job-one" not in out


def test_a_task_that_is_not_there_is_refused_with_those_that_are(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag('KubernetesJobOperator(task_id="one", image="busybox")')
    assert main(["validate", "--dag", "dag.py", "--task", "two"]) == 2
    assert "has no task 'two' that runs a Job, but first.one" in capsys.readouterr().err


def test_what_is_wrong_is_named_with_the_line_of_the_template(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    file = dag(
        'KubernetesJobOperator(task_id="file", yaml_file_name="wrong.yaml", env_vars={"A": "b"})',
        f'KubernetesJobOperator(task_id="text", job_yaml={JOB.replace("image", "imagee")!r})',
        'KubernetesJobOperator(task_id="alone", image="busybox", container_resources={"requests": {"cpu": "12Gigs"}})',
        'KubernetesJobOperator(task_id="none", yaml_file_name="none.yaml")',
        'KubernetesJobOperator(task_id="broken", yaml_file_name="broken.yaml")',
        wrong=JOB.replace("image", "{% set a = 1 %}\n          imagee"),
        broken=JOB.replace("busybox:1.36", "[{{ 1 }}"),
    )
    assert main(["validate", "--dag", "dag.py"]) == 2
    err = capsys.readouterr().err
    assert f"error: {file.parent}/wrong.yaml, line 11: spec.template.spec.containers[0].imagee: there is no such" in err
    assert "error: dag.py: first.text, job_yaml, line 10: spec.template.spec.containers[0].imagee" in err
    assert "error: dag.py: first.alone: spec.template.spec.containers[0].resources.requests.cpu: '12Gigs'" in err
    assert "error: dag.py: first.none: There is no template 'none.yaml'" in err
    assert f"error: {file.parent}/broken.yaml, line 1" in err


def test_a_mapped_task_is_each_of_its_instances(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag(
        'KubernetesJobOperator.partial(task_id="load", yaml_file_name="load.yaml").expand('
        'yaml_template_fields=[{"limit": 1}, {"limit": "none"}])',
        load=JOB.replace("spec:\n  t", "spec:\n  backoffLimit: {{ limit }}\n  t", 1),
    )
    assert main(["validate", "--dag", "dag.py"]) == 2
    output = capsys.readouterr()
    assert "dag.py: first.load[0]: valid" in output.out
    assert "load.yaml, line 5: spec.backoffLimit: it must be of type integer" in output.err


@pytest.mark.parametrize(
    ("task", "why"),
    [
        ('KubernetesJobOperator(task_id="t", image=before.output)', "ti."),
        (
            'KubernetesJobOperator(task_id="t", image="{{ var.value.image }}")',
            "var.value.image is known only in Airflow",
        ),
        ('KubernetesJobOperator.partial(task_id="t").expand(image=before.output)', "what it is mapped over"),
    ],
)
def test_what_only_a_run_knows_is_no_fault(dag: Dag, capsys: pytest.CaptureFixture[str], task: str, why: str) -> None:
    dag('before = KubernetesJobOperator(task_id="before", image="busybox", do_xcom_push=True)', task)
    assert main(["validate", "--dag", "dag.py", "--task", "t"]) == 0
    assert f"dag.py: first.t: not checked: {why}" in capsys.readouterr().out
    assert main(["validate", "--dag", "dag.py", "-o", "junit"]) == 0
    assert 'failures="0" skipped="1"' in capsys.readouterr().out
    assert main(["render", "--dag", "dag.py", "--task", "t"]) == 2
    assert f"note: dag.py: first.t: {why}" in capsys.readouterr().err


def test_a_file_that_airflow_cannot_read_is_one_fault_among_others(
    dag: Dag, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    dag('KubernetesJobOperator(task_id="one", image="busybox")')
    (tmp_path / "bad.py").write_text("from kubectl_job_operator import nonsense\n")
    (tmp_path / "other.py").write_text("import nothing\n")
    assert main(["validate", "--dag", "."]) == 2
    output = capsys.readouterr()
    assert "dag.py: first.one: valid" in output.out
    assert "Airflow cannot read the DAG's file" in output.err
    assert "nonsense" in output.err
    assert "other.py" not in output.err


def test_a_template_is_checked_as_the_task_that_has_it(dag: Dag, capsys: pytest.CaptureFixture[str]) -> None:
    dag(
        'KubernetesJobOperator(task_id="load", yaml_file_name="load.yaml", yaml_template_fields={"table": "one"})',
        load="{% extends 'base.yaml' %}{% block name %}{{ table }}{% endblock %}",
        base=JOB.replace("NAME", "{% block name %}{% endblock %}"),
        alone=JOB.replace("NAME", "alone"),
    )
    assert main(["validate", "load.yaml", "base.yaml", "alone.yaml", "dag.py"]) == 0
    assert [line.partition(": valid")[0] for line in capsys.readouterr().out.splitlines()] == [
        "dag.py: first.load",
        "alone.yaml",
    ]
