"""Native sidecars, and containers with rules of their own for a restart: what is shown, and what it is taken for."""

from __future__ import annotations

from kubectl_job_operator.errors import JobFailedError
from tests.integration.scenarios import outcome_of, sidecars
from tests.integration.side_by_side import Outcome


def shows_both_runs(outcome: Outcome, container: str, first: str, second: str) -> bool:
    """Whether a line of each run is shown; the kubelet may have removed the first, and then that is said."""
    lines = outcome.lines_of(container)
    return lines == [first, second] or (lines == [second] and "from its beginning may be missing" in outcome.run.log)


@outcome_of(sidecars.COMPLETE)
def test_a_sidecar_is_shown_from_its_start_to_its_end_and_does_not_hold_the_job_up(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert outcome.lines_of("proxy") == ["the proxy is up", "the proxy ends"]
    assert outcome.lines_of() == ["the work begins", "the work ends"]
    assert "is Complete after" in run.log
    assert "which has not begun with it" not in run.log.partition("line of proxy: the proxy is up")[2], (
        "its sidecar runs"
    )
    assert outcome.jobs == []


@outcome_of(sidecars.MAIN_FAILS)
def test_beside_a_sidecar_the_container_that_failed_is_named_and_the_killed_sidecar_is_not(outcome: Outcome) -> None:
    run = outcome.run
    error = run.failures[0]
    assert isinstance(error, JobFailedError)
    assert error.exit_codes == (3,)
    assert "ended with exit code 3: no route to host\n" in run.error
    assert "container main: exit code 3 (Error)\n" in run.told
    assert "container proxy" not in run.told.partition("Events:")[0]
    assert sorted(outcome.lines) == [("main", "no route to host"), ("proxy", "the proxy is up")]


@outcome_of(sidecars.CRASHES)
def test_a_sidecar_that_crashes_is_started_again_and_the_job_completes(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert shows_both_runs(outcome, "proxy", "the proxy is up", "the proxy is up"), run.log
    assert outcome.lines_of() == ["the work begins", "the work ends"]


@outcome_of(sidecars.NEVER_READY)
def test_a_sidecar_that_never_gets_ready_is_told_while_the_job_waits_and_in_the_end(outcome: Outcome) -> None:
    run = outcome.run
    assert "container proxy ended with exit code 7 (Error), " in run.log
    assert "and is started again after a pause." in run.log
    assert "no certificate" in outcome.lines_of("proxy")
    assert "(DeadlineExceeded)\n" in run.error
    assert "container proxy: exit code 7 (Error)" in run.told
    assert outcome.lines_of() == []


@outcome_of(sidecars.RESULT)
def test_a_result_comes_from_the_container_beside_a_sidecar(outcome: Outcome) -> None:
    assert outcome.run.state == "success", outcome.run.failures
    assert outcome.run.result == {"rows": 3}
    assert "The Job handed over a result." in outcome.run.log


@outcome_of(sidecars.RESTART_RULE)
def test_a_container_that_a_rule_starts_again_is_shown_through_both_runs(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert run.log.count("apply: job/restart-rule") == 1
    assert shows_both_runs(outcome, "main", "run 1", "run 2"), run.log
    assert ": 1 succeeded." in run.log, "and no pod failed"


@outcome_of(sidecars.RESTART_RULE_FAILS)
def test_a_container_that_fails_after_its_rule_started_it_again_is_told_with_both(outcome: Outcome) -> None:
    run = outcome.run
    error = run.failures[0]
    assert isinstance(error, JobFailedError)
    assert error.exit_codes == (3,)
    assert "container main: exit code 3 (Error)\n  it was restarted 1 time\n" in run.told
    assert outcome.lines_of().count("run 2") == 1, "each line once"


@outcome_of(sidecars.RESTART_ALL)
def test_a_pod_whose_containers_all_start_again_completes_and_its_progress_goes_on(outcome: Outcome) -> None:
    run = outcome.run
    assert run.state == "success", run.failures
    assert outcome.lines_of()[-1] == "run 2"
    assert "no pod yet" not in run.log.partition("run 1")[2], "a slow cluster may have none before"
