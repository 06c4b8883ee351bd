"""What is done about companions that exist already: pure functions from what is there to whose it is."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.decision import Made, is_of_instance, made_by
from kubectl_job_operator.attempt.identity import Identity, is_of_task
from kubectl_job_operator.manifest.labels import KEEP, STARTED_LABEL, TASK_INSTANCE_LABEL
from kubectl_job_operator.objects import Object, labels_of
from kubectl_job_operator.status import job_status

_YOUNG_SECONDS = 300.0
"""Companions come before their Job: one this young without a Job is taken for one whose Job is still to come."""

_HOLDS_DATA = frozenset({"PersistentVolumeClaim"})


class Use(enum.Enum):
    """What a try does about a companion that exists."""

    APPLY = "apply"
    """It is this task instance's own, or kept for all runs of this task."""
    USE_AS_IT_IS = "use as it is"
    """Nobody of this package made it, or another task keeps it."""
    ASK_ITS_JOB = "ask its Job"
    """Another run made it: whether it may be replaced depends on whether that one's Job has ended."""


def use_of(thing: Object, identity: Identity) -> Use:
    """Tell what to do about a companion that exists, as far as it tells itself."""
    labels = labels_of(thing)
    if is_of_instance(thing, identity):
        return Use.APPLY
    if KEEP in labels or TASK_INSTANCE_LABEL not in labels:
        return Use.APPLY if KEEP in labels and is_of_task(thing, identity) else Use.USE_AS_IT_IS
    return Use.ASK_ITS_JOB


def is_of_later_try(thing: Object, identity: Identity) -> bool:
    """Whether a try of this task instance has a companion that began later: Airflow takes this one for dead.

    A run that was made again takes it over by its labels first, and writes its round on it later.
    """
    is_for_all_runs = KEEP in labels_of(thing) or not is_of_instance(thing, identity)
    return not is_for_all_runs and labels_of(thing).get(STARTED_LABEL, "") > identity.started > ""


def is_left_for(thing: Object, identity: Identity) -> bool:
    """Whether this try is to delete a companion of its task instance if it is ended: if no later try or run has it."""
    is_no_later = "" < labels_of(thing).get(STARTED_LABEL, "") <= identity.started
    return is_no_later and made_by(thing, identity) is not Made.BY_LATER_TRY


def is_in_use(thing: Object, its_jobs: Sequence[Object], now: datetime.datetime) -> bool:
    """Whether the run that made a companion still needs it.

    :param its_jobs: the Jobs of that run.
    """
    if its_jobs:
        return any(job_status.verdict(job) is None and not objects.is_being_deleted(job) for job in its_jobs)
    if objects.is_being_deleted(thing):
        return False
    born = datetime.datetime.fromisoformat(str(thing["metadata"]["creationTimestamp"]).replace("Z", "+00:00"))
    return (now - born).total_seconds() < _YOUNG_SECONDS


def holds_data(thing: Object) -> bool:
    """Whether something is lost with the companion that no template brings back."""
    return thing["kind"] in _HOLDS_DATA


def key(thing: Object) -> tuple[str, str, str]:
    """Tell objects apart that are all in one namespace."""
    group, _, _ = str(thing["apiVersion"]).rpartition("/")
    return group, str(thing["kind"]), str(thing["metadata"]["name"])


def word(thing: Object) -> str:
    """Name it for people, as ``ConfigMap settings``."""
    return f"{thing['kind']} {thing['metadata']['name']}"
