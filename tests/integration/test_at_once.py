"""Two that begin at the same moment: one of them has the object, and the other one says whose it is."""

from __future__ import annotations

import os

import pytest

from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.integration.racing import Race, Racer, Start

ROUNDS = int(os.environ.get("KUBECTL_JOB_OPERATOR_TEST_ROUNDS", "4"))
NOWHERE = "nodeSelector: {nowhere: here}"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: race-NUMBER}
spec:
  restartPolicy: Never
  nodeSelector: {nowhere: here}
  containers: [{name: main, image: "busybox:1.36"}]
"""
JOB = job("true", name="race-NUMBER", pod=NOWHERE)
OF_OTHER_RUNS = (Racer("blue"), Racer("green"))
OF_ONE_RUN = (Racer("run", 1, "20260101T120000.000000"), Racer("run", 2, "20260101T120100.000000"))
"""A worker that was taken for dead, and the next try."""
OF_ONE_NAME = (Racer("run", 1, "20260101T120000.000000"), Racer("run", 1, "20260101T120100.000000"))
"""A worker whose DAG run was deleted, and the run that was made again under its name."""


def owners(starts: tuple[Start, Start]) -> list[str]:
    return [start.uid for start in starts if start.uid]


@pytest.mark.parametrize("manifest", [POD, JOB], ids=["Pod", "Job"])
def test_of_two_runs_that_apply_at_once_one_has_the_object_and_the_other_says_whose_it_is(
    manifest: str, namespace: Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    rounds = Race(namespace, manifest, OF_OTHER_RUNS).rounds(ROUNDS)
    apart = sorted(abs(one.applied_at - other.applied_at) for one, other in rounds)
    near = sum(seconds <= 0.01 for seconds in apart)
    with capsys.disabled():
        print(f"\n{len(rounds)} rounds, {near} of them within 10 ms (median {apart[len(apart) // 2] * 1000:.1f} ms)")  # noqa: T201
    for number, (blue, green) in enumerate(rounds):
        assert len(owners((blue, green))) == 1, (number, blue, green)
        (winner, loser) = ("blue", green) if blue.uid else ("green", blue)
        kind, message = loser.error
        assert kind == "JobInUseError", (number, message)
        assert f"run {winner}-{number} and has not ended" in message


@pytest.mark.parametrize("manifest", [POD, JOB], ids=["Pod", "Job"])
def test_of_two_tries_that_apply_at_once_the_later_one_has_the_object(manifest: str, namespace: Namespace) -> None:
    for number, (earlier, later) in enumerate(Race(namespace, manifest, OF_ONE_RUN).rounds(ROUNDS)):
        assert later.uid, (number, later)
        if not earlier.uid:
            kind, message = earlier.error
            assert kind == "JobInUseError", (number, message)
            assert "try 2 of this task has taken it over from try 1" in message
        # The earlier one may have been there first: then the later one has adopted what it made.
        assert earlier.uid in ("", later.uid)


@pytest.mark.parametrize("manifest", [POD, JOB], ids=["Pod", "Job"])
def test_of_two_runs_of_one_name_that_apply_at_once_the_later_one_has_an_object_of_its_own(
    manifest: str, namespace: Namespace
) -> None:
    for number, (earlier, later) in enumerate(Race(namespace, manifest, OF_ONE_NAME).rounds(ROUNDS)):
        assert later.uid, (number, later)
        # The earlier one may have been there first: then the later one has replaced what it made.
        assert earlier.uid != later.uid, number
        if not earlier.uid:
            kind, message = earlier.error
            assert kind == "JobInUseError", (number, message)
            assert "try 1 of this task, which began later, has taken it over from try 1" in message
