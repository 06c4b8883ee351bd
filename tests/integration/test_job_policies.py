"""Rules of a Job's own: which pods count, which Job is over, and what the log says of it."""

from __future__ import annotations

from kubectl_job_operator.errors import JobFailedError
from tests.integration.scenarios import job_policies, outcome_of
from tests.integration.side_by_side import Outcome


@outcome_of(job_policies.FAIL_JOB)
def test_a_rule_that_fails_the_job_ends_it_at_the_first_pod_and_is_named(outcome: Outcome) -> None:
    error = outcome.run.failures[0]
    assert isinstance(error, JobFailedError)
    assert (error.reason, error.exit_codes) == ("PodFailurePolicy", (42,))
    assert "failed with exit code 42 matching FailJob rule at index 0" in outcome.run.log
    assert "ended with exit code 42: no such table\n" in outcome.run.error
    assert "container main: exit code 42 (Error)\n" in outcome.run.told
    assert "What to do: a rule of the Job's podFailurePolicy ended it" in outcome.run.told
    assert len(outcome.pods) == 1, "backoffLimit would allow six more"


@outcome_of(job_policies.IGNORE)
def test_a_pod_that_a_rule_ignores_is_replaced_and_the_next_one_completes_the_job(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert outcome.lines_of() == ["begins", "begins", "ends"]
    assert "1 succeeded." in run.log
    assert run.subcommands.count("apply") == 1


@outcome_of(job_policies.COUNT)
def test_a_pod_that_a_rule_counts_uses_up_the_backoff_limit(outcome: Outcome) -> None:
    error = outcome.run.failures[0]
    assert isinstance(error, JobFailedError)
    assert (error.reason, error.exit_codes) == ("BackoffLimitExceeded", (7,))
    assert outcome.lines_of() == ["this may pass", "this may pass"]


@outcome_of(job_policies.SUCCESS_POLICY)
def test_a_job_is_complete_once_its_success_policy_is_met_whatever_the_other_indexes_do(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert sorted(outcome.lines_of()) == ["index 0", "index 1", "index 2"]
    assert "is Complete after" in run.log
    assert ": 1 succeeded." in run.log
    assert outcome.jobs == []


@outcome_of(job_policies.FAILED_INDEXES)
def test_an_index_that_fails_too_often_fails_the_job_after_the_others_have_run(outcome: Outcome) -> None:
    run = outcome.run
    error = run.failures[0]
    assert isinstance(error, JobFailedError)
    assert (error.reason, error.exit_codes) == ("FailedIndexes", (5,))
    assert sorted(outcome.lines_of()) == ["index 0", "index 1", "index 1", "index 2"]
    assert "Pod failed-indexes-1-" in run.told
    assert "/failed-indexes failed: index 1 failed: container main ended with exit code 5" in run.error
    assert "index 1 failed (FailedIndexes)." in run.log
    assert "2147483647" not in run.log, "which is Kubernetes' own backoffLimit then"


@outcome_of(job_policies.MAX_FAILED_INDEXES)
def test_more_failed_indexes_than_allowed_end_the_job_before_the_others_run(outcome: Outcome) -> None:
    error = outcome.run.failures[0]
    assert isinstance(error, JobFailedError)
    assert error.reason == "MaxFailedIndexesExceeded"
    assert outcome.lines_of() == ["index 0", "index 1"]
    assert "Pod max-failed-indexes-1-" in outcome.run.told
    assert "Pod max-failed-indexes-0-" in outcome.run.told


@outcome_of(job_policies.REPLACED_ONCE_GONE)
def test_a_pod_that_is_to_be_gone_before_it_is_replaced_is_shown_to_its_end_first(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert outcome.lines_of() == ["begins", "stopping", "stopped", "begins", "ends"]
    assert "1 succeeded, 1 failed." in run.log
