"""What a task try hands over from one process to the next while its Job runs: text and numbers, and nothing secret."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kubectl_job_operator.kubectl.transcript import Record
from kubectl_job_operator.logs.resumption import SavedPosition
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object

STAND_IN = "the task's first half"
"""What a manifest that only stands in is called, instead of a template's path."""

_MOST_COMMANDS = 60
_FIRST_COMMANDS = 30


@dataclass(frozen=True)
class Handover:
    """From which a later process finds the Job, and goes on as if there had been one process.

    :param namespace: where the Job is.
    :param name: its name.
    :param uid: its UID: another Job of that name is not it.
    :param pod_selector: the LabelSelector by which the Job itself finds its pods.
    :param kinds: what the try has made, as kubectl takes it.
    :param selector: the label selector of what the try has made.
    :param began: when the try began, in seconds since 1970.
    :param folder: where the first process kept the files that it gave to kubectl; they are gone.
    :param secret_folder: where it kept those that hold secrets.
    :param commands: what was run so far; of very many the first and the latest.
    :param left_out: how many more there were.
    :param positions: how far the logs have been shown.
    :param clocks: since when the Job waits and for what, and what was said of it.
    :param ttl_seconds: the author's ``ttlSecondsAfterFinished``, to be set back at the end; ``None`` if it was left.
    """

    namespace: str
    name: str
    uid: str
    pod_selector: dict[str, Any]
    kinds: str
    selector: str
    began: float
    folder: str = ""
    commands: Sequence[Record] = ()
    left_out: int = 0
    positions: Sequence[SavedPosition] = ()
    clocks: str = ""
    ttl_seconds: int | None = None
    secret_folder: str = ""

    @property
    def full_name(self) -> str:
        """As ``namespace/name``."""
        return f"{self.namespace}/{self.name}"

    def to_text(self) -> str:
        """Write it as JSON, for a database."""
        return json.dumps({**asdict(self), "commands": [_plain(record) for record in self.commands]})

    @classmethod
    def from_text(cls, text: str) -> Handover:
        """Read what ``to_text`` has written."""
        plain = json.loads(text)
        commands = [_record(one) for one in plain.pop("commands")]
        positions = [SavedPosition(**one) for one in plain.pop("positions")]
        return cls(**plain, commands=commands, positions=positions)

    def with_commands(self, records: Sequence[Record], left_out: int = 0) -> Handover:
        """Return the same with these commands: all that change the cluster, and of the others not too many.

        :param left_out: how many more there were already.
        """
        surplus = len(records) - _MOST_COMMANDS
        kept = [
            record
            for index, record in enumerate(records)
            if record.changes or not _FIRST_COMMANDS <= index < _FIRST_COMMANDS + surplus
        ]
        return replace(self, commands=kept, left_out=left_out + len(records) - len(kept))

    def commands_in(self, folder: Path, secret_folder: Path) -> list[Record]:
        """Return the commands as they would be run with the files in other folders."""
        moves = {self.secret_folder: str(secret_folder), self.folder: str(folder)}

        def moved(word: str) -> str:
            for old, new in moves.items():
                word = word.replace(old, new) if old else word
            return word

        return [replace(record, argv=tuple(map(moved, record.argv))) for record in self.commands]

    def job(self) -> Object:
        """Return what is known of the Job without asking the cluster."""
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"namespace": self.namespace, "name": self.name, "uid": self.uid},
            "spec": {"selector": self.pod_selector},
        }

    def manifest(self) -> Manifest:
        """Return what stands in for the manifest where the template no longer gives one: enough to end the Job."""
        pods: Object = {"metadata": {}, "spec": {"containers": []}}
        return Manifest(({**self.job(), "spec": {"selector": self.pod_selector, "template": pods}},), STAND_IN)


def _plain(record: Record) -> dict[str, Any]:
    return {
        **asdict(record),
        "first_started": record.first_started.isoformat(),
        "last_started": record.last_started.isoformat(),
    }


def _record(plain: dict[str, Any]) -> Record:
    times = {key: datetime.datetime.fromisoformat(plain[key]) for key in ("first_started", "last_started")}
    return Record(**{**plain, **times, "argv": tuple(plain["argv"])})
