"""Whose Job is it? Written on every object as labels and annotations, read back before anything is applied."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.manifest.labels import KEEP, MANAGED_BY_LABEL, PREFIX, TASK_INSTANCE_LABEL, TRY_LABEL
from kubectl_job_operator.manifest.names import LONGEST_NAME
from kubectl_job_operator.status import job_status

_UNIQUE_LENGTH = 8


@dataclass(frozen=True)
class Identity:
    """One try of an Airflow task instance.

    :param dag_id: Airflow's.
    :param task_id: Airflow's.
    :param run_id: Airflow's.
    :param map_index: Airflow's; -1 where the task is not mapped.
    :param try_number: which try this is, from 1.
    :param first_try: the first try that belongs together with this one: later than 1 after a Clear.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    try_number: int = 1
    first_try: int = 1

    @property
    def digest(self) -> str:
        """A short name of the task instance, the same for all its tries."""
        key = json.dumps([self.dag_id, self.task_id, self.run_id, self.map_index])
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def labels(self) -> dict[str, str]:
        """Return the labels for every object of the manifest and for the pods."""
        return {MANAGED_BY_LABEL: PREFIX, TASK_INSTANCE_LABEL: self.digest}

    def try_label(self) -> dict[str, str]:
        """Return the label for every object, but not for the pods: a later try that goes on with it changes it."""
        return {TRY_LABEL: str(self.try_number)}

    def unique_name(self, name: str, longest: int = LONGEST_NAME) -> str:
        """Append a suffix that is the same for all tries and another for each run.

        :param longest: how many characters there may be; of a longer name the front part is kept.
        """
        head = name[: max(1, longest - _UNIQUE_LENGTH - 1)].rstrip("-.")
        return f"{head}-{self.digest[:_UNIQUE_LENGTH]}"

    def selector(self, *, of_any_try: bool = False) -> str:
        """Return the label selector of what belongs to this task instance, without what is to be kept.

        :param of_any_try: also what an earlier or a later try has made or taken over.
        """
        this_try = "" if of_any_try else f",{TRY_LABEL}={self.try_number}"
        return f"{TASK_INSTANCE_LABEL}={self.digest}{this_try},!{KEEP}"

    def pods_selector(self) -> str:
        """Return the label selector of the pods of all tries of this task instance."""
        return f"{TASK_INSTANCE_LABEL}={self.digest}"

    def annotations(self) -> dict[str, str]:
        """Return the annotations for every object of the manifest and for the pods, for people to read."""
        return {
            f"{PREFIX}/dag-id": self.dag_id,
            f"{PREFIX}/task-id": self.task_id,
            f"{PREFIX}/run-id": self.run_id,
            f"{PREFIX}/map-index": str(self.map_index),
        }


class Decision(enum.Enum):
    """What to do about what has the Job's name already."""

    APPLY = "apply"
    ADOPT = "adopt"
    REPLACE = "replace"
    REFUSE = "refuse"


def decide(job: Mapping[str, Any] | None, identity: Identity) -> tuple[Decision, str]:
    """Decide, from the Job that has the name, what a new try does; also say why, as the end of a sentence.

    A Complete Job of this round of tries is adopted: its worker died before it could say so, and the work is done.
    A Job that a later try has is that try's alone, in whatever state it is.
    """
    if job is None:
        return Decision.APPLY, "there is none"
    metadata = job["metadata"]
    labels, verdict = metadata.get("labels") or {}, job_status.verdict(job)
    owner = owner_of(job)
    is_ours, recorded = labels.get(TASK_INSTANCE_LABEL) == identity.digest, labels.get(TRY_LABEL, "")
    if is_ours and recorded.isdecimal() and int(recorded) > identity.try_number:
        # Airflow took this worker for dead and started the task again.
        return Decision.REFUSE, f"try {recorded} of this task has taken it over from try {identity.try_number}"
    if metadata.get("deletionTimestamp"):
        return Decision.REPLACE, "it is being deleted"
    if is_ours:
        if not recorded.isdecimal() or int(recorded) < identity.first_try:
            return Decision.REPLACE, f"it is this task's own from try {recorded or '?'}, before the task was cleared"
        if verdict is not None and not verdict.is_complete:
            return Decision.REPLACE, f"it is this task's own from try {recorded}, and it failed"
        return Decision.ADOPT, f"it is this task's own from try {recorded}, and it {_state(verdict)}"
    if verdict is None:
        return Decision.REFUSE, f"it belongs to {owner} and has not ended"
    return Decision.REPLACE, f"it belongs to {owner} and has ended ({verdict.type})"


def is_of_task(thing: Mapping[str, Any], identity: Identity) -> bool:
    """Whether an object was made by this task, in this run or in another."""
    annotations = thing["metadata"].get("annotations") or {}
    names = (annotations.get(f"{PREFIX}/dag-id"), annotations.get(f"{PREFIX}/task-id"))
    return names == (identity.dag_id, identity.task_id)


def selector_of(job: Mapping[str, Any]) -> str:
    """Return a label selector for this Job that no longer picks it once another try or run has the name."""
    labels = job["metadata"].get("labels") or {}
    terms = [f"{key}={labels[key]}" if key in labels else f"!{key}" for key in (TASK_INSTANCE_LABEL, TRY_LABEL)]
    return ",".join(terms)


def owner_of(job: Mapping[str, Any]) -> str:
    """Name, for people, the task instance that a Job belongs to."""
    annotations = job["metadata"].get("annotations") or {}
    names = [annotations.get(f"{PREFIX}/{key}") for key in ("dag-id", "task-id", "run-id")]
    if not all(names):
        return "no task of Airflow"
    index = annotations.get(f"{PREFIX}/map-index", "-1")
    mapped = f", map index {index}" if index != "-1" else ""
    return "task {1} of DAG {0}, run {2}".format(*names) + mapped


def _state(verdict: job_status.Verdict | None) -> str:
    return "has not ended" if verdict is None else "is Complete"
