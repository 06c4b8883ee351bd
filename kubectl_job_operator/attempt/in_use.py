"""The errors of a companion that somebody else needs still: it was not touched, and no Job was created."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator.attempt.companions import word
from kubectl_job_operator.attempt.identity import owner_of
from kubectl_job_operator.errors import JobInUseError
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.labels import KEEP, TRY_LABEL
from kubectl_job_operator.objects import Object, labels_of


def by_later_try(thing: Object, job: Object, kubectl: Kubectl) -> JobInUseError:
    """Return the error of a companion that a later try of the same task has.

    :param thing: the companion.
    :param job: the one that was to be created.
    :param kubectl: where it was found.
    """
    owner = f"try {labels_of(thing).get(TRY_LABEL)} of this task, which began later"
    return _error(thing, job, kubectl, owner, "nothing, if that try runs: Airflow has taken this one for dead.")


def by_other_run(thing: Object, its_jobs: Sequence[Object], job: Object, kubectl: Kubectl) -> JobInUseError:
    """Return the error of a companion of another run.

    :param thing: the companion.
    :param its_jobs: the Jobs of that run; none if they are still to come.
    :param job: the one that was to be created.
    :param kubectl: where it was found.
    """
    named = ", ".join(f"{kinds.word(one)} {one['metadata']['name']}" for one in its_jobs)
    state = f"whose {named} has not ended" if named else "whose Job is still to come, as it seems"
    advice = (
        "give each run companions of its own by unique_name=True, or, if all runs may share it, "
        f'let it stay by the annotation {KEEP}: "true".'
    )
    return _error(thing, job, kubectl, f"{owner_of(thing)}, {state}", advice)


def _error(thing: Object, job: Object, kubectl: Kubectl, owner: str, advice: str) -> JobInUseError:
    name = job["metadata"]["name"]
    return JobInUseError(
        str(kubectl.namespace),
        name,
        f"{word(thing)} in {kubectl.namespace} belongs to {owner}; {kinds.word(job)} {name} was not created.\n"
        f"What to do: {advice}",
    )
