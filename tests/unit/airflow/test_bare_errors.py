"""An exception that Airflow shows tells what went wrong, without our own frames; what is a fault of ours keeps them."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from kubectl_job_operator.airflow.bare_errors import bare
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.errors import JobFailedError
from kubectl_job_operator.life.ending import Ending
from tests.unit import stage
from tests.unit.airflow.test_operators import MANIFEST, execute, operator
from tests.unit.fake_kubectl import FakeKubectl


def frames(error: BaseException) -> list[str]:
    """Return the functions of this package that its traceback shows, and those of the errors behind it."""
    shown = traceback.TracebackException.from_exception(error)
    found = []
    while shown is not None:
        found += [frame.name for frame in shown.stack if "/kubectl_job_operator/" in frame.filename]
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)  # type: ignore[assignment]
    return [name for name in found if not name.startswith("test_")]


@pytest.mark.parametrize("arguments", [{}, {"fail_on_exit_code": 3}])
def test_a_job_that_failed_shows_no_more_than_one_frame_of_ours(
    arguments: dict[str, Any], fake_kubectl: FakeKubectl
) -> None:
    stage.script(fake_kubectl, end="failed")
    fake_kubectl.answers("logs", "one\ntwo\nthree\n")
    with pytest.raises((JobFailedError, AirflowFailException)) as caught:
        execute(operator(job_yaml=MANIFEST, **arguments))
    assert frames(caught.value) == ["execute"]
    assert len(str(caught.value).splitlines()) <= 8


def test_an_error_that_nobody_foresaw_keeps_its_traceback(
    fake_kubectl: FakeKubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Ending, "conclude", fail)
    stage.script(fake_kubectl)
    with pytest.raises(ZeroDivisionError) as caught:
        execute(operator(job_yaml=MANIFEST))
    assert len(frames(caught.value)) > 3


class Interruption(BaseException):
    """What Airflow raises to end a task."""


def test_airflows_own_word_that_the_task_is_to_end_has_no_frames_of_ours() -> None:
    def deep() -> None:
        raise Interruption

    with pytest.raises(Interruption) as caught:
        deep()
    assert bare(caught.value).__traceback__ is None
