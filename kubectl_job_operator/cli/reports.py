"""What a check of templates has found, for people, for programs and for CI."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.cli.lines import Place
from kubectl_job_operator.cli.problems import Problem

_NOT_IN_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


@dataclass(frozen=True)
class Report:
    """What was found about one template.

    :param template: as it was given.
    :param by: who has checked.
    :param documents: what is in it, each as ``Job countdown``.
    :param problems: what is wrong with it.
    :param unchecked: why it could not be looked at before a run; empty if it was.
    """

    template: str
    by: str
    documents: Sequence[str]
    problems: Sequence[Problem | str]
    unchecked: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def as_json(reports: Sequence[Report]) -> str:
    """Write a list with an object for each template."""
    return json.dumps(
        [
            {
                "template": one.template,
                "valid": one.is_valid,
                "checkedBy": one.by,
                "documents": list(one.documents),
                "problems": [_as_object(problem) for problem in one.problems],
                **({"notChecked": one.unchecked} if one.unchecked else {}),
            }
            for one in reports
        ],
        indent=2,
    )


def as_junit(reports: Sequence[Report]) -> str:
    """Write a test suite with a case for each template, as CI systems read it."""
    failures, skipped = sum(not one.is_valid for one in reports), sum(bool(one.unchecked) for one in reports)
    suite = f'name="kubectl-job-operator validate" tests="{len(reports)}" failures="{failures}" skipped="{skipped}"'
    cases = "\n".join(map(_as_case, reports))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuite {suite}>\n{cases}\n</testsuite>'


def _as_object(problem: Problem | str) -> dict[str, Any]:
    if isinstance(problem, str):
        return {"file": None, "line": None, "message": problem}
    if isinstance(problem.place, Place):
        return {"file": problem.place.file, "line": problem.place.line, "message": problem.words}
    return {"file": problem.place, "line": None, "message": problem.words}


def _as_case(report: Report) -> str:
    case = f'  <testcase classname="{_escaped(report.by)}" name="{_escaped(report.template)}"'
    if report.unchecked:
        return f'{case}>\n    <skipped message="{_escaped(report.unchecked)}"/>\n  </testcase>'
    if report.is_valid:
        return f"{case}/>"
    words = [str(problem) for problem in report.problems]
    failure = f'    <failure message="{_escaped(words[0].splitlines()[0])}">{_escaped(chr(10).join(words))}</failure>'
    return f"{case}>\n{failure}\n  </testcase>"


def _escaped(text: str) -> str:
    return html.escape(_NOT_IN_XML.sub("?", text))
