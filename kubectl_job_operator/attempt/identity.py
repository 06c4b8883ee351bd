"""Whose Job is it? What is written on every object as labels and annotations, and read back from it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from kubectl_job_operator.manifest.labels import (
    KEEP,
    MANAGED_BY_LABEL,
    PREFIX,
    ROUND,
    STARTED_LABEL,
    TASK_INSTANCE_LABEL,
    TRY_LABEL,
)
from kubectl_job_operator.manifest.names import LONGEST_NAME
from kubectl_job_operator.objects import Object, annotations_of, labels_of

_UNIQUE_LENGTH = 8
_DIGEST_LENGTH = 16
_BEGAN_LENGTH = 6


@dataclass(frozen=True)
class Round:
    """What Airflow says of the tries that belong together: a later one may go on with the Job of an earlier one.

    :param run_started: when the DAG run started, as text that sorts by time: another one of a run that was deleted and
        made again, or cleared after its end; empty where Airflow does not tell.
    :param clear_number: how often tasks of the run were cleared, where Airflow counts it.
    :param max_tries: Airflow's: a Clear raises it. Where a try has a higher number than it allows, its own.
    """

    run_started: str = ""
    clear_number: int = 0
    max_tries: int = 0

    def __str__(self) -> str:
        """Write it for an annotation."""
        return json.dumps([self.run_started, self.clear_number, self.max_tries])

    @classmethod
    def of(cls, thing: Object) -> Round | None:
        """Read it from an object; ``None`` if it has none that can be read."""
        try:
            run_started, clear_number, max_tries = json.loads(annotations_of(thing).get(ROUND, ""))
            return cls(str(run_started), int(clear_number), int(max_tries))
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True)
class Identity:
    """One try of an Airflow task instance.

    :param dag_id: Airflow's.
    :param task_id: Airflow's.
    :param run_id: Airflow's.
    :param map_index: Airflow's; -1 where the task is not mapped.
    :param try_number: which try this is, from 1.
    :param first_try: the first try that belongs together with this one, for Jobs that have no round on them.
    :param installation: which Airflow; empty where there is one only.
    :param round: of which round of tries this is one; ``None`` where nobody tells.
    :param started: when this try began, as a label's text that sorts by time; empty where nobody tells.
    :param has_exact_round: whether nothing but this round of tries has the same ``round``: no run that was made again
        under this id, and no tries from before a Clear.
    """

    dag_id: str
    task_id: str
    run_id: str
    map_index: int = -1
    try_number: int = 1
    first_try: int = 1
    installation: str = ""
    round: Round | None = None
    started: str = ""
    has_exact_round: bool = False

    @property
    def digest(self) -> str:
        """A short name of the task instance, the same for all its tries."""
        return _digest(self._ids, self.installation)

    @property
    def old_digest(self) -> str:
        """The same as version 0.1 wrote it, which did not tell one Airflow from another."""
        return _digest(self._ids)

    @property
    def _ids(self) -> list[object]:
        return [self.dag_id, self.task_id, self.run_id, self.map_index]

    @property
    def field_manager(self) -> str:
        """Who applies what this try creates, for the API server: it refuses another try, with other labels.

        Of a run that was made again a try may have the same number; when it began tells them apart.
        """
        began = f"-{hashlib.sha256(self.started.encode()).hexdigest()[:_BEGAN_LENGTH]}" if self.started else ""
        return f"{self._manager_prefix}-{self.try_number}{began}"

    def manager_of(self, thing: Object) -> str:
        """Who applies a companion that exists: the try that created it, as only that one can take a field away."""
        managed = thing["metadata"].get("managedFields") or ()
        appliers = (str(fields["manager"]) for fields in managed if fields["operation"] == "Apply")
        ours = (applier for applier in appliers if applier.startswith(self._manager_prefix))
        return next(ours, self.field_manager)

    @property
    def _manager_prefix(self) -> str:
        return f"{PREFIX}-{self.digest}"

    def labels(self) -> dict[str, str]:
        """Return the labels for every object of the manifest and for the pods."""
        return {MANAGED_BY_LABEL: PREFIX, TASK_INSTANCE_LABEL: self.digest}

    def try_labels(self) -> dict[str, str]:
        """Return the labels for every object, but not for the pods: a later try that goes on with it changes them."""
        started = {STARTED_LABEL: self.started} if self.started else {}
        return {TRY_LABEL: str(self.try_number), **started}

    def object_labels(self) -> dict[str, str]:
        """Return all labels of an object that this try has made or taken over."""
        return {**self.labels(), **self.try_labels()}

    def unique_name(self, name: str, longest: int = LONGEST_NAME) -> str:
        """Append a suffix that is the same for all tries and another for each run.

        :param longest: how many characters there may be; of a longer name the front part is kept.
        """
        head = name[: max(1, longest - _UNIQUE_LENGTH - 1)].rstrip("-.")
        return f"{head}-{self.digest[:_UNIQUE_LENGTH]}"

    def selector(self) -> str:
        """Return the label selector of what this try has made or taken over, without what is to be kept.

        Of a run that was deleted and made again the tries have the same numbers, and another start.
        """
        own = {TASK_INSTANCE_LABEL: self.digest, **self.try_labels()}
        return ",".join([*(f"{label}={value}" for label, value in own.items()), f"!{KEEP}"])

    def instance_selector(self) -> str:
        """Return the label selector of what all tries of this task instance have, pods too."""
        return f"{TASK_INSTANCE_LABEL}={self.digest}"

    def annotations(self) -> dict[str, str]:
        """Return the annotations for every object of the manifest, for people to read and for later tries."""
        return {
            f"{PREFIX}/dag-id": self.dag_id,
            f"{PREFIX}/task-id": self.task_id,
            f"{PREFIX}/run-id": self.run_id,
            f"{PREFIX}/map-index": str(self.map_index),
            **({ROUND: str(self.round)} if self.round is not None else {}),
        }


def is_of_task(thing: Object, identity: Identity) -> bool:
    """Whether an object was made by this task, in this run or in another."""
    annotations = annotations_of(thing)
    names = (annotations.get(f"{PREFIX}/dag-id"), annotations.get(f"{PREFIX}/task-id"))
    return names == (identity.dag_id, identity.task_id)


def instance_selector_of(thing: Object) -> str:
    """Return the label selector of what all tries of the task instance have that an object belongs to."""
    return f"{TASK_INSTANCE_LABEL}={labels_of(thing)[TASK_INSTANCE_LABEL]}"


def selector_of(thing: Object) -> str:
    """Return a label selector for this object that no longer picks it once another try or run has the name."""
    labels = labels_of(thing)
    keys = (TASK_INSTANCE_LABEL, TRY_LABEL, STARTED_LABEL)
    return ",".join(f"{key}={labels[key]}" if key in labels else f"!{key}" for key in keys)


def selector_to_delete(thing: Object) -> str:
    """Return the same, for a deletion: it does not pick what is to be kept."""
    return f"{selector_of(thing)},!{KEEP}"


def owner_of(thing: Object) -> str:
    """Name, for people, the task instance that an object belongs to."""
    annotations = annotations_of(thing)
    names = [annotations.get(f"{PREFIX}/{key}") for key in ("dag-id", "task-id", "run-id")]
    if not all(names):
        return "no task of Airflow"
    index = annotations.get(f"{PREFIX}/map-index", "-1")
    mapped = f", map index {index}" if index != "-1" else ""
    return "task {1} of DAG {0}, run {2}".format(*names) + mapped


def _digest(ids: list[object], installation: str = "") -> str:
    key = json.dumps([installation, *ids] if installation else ids)
    return hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
