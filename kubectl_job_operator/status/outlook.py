"""What keeps a Job, a pod or a container from running, as values."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"\d+")


class Outlook(enum.Enum):
    """What becomes of an obstacle if nobody does anything."""

    PASSING = "normal progress"
    MAY_HEAL = "may heal"
    PULL_FAILING = "the image cannot be pulled"
    HOPELESS = "cannot heal"


@dataclass(frozen=True)
class Obstacle:
    """Why a pod, one of its containers or the whole Job does not run.

    :param reason: Kubernetes' word for it, as ``ImagePullBackOff``.
    :param sentence: the same for people, to follow ``where``.
    :param outlook: what becomes of it.
    :param remedy: what to do; may be empty.
    :param pod: the pod; empty where it concerns the Job.
    :param container: the container; empty where it concerns the whole pod.
    :param is_explained: whether all is said, so that no event could add anything.
    """

    reason: str
    sentence: str
    outlook: Outlook
    remedy: str = ""
    pod: str = ""
    container: str = ""
    is_explained: bool = True

    @property
    def key(self) -> str:
        """The same for the same obstacle said with other numbers, or of another pod of the Job."""
        return f"{self.container}: {_NUMBER.sub('#', self.sentence)}"

    @property
    def where(self) -> str:
        """What it concerns."""
        container = f", container {self.container}" if self.container else ""
        return f"pod {self.pod}{container}" if self.pod else "the Job"

    def __str__(self) -> str:
        return f"{self.where} {self.sentence}"


def with_point(words: str) -> str:
    """End a sentence with a point."""
    words = words.strip() or "the cluster does not say why"
    return words if words.endswith(".") else f"{words}."


def grouped(found: Sequence[Obstacle]) -> list[list[Obstacle]]:
    """Put the pods together that wait for the same."""
    groups: dict[str, list[Obstacle]] = {}
    for one in found:
        groups.setdefault(one.key, []).append(one)
    return list(groups.values())


def line_of(group: Sequence[Obstacle]) -> str:
    """Tell of one of them, and how many more there are."""
    others = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
    return f"{group[0].where}{others} {group[0].sentence}"


def capital(line: str) -> str:
    """Begin a sentence with a capital letter."""
    return line[:1].upper() + line[1:]
