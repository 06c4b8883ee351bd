"""The table of all versions: what came of each scene on each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Outcomes = Mapping[str, Sequence[str]]
"""What went wrong in each scene."""


def add(file: Path | None, version: str, outcomes: Outcomes) -> str:
    """Add what came of a version to those in a file, and return the table of all.

    :param file: ``None`` if there is one version only.
    """
    known = json.loads(file.read_text()) if file is not None and file.exists() else {}
    known[version] = {**known.get(version, {}), **outcomes}
    if file is not None:
        file.write_text(json.dumps(known))
    return table(known)


def table(known: Mapping[str, Outcomes]) -> str:
    """Return a table in Markdown with a row for each scene and a column for each version, and what went wrong below."""
    scenes = list(dict.fromkeys(scene for outcomes in known.values() for scene in outcomes))
    lines = [
        f"| scene | {' | '.join(known)} |",
        f"|---|{'---|' * len(known)}",
        *(f"| {scene} | {' | '.join(_cell(outcomes, scene) for outcomes in known.values())} |" for scene in scenes),
    ]
    wrongs = [
        f"{version}, {scene}: {wrong}"
        for version, outcomes in known.items()
        for scene, found in outcomes.items()
        for wrong in found
    ]
    return "\n".join([*lines, *wrongs])


def _cell(outcomes: Outcomes, scene: str) -> str:
    if scene not in outcomes:
        return "not played"
    return "HARM" if outcomes[scene] else "ok"
