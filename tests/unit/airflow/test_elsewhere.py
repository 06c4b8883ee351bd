"""Whoever comes from another operator is told what his arguments are called here."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator import KubernetesJobOperator, KubernetesLegacyJobOperator
from kubectl_job_operator.airflow.elsewhere import ELSEWHERE, Elsewhere, _parameters
from tests.unit.airflow.test_operators import operator

ROWS = [row for rows in ELSEWHERE.values() for row in rows]


def refusal(**given: Any) -> str:
    with pytest.raises(TypeError) as caught:
        operator(job_yaml="kind: Job", **given)
    return str(caught.value)


@pytest.mark.parametrize("row", [row for row in ROWS if row.here != row.there], ids=lambda row: row.there)
def test_an_argument_of_another_operator_is_met_with_what_to_write_instead(row: Elsewhere) -> None:
    words = refusal(**{row.there: "x"})
    assert words.startswith(f"There is no argument {row.there}: ")
    assert (f"it is called {row.here} here" if row.here else "leave it out") in words


def test_what_is_said_to_be_here_is_here_and_what_is_said_not_to_be_is_not() -> None:
    known = _parameters(KubernetesLegacyJobOperator)
    assert [row.here for row in ROWS if row.here and row.here not in _parameters(KubernetesJobOperator)] == []
    assert [row.there for row in ROWS if row.there in known and row.here != row.there] == []
    assert [row.there for row in ROWS if not row.here and not row.note] == []


def test_a_slip_of_the_pen_is_met_with_what_was_probably_meant() -> None:
    assert refusal(imge="busybox") == "There is no argument imge: perhaps image was meant."
    assert refusal(lables={}) == "There is no argument lables: perhaps labels was meant."


def test_of_what_nobody_can_guess_airflow_itself_speaks() -> None:
    # A TypeError of Airflow 3, and an AirflowException of Airflow 2.
    with pytest.raises(Exception, match=r"(?s)[Ii]nvalid arguments.*quite_another_thing"):
        operator(job_yaml="kind: Job", quite_another_thing=1)


def test_the_arguments_of_airflow_and_of_a_subclass_are_none_of_others() -> None:
    class Ours(KubernetesJobOperator):
        def __init__(self, *, command: str, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.command = command

    task = Ours(task_id="a", job_yaml="kind: Job", command="x", retries=2, pool="p", queue="q")
    assert (task.command, task.retries) == ("x", 2)
