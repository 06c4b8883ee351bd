"""What the rules of a namespace refuse or change: said at once, in the API server's words, with what to do."""

from __future__ import annotations

import re

from kubectl_job_operator.errors import JobFailedError, JobStartupError
from tests.integration.scenarios import admission, outcome_of
from tests.integration.side_by_side import Outcome
from tests.integration.test_disruptions import OUT_OF_MEMORY


@outcome_of(admission.POD_SECURITY)
def test_a_pod_that_pod_security_refuses_is_told_with_the_fields_to_mend(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobStartupError), run.failures
    assert (
        'none can be created: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false' in run.told
    )
    assert "runAsNonRoot != true" in run.told
    assert "What to do: mend what the API server refuses in the pod" in run.told
    assert 'Warning: would violate PodSecurity "restricted:latest"' in run.log.partition("Nothing runs:")[0]
    assert outcome.jobs == []


@outcome_of(admission.DENIED_JOB)
def test_a_job_that_a_policy_denies_fails_the_task_at_once_in_the_policys_words(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "failed"
    assert f"denied request: {admission.MESSAGE}" in run.told
    assert run.subcommands.count("apply") == 1, "it is not tried again"
    assert "wait" not in run.subcommands
    assert outcome.jobs == []


@outcome_of(admission.DENIED_POD)
def test_a_pod_that_a_policy_denies_fails_the_task_with_the_policys_words(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobStartupError), run.failures
    assert "It cannot start." in run.told
    assert f"denied request: {admission.MESSAGE}." in run.told
    assert "The task fails if that lasts for 15 s." in run.log
    assert outcome.jobs == []


@outcome_of(admission.QUOTA_OF_JOBS)
def test_a_quota_that_allows_no_job_fails_the_task_at_once(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "failed"
    assert "exceeded quota: no-jobs, requested: count/jobs.batch=1, used: count/jobs.batch=0" in run.told
    assert run.subcommands.count("apply") == 1, "it is not tried again"
    assert outcome.jobs == []


@outcome_of(admission.QUOTA_WANTS_LIMITS)
def test_a_quota_that_wants_limits_is_not_waited_for(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobStartupError), run.failures
    assert "It cannot start." in run.told
    assert "failed quota: memory: must specify limits.memory for: main." in run.told
    assert "What to do: set what the ResourceQuota wants" in run.told


@outcome_of(admission.QUOTA_MAKES_ROOM)
def test_a_job_that_waits_for_a_quota_begins_when_there_is_room(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert "none can be created: exceeded quota: one-pod, requested: pods=1, used: pods=1, limited: pods=1." in run.log
    assert outcome.lines_of() == ["there is room"]


@outcome_of(admission.LIMIT_RANGE_DEFAULT)
def test_a_limit_that_the_namespace_has_set_is_named_like_one_of_the_template(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobFailedError), run.failures
    assert re.search(OUT_OF_MEMORY, run.told), run.told
    (pod,) = outcome.pods
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"memory": "16Mi"}


@outcome_of(admission.LIMIT_RANGE_MAX)
def test_a_limit_above_what_the_namespace_allows_is_told_with_both_numbers(outcome: Outcome) -> None:
    run = outcome.run
    assert isinstance(run.failures[0], JobStartupError), run.failures
    assert "none can be created: maximum memory usage per Container is 32Mi, but limit is 64Mi." in run.told
    assert outcome.jobs == []
