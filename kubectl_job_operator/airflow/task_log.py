"""The two loggers of a task, the operator's own and that of the containers' lines; what others wrote folds nothing.

Airflow's UI makes the header of a folded group of each record that has ``::group::`` anywhere in it, and drops one that
has ``::endgroup::``. A zero-width space within keeps the mark as it looks, and it is a mark no more.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, MutableMapping
from typing import Any

from kubectl_job_operator.airflow.compat.features import sorts_logs
from kubectl_job_operator.airflow.redaction import redact
from kubectl_job_operator.airflow.signals import SIGNALS, Writer
from kubectl_job_operator.attempt.groups import BEGIN, END
from kubectl_job_operator.printable import harmless

CONTAINER = "container"
"""What the name of the containers' logger ends with; it is below the task's, so that all that takes that takes it."""

_MARKS = (BEGIN, END)
# Airflow 2 knows those of another system too, and any mixture. The end is only looked at: one mark may begin in it.
_MARK = re.compile(r"(:(?=:(?:end)?group(?:::|\]))|#(?=#\[\]?(?:end)?group(?:::|\])))")
# With what Airflow 2 takes for a time.
_TIME = re.compile(r"[\[\]]*(?:\d{4}|\d\d?:\d|P\d|PT|T\d|now )")
_SPACE = "\u200b"
_ARE_SORTED = sorts_logs()
_BACKSPACE = re.compile(r"[^\n\x08]\x08")
_ESCAPE = re.compile(r"\x1b\[(?:[!<-?]*[\d;]*[ -,]*[@-~])?")
_CARRIAGE_RETURN = re.compile(r"\r(?!\n)")


def defused(text: str) -> str:
    """Return a text that makes no group in Airflow's UI, with a zero-width space in each mark of one.

    Nor does it order a terminal about: files of logs are read there, too.
    """
    if "\r" in text:
        # The UI writes what follows over what stands there, and that may make a mark.
        text = _CARRIAGE_RETURN.sub("\u240d", text)
    if "\x1b" in text or "\x08" in text:
        seen = _as_the_ui_sees(text)
        text = seen if _MARK.search(seen) else text
    return harmless(_MARK.sub("\\1\u200b", text) if "group" in text else text)


def kept_together(text: str) -> str:
    """Return a record's text whose lines Airflow 2 shows all, and in their order.

    It sorts the lines of a log by the times with which they begin, and of equal neighbours shows one: a zero-width
    space tells them apart.
    """
    if "\n" not in text:
        return text
    last, *others = text.split("\n")
    lines = [last]
    for line in others:
        now = f"{_SPACE}{line}" if _TIME.match(line) else line
        last = f"{now}{_SPACE}" if now and now == last else now
        lines.append(last)
    return "\n".join(lines)


def own(text: str) -> str:
    """Do the same with the operator's own words: a record that begins with a mark means it, whatever comes behind."""
    mark = next((mark for mark in _MARKS if text.startswith(mark)), "")
    return mark + defused(text[len(mark) :])


def _own(text: str) -> str:
    # Masked here too: not every way in which Airflow runs a task masks what is logged.
    return own(redact(text))


def _containers(text: str) -> str:
    return defused(redact(text))


def own_log(log: Any) -> Any:
    """Return the task's logger for the operator's own words."""
    if isinstance(log, logging.Logger):
        return _filtered(log, _OWN)
    return _processed(log, _own)


def container_log(log: Any) -> Any:
    """Return a logger below the task's for what the containers write."""
    if isinstance(log, logging.Logger):
        return _filtered(log.getChild(CONTAINER), _CONTAINERS)
    return _processed(log, _containers, CONTAINER)


def _as_the_ui_sees(text: str) -> str:
    """Leave out what the UI leaves out before it looks for marks."""
    while "\x08" in text and (shorter := _BACKSPACE.sub("", text)) != text:
        text = shorter
    return _ESCAPE.sub("", text)


class _Change(logging.Filter):
    """Changes the text of each record: of a filter the record does not name the place, as it would of a method."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def filter(self, record: logging.LogRecord) -> bool:
        """Change it, and let it pass."""
        text = self._change(record.getMessage())
        record.msg, record.args = kept_together(text) if _ARE_SORTED else text, None
        return True


_OWN, _CONTAINERS = _Change(_own), _Change(_containers)


def _filtered(logger: logging.Logger, change: logging.Filter) -> logging.Logger:
    """Add the filter once, however many tasks of one class this process runs."""
    logger.addFilter(change)
    return logger


def _processed(log: Any, change: Callable[[str], str], child: str = "") -> Any:
    """Return a logger like Airflow 3's own, which are structlog's, that changes each text before all else is done."""
    if not hasattr(log, "bind"):
        return log
    import structlog

    def process(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["event"] = change(str(event.get("event", "")))
        return event

    bound = log.bind()
    context = structlog.get_context(bound)
    known = context.get("logger_name") or getattr(bound, "name", None) or "airflow.task"
    name = f"{known}.{child}" if child else known
    configured = structlog.get_config()
    return structlog.wrap_logger(
        Writer(configured["logger_factory"](name), SIGNALS),
        processors=[process, *configured["processors"]],
        **{**context, "logger_name": name},
    )
