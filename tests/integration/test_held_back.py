"""Jobs that somebody holds back, once and again, and Jobs that another controller is to run."""

from __future__ import annotations

import re

from kubectl_job_operator.errors import JobVanishedError
from tests.integration.scenarios import held_back, outcome_of
from tests.integration.side_by_side import Outcome


@outcome_of(held_back.RESUMED_TWICE)
def test_a_job_that_is_held_back_again_while_it_runs_is_waited_for_until_it_is_resumed_for_good(
    outcome: Outcome,
) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert outcome.lines_of() == ["begins", "begins", "ends"]
    assert run.log.count("Nothing runs: the Job is suspended; waiting until somebody resumes it.") >= 2, run.log
    # Held back again as soon as it has begun, the first pod may never be seen at work.
    assert len(re.findall(r"^(?:::group::)?Waited \d+ s: ", run.log, re.MULTILINE)) in (1, 2)
    assert run.subcommands.count("apply") == 1
    assert outcome.jobs == []


@outcome_of(held_back.MANAGED_ELSEWHERE)
def test_a_job_that_another_controller_runs_is_complete_when_that_says_so(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert "managed-by is Complete after" in run.log
    assert ": 1 succeeded." in run.log
    assert outcome.pods == []


@outcome_of(held_back.MANAGED_BY_NOBODY)
def test_a_job_that_no_controller_takes_care_of_is_waited_for_until_somebody_deletes_it(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobVanishedError), run.failures
    assert "managed-by-nobody was deleted while the task waited for it" in run.told
    assert outcome.pods == []
