"""What is there of a task instance after its end: on the cluster, on the disk, among the processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kubectl_job_operator.attempt.private_folder import KEPT, LOCK, PREFIX
from tests.faults.evidence import Leftovers


def leftovers_of(
    name: str, objects: dict[str, list[dict[str, object]]], tmp: Path, commands: Sequence[tuple[str, str]]
) -> Leftovers:
    """Return what is there of a task instance.

    :param objects: the namespace's objects by resource.
    :param tmp: its folder of temporary files.
    :param commands: ``TMPDIR`` and command line of each kubectl process.
    """

    def named(resource: str) -> tuple[str, ...]:
        return tuple(one["metadata"]["name"] for one in objects[resource] if one["metadata"]["name"] == name)  # type: ignore[index]

    labels = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in objects["pods"]}  # type: ignore[index,attr-defined]
    ours = [path for path in tmp.iterdir() if path.name.startswith(PREFIX)]
    return Leftovers(
        jobs=named("jobs"),
        config_maps=named("configmaps"),
        pods={pod: one["controller-uid"] for pod, one in labels.items() if one.get("job-name") == name},
        folders={
            path.name: tuple(
                str(file.relative_to(path))
                for file in path.rglob("*")
                if file.is_file() and file.name not in (LOCK, KEPT)  # they say whose the folder is
            )
            for path in ours
        },
        other_files=tuple(path.name for path in tmp.iterdir() if path not in ours),
        kubectls=tuple(command for place, command in commands if place == str(tmp)),
    )
