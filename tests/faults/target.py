"""A task instance that is to be hit."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.faults.dag import Life
from tests.faults.plan import TaskPlan
from tests.faults.telling import Strike


@dataclass
class Target:
    """A task instance whose moment is awaited.

    :param plan: what it does.
    :param life: its latest try; ``None`` before the first.
    :param due_at: when it is to be hit; ``None`` until its mark was seen.
    :param is_hit: whether it was.
    :param begins_at: when it was let through the gate, as Unix time; 0 while it was not.
    :param strikes: what struck the whole cluster while it ran.
    :param clears: when it was cleared, as Unix times.
    :param mark: the state that it was given last; empty if there is none that still holds.
    """

    plan: TaskPlan
    life: Life | None = None
    due_at: float | None = None
    is_hit: bool = False
    begins_at: float = 0.0
    strikes: list[Strike] = field(default_factory=list)
    clears: list[float] = field(default_factory=list)
    mark: str = ""
