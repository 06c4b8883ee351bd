"""Deleting the Job of a deferred task though the cluster is away: for longer than Airflow listens, and said before."""

from __future__ import annotations

import shlex

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.life import deferred_deletion
from kubectl_job_operator.life.deferred_deletion import delete_command, delete_patiently
from tests.unit import stage
from tests.unit.shared import handover, run

_JOB = handover(1, began=0.0)


def _error(kind: ErrorKind) -> KubectlError:
    return KubectlError(("kubectl", "delete"), 1, "no answer", kind)


class _Deletion:
    """Fails with these errors, one after the other, and then works."""

    def __init__(self, *errors: KubectlError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> None:
        """Delete, or fail."""
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


def test_a_job_that_is_deleted_at_once_needs_no_word() -> None:
    log, deletion = stage.Log(), _Deletion()
    assert run(delete_patiently(deletion, _JOB, 600, log))
    assert (deletion.calls, log.lines) == (1, [])


def test_while_the_cluster_is_away_it_is_tried_on_and_the_command_is_told_once_before_airflow_stops_listening() -> None:
    log, deletion = stage.Log(), _Deletion(*[_error(ErrorKind.UNREACHABLE)] * 3)
    assert run(delete_patiently(deletion, _JOB, 600, log))
    assert deletion.calls == 4
    (warning,) = log.warnings
    assert warning.startswith("Job here/job-1 is not deleted yet. The triggerer goes on trying for up to 600 s")
    assert "no answer" in warning
    assert warning.endswith(f"To delete it: {delete_command(_JOB)}")


@pytest.mark.parametrize(
    ("kind", "seconds"), [(ErrorKind.UNREACHABLE, 0.0), (ErrorKind.FORBIDDEN, 600.0)], ids=["time is over", "forbidden"]
)
def test_what_cannot_pass_or_takes_too_long_ends_it_with_the_command(kind: ErrorKind, seconds: float) -> None:
    log, deletion = stage.Log(), _Deletion(*[_error(kind)] * 2)
    assert not run(delete_patiently(deletion, _JOB, seconds, log))
    assert deletion.calls == 1
    (warning,) = log.warnings
    assert warning.startswith("Job here/job-1 could not be deleted.")
    assert warning.endswith(f"To delete it: {delete_command(_JOB)}")


def test_the_last_round_begins_before_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 20.0, 40.0, 60.0])
    monkeypatch.setattr(deferred_deletion, "time", type("Clock", (), {"monotonic": lambda: next(times)}))
    log, deletion = stage.Log(), _Deletion(*[_error(ErrorKind.UNREACHABLE)] * 9)
    assert not run(delete_patiently(deletion, _JOB, 60.0, log))
    assert deletion.calls == 3
    assert [warning.split(".")[0] for warning in log.warnings] == [
        "Job here/job-1 is not deleted yet",
        "Job here/job-1 could not be deleted",
    ]


def test_the_command_is_what_a_shell_takes_and_hits_only_what_this_try_has_made() -> None:
    words = shlex.split(delete_command(_JOB))
    assert words == ["kubectl", "-n", "here", "delete", "job.v1.batch", "-l", stage.US.selector()]
    assert "try-number" in stage.US.selector()
