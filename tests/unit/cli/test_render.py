"""kubectl-job-operator render."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.cli.program import Program
from tests.unit.stage import MANIFEST

Write = Callable[[str, str], Path]

SECRET = """\
---
apiVersion: v1
kind: Secret
metadata:
  name: password
stringData:
  password: {{ password }}
"""


def with_line(line: str) -> str:
    """Return a manifest with one more annotation."""
    return MANIFEST.replace("spec:\n", f"  annotations:\n    a: {line}\nspec:\n", 1)


def test_the_text_is_printed_as_it_was_rendered(program: Program, write: Write) -> None:
    write("job.yaml.j2", f"# a remark\n{with_line('{{ who | tojson }}')}")
    result = program("render", "job.yaml.j2", "--set", "who=you: me")
    assert result.code == 0
    assert result.out == f"# a remark\n{with_line(chr(34) + 'you: me' + chr(34))}"
    assert result.err == ""


def test_an_undefined_variable_is_named_with_file_line_and_option(program: Program, write: Write) -> None:
    file = write("job.yaml", with_line("{{ who }}"))
    result = program("render", "job.yaml")
    assert result.code == 2
    assert result.out == ""
    assert f"error: The template {file}, line 6, uses what is not defined: 'who' is undefined." in result.err
    assert "--set NAME=VALUE" in result.err
    assert "yaml_template_fields" not in result.err


@pytest.mark.parametrize(
    ("expression", "rendered"),
    [
        ("ds", "{today:%Y-%m-%d}"),
        ("ds_nodash", "{today:%Y%m%d}"),
        ("ts[:10]", "{today:%Y-%m-%d}"),
        ("logical_date.year", "{today:%Y}"),
        ("run_id[:8]", "manual__"),
        ("ti.task_id", "job"),
        ("task_instance.try_number", "1"),
        ("dag.dag_id", "command-line"),
        ("dag_run.run_id == run_id", "True"),
        ("macros.ds_add('2026-01-31', 1)", "2026-02-01"),
        ("macros.ds_format('2026-01-31', '%Y-%m-%d', '%d.%m.%y')", "31.01.26"),
        ("params | length", "0"),
        ("var.value.bucket | default('none')", "none"),
    ],
)
def test_names_of_airflow_have_stand_ins(program: Program, write: Write, expression: str, rendered: str) -> None:
    write("job.yaml", with_line(f"'{{{{ {expression} }}}}'"))
    result = program("render", "job.yaml")
    today = datetime.datetime.now(datetime.timezone.utc)
    assert result.err == ""
    assert f"    a: '{rendered.format(today=today)}'\n" in result.out


@pytest.mark.parametrize(
    ("setting", "expression", "rendered"),
    [
        ("ds=2026-01-31", "ds", "2026-01-31"),
        ("params.table=orders", "params.table", "orders"),
        ("dag_run.conf.table=orders", "dag_run.conf.table ~ dag_run.run_id[:6]", "ordersmanual"),
        ("var.value.bucket=b1", "var.value.bucket", "b1"),
        ("ti.try_number=3", "ti.try_number ~ task_instance.try_number", "33"),
        ("conn.db.host=here", "conn.db.host", "here"),
    ],
)
def test_names_of_airflow_can_be_given(
    program: Program, write: Write, setting: str, expression: str, rendered: str
) -> None:
    write("job.yaml", with_line(f"'{{{{ {expression} }}}}'"))
    result = program("render", "job.yaml", "--set", setting)
    assert (result.code, result.err) == (0, "")
    assert f"    a: '{rendered}'\n" in result.out


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("ti.xcom_pull('load')", "ti.xcom_pull"),
        ("var.value.bucket", "var.value.bucket"),
        ("conn.get('db')", "conn.get"),
        ("prev_start_date_success", "prev_start_date_success"),
        ("task", "task"),
    ],
)
def test_what_only_airflow_knows_is_said_so(program: Program, write: Write, expression: str, name: str) -> None:
    write("job.yaml", with_line(f"'{{{{ {expression} }}}}'"))
    result = program("render", "job.yaml")
    assert result.code == 2
    assert f"line 6, uses what is not defined: {name} is known only in Airflow" in result.err
    assert "give it by --set" in result.err


def test_values_come_from_files_and_from_stdin(program: Program, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("job.yaml", with_line("{{ one }}{{ two }}"))
    write("values.yaml", "one: 1\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("two: 2\n"))
    result = program("render", "job.yaml", "--values", "values.yaml", "-f", "-")
    assert "    a: 12\n" in result.out


def test_what_a_secret_holds_is_masked_unless_asked_for(program: Program, write: Write) -> None:
    write("job.yaml", MANIFEST + SECRET)
    write("values.yaml", "password: marker-7\n")
    masked = program("render", "job.yaml", "--values", "values.yaml")
    assert masked.code == 0
    assert "marker-7" not in masked.out + masked.err
    assert "masked" in masked.err
    raw = program("render", "job.yaml", "--values", "values.yaml", "--raw")
    assert "password: marker-7" in raw.out


def test_what_is_no_manifest_is_refused_and_shown_only_raw(program: Program, write: Write) -> None:
    write("two.yaml", f"{MANIFEST}---\n{MANIFEST}")
    result = program("render", "two.yaml")
    assert result.code == 2
    assert result.out == ""
    assert "has 2 Jobs" in result.err
    assert program("render", "two.yaml", "--raw").code == 0


def test_a_family_is_found_beside_the_template_and_in_the_search_path(program: Program, write: Write) -> None:
    write("base.yaml", with_line("{% block a %}{% endblock %}"))
    write("sub/child.yaml", "{% extends 'base.yaml' %}{% block a %}child{% endblock %}")
    assert "'base.yaml', which is not in" in program("render", "sub/child.yaml").err
    assert "    a: child\n" in program("render", "sub/child.yaml", "--search-path", ".").out
    write("sub/base.yaml", with_line("{% block a %}{% endblock %}"))
    assert "    a: child\n" in program("render", "sub/child.yaml").out


def test_a_template_that_is_not_there_is_named(program: Program, tmp_path: Path) -> None:
    result = program("render", "none.yaml")
    assert result.code == 2
    assert f"There is no template '{tmp_path}/work/none.yaml'" in result.err


@pytest.mark.parametrize(
    "arguments", [["replay"], ["render", "a", "--set", "x"], ["rendre", "a"], ["run", "a", "--tail", "x"]]
)
def test_wrong_options_are_bad_input(program: Program, arguments: list[str]) -> None:
    result = program(*arguments)
    assert result.code == 2
    assert result.err.startswith("usage: kubectl-job-operator")
