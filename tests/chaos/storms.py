"""What hits all that run at once: strands of storms that overlap, each with rests between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from tests.chaos.airflow import ChaosAirflow
from tests.cluster import faults
from tests.faults import injection
from tests.faults.injection import Scene
from tests.faults.judge import Rules
from tests.integration.between import Line
from tests.waiting import until

_CUT_SECONDS, _HANG_SECONDS, _FREEZE_SECONDS = (1.0, 20.0), (5.0, 40.0), (5.0, 60.0)
_RECOVERY_SECONDS = 300.0
_MOST_MISHAPS = 3


@dataclass(frozen=True)
class Sky:
    """What storms break.

    :param scene: with the bench's own kubectl, which no network between stands in the way of.
    :param airflow: the Airflow.
    :param line: what its kubectls reach the cluster through.
    """

    scene: Scene
    airflow: ChaosAirflow
    line: Line

    def wait(self, span: tuple[float, float]) -> None:
        """Let some time pass."""
        time.sleep(self.scene.chance.uniform(*span))


@dataclass(frozen=True)
class Storm:
    """One that was.

    :param name: which.
    :param at: from when, as Unix time.
    :param over_at: until when.
    """

    name: str
    at: float
    over_at: float


def _break_api_server(sky: Sky) -> None:
    injection.break_api_server(sky.scene)
    injection.wait_until_served(sky.scene.kubectl)


def _freeze_etcd(sky: Sky) -> None:
    injection.freeze_etcd(sky.scene)
    injection.wait_until_served(sky.scene.kubectl)


def _cut_network(sky: Sky) -> None:
    """Reset all connections and take no new ones."""
    sky.line.refuse()
    sky.wait(_CUT_SECONDS)
    until(lambda: _is_mended(sky.line), "somebody else has the network's port")


def _is_mended(line: Line) -> bool:
    """Mend it, unless a connection of somebody's has its port for a moment."""
    with suppress(OSError):
        line.mend()
        return True
    return False


def _hang_network(sky: Sky) -> None:
    """Swallow all that is sent, without a word."""
    sky.line.hang()
    sky.wait(_HANG_SECONDS)
    sky.line.mend()


def _of_node(break_node: Callable[[Scene], None]) -> Callable[[Sky], None]:
    """Break the node, and wait until pods can come to it again."""

    def storm(sky: Sky) -> None:
        with suppress(*injection.KUBECTL_FAILURES):  # another storm is in the way of a drain
            break_node(sky.scene)
        deadline = time.monotonic() + _RECOVERY_SECONDS
        while not _is_ready(sky.scene):
            if time.monotonic() > deadline:
                raise RuntimeError("the node did not come back")
            time.sleep(2)

    return storm


def _is_ready(scene: Scene) -> bool:
    with suppress(*injection.KUBECTL_FAILURES):
        node = injection.node_with_pods(scene.kubectl)
        is_ready = scene.kubectl.does("wait", f"node/{node}", "--for=condition=Ready", "--timeout=1s")
        return is_ready and scene.kubectl.does("uncordon", node)
    return False


def _freeze_node(scene: Scene) -> None:
    faults.pause("node")
    time.sleep(scene.chance.uniform(*_FREEZE_SECONDS))
    faults.resume("node")


def _freeze_triggerer(sky: Sky) -> None:
    frozen = sky.airflow.freeze_triggerer()
    sky.wait(_FREEZE_SECONDS)
    sky.airflow.wake(frozen)


def _replace_frozen_triggerer(sky: Sky) -> None:
    """Let a triggerer wake up when another one has taken over all that it had; then it is killed."""
    frozen = sky.airflow.freeze_triggerer()
    sky.airflow.start_another_triggerer()
    sky.wait(_FREEZE_SECONDS)
    sky.airflow.wake(frozen)
    sky.wait(_FREEZE_SECONDS)
    sky.airflow.kill(frozen)


def _kill_triggerers_kubectl(sky: Sky) -> None:
    with suppress(psutil.Error, IndexError):
        kubectls = [one for one in sky.airflow.triggerer() if one.name() == "kubectl"]
        sky.scene.chance.choice(kubectls).kill()


STORMS: Mapping[str, tuple[Callable[[Sky], None], Rules]] = {
    "API server killed": (_break_api_server, Rules()),
    "etcd paused": (_freeze_etcd, Rules()),
    "network cut": (_cut_network, Rules()),
    "network hangs": (_hang_network, Rules()),
    "kubelet restarted": (_of_node(injection.restart_kubelet), Rules()),
    "node drained": (_of_node(injection.drain_node), Rules()),
    "node killed": (_of_node(injection.kill_node), Rules()),
    "node frozen": (_of_node(_freeze_node), Rules()),
    "node dead": (_of_node(injection.let_node_be_dead), Rules()),
    "triggerer killed": (lambda sky: sky.airflow.replace_triggerer(), Rules()),
    "triggerer frozen": (_freeze_triggerer, Rules()),
    "triggerer frozen and replaced": (_replace_frozen_triggerer, Rules()),
    "triggerer's kubectl killed": (_kill_triggerers_kubectl, Rules()),
    # What runs is given to other workers by the next scheduler, as after a Clear, and the old ones are told to stop.
    "scheduler killed": (lambda sky: sky.airflow.kill_scheduler(with_workers=False), Rules(ends_jobs=True)),
    "scheduler killed with its workers": (
        lambda sky: sky.airflow.kill_scheduler(with_workers=True),
        Rules(kills_workers=True),
    ),
}
"""How each is brought about, by the names of the plan, and what it excuses for all that run meanwhile."""


class Strand:
    """Storms one after the other, from ``start`` until ``end``.

    :param sky: what they break.
    :param plan: how long to rest before the next one, and which it is.
    """

    def __init__(self, name: str, sky: Sky, plan: Iterator[tuple[float, str]]) -> None:
        self.storms: list[Storm] = []
        self.mishaps: list[str] = []
        """Of storms that the machine could not bring about, or not mend at once; what they broke was mended then."""
        self._sky = sky
        self._plan = plan
        self._is_over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._blow, name=f"storms of the {name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def check(self) -> None:
        """Raise what has ended the strand, if anything has."""
        if self._error is not None:
            raise self._error

    def end(self) -> None:
        """Let no other storm begin."""
        self._is_over.set()

    def wait(self) -> None:
        """Wait until the last one is over."""
        self._thread.join()
        self.check()

    def _blow(self) -> None:
        try:
            for rest, name in self._plan:
                if self._is_over.wait(rest):
                    return
                began = time.time()
                self._bring_about(name)
                self.storms.append(Storm(name, began, time.time()))
        except Exception as error:  # noqa: BLE001 - whoever waits for the strand raises it
            self._error = error

    def _bring_about(self, name: str) -> None:
        try:
            STORMS[name][0](self._sky)
        except Exception as error:
            self.mishaps.append(f"{name}: {error}")
            if len(self.mishaps) > _MOST_MISHAPS:
                raise
            faults.mend()
