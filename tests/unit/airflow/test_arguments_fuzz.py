"""Whatever an argument is, or comes out of its template as, the task ends in a sentence and never in a traceback."""

from __future__ import annotations

import datetime
import inspect
import math
import pathlib
import traceback
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from kubectl_job_operator import KubernetesJobOperator, KubernetesLegacyJobOperator
from kubectl_job_operator.airflow.compat.imports import AirflowFailException, AirflowNotFoundException
from kubectl_job_operator.airflow.connection import find_place
from kubectl_job_operator.airflow.settings import settings_of
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from kubectl_job_operator.errors import KubectlJobOperatorError
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.unit import stage

SECRET = "very-secret-9"
OWNERS = (KubernetesJobOperator, ShorthandOperator)
NAMES = sorted({name for owner in OWNERS for name in inspect.signature(owner.__init__).parameters} - {"self", "kwargs"})
TEMPLATED = sorted(set(KubernetesJobOperator.template_fields) - {"rendered_yaml"})
LEGACY = sorted(
    set(inspect.signature(KubernetesLegacyJobOperator.__init__).parameters) - {"self", "kwargs"} - set(NAMES)
)
EXPECTED = (KubectlJobOperatorError, AirflowFailException, AirflowNotFoundException, ValueError, jinja2.TemplateError)
"""Our own errors, Airflow's, ValueError while the DAG is parsed, and what Airflow's own rendering lets through."""


class Opaque:
    """Any object that is neither plain nor a client's."""

    def __repr__(self) -> str:
        return SECRET


LEAVES = some.sampled_from(
    [
        *(None, True, False, 0, -1, 3, 2**70, 10**400, 0.5, math.inf, math.nan, b"x", object, Opaque()),
        *("", " ", "a", SECRET, "{{ 1 }}", "{{", "\ud800", "\x00", pathlib.PurePosixPath("/a")),
        *(datetime.date(2026, 1, 31), datetime.timedelta(1)),
    ]
)
KEYS = some.sampled_from(
    ["name", "value", "deploy_type", "secret", "key", "mountPath", "env", "spec", "metadata", "kind", "", 1, None]
)
VALUES = some.recursive(
    LEAVES,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(KEYS, inner, max_size=3) | some.tuples(inner),
    max_leaves=6,
)
MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def task_with(owner: Any = KubernetesJobOperator, **arguments: Any) -> Any:
    source = {"yaml_file_name", "job_yaml", "image"} & set(arguments) or {"pod_template_dict", "full_pod_spec"} & set(
        arguments
    )
    defaults = {} if source else {"job_yaml": stage.MANIFEST}
    with DAG("dag", schedule=None):
        return owner(task_id="task", **{**defaults, **arguments})


def run_as_far_as_a_cluster(task: Any) -> None:
    """Render, and do what ``execute`` does before it asks for a cluster."""
    context = context_for(task, run_id="run")
    task.render_template_fields(context)
    task._manifest_or_stand_in(context, None).text().encode()
    find_place(task)
    settings_of(task, context)


def is_airflows(error: BaseException) -> bool:
    """Whether Airflow itself has refused the type of an argument."""
    frames = traceback.extract_tb(error.__traceback__)
    # Of Airflow 3; of Airflow 2, which also calls what it is to render if it can be called.
    homes = ("/airflow/sdk/definitions/", "/airflow/utils/helpers.py", "/airflow/models/abstractoperator.py")
    return isinstance(error, TypeError) and any(home in frames[-1].filename for home in homes)


def check(error: BaseException) -> None:
    """Look whether an error is one that is meant, and says something."""
    assert isinstance(error, EXPECTED) or is_airflows(error), repr(error)
    assert str(error).strip(), repr(error)


@given(some.sampled_from(NAMES), VALUES)
@MANY
@example("env_vars", SECRET)
@example("cmds", [None, {"a": {1, 2}}])
@example("volumes", [None])
@example("secrets", [{"deploy_type": ["env"], "secret": {}}])
def test_an_argument_of_any_type_ends_in_a_sentence_if_it_cannot_be_used(name: str, value: Any) -> None:
    try:
        run_as_far_as_a_cluster(task_with(**{name: value}))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        check(error)


@given(some.sampled_from(TEMPLATED), VALUES)
@MANY
@example("yaml_template_fields", None)
@example("job_yaml_xcoms", None)
@example("job_yaml_xcoms", True)
@example("pod_selector", pathlib.PurePosixPath("/a"))
@example("labels", "a")
def test_an_argument_that_comes_out_of_its_template_as_anything_ends_in_a_sentence(name: str, value: Any) -> None:
    task = task_with(image="busybox") if name in ShorthandOperator.shorthand_names else task_with()
    setattr(task, name, value)
    try:
        run_as_far_as_a_cluster(task)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        check(error)


@given(some.sampled_from(LEGACY), VALUES)
@MANY
def test_an_argument_of_the_pod_operator_ends_in_a_sentence_too(name: str, value: Any) -> None:
    try:
        run_as_far_as_a_cluster(task_with(KubernetesLegacyJobOperator, **{"image": "busybox", name: value}))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        check(error)


@pytest.mark.parametrize(
    "name", ["env_vars", "labels", "annotations", "cmds", "arguments", "secrets", "env_from", "volumes"]
)
@pytest.mark.parametrize("value", [SECRET, [SECRET], [[SECRET]], {"a": Opaque()}, [{"name": SECRET, "x": Opaque()}]])
def test_a_value_that_may_be_secret_is_never_in_the_error(name: str, value: Any) -> None:
    task = task_with(image="busybox")
    setattr(task, name, value)
    try:
        run_as_far_as_a_cluster(task)
    except AirflowFailException as error:
        assert SECRET not in str(error)  # noqa: PT017 - some of them are fine
