"""What others wrote makes no group in Airflow's log, and a record tells who wrote it and where in the code."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pendulum
import pytest

from kubectl_job_operator.airflow import task_log
from kubectl_job_operator.airflow.compat.imports import AirflowFailException
from kubectl_job_operator.airflow.compat.masking import mask_secrets
from kubectl_job_operator.airflow.running import errors_for_airflow
from kubectl_job_operator.airflow.task_log import container_log, defused, kept_together, own, own_log
from kubectl_job_operator.attempt.sink import HeardLog
from kubectl_job_operator.errors import (
    ErrorKind,
    InputError,
    JobFailedError,
    KubectlError,
    KubectlJobOperatorError,
    KubectlMissingError,
    TaskKilledError,
)
from tests.unit.test_printable import CONTROL, ORDERS

MARKS = ("::group::", "::endgroup::", "##[group]", "##[endgroup]", "##[]group]", "::group]")


def _folds(text: str) -> bool:
    """Whether Airflow's UI would find a mark: it leaves out colours first, and what a backspace takes back."""
    seen = re.sub(r"[^\n]\x08", "", text)
    seen = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", seen)
    return re.search(r"(::|##\[\]?)(end)?group(::|\])", seen) is not None


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize(
    "text",
    ["{}", "a {} b", "{}{}", ":{}:", "one\ntwo {}\nthree", "{}\x1b[0m"],
)
def test_no_mark_in_the_text_of_others_folds_anything_and_it_can_be_undone(mark: str, text: str) -> None:
    text = text.replace("{}", mark)
    assert _folds(text)
    shown = defused(text)
    assert not _folds(shown)
    if "\x1b" not in text:
        assert shown.replace("\u200b", "") == text


@pytest.mark.parametrize(
    "text", ["::gr\x1b[31moup::", ":\x1b[1m:endgroup::", "::grx\x08oup::", "::group\x1b[0m::", "::gxy\x08\x08roup::"]
)
def test_a_mark_that_only_the_ui_sees_folds_nothing_either(text: str) -> None:
    assert "\u200b" in defused(text)


def test_two_marks_that_share_their_colons_are_both_defused() -> None:
    assert not _folds(defused("::group::group::endgroup::"))


@pytest.mark.parametrize("text", ["", "a group: of :: four", "\x1b[31mred\x1b[0m", "group", "100%\r\n", "::grouping::"])
def test_all_else_stays_as_it_is(text: str) -> None:
    assert defused(text) == text


@pytest.mark.parametrize("order", ORDERS)
def test_no_line_of_a_log_orders_a_terminal_about(order: str) -> None:
    assert not CONTROL.search(defused(f"a {ORDERS[order]} b"))
    assert not CONTROL.search(own(f"a {ORDERS[order]} b"))


def test_the_operators_own_mark_at_the_beginning_is_meant_and_no_other() -> None:
    assert own("::group::Replay") == "::group::Replay"
    assert own("::endgroup::") == "::endgroup::"
    assert own("::group::Job ::endgroup::").startswith("::group::Job :")
    assert not _folds(own("::group::Job ::endgroup::").removeprefix("::group::"))
    assert not _folds(own("Job failed: ::group::"))


def shown_by_airflow_2(records: list[str]) -> list[str]:
    """Return the lines of a log as its UI shows them: sorted by their times, and of equal neighbours one."""
    found: list[tuple[Any, int, str]] = []
    at: Any = pendulum.datetime(2000, 1, 1)
    for number, line in enumerate("\n".join(records).splitlines()):
        with contextlib.suppress(Exception):
            time, _ = line.split(" ", 1)
            at = pendulum.parse(time.strip("[]"))
        found.append((at, number, line))
    ordered = [line for _, _, line in sorted(found, key=lambda one: one[:2])]
    return [line for line, before in zip(ordered, ["", *ordered], strict=False) if line != before]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "first",
            "19:27:32Z 8",
            "2019-01-01 loaded",
            "[2999-01-01T00:00:00] later",
            "20240101 x",
            "2024-W10 a week",
            "z",
        ],
        ["first", "12:30 noon", "9:5 x", "P3D days", "PT5M minutes", "T10:00 then", "now is now", "2026/11/26 x", "z"],
        [".", ".", ".", ".", "..", ".."],
        ["10 rows", "9", "a 2019-01-01 b", "nowhere", "Pod p", "Then"],
    ],
)
def test_airflow_2_shows_all_lines_of_a_record_in_their_order(lines: list[str]) -> None:
    before, after = "[2026-11-26T10:00:00.000+0000] {x.py:1} INFO - before", "[2026-11-26T10:00:02.000+0000] after"
    record = kept_together("\n".join(["[2026-11-26T10:00:01.000+0000] {x.py:1} INFO - the first of", *lines]))
    shown = shown_by_airflow_2([before, record, after])
    assert [line.replace("\u200b", "") for line in shown[2:-1]] == lines
    assert (shown[0], shown[-1]) == (before, after)


def test_a_record_that_airflow_2_shows_as_it_is_stays_as_it_is() -> None:
    for text in ("2019-01-01 alone", "one\ntwo\n\n\nthree", "$ kubectl get\n  -> get: 1024 lines"):
        assert kept_together(text) == text


@pytest.fixture
def stdlib() -> Iterator[tuple[logging.Logger, list[logging.LogRecord]]]:
    """Give a logger as Airflow 2 has it for a task, and what comes to its handler."""
    records: list[logging.LogRecord] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    parent, handler = logging.getLogger("tests.airflow.task"), Handler()
    parent.addHandler(handler)
    parent.setLevel(logging.INFO)
    yield parent.getChild("operators.Task"), records
    parent.removeHandler(handler)


@pytest.mark.parametrize(("is_airflow_2", "space"), [(True, "\u200b"), (False, "")])
def test_only_for_airflow_2_a_line_that_begins_with_a_time_is_kept_with_its_record(
    *,
    is_airflow_2: bool,
    space: str,
    stdlib: tuple[logging.Logger, list[logging.LogRecord]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task_log, "_ARE_SORTED", is_airflow_2)
    logger, records = stdlib
    for log in (own_log(logger), container_log(logger)):
        log.info("one\n2019-01-01 two")
        assert records.pop().getMessage() == f"one\n{space}2019-01-01 two"


def test_on_airflow_2_both_loggers_reach_the_tasks_handler_and_name_the_place_that_logs(
    stdlib: tuple[logging.Logger, list[logging.LogRecord]],
) -> None:
    logger, records = stdlib
    ours = HeardLog(own_log(logger))
    lines = ours.together_with(container_log(logger))
    own_log(logger)
    ours.info("::group::ours ::group::")
    lines.error("::group:: 100%s")
    assert [(one.name, one.levelname, one.getMessage()) for one in records] == [
        ("tests.airflow.task.operators.Task", "INFO", "::group::ours :\u200b:group::"),
        ("tests.airflow.task.operators.Task.container", "ERROR", ":\u200b:group:: 100%s"),
    ]
    assert {one.filename for one in records} == {"test_task_log.py"}
    assert len(logger.filters) == 1


def test_on_airflow_3_both_loggers_write_to_the_tasks_log_and_name_the_place_that_logs() -> None:
    structlog = pytest.importorskip("structlog")
    pytest.importorskip("airflow.sdk")
    written = io.StringIO()
    before = structlog.get_config()

    def name(logger: Any, _method: str, event: Any) -> Any:
        event["logger"] = event.pop("logger_name", None) or getattr(logger, "name", None)
        return event

    place = structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.FILENAME])
    structlog.configure(
        processors=[structlog.processors.add_log_level, name, place, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(written),
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=False,
    )
    try:
        task_log = structlog.get_logger(logger_name="airflow.task.operators.Task")
        ours = HeardLog(own_log(task_log))
        lines = ours.together_with(container_log(task_log))
        ours.info("::group::ours ::group::")
        lines.error("::group:: 100%s")
    finally:
        structlog.configure(**before)
    records = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(one["logger"], one["level"], one["event"]) for one in records] == [
        ("airflow.task.operators.Task", "info", "::group::ours :\u200b:group::"),
        ("airflow.task.operators.Task.container", "error", ":\u200b:group:: 100%s"),
    ]
    assert {one["filename"] for one in records} == {"test_task_log.py"}


def test_what_airflow_masks_is_masked_before_it_is_logged(
    stdlib: tuple[logging.Logger, list[logging.LogRecord]],
) -> None:
    # `airflow dags test` logs without masking.
    mask_secrets(["a-secret-of-the-test-of-loggers"])
    logger, records = stdlib
    own_log(logger).warning("it is a-secret-of-the-test-of-loggers")
    container_log(logger).info("a-secret-of-the-test-of-loggers is it")
    assert [one.getMessage() for one in records] == ["it is ***", "*** is it"]


class _Task:
    skip_on_exit_code = fail_on_exit_code = None
    log = logging.getLogger("kubectl_job_operator.tests")


@pytest.mark.parametrize(
    "raised", [InputError, lambda text: JobFailedError("here", "job", "Failed", "", headline=text)]
)
def test_an_error_that_airflow_shows_folds_nothing_and_is_never_huge(raised: Any) -> None:
    error = raised(f"it said ::endgroup::\nbegin{'x' * 1_000_000}end")
    with pytest.raises((AirflowFailException, JobFailedError)) as caught, errors_for_airflow(_Task()):  # type: ignore[arg-type]
        raise error
    text = str(caught.value)
    assert not _folds(text)
    assert "beginxxx" in text
    assert text.endswith("xxxend")
    assert len(text) < 12_000


@pytest.mark.parametrize(("error", "is_told"), [(InputError("no such name"), False), (TaskKilledError("told"), True)])
def test_what_nobody_has_said_in_the_log_is_said_there_before_airflow_shows_the_exception(
    error: KubectlJobOperatorError, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises((AirflowFailException, TaskKilledError)), errors_for_airflow(_Task()):  # type: ignore[arg-type]
        raise error
    assert [record.getMessage() for record in caplog.records] == ([] if is_told else [str(error)])


@pytest.mark.parametrize("may_run_on", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        lambda: KubectlMissingError("there is no kubectl"),
        lambda: KubectlError(("kubectl", "label"), 1, "denied", kind=ErrorKind.ADMISSION),
    ],
)
def test_airflow_tries_again_whatever_went_wrong_while_a_job_may_run(
    error: Callable[[], KubectlJobOperatorError], *, may_run_on: bool
) -> None:
    raised = error()
    raised.may_run_on = may_run_on
    with pytest.raises(Exception, match=r"no kubectl|denied") as caught, errors_for_airflow(_Task()):  # type: ignore[arg-type]
        raise raised
    assert isinstance(caught.value, AirflowFailException) is not may_run_on


def test_what_the_log_has_already_is_not_said_again(caplog: pytest.LogCaptureFixture) -> None:
    error = JobFailedError("here", "job", "Failed", "", headline="it ended")
    error.is_told = True
    with pytest.raises(JobFailedError), errors_for_airflow(_Task()):  # type: ignore[arg-type]
        raise error
    assert caplog.records == []
