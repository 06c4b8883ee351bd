"""What the judges of faults take for a word to a person is one."""

from __future__ import annotations

import pytest

from tests.log_text import says_that_a_job_is_left

SENTENCE = (
    "Somebody marked the task, so Job here/j is deleted. Airflow may leave no more than five seconds for that; if the "
    "cluster does not answer in time, it is for you to do:\nkubectl -n here delete job.v1.batch -l a=b\n"
)
COMMAND = "$ kubectl -n here delete job.v1.batch -l a=b --wait=false\n"
DELETED = '  -> delete: job.batch "j" deleted (0.12 s)\n'
NOTHING = "  -> delete: nothing was there (0.12 s)\n"
FAILED = "  -> delete: Unable to connect to the server: EOF (0.12 s, return code 1)\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("all is well", False),
        ("To delete it: kubectl delete job/j", True),
        ("whether it runs cannot be told; if so, it runs on.", True),
        ("whether there are companions cannot be told; if so, they stay.", False),  # that is no Job
        (SENTENCE, False),  # nobody has tried it
        (SENTENCE + COMMAND, True),  # the process was killed in the midst of it
        (SENTENCE + COMMAND + FAILED, True),
        (SENTENCE + COMMAND + FAILED + COMMAND + DELETED, False),
        (SENTENCE + COMMAND + NOTHING, False),  # so it was the wrong command
        (SENTENCE + COMMAND + NOTHING + COMMAND, True),  # there were to be two
        (SENTENCE + COMMAND + NOTHING + COMMAND + FAILED, True),
        (COMMAND + DELETED + SENTENCE + COMMAND, True),  # that was another deletion
    ],
)
def test_a_log_leaves_a_job_to_a_person_only_where_it_was_tried_to_delete_it(text: str, *, expected: bool) -> None:
    assert says_that_a_job_is_left(text) is expected
