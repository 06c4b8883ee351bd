"""A Job out of arguments, and arguments filled into a Job."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import pathlib
from typing import Any

import pytest

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.shorthand import FIELDS, environment, fill, job_around, problem_of
from kubectl_job_operator.manifest.texts import texts_of

IN_YAML: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "in-yaml"},
    "spec": {
        "parallelism": 1,
        "template": {
            "spec": {
                "restartPolicy": "OnFailure",
                "serviceAccountName": "in-yaml",
                "nodeSelector": {"disk": "ssd"},
                "volumes": [{"name": "v", "emptyDir": {}}],
                "containers": [
                    {
                        "name": "first",
                        "image": "in-yaml",
                        "command": ["in-yaml"],
                        "args": ["in-yaml"],
                        "envFrom": [{"configMapRef": {"name": "in-yaml"}}],
                        "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/w"}],
                    },
                    {"name": "second", "image": "in-yaml"},
                ],
            }
        },
    },
}


def filled(**arguments: Any) -> dict[str, Any]:
    return fill(job_around(), {"name": "a", "image": "busybox", **arguments})


def pod(**arguments: Any) -> dict[str, Any]:
    spec: dict[str, Any] = filled(**arguments)["spec"]["template"]["spec"]
    return spec


def container(**arguments: Any) -> dict[str, Any]:
    first: dict[str, Any] = pod(**arguments)["containers"][0]
    return first


def test_an_image_is_enough_for_a_job_that_can_be_run() -> None:
    job = fill(job_around(), {"name": "My.Task", "image": "busybox"})
    assert job == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "my-task"},
        "spec": {
            "template": {
                "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox"}]},
            }
        },
    }
    assert Manifest.of([job], "arguments").job == job


SAMPLES: dict[type, Any] = {str: "text", int: 3, bool: True, dict: {"a": {"b": "c"}}, list: [{"name": "a"}]}
WORDS = ["a", "b"]


@pytest.mark.parametrize("field", [one for one in FIELDS if one.name != "completion_mode"], ids=lambda one: one.name)
def test_each_argument_goes_into_its_field(field: Any) -> None:
    value = WORDS if field.name in ("cmds", "arguments") else SAMPLES[field.type]
    job = filled(**{field.name: value})
    spec = job["spec"]["template"]["spec"]
    homes = {"job": job["spec"], "pod": spec, "container": spec["containers"][0]}
    assert homes[field.home][field.key] == value


def test_several_pods_are_said_by_three_arguments() -> None:
    spec = filled(completions=4, parallelism="2", completion_mode="Indexed", suspend="True")["spec"]
    assert {key: spec[key] for key in ("completions", "parallelism", "completionMode", "suspend")} == {
        "completions": 4,
        "parallelism": 2,
        "completionMode": "Indexed",
        "suspend": True,
    }


def test_a_command_of_numbers_is_one_of_words() -> None:
    assert container(cmds=["sleep"], arguments=[0.5])["args"] == ["0.5"]


@pytest.mark.parametrize("given", ["a, b", " a,,b,", ["a", "b"], [{"name": "a"}, "b"]])
def test_secrets_of_a_registry_are_named_in_any_way(given: Any) -> None:
    assert pod(image_pull_secrets=given)["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize("given", ["", " ", ","])
def test_no_secret_of_a_registry_is_none_given(given: str) -> None:
    assert "imagePullSecrets" not in pod(image_pull_secrets=given)
    job = filled(image="a", image_pull_secrets="of-the-yaml")
    assert fill(job, {"image_pull_secrets": given}) == job


def test_config_maps_and_secrets_join_the_environment_and_the_volumes() -> None:
    secrets = [
        {"deploy_type": "env", "secret": "s"},
        {"deploy_type": "env", "deploy_target": "A", "secret": "s", "key": "k"},
        {"deploy_type": "volume", "deploy_target": "/s", "secret": "s"},
    ]
    spec = pod(
        env_from=[{"prefix": "P", "configMapRef": {"name": "b"}}],
        configmaps=["c"],
        secrets=secrets,
        volumes=[{"name": "v", "emptyDir": {}}],
        volume_mounts=[{"name": "v", "mountPath": "/v"}],
    )
    first = spec["containers"][0]
    assert first["envFrom"] == [
        {"prefix": "P", "configMapRef": {"name": "b"}},
        {"configMapRef": {"name": "c"}},
        {"secretRef": {"name": "s"}},
    ]
    assert first["env"] == [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    assert [volume["name"] for volume in spec["volumes"]] == ["v", "secret-0-s"]
    assert [mount["mountPath"] for mount in first["volumeMounts"]] == ["/v", "/s"]


def test_an_argument_wins_over_yaml_and_the_other_containers_stay() -> None:
    before = copy.deepcopy(IN_YAML)
    job = fill(
        IN_YAML,
        {
            "name": "argument",
            "image": "argument",
            "cmds": ["argument"],
            "arguments": [],
            "parallelism": 2,
            "service_account_name": "argument",
            "node_selector": {"zone": "a"},
            "termination_grace_period": None,
        },
    )
    assert before == IN_YAML
    spec = job["spec"]["template"]["spec"]
    assert (job["metadata"]["name"], job["spec"]["parallelism"]) == ("argument", 2)
    assert (spec["serviceAccountName"], spec["nodeSelector"]) == ("argument", {"zone": "a"})
    assert spec["restartPolicy"] == "OnFailure"
    first, second = spec["containers"]
    assert (first["name"], first["image"], first["command"], first["args"]) == ("first", "argument", ["argument"], [])
    assert second == {"name": "second", "image": "in-yaml"}


def test_environment_and_volumes_are_added_to_those_in_yaml() -> None:
    job = fill(
        IN_YAML,
        {
            "configmaps": ["argument"],
            "volumes": [{"name": "v", "configMap": {"name": "argument"}}, {"name": "w", "emptyDir": {}}],
            "volume_mounts": [{"name": "w", "mountPath": "/w"}],
        },
    )
    spec = job["spec"]["template"]["spec"]
    assert spec["volumes"] == [{"name": "v", "configMap": {"name": "argument"}}, {"name": "w", "emptyDir": {}}]
    assert spec["containers"][0]["envFrom"] == [{"configMapRef": {"name": name}} for name in ("in-yaml", "argument")]
    assert spec["containers"][0]["volumeMounts"] == [
        {"name": "v", "mountPath": "/v"},
        {"name": "w", "mountPath": "/w"},
    ]


def test_a_pod_in_the_jobs_place_is_filled_in_but_has_no_fields_of_a_job() -> None:
    in_yaml = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "a", "image": "in-yaml"}]},
    }
    filled_in = fill(in_yaml, {"image": "argument", "service_account_name": "sa"})
    assert filled_in["spec"] == {"containers": [{"name": "a", "image": "argument"}], "serviceAccountName": "sa"}
    with pytest.raises(InputError, match="completions, suspend cannot be filled into a Pod"):
        fill(in_yaml, {"completions": 1, "suspend": True})


def test_an_object_of_another_kind_is_not_filled_in() -> None:
    of_volcano = {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": {"name": "v"}, "spec": {}}
    with pytest.raises(InputError, match="an image, a command and the like cannot be filled into a Job"):
        fill(of_volcano, {"image": "argument"})


def test_no_argument_changes_nothing() -> None:
    assert fill(IN_YAML, {}) == IN_YAML


def test_a_pod_becomes_what_the_job_starts() -> None:
    job = job_around(
        {
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}, "uid": "of a real one"},
            "spec": {"restartPolicy": "Always", "containers": [{"name": "x"}]},
            "status": {"phase": "Running"},
        }
    )
    assert job["metadata"] == {"name": "p", "namespace": "n"}
    assert job["spec"]["template"] == {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "x"}]},
    }


@pytest.mark.parametrize(
    ("given", "variables"),
    [
        ({"A": 1}, [{"name": "A", "value": "1"}]),
        ([{"name": "A", "value": 1}], [{"name": "A", "value": "1"}]),
        ([{"name": "A", "valueFrom": {"fieldRef": {}}}], [{"name": "A", "valueFrom": {"fieldRef": {}}}]),
    ],
)
def test_the_environment_is_a_dict_or_what_kubernetes_has(given: Any, variables: list[dict[str, Any]]) -> None:
    assert environment(given) == variables


@pytest.mark.parametrize("given", ["A=1", [{"value": "1"}], ["A"], 3])
def test_an_environment_without_names_is_refused(given: Any) -> None:
    with pytest.raises(InputError, match="env_vars must be a dict"):
        environment(given)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("cmds", "echo hi", "cmds must be a list, but is a str"),
        ("affinity", {"a": [1, float("nan")]}, "but affinity.a[1] is nan, no number that Kubernetes takes"),
        ("affinity", {"a": {1: 2}}, "but affinity.a has the key 1, a int"),
        ("image", ["a"], "image must be a str"),
        ("volumes", {"name": "v"}, "volumes must be a list"),
        ("parallelism", -1, "parallelism must not be negative"),
        ("parallelism", True, "parallelism must be an int"),
        ("parallelism", "many", "parallelism must be an int"),
        ("completion_mode", "indexed", "completion_mode must be one of NonIndexed, Indexed"),
        (
            "affinity",
            {"a": [{"b": object()}]},
            "plain values or a Kubernetes client's objects, but affinity.a[0].b is a object",
        ),
        ("secrets", {"secret": "s"}, "secrets must be a list"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_its_name(name: str, value: Any, words: str) -> None:
    assert words in (problem_of(name, value) or "")
    with pytest.raises(InputError) as refusal:
        filled(**{name: value})
    assert words in str(refusal.value)
    assert "What to do:" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("configmaps", ["a", 1], "configmaps must be a list of str, but has 1"),
        ("volumes", ["very-secret"], "volumes must be a list of dict, but has a str"),
    ],
)
def test_items_of_the_wrong_kind_are_refused_when_nothing_can_come_out_of_a_template_any_more(
    name: str, value: Any, words: str
) -> None:
    assert problem_of(name, value) is None
    with pytest.raises(InputError, match=words):
        filled(**{name: value})


VARIABLES = [
    {"deploy_type": "env", "deploy_target": "PASSWORD", "secret": "s", "key": "k"},
    {"deploy_type": "env", "secret": "whole"},
    {"deploy_type": "volume", "deploy_target": "/s", "secret": "s"},
]


def test_the_variables_of_secrets_come_to_every_container_that_does_not_set_them_and_stand_first() -> None:
    job = copy.deepcopy(IN_YAML)
    spec = job["spec"]["template"]["spec"]
    spec["initContainers"] = [{"name": "init", "image": "i", "env": [{"name": "PASSWORD", "value": "own"}]}]
    spec["containers"][0]["env"] = [{"name": "URL", "value": "db://$(PASSWORD)"}]
    spec = fill(job, {"secrets": VARIABLES})["spec"]["template"]["spec"]
    password = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    whole = {"secretRef": {"name": "whole"}}
    first, second = spec["containers"]
    (init,) = spec["initContainers"]
    assert first["env"] == [password, {"name": "URL", "value": "db://$(PASSWORD)"}]
    assert (second["env"], second["envFrom"]) == ([password], [whole])
    assert (init["env"], init["envFrom"]) == ([{"name": "PASSWORD", "value": "own"}], [whole])
    assert "volumeMounts" not in second
    assert "volumeMounts" not in init


def test_of_several_items_with_one_name_in_an_argument_the_last_wins() -> None:
    mounts = [{"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/v"}]
    variables = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    spec = pod(
        volumes=[{"name": "v", "emptyDir": {}}, {"name": "v", "configMap": {"name": "c"}}],
        volume_mounts=mounts,
        ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "TCP", "name": "http"}],
        init_containers=[{"name": "i", "image": "x", "env": variables, "volumeMounts": mounts}],
    )
    first, (init,) = spec["containers"][0], spec["initContainers"]
    assert spec["volumes"] == [{"name": "v", "configMap": {"name": "c"}}]
    assert first["volumeMounts"] == init["volumeMounts"] == [{"name": "w", "mountPath": "/v"}]
    assert first["ports"] == [{"containerPort": 80, "protocol": "TCP", "name": "http"}]
    assert init["env"] == [{"name": "A", "value": "2"}]
    assert environment(variables) == [{"name": "A", "value": "2"}]


class Colour(enum.Enum):
    """Any enum."""

    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, None, "é"]}, '{"a": [1, null, "é"]}'),
        (["a", 1], '["a", 1]'),
        (True, "True"),
        (0.5, "0.5"),
        (Colour.RED, "red"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        (datetime.date(2026, 1, 31), "2026-01-31"),
        (decimal.Decimal("1.10"), "1.10"),
        ("", ""),
    ],
)
def test_what_must_be_text_becomes_what_a_template_or_json_would_write(value: Any, text: str) -> None:
    assert environment({"A": value}) == [{"name": "A", "value": text}]
    assert environment([{"name": "A", "value": value}]) == [{"name": "A", "value": text}]
    assert container(arguments=["x", value])["args"] == ["x", text]
    assert texts_of("labels", {"a": value}) == {"a": text}


def test_none_is_left_out_and_never_the_word_none() -> None:
    assert environment({"A": None, "B": "1"}) == [{"name": "B", "value": "1"}]
    assert environment([{"name": "A", "value": None}, {"name": "B", "value": "1"}]) == [{"name": "B", "value": "1"}]
    assert environment([{"name": "A"}]) == [{"name": "A"}]
    assert container(cmds=["a", None], arguments=[None])["args"] == []
    assert texts_of("annotations", {"a": None, "b": 1}) == {"b": "1"}
    assert texts_of("annotations", None) == {}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda value: environment({"A": value}), "env_vars['A'] is a Opaque, which no text stands for"),
        (lambda value: environment([{"name": "A", "value": [value]}]), "env_vars['A'] is a list, which no text"),
        (lambda value: texts_of("labels", {"a": value}), "labels['a'] is a Opaque, which no text stands for"),
        (lambda value: container(arguments=["x", value]), "arguments[1] is a Opaque, which no text stands for"),
        (lambda _: texts_of("labels", "very-secret"), "labels must be a dict of names and values, but is a str"),
        (lambda _: environment("very-secret"), "with a name each, but is a str"),
        (lambda _: container(cmds="very-secret"), "cmds must be a list, but is a str"),
        (lambda _: pod(secrets=["very-secret"]), "secrets must be a list of dict, but has a str"),
        (lambda _: pod(secrets=[{"deploy_type": "env", "secret": "Very-Secret", "key": "k"}]), "secrets has one that"),
        (lambda _: container(container_resources="very-secret"), "container_resources must be a dict, but is a str"),
    ],
)
def test_an_error_about_a_value_tells_the_place_and_never_the_value(make: Any, words: str) -> None:
    class Opaque:
        def __repr__(self) -> str:
            return "very-secret"

    with pytest.raises(InputError) as refusal:
        make(Opaque())
    assert words in str(refusal.value)
    assert "very-secret" not in str(refusal.value).lower()
