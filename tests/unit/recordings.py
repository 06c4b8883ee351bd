"""What real clusters answered, as saved in ``tests/fixtures``."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[1] / "fixtures"


def job(scenario: str, version: str = "1.36") -> dict[str, Any]:
    """Return the Job of a scenario."""
    return copy.deepcopy(_read(f"kubernetes-{version}/{scenario}/job.json"))


def pods(scenario: str, version: str = "1.36") -> list[dict[str, Any]]:
    """Return the pods of a scenario."""
    return list(pod_list(scenario, version)["items"])


def pod_list(scenario: str, version: str = "1.36") -> dict[str, Any]:
    """Return the pods of a scenario as kubectl prints them: a List."""
    return copy.deepcopy(_read(f"kubernetes-{version}/{scenario}/pods.json"))


def pod_events(scenario: str, version: str = "1.36") -> list[dict[str, Any]]:
    """Return the events of a scenario's pods as a watch printed them, each a line."""
    lines = (FIXTURES / f"kubernetes-{version}/{scenario}/pod-events.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def event_list(scenario: str, version: str = "1.36") -> dict[str, Any]:
    """Return the events of a scenario as kubectl prints them: a List."""
    return copy.deepcopy(_read(f"kubernetes-{version}/{scenario}/events.json"))


def events(scenario: str, version: str = "1.36") -> list[dict[str, Any]]:
    """Return the events of a scenario."""
    return list(event_list(scenario, version)["items"])


def job_last_seen(scenario: str) -> dict[str, Any]:
    """Return the Job of a scenario as it was seen last; also where it was gone in the end."""
    if (FIXTURES / "kubernetes-1.36" / scenario / "job.json").exists():
        return job(scenario)
    return _last_seen(scenario, "job-events.jsonl")[-1]


def pods_last_seen(scenario: str) -> list[dict[str, Any]]:
    """Return the pods of a scenario, each as its watch showed it last; also those that were gone in the end."""
    by_name = {pod["metadata"]["name"]: pod for pod in _last_seen(scenario, "pod-events.jsonl")}
    return list(by_name.values())


def _last_seen(scenario: str, file: str) -> list[dict[str, Any]]:
    lines = (FIXTURES / "kubernetes-1.36" / scenario / file).read_text().splitlines()
    return [json.loads(line)["object"] for line in lines]


@functools.cache
def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FIXTURES / name).read_text())
    return read
