"""The world's time and threads in the place of Python's, in all of the package that asks for them.

A clock that is handed in would go through thirty-five constructors and be used in each of them as the module ``time``
is. So the modules keep asking ``time``, and get another one for the length of a history, as in the unit tests.
"""

from __future__ import annotations

import collections
import contextlib
import datetime
import importlib
import pkgutil
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import tenacity

import kubectl_job_operator
from kubectl_job_operator.attempt import workspace
from kubectl_job_operator.manifest import yaml_text
from tests.simulation.world import World

_ROOMS = ("manifest", "kubectl", "status", "attempt", "watch", "replay", "logs", "life")


@contextlib.contextmanager
def in_world(world: World) -> Iterator[None]:
    """Let the package live in a world for a while."""
    others = {id(time): _time_of(world), id(queue): _queues_of(world), id(threading): _threads_of(world)}
    dates = _dates_of(world)
    swapped: list[tuple[Any, str, Any]] = [
        (yaml_text, "dump_all", yaml_text.dump_all),
        (workspace, "memory_disk", vars(workspace)["memory_disk"]),
    ]
    # All folders lie in the history's own, which is removed with it: a machine that is gone removes nothing.
    setattr(workspace, "memory_disk", lambda: None)  # noqa: B010 - likewise
    setattr(yaml_text, "dump_all", _written_once(yaml_text.dump_all))  # noqa: B010 - mypy lets no module be changed
    for module in _modules():
        for name in ("time", "queue", "threading"):
            original = getattr(module, name, None)
            if id(original) in others:
                swapped.append((module, name, original))
                setattr(module, name, others[id(original)])
        if getattr(module, "datetime", None) is datetime and module.__name__ in _TELL_THE_DATE:
            swapped.append((module, "datetime", datetime))
            module.datetime = dates  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module, name, original in swapped:
            setattr(module, name, original)


_TELL_THE_DATE = {
    f"kubectl_job_operator.{name}"
    for name in (
        "attempt.belongings",
        "attempt.standing",
        "kubectl.transcript",
        "life.startup_clocks",
        "life.obstacles",
        "life.patience",
        "logs.own_times",
    )
}

_LEAST_SECONDS = 1e-6


def _modules() -> list[ModuleType]:
    """Return the modules that may ask for the time."""
    if not _KNOWN:
        for room in _ROOMS:
            package = importlib.import_module(f"kubectl_job_operator.{room}")
            for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
                importlib.import_module(found.name)
        prefix = f"{kubectl_job_operator.__name__}."
        _KNOWN.extend(module for name, module in sorted(sys.modules.items()) if name.startswith(prefix))
        _KNOWN.append(tenacity)
    return _KNOWN


_KNOWN: list[ModuleType] = []


_WRITTEN: dict[str, str] = {}


def _written_once(dump_all: Callable[[Iterable[Any]], str]) -> Callable[[Iterable[Any]], str]:
    """Return the same function with a memory: most of a try's time on the CPU is for writing YAML again and again."""

    def write(documents: Iterable[Any]) -> str:
        things = list(documents)
        key = repr(things)
        if key not in _WRITTEN:
            _WRITTEN[key] = dump_all(things)
        return _WRITTEN[key]

    return write


def _time_of(world: World) -> SimpleNamespace:
    return SimpleNamespace(
        monotonic=lambda: world.now, time=lambda: datetime.datetime.timestamp(world.wall_time), sleep=world.sleep
    )


def _dates_of(world: World) -> SimpleNamespace:
    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return world.wall_time.astimezone(tz)

    return SimpleNamespace(datetime=Now, timezone=datetime.timezone, timedelta=datetime.timedelta, date=datetime.date)


def _queues_of(world: World) -> SimpleNamespace:
    class Queue:
        """A queue between threads of the world."""

        def __init__(self, maxsize: int = 0) -> None:
            self._items: collections.deque[Any] = collections.deque()
            self._most = maxsize

        def __class_getitem__(cls, item: Any) -> type[Queue]:
            return cls

        def put(self, item: Any) -> None:
            if self._most and len(self._items) >= self._most:
                world.wait(lambda: len(self._items) < self._most)
            self._items.append(item)

        def get(self, timeout: float) -> Any:
            # Time passes even where the rest of a wait is less than the clock can tell.
            if not self._items and not world.wait(lambda: bool(self._items), max(timeout, _LEAST_SECONDS)):
                raise queue.Empty
            return self._items.popleft()

        def get_nowait(self) -> Any:
            if not self._items:
                raise queue.Empty
            return self._items.popleft()

    return SimpleNamespace(Queue=Queue, SimpleQueue=Queue, Empty=queue.Empty)


def _threads_of(world: World) -> SimpleNamespace:
    class Event:
        """Something that is waited for once."""

        def __init__(self) -> None:
            self._is_set = False

        def set(self) -> None:
            self._is_set = True

        def is_set(self) -> bool:
            return self._is_set

        def wait(self, timeout: float) -> bool:
            return self._is_set or world.wait(self.is_set, timeout)

    class Thread:
        """A thread of the world."""

        def __init__(self, target: Callable[[], None], name: str, **_: bool) -> None:
            self._target, self._name = target, name

        def start(self) -> None:
            world.spawn(self._target, self._name)

    return SimpleNamespace(Thread=Thread, Event=Event, local=threading.local)
