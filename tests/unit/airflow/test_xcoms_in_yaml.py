"""Objects in ``job_yaml``: what an earlier task returns works; what YAML has no word for is refused with its place."""

from __future__ import annotations

import copy
import datetime
import enum
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.rendering import render_manifest
from kubectl_job_operator.manifest.manifest import Manifest
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit.airflow.test_operators import operator

JOB: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "a"},
    "spec": {
        "template": {
            "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox", "args": ["x", "y"]}]}
        }
    },
}
PLACE = "job_yaml[0].spec.template.spec.containers[0].args[1]"


class Returned:
    """As what Airflow has for an earlier task's result: resolved when the fields are rendered."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def iter_references(self) -> Any:
        """Return the tasks that it comes from."""
        return iter(())

    def resolve(self, _context: Any, **_: Any) -> Any:
        """Return the result."""
        return self.value


def job_with(value: Any) -> list[dict[str, Any]]:
    job = copy.deepcopy(JOB)
    job["spec"]["template"]["spec"]["containers"][0]["args"][1] = value
    return [job]


def rendered_with(task: KubernetesJobOperator, resolved: dict[str, Any]) -> Any:
    """Let Airflow render, and stand for it where it asks other tasks."""
    assert set(task.job_yaml_xcoms) == set(resolved)
    task.job_yaml_xcoms = resolved
    context = context_for(task)
    task.render_template_fields(context)
    return task._manifest_or_stand_in(context, None).job["spec"]["template"]["spec"]["containers"][0]["args"]


def test_what_an_earlier_task_returns_may_stand_in_job_yaml_and_makes_it_wait() -> None:
    with DAG("dag", schedule=None):
        earlier = KubernetesJobOperator(task_id="earlier", image="busybox")
        later = KubernetesJobOperator(task_id="later", job_yaml=job_with(earlier.output))
    assert later.upstream_task_ids == {"earlier"}
    assert rendered_with(later, {PLACE: "returned"}) == ["x", "returned"]


@pytest.mark.parametrize("make", [lambda job: job, lambda job: [job], json.dumps])
def test_what_an_earlier_task_returns_may_be_all_of_it(make: Callable[[Any], Any]) -> None:
    with DAG("dag", schedule=None):
        earlier = KubernetesJobOperator(task_id="earlier", image="busybox")
        returned: Any = earlier.output
        later = KubernetesJobOperator(task_id="later", job_yaml=returned)
    assert later.upstream_task_ids == {"earlier"}
    assert rendered_with(later, {"job_yaml": make(JOB)}) == ["x", "y"]


class Colour(enum.Enum):
    """Any enum."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pathlib.PurePosixPath("/a"), "/a"),
        (datetime.datetime(2026, 1, 31, tzinfo=datetime.timezone.utc), "2026-01-31T00:00:00+00:00"),
        (Colour.RED, "red"),
    ],
)
def test_what_has_one_obvious_text_is_written_as_that(value: Any, text: str) -> None:
    assert rendered_with(operator(job_yaml=job_with(value)), {}) == ["x", text]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), f"{PLACE} is a object"),
        ({"a": [datetime.timedelta(1)]}, f"{PLACE}.a[0] is a timedelta"),
        (b"very-secret", f"{PLACE} is a bytes"),
        (float("inf"), f"{PLACE} is inf, no number that Kubernetes takes"),
        ({1: 2}, f"{PLACE} has the key 1, a int"),
    ],
)
def test_what_yaml_has_no_word_for_is_refused_with_its_place(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match="YAML has no word for that") as refusal:
        operator(job_yaml=job_with(value))
    assert str(refusal.value).startswith(words)
    assert "very-secret" not in str(refusal.value)
    task = operator(job_yaml=job_with(Returned(None)))
    with pytest.raises(AirflowFailException) as late:
        rendered_with(task, {PLACE: value})
    assert str(late.value).startswith(words)
    assert "What to do: let the earlier task return plain values" in str(late.value)


@pytest.mark.parametrize("value", ["{{ none }}", "very-secret", ["a"], 3])
def test_variables_that_come_out_as_something_else_end_in_a_sentence(value: Any) -> None:
    task = operator(job_yaml=job_with("z"), yaml_template_fields={"a": 1})
    task.yaml_template_fields = value
    with pytest.raises(AirflowFailException, match="yaml_template_fields must be a dict, but is") as refusal:
        rendered_with(task, {})
    assert "very-secret" not in str(refusal.value)


def test_variables_that_an_earlier_task_did_not_return_are_none() -> None:
    task = operator(job_yaml=job_with("z"))
    task.yaml_template_fields = None  # type: ignore[assignment]
    assert rendered_with(task, {}) == ["x", "z"]


def mapped(name: str, returned: Any, **others: Any) -> Any:
    """Return the container of one task of a mapped one, as Airflow makes it of what an earlier task returned."""
    with DAG("dag", schedule=None):
        earlier = KubernetesJobOperator(task_id="earlier", image="busybox")
        task: Any = (
            KubernetesJobOperator.partial(task_id="later", **others)
            .expand(**{name: earlier.output})
            .unmap({name: returned})
        )
    context = context_for(task)
    task._do_render_template_fields(task, task.template_fields, context, task.get_template_env(), {id(returned)})
    return task._manifest_or_stand_in(context, None).job["spec"]["template"]["spec"]["containers"][0]


@pytest.mark.parametrize(
    ("name", "returned", "field", "value"),
    [
        ("arguments", ["docker", "ps", "{{.Names}}", "{{ run_id }}"], "args", None),
        ("env_vars", {"A": "{{ run_id }}"}, "env", [{"name": "A", "value": "{{ run_id }}"}]),
        ("env_vars", [{"name": "A", "value": "{{.Names}}"}], "env", None),
        ("image", "{{ run_id }}", "image", None),
    ],
)
def test_what_a_task_is_mapped_over_is_no_template_where_an_earlier_task_returned_it(
    name: str, returned: Any, field: str, value: Any
) -> None:
    others = {} if name == "image" else {"image": "busybox"}
    assert mapped(name, returned, **others)[field] == (value or returned)


@pytest.mark.parametrize("make", [lambda job: job, lambda job: [job], json.dumps])
def test_a_manifest_that_a_task_is_mapped_over_is_no_template_either(make: Callable[[Any], Any]) -> None:
    (job,) = job_with("{{.Names}}")
    assert mapped("job_yaml", make(job))["args"] == ["x", "{{.Names}}"]


class Load(KubernetesJobOperator):
    """A user's own, which adds templates to what it is given."""

    def __init__(self, *, arguments: list[str], **others: Any) -> None:
        super().__init__(arguments=["--run", "{{ run_id }}", *arguments], **others)


def test_what_a_subclass_adds_to_what_it_is_mapped_over_is_a_template() -> None:
    returned = ["a"]
    with DAG("dag", schedule=None):
        earlier = KubernetesJobOperator(task_id="earlier", image="busybox")
        operators: Any = Load.partial(task_id="later", image="busybox").expand(arguments=earlier.output)
        task: Any = operators.unmap({"arguments": returned})
    context = context_for(task, run_id="this-run")
    task._do_render_template_fields(task, task.template_fields, context, task.get_template_env(), {id(returned)})
    container = task._manifest_or_stand_in(context, None).job["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["--run", "this-run", "a"]


class Table:
    """As a library's, whose comparison is no bool, and which can become plain."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value of a table is ambiguous")

    def __hash__(self) -> int:
        return 0

    def to_dict(self) -> dict[str, str]:
        """Return what it holds."""
        return {"a": "{{.Names}}"}


def test_what_a_task_is_mapped_over_need_not_be_comparable() -> None:
    fields = {"rows": Table()}
    assert (
        mapped("yaml_template_fields", fields, job_yaml=job_with("{{ rows.to_dict().a }}"))["args"][1] == "{{.Names}}"
    )


def test_what_stands_in_the_dag_is_a_template_for_a_mapped_task_too() -> None:
    (job,) = job_with("{{ run_id }}")
    with DAG("dag", schedule=None):
        task: Any = KubernetesJobOperator.partial(task_id="later").expand(job_yaml=[job]).unmap({"job_yaml": job})
    context = context_for(task, run_id="this-run")
    task._do_render_template_fields(task, task.template_fields, context, task.get_template_env(), set())
    container = task._manifest_or_stand_in(context, None).job["spec"]["template"]["spec"]["containers"][0]
    assert container["args"] == ["x", "this-run"]


@pytest.mark.parametrize("text", ["-----BEGIN-----\r\nabc\r\n", "a\n", "a\n\n", "a\rb", "{ { a } }\r\n"])
def test_a_string_that_is_no_template_is_applied_as_it_is_written(text: str) -> None:
    task = operator(job_yaml=job_with(text))
    assert rendered_with(task, {}) == ["x", text]
    manifest = render_manifest(task, context_for(task))
    assert Manifest.parse(manifest.text(), "again").documents == manifest.documents


def test_a_string_that_is_a_template_keeps_its_last_line_end() -> None:
    assert rendered_with(operator(job_yaml=job_with("{{ 1 + 1 }}\n\n")), {}) == ["x", "2\n\n"]
