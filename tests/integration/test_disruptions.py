"""Pods that the cluster takes away: what the log says became of them, and what to do."""

from __future__ import annotations

import re

from kubectl_job_operator.errors import JobFailedError
from tests.integration.scenarios import disruptions, outcome_of
from tests.integration.side_by_side import Outcome

# The kubelet hears of the lack of memory now before, now after the end that it brought, and the Job deletes the pod for
# its restart, now before, now after that end.
OUT_OF_MEMORY = (
    r"exit code 137 \((OOMKilled\): it used more memory than its limit of 16Mi"
    r"|Error\): .*(often for want of memory|its pod was deleted))"
)


def what_to_do(outcome: Outcome) -> str:
    return outcome.run.error[outcome.run.error.index("What to do:") :]


@outcome_of(disruptions.OUT_OF_MEMORY)
def test_a_container_that_runs_out_of_memory_again_after_its_restart_is_told_so(outcome: Outcome) -> None:
    error = outcome.run.failures[0]
    assert isinstance(error, JobFailedError)
    assert error.exit_codes == (137,)
    assert re.search(OUT_OF_MEMORY, outcome.run.told), outcome.run.told
    assert "it was restarted 1 time" in outcome.run.told
    if "OOMKilled" in outcome.run.told or "memory than" in outcome.run.told:
        assert "raise resources.limits.memory of container main" in what_to_do(outcome)


@outcome_of(disruptions.OUT_OF_STORAGE)
def test_a_pod_that_fills_its_node_is_told_as_evicted_with_the_limit_it_broke(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobFailedError), run.failures
    assert (
        "it was evicted by its node: Pod ephemeral local storage usage exceeds the total limit of containers 4Mi.\n"
    ) in run.told
    assert " was evicted by its " in run.error.partition("\n")[0], "not killed for want of memory"
    assert "memory" not in run.error
    assert "resources.limits.ephemeral-storage" in what_to_do(outcome)
    assert outcome.lines_of()[0] == "begins"
    assert "mend the template" not in run.log, "a log that is gone is nobody's fault"
    assert "came and went" not in run.log, "the container ran once"
    assert "may be missing" not in run.log, "all that it wrote was shown"
    assert "was restarted" not in run.told, "the container ran once"


@outcome_of(disruptions.PREEMPTED)
def test_a_pod_whose_place_a_more_urgent_one_took_is_told_so(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobFailedError), run.failures
    assert ": a pod of higher priority took its place.\n" in run.told
    assert "let the next try run it" in what_to_do(outcome)
    assert outcome.lines_of() == ["begins"]


@outcome_of(disruptions.EVICTED)
def test_a_pod_that_was_evicted_through_the_api_is_told_so(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobFailedError), run.failures
    assert ": it was evicted through the API, as by a drain of its node.\n" in run.told
    assert "a podFailurePolicy" in what_to_do(outcome)
    assert outcome.lines_of() == ["begins"]


@outcome_of(disruptions.DRAINED)
def test_a_job_goes_on_in_its_next_pod_when_its_node_is_drained(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert outcome.lines_of() == ["begins", "begins", "ends"]
    assert ": 1 succeeded, 1 failed." in run.log
    assert run.subcommands.count("apply") == 1
