"""Templates as tasks of Airflow see them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

HOSTILE = [
    '"; rm -rf /; echo "',
    "a: b # c",
    "it's {{ 1 + 1 }} %}",
    'x"}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: intruder}',
    "]}\n  - name: intruder\n    image: evil",
    "\u2028\t\\ünï",
]


def test_a_template_sees_its_own_fields_before_those_of_airflow(task: TaskRunner) -> None:
    script = "echo {{ ds }} {{ dag_run.dag_id }} {{ params.p }} {{ macros.ds_add('2024-01-01', 1) }} {{ run_id }}"
    task.write("job.yaml", job(script.replace("{{ run_id }}", "{{ run_id | length }}")))
    run = task.run(
        yaml_file_name="job.yaml",
        yaml_template_fields={"ds": "my own"},
        dag_arguments={"params": {"p": "parameter"}},
    )
    assert run.state == "success", run.failures
    assert f"my own {task.dag_id} parameter 2024-01-02" in run.log


def test_var_and_conn_can_be_read_in_a_template(task: TaskRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_VAR_COLOUR", "blue")
    monkeypatch.setenv("AIRFLOW_CONN_DB", json.dumps({"conn_type": "generic", "host": "db.example"}))
    task.write("job.yaml", job("echo {{ var.value.colour }} {{ conn.db.host }} {{ ti.map_index }}"))
    run = task.run(yaml_file_name="job.yaml")
    assert run.state == "success", run.failures
    assert "blue db.example -1" in run.log


def test_a_template_is_found_through_the_search_path_and_by_its_absolute_path(task: TaskRunner, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "part.txt").write_text("included")
    (tmp_path / "sub" / "job.yaml").write_text(job("echo {% include 'sub/part.txt' %}"))
    run = task.run(yaml_file_name="sub/job.yaml", dag_arguments={"template_searchpath": [str(tmp_path)]})
    assert run.state == "success", run.failures
    (tmp_path / "alone.yaml").write_text(job("echo {% include 'sub/part.txt' %}"))
    run = task.run(yaml_file_name=str(tmp_path / "alone.yaml"))
    assert run.state == "success", run.failures
    assert "included" in run.log


@pytest.mark.parametrize("native", [False, True])
def test_an_undefined_variable_is_an_error_whatever_the_dag_says(
    task: TaskRunner, namespace: Namespace, native: bool
) -> None:
    task.write("job.yaml", job("echo {{ nowhere }}"))
    run = task.run(yaml_file_name="job.yaml", dag_arguments={"render_template_as_native_obj": native})
    assert run.state == "failed"
    assert "'nowhere' is undefined" in run.told
    assert "job.yaml, line 14" in run.told
    assert namespace.names("jobs") == []


def test_an_argument_that_ends_like_a_file_is_not_taken_for_one(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo $NAME {{ other }}"))
    run = task.run(
        yaml_file_name="job.yaml", yaml_template_fields={"other": "job.yaml"}, env_vars={"NAME": "values.json"}
    )
    assert run.state == "success", run.failures
    assert "values.json job.yaml" in run.log


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_cannot_add_an_object_when_tojson_is_used(
    value: str, task: TaskRunner, namespace: Namespace
) -> None:
    template = job('printf %s "$VALUE"').replace(
        "command:", "env: [{name: VALUE, value: {{ value | tojson }}}]\n          command:"
    )
    task.write("job.yaml", template)
    run = task.run(
        yaml_file_name="job.yaml",
        yaml_template_fields={"value": "{{ params.value }}"},
        dag_arguments={"params": {"value": value}},
        delete_completed_job=False,
    )
    assert run.state == "success", run.failures
    pods = namespace.objects("pods")
    assert [pod["spec"]["containers"][0]["env"][0]["value"] for pod in pods] == [value]
    assert len(pods[0]["spec"]["containers"]) == 1


def test_a_value_that_breaks_the_yaml_is_shown_in_its_rendered_line(task: TaskRunner, namespace: Namespace) -> None:
    task.write("job.yaml", job("true").replace("name: job}", "name: {{ name }}}"))
    run = task.run(yaml_file_name="job.yaml", yaml_template_fields={"name": "a: b"})
    assert run.state == "failed"
    assert "3 | metadata: {name: a: b}" in run.told
    assert "tojson" in run.told
    assert namespace.names("jobs") == []


def rendered_yaml_of(dag: Any) -> list[Any]:
    """Read what Airflow stored for the "Rendered Template" tab."""
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        stored = session.scalars(
            select(RenderedTaskInstanceFields).where(RenderedTaskInstanceFields.dag_id == dag.dag_id)
        ).all()
        return [row.rendered_fields["rendered_yaml"] for row in sorted(stored, key=lambda row: row.map_index)]


def test_each_mapped_task_has_its_own_rendered_yaml(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo {{ word }} {{ ti.map_index }}", name="job-{{ word }}"))
    dag = task.load(mapped_over=[{"word": "one"}, {"word": "two"}], yaml_file_name="job.yaml")
    assert str(dag.test().state) == "success"
    stored = rendered_yaml_of(dag)
    assert ["echo one 0" in stored[0], "echo two 1" in stored[1]] == [True, True]
    assert dag.get_task("job").template_fields_renderers["rendered_yaml"] == "yaml"


def test_the_rendered_yaml_is_in_airflows_rendered_template_tab_without_secrets(task: TaskRunner) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {key: hidden-{{ word }}}\n---\n"
    task.write("job.yaml", secret + job("echo {{ word }}"))
    run = task.run(yaml_file_name="job.yaml", yaml_template_fields={"word": "shown"})
    assert run.state == "success", run.failures
    (stored,) = rendered_yaml_of(task)
    assert "echo shown" in stored
    assert "kind: Secret" in stored
    assert "hidden-shown" not in stored
    assert "hidden-shown" not in run.log
