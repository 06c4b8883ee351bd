"""A Job without YAML, as a DAG's author writes it."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest
import yaml

from kubectl_job_operator import KubernetesJobOperator, KubernetesLegacyJobOperator
from kubectl_job_operator.airflow import secrets
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage
from tests.unit.airflow.test_operators import execute, operator
from tests.unit.fake_kubectl import FakeKubectl

START = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)


def rendered(task: KubernetesJobOperator, run_id: str = "run") -> dict[str, Any]:
    task.render_template_fields(context_for(task, run_id=run_id))
    assert task.rendered_yaml is not None
    job: dict[str, Any] = yaml.safe_load(task.rendered_yaml)
    return job


def rendered_container(**arguments: Any) -> dict[str, Any]:
    container: dict[str, Any] = rendered(operator(**arguments))["spec"]["template"]["spec"]["containers"][0]
    return container


def test_an_image_and_a_command_are_a_job_named_after_the_task() -> None:
    job = rendered(operator(task_id="group.My_Task", image="busybox:1.36", cmds=["echo"], arguments=["hi"]))
    assert job["metadata"]["name"].startswith("group-my-task-")
    assert job["spec"]["backoffLimit"] == 0
    spec = job["spec"]["template"]["spec"]
    assert spec["restartPolicy"] == "Never"
    assert spec["containers"] == [{"name": "main", "image": "busybox:1.36", "command": ["echo"], "args": ["hi"]}]


def test_the_name_is_the_same_for_all_tries_and_another_for_each_run_unless_it_is_given() -> None:
    task = operator(image="busybox")
    names = [rendered(copy.deepcopy(task), run)["metadata"]["name"] for run in ("one", "one", "two")]
    assert names[0] == names[1] != names[2]
    assert rendered(operator(image="busybox", name="Load {{ run_id }}"), "a_b")["metadata"]["name"] == "load-a-b"


def test_the_other_arguments_mean_what_they_mean_with_yaml() -> None:
    job = rendered(
        operator(
            image="busybox",
            name="a",
            unique_name=True,
            backoff_limit=3,
            env_vars={"A": "1"},
            labels={"b": "c"},
            deadline_from_timeout=True,
            execution_timeout=datetime.timedelta(seconds=9),
            termination_grace_period=4,
        )
    )
    pods = job["spec"]["template"]
    assert job["metadata"]["name"].startswith("a-")
    assert job["metadata"]["labels"] == pods["metadata"]["labels"] == {"b": "c"}
    assert (job["spec"]["backoffLimit"], job["spec"]["activeDeadlineSeconds"]) == (3, 9)
    assert pods["spec"]["terminationGracePeriodSeconds"] == 4
    assert pods["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]


def test_together_with_yaml_the_arguments_win() -> None:
    template = stage.MANIFEST.replace(
        "image: busybox:1.36", "image: busybox:1.36\n        env: [{name: A, value: yaml}]"
    )
    job = rendered(
        operator(job_yaml=template, image="argument", cmds=["argument"], env_vars={"A": "argument", "B": "argument"})
    )
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert job["metadata"]["name"] == "countdown"
    assert (container["image"], container["command"]) == ("argument", ["argument"])
    assert container["env"] == [{"name": "B", "value": "argument"}, {"name": "A", "value": "argument"}]


def test_strings_are_rendered_at_any_depth_and_none_is_taken_for_a_file() -> None:
    container = rendered_container(
        image="busybox:{{ run_id }}",
        cmds=["sh", "{{ run_id }}.sh"],
        env_vars=[{"name": "A", "value": "{{ run_id }}"}],
        container_resources={"limits": {"memory": "{{ 2 * 2 }}Mi"}},
    )
    assert container["image"] == "busybox:run"
    assert container["command"] == ["sh", "run.sh"]
    assert container["env"] == [{"name": "A", "value": "run"}]
    assert container["resources"] == {"limits": {"memory": "4Mi"}}


def test_numbers_and_bools_may_come_out_of_templates() -> None:
    spec = rendered(operator(image="busybox", parallelism="{{ 1 + 1 }}", suspend="{{ 1 == 1 }}"))["spec"]
    assert (spec["parallelism"], spec["suspend"]) == (2, True)


@pytest.mark.parametrize(
    ("given", "value", "names"),
    [
        ("{{ names.get('pull', 'a') }}, b", {"pull": "one"}, ["one", "b"]),
        ("{{ names }}", "one,two", ["one", "two"]),
        ("{{ names }}", "", None),
        ("one,two", "", ["one", "two"]),
        ("", "", None),
        (["{{ names }}", {"name": "two"}], "one", ["one", "two"]),
    ],
)
@pytest.mark.parametrize("kind", [KubernetesJobOperator, KubernetesLegacyJobOperator])
def test_secrets_of_a_registry_are_told_apart_when_their_names_are_rendered(
    kind: type[KubernetesJobOperator], given: Any, value: Any, names: list[str] | None
) -> None:
    with DAG("my_dag", schedule=None, start_date=START, user_defined_macros={"names": value}):
        task = kind(task_id="task", image="busybox", image_pull_secrets=given)
    found = rendered(task)["spec"]["template"]["spec"].get("imagePullSecrets")
    assert found == (None if names is None else [{"name": name} for name in names])


def test_every_argument_of_the_shorthand_is_templated() -> None:
    assert set(ShorthandOperator.shorthand_names) <= set(KubernetesJobOperator.template_fields)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cmds": ["echo"]}, ("yaml_file_name", "job_yaml", "image")),
        ({"image": "a", "cmds": "echo hi"}, ("cmds must be a list, but is a str",)),
        ({"image": "a", "volumes": {"name": "v"}}, ("volumes must be a list",)),
        ({"image": "a", "completions": -1}, ("completions must not be negative",)),
        ({"image": "a", "completion_mode": "indexed"}, ("completion_mode", "Indexed")),
        (
            {"image": "a", "termination_grace_period": 1, "termination_grace_period_seconds": 2},
            ("termination_grace_period", "termination_grace_period_seconds"),
        ),
    ],
)
def test_what_can_never_be_right_is_refused_when_the_dag_is_parsed(
    arguments: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"must|give|contradict") as refusal:
        operator(**arguments)
    assert [word for word in words if word not in str(refusal.value)] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"parallelism": "{{ 'many' }}"}, "parallelism must be an int, but is 'many'"),
        ({"secrets": [{"deploy_type": "file", "secret": "s"}]}, "has the deploy_type 'file'"),
        ({"env_vars": ["A"]}, "env_vars must be a dict"),
    ],
)
def test_what_is_seen_only_on_the_worker_is_refused_before_kubectl_is_run(
    arguments: dict[str, Any], words: str, fake_kubectl: FakeKubectl
) -> None:
    task = operator(image="busybox", **arguments)
    task.render_template_fields(context_for(task))
    with pytest.raises(AirflowFailException) as refusal:
        task.execute(context_for(task))
    assert words in str(refusal.value)
    assert "What to do:" in str(refusal.value)
    assert fake_kubectl.calls == []


def test_what_an_earlier_task_returns_can_be_an_argument() -> None:
    with DAG("dag", schedule=None):
        earlier = KubernetesJobOperator(task_id="earlier", image="busybox")
        later = KubernetesJobOperator(task_id="later", image="busybox", cmds=earlier.output, volumes=[earlier.output])
    assert later.upstream_task_ids == {"earlier"}


def test_a_task_may_be_mapped_over_any_argument() -> None:
    with DAG("dag", schedule=None):
        mapped: Any = KubernetesJobOperator.partial(task_id="task", image="busybox").expand(arguments=[["a"], ["b"]])
    assert mapped.unmap({"arguments": ["b"]}).arguments == ["b"]


def test_defaults_of_the_dag_hold() -> None:
    with DAG("dag", schedule=None, default_args={"image": "busybox", "service_account_name": "sa"}):
        task = KubernetesJobOperator(task_id="task")
    assert (task.image, task.service_account_name) == ("busybox", "sa")


def test_a_variable_that_is_called_a_password_is_masked_in_either_form(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[tuple[str, str]] = []
    monkeypatch.setattr(secrets, "mask_secrets", lambda values, name: masked.extend((name, value) for value in values))
    rendered(operator(image="busybox", env_vars=[{"name": "PASSWORD", "value": "a"}]))
    rendered(operator(image="busybox", env_vars={"PASSWORD": "b"}))
    assert ("PASSWORD", "a") in masked
    assert ("PASSWORD", "b") in masked


def test_the_manifest_of_a_job_without_yaml_has_a_file_as_any_other(fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    execute(operator(image="busybox:1.36", name="countdown", cmds=["true"]))
    (apply,) = fake_kubectl.called("apply")
    assert apply[apply.index("-f") + 1].endswith("/arguments.yaml")
