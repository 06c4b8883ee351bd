"""Which pods were there at all: a watch that runs beside a check, for what is deleted leaves nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.deployment import Deployment


class Sightings:
    """The objects that a watch has shown.

    :param file: what the watch has printed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def uids_by(self, label: str) -> dict[str, set[str]]:
        """Return the UIDs of all objects by the value of one of their labels."""
        found: dict[str, set[str]] = {}
        for one in self._objects():
            value = one["metadata"].get("labels", {}).get(label)
            if value:
                found.setdefault(value, set()).add(one["metadata"]["uid"])
        return found

    def uids_by_name(self) -> dict[str, set[str]]:
        """Return the UIDs of all objects by their names."""
        found: dict[str, set[str]] = {}
        for one in self._objects():
            found.setdefault(one["metadata"]["name"], set()).add(one["metadata"]["uid"])
        return found

    def _objects(self) -> Iterator[dict[str, Any]]:
        decoder = json.JSONDecoder()
        text = self._file.read_text()
        at = 0
        while (start := text.find("{", at)) >= 0:
            try:
                event, at = decoder.raw_decode(text, start)
            except json.JSONDecodeError:
                # The last one is not written to its end.
                return
            yield event["object"]


@contextmanager
def watched(deployment: Deployment, resource: str, file: Path) -> Iterator[Sightings]:
    """Watch a resource of the deployment's namespace for as long as the block lasts."""
    with file.open("wb") as output:
        command = deployment.command("get", resource, "--watch", "--output-watch-events", "-o", "json")
        process = subprocess.Popen(command, stdout=output)
        try:
            yield Sightings(file)
            assert process.poll() is None, "the watch has ended: what came after it was not seen"
        finally:
            process.kill()
            process.wait()
