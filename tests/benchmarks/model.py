"""A cluster that is none: a scripted kubectl plays the lives of thousands of pods of one Job, each a real one's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.unit import recordings
from tests.unit.fake_kubectl import VERSION
from tests.unit.stage import NAME, NAMESPACE, UID, US

_SOURCE = Path(__file__).with_name("model_kubectl.pl")
_SCENARIO = "parallel-indexed"


def write_model(
    folder: Path, pods: int, *, at_once: int = 50, pause_seconds: float = 0.0, ends: bool = True, lines: int = 5
) -> None:
    """Write the program, to be put on PATH, and what it plays.

    :param folder: where.
    :param pods: how many the Job has.
    :param at_once: how many of them live at once.
    :param pause_seconds: between two changes.
    :param ends: whether the last ones and the Job end, or go on for ever.
    :param lines: how many each container writes.
    """
    folder.mkdir(parents=True)
    program = folder / "kubectl"
    program.write_text(f"#!{shutil.which('perl')}\n{_SOURCE.read_text()}")
    program.chmod(0o755)
    steps = pod_steps()
    living = sum("terminated" not in step["object"]["status"]["containerStatuses"][0]["state"] for step in steps)
    (folder / "numbers").write_text(f"{pods} {at_once} {pause_seconds} {living} {int(ends)}\n")
    (folder / "version").write_text(json.dumps(VERSION))
    (folder / "job-running").write_text(json.dumps(job(pods, at_once, is_complete=False)))
    (folder / "job-complete").write_text(json.dumps(job(pods, at_once, is_complete=True)))
    (folder / "job-event").write_text(
        json.dumps({"type": "ADDED", "object": job(pods, at_once, is_complete=False)}) + "\n"
    )
    with (folder / "log").open("w") as log:
        for number in range(lines):
            minutes, seconds = divmod(number // 1000, 60)
            log.write(f"2026-11-20T19:{minutes:02}:{seconds:02}.{number % 1000:03}000000Z line {number} of this log\n")
    for number, step in enumerate(steps):
        (folder / f"json-step-{number}").write_text(json.dumps(step, separators=(",", ":")) + "\n")
        (folder / f"fields-step-{number}").write_text(fields_of(step))


def write_jobs(folder: Path, count: int) -> None:
    """Let the watch of Jobs, in a model that was written, tell of so many, and soon of the end of each.

    :param folder: where the model is.
    :param count: how many Jobs.
    """
    for name, is_complete in (("job-event", False), ("job-ends", True)):
        event = json.dumps({"type": "MODIFIED", "object": job(1, 1, is_complete=is_complete)})
        with (folder / name).open("w") as file:
            for number in range(count):
                file.write(event.replace(UID, job_uid(number)).replace(f'"{NAME}"', f'"{job_name(number)}"') + "\n")


def job_name(number: int) -> str:
    """Return the name of one of many Jobs."""
    return f"{NAME}-{number}"


def job_uid(number: int) -> str:
    """Return its UID."""
    return f"0b5b6d9e-0000-4000-8000-{number:012}"


def pod_steps() -> list[dict[str, Any]]:
    """Return the events of a recorded pod's life, of which the name and the UID are to be filled in."""
    events = recordings.pod_events(_SCENARIO)
    first = events[0]["object"]["metadata"]
    own = [event for event in events if event["object"]["metadata"]["uid"] == first["uid"]]
    text = json.dumps(own).replace(first["uid"], "00000000-0000-4000-8000-0000__NUMBER__")
    text = text.replace(first["name"], f"{NAME}-__NUMBER__")
    text = text.replace(str(first["ownerReferences"][0]["uid"]), UID)
    steps: list[dict[str, Any]] = json.loads(text)
    return steps


def job(pods: int, at_once: int, *, is_complete: bool) -> dict[str, Any]:
    """Return the Job as it runs, or as it has ended."""
    made = recordings.job(_SCENARIO)
    metadata, spec, status = made["metadata"], made["spec"], made["status"]
    metadata.update(name=NAME, namespace=NAMESPACE, uid=UID, labels=US.object_labels(), annotations=US.annotations())
    spec.update(completions=pods, parallelism=at_once, selector={"matchLabels": {"controller-uid": UID}})
    if is_complete:
        status.update(succeeded=pods, completedIndexes=f"0-{pods - 1}")
    else:
        made["status"] = {"active": at_once, "ready": 0, "startTime": status["startTime"]}
    return made


def fields_of(step: dict[str, Any]) -> str:
    """Return an event as the shared watch has kubectl print it."""
    pod = step["object"]
    metadata, spec = pod["metadata"], pod["spec"]
    fields = (
        step["type"],
        "Pod",
        metadata["name"],
        metadata["uid"],
        metadata["ownerReferences"][0]["uid"],
        metadata["creationTimestamp"],
        "",
        spec.get("nodeName", ""),
        "",
        json.dumps(pod["status"], separators=(",", ":")),
    )
    return "|".join(fields) + "\n"
