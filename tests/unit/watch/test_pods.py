"""The pods are known as they are now: through changes, the ends of watches, gaps and refusals."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_job_operator.attempt.mailbox import Mailbox
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.watch import pods as pods_module
from kubectl_job_operator.watch.pods import PodWatch
from tests.unit import recordings
from tests.unit.fake_kubectl import NEVER, FakeKubectl
from tests.unit.stage import REFUSED, Log
from tests.unit.watching import FORBIDDEN, JOB, LIST, WATCH, event, listed, live, live_for, pod


@pytest.fixture
def mailbox() -> Mailbox:
    """Give the mailbox of the loop."""
    return Mailbox()


@pytest.fixture
def log() -> Log:
    """Give a log."""
    return Log()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pods_module, "_FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def watch(fake_kubectl: FakeKubectl, mailbox: Mailbox, log: Log) -> Iterator[PodWatch]:  # noqa: ARG001 - it is on PATH
    """Give the code under test with the fake behind it."""
    processes = Processes(os.environ)
    watch = PodWatch(Kubectl(Access(), "here", processes, Transcript(lambda _: None)), JOB, mailbox, log)
    yield watch
    watch.close()
    processes.close()


def _phases(watch: PodWatch) -> dict[str, str]:
    return {one["metadata"]["name"]: one["status"]["phase"] for one in watch.pods.values()}


@pytest.mark.parametrize("scenario", ["complete", "parallel-indexed", "on-failure-restarts", "pod-deleted"])
def test_after_a_recorded_watch_the_pods_are_as_they_last_were(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, scenario: str
) -> None:
    events = recordings.pod_events(scenario)
    printed = b"".join(json.dumps(one).encode() + b"\n" for one in events)
    # In pieces that end anywhere, the last one within the last line.
    pieces = [piece for start in range(0, len(printed), 5_003) for piece in (printed[start : start + 5_003], 0.001)]
    fake_kubectl.answers(WATCH, then=(*pieces, NEVER))
    last = {one["object"]["metadata"]["uid"]: one for one in events}
    live(mailbox, watch, until=lambda: watch.version >= len(events))
    assert dict(watch.pods) == {uid: one["object"] for uid, one in last.items()}
    assert {uid for uid in last if watch.is_gone(uid)} == {uid for uid, one in last.items() if one["type"] == "DELETED"}
    assert list(watch.pods) == list(dict.fromkeys(one["object"]["metadata"]["uid"] for one in events))
    (call,) = fake_kubectl.called(WATCH)
    assert call[call.index("-l") + 1] == f"batch.kubernetes.io/controller-uid={JOB['metadata']['uid']}"


def test_a_watch_that_ends_without_a_word_is_started_again(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log
) -> None:
    fake_kubectl.answers(WATCH, event(pod(phase="Pending")), times=1)
    fake_kubectl.answers(WATCH, event(pod(phase="Running")), times=1, by_signal=signal.SIGKILL)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), after_seconds=0.05, then=(NEVER,))
    fake_kubectl.answers(LIST, listed(pod(phase="Running")))
    live(mailbox, watch, until=lambda: _phases(watch) == {"p": "Succeeded"})
    assert len(fake_kubectl.called(WATCH)) == 3
    assert len(fake_kubectl.called(LIST)) == 5
    assert watch.reconnections == 2
    assert not watch.is_gone("uid-of-p")
    assert log.warnings == []


def test_beside_a_watch_without_a_word_a_list_tells_once_that_there_is_no_pod(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "_SILENT_SECONDS", 0.05)
    fake_kubectl.answers(WATCH, then=(NEVER,))
    fake_kubectl.answers(LIST, listed())
    live(mailbox, watch, until=lambda: watch.is_up)
    live_for(mailbox, watch, seconds=0.3)
    assert len(fake_kubectl.called(WATCH)) == 1
    assert len(fake_kubectl.called(LIST)) == 1 + 1  # which that counts, too
    assert watch.reconnections == 0


def test_a_cluster_that_is_away_behind_a_silent_watch_is_noticed_and_so_is_its_return(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "_SILENT_SECONDS", 0.05)
    fake_kubectl.answers(WATCH, then=(NEVER,))
    fake_kubectl.answers(LIST, times=3, **REFUSED)
    fake_kubectl.answers(LIST, listed(pod("a")))
    live(mailbox, watch, until=lambda: watch.away_since is not None)
    assert watch.last_error is not None
    live(mailbox, watch, until=lambda: watch.is_up)
    assert watch.away_since is None
    assert _phases(watch) == {"a": "Running"}
    assert len(fake_kubectl.called(WATCH)) == 1


def test_where_pods_may_be_watched_and_not_listed_a_silent_watch_goes_on_without_a_word(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "_SILENT_SECONDS", 0.05)
    fake_kubectl.answers(WATCH, then=(NEVER,))
    fake_kubectl.answers(LIST, **FORBIDDEN)
    live_for(mailbox, watch, seconds=0.5)
    assert len(fake_kubectl.called(LIST)) > 1
    assert (watch.away_since, watch.refused_since, watch.last_error, log.warnings) == (None, None, None, [])


def test_what_the_watch_has_said_is_newer_than_the_list_beside_it(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "_SILENT_SECONDS", 0.05)
    fake_kubectl.answers(WATCH, then=(0.3, event(pod("a", "Succeeded")), NEVER))
    fake_kubectl.answers(LIST, listed(pod("a")), after_seconds=0.8)
    live(mailbox, watch, until=lambda: watch.is_up)
    live_for(mailbox, watch, seconds=1.0)
    assert _phases(watch) == {"a": "Succeeded"}
    assert not watch.is_gone("uid-of-a")


def test_after_a_gap_a_pod_that_is_not_listed_is_gone(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox
) -> None:
    fake_kubectl.answers(WATCH, event(pod("a")) + event(pod("b")), times=1)
    fake_kubectl.answers(WATCH, then=(NEVER,))
    fake_kubectl.answers(LIST, listed(pod("b", "Succeeded")))
    live(mailbox, watch, until=lambda: watch.is_gone("uid-of-a"))
    assert _phases(watch) == {"a": "Running", "b": "Succeeded"}
    assert not watch.is_gone("uid-of-b")


def test_where_the_cluster_does_not_answer_no_pod_is_taken_for_gone_and_it_is_not_up(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox
) -> None:
    fake_kubectl.answers(WATCH, event(pod("a")), then=("end",), times=1)
    fake_kubectl.answers(WATCH, then=(NEVER,))
    fake_kubectl.answers(LIST, times=1, **REFUSED)
    fake_kubectl.answers(LIST, then=("answer", listed(pod("a"))))
    assert not watch.is_up
    live(mailbox, watch, until=lambda: watch.is_up)
    fake_kubectl.open_gate("end")
    live(mailbox, watch, until=lambda: len(fake_kubectl.called(LIST)) == 3)
    live_for(mailbox, watch, seconds=0.2)
    assert not watch.is_up
    assert not watch.is_gone("uid-of-a")
    fake_kubectl.open_gate("answer")
    live(mailbox, watch, until=lambda: watch.is_up)
    live(mailbox, watch, until=lambda: len(fake_kubectl.called(WATCH)) == 2)
    assert not watch.is_gone("uid-of-a")


def test_an_empty_list_means_that_all_are_gone(fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox) -> None:
    fake_kubectl.answers(WATCH, event(pod("a")) + event(pod("b")), times=1)
    fake_kubectl.answers(WATCH, then=(NEVER,))
    fake_kubectl.answers(LIST, listed())
    live(mailbox, watch, until=lambda: watch.is_gone("uid-of-a") and watch.is_gone("uid-of-b"))
    assert watch.is_up


def test_a_pod_that_is_named_again_is_not_gone(fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox) -> None:
    fake_kubectl.answers(WATCH, event(pod("a")) + event(pod("b")), times=1)
    fake_kubectl.answers(WATCH, event(pod("b")), then=("late", event(pod("a")), NEVER))
    fake_kubectl.answers(LIST, listed(pod("b")))
    live(mailbox, watch, until=lambda: watch.is_gone("uid-of-a"))
    fake_kubectl.open_gate("late")
    live(mailbox, watch, until=lambda: not watch.is_gone("uid-of-a"))


@pytest.mark.parametrize(
    "noise",
    [
        event({"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}, "ERROR"),
        b'{"type": "MODIFIED", "object": {"kind": "Pod", "metadata": {"na\n',
        b"\n",
        b"not JSON at all\xff\n",
        b"{}\n",
    ],
)
def test_what_is_no_event_of_a_pod_changes_nothing(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, noise: bytes
) -> None:
    fake_kubectl.answers(WATCH, noise + event(pod()) + noise, then=(NEVER,))
    live(mailbox, watch, until=lambda: watch.version > 0)
    live_for(mailbox, watch, seconds=0.02)
    assert _phases(watch) == {"p": "Running"}
    assert watch.version == 1


def test_a_line_that_the_end_of_a_watch_has_cut_is_not_mixed_with_the_next_watch(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox
) -> None:
    whole = event(pod(phase="Succeeded"))
    fake_kubectl.answers(WATCH, event(pod()) + whole[:-20], times=1)
    fake_kubectl.answers(WATCH, whole, then=(NEVER,))
    fake_kubectl.answers(LIST, listed(pod()))
    live(mailbox, watch, until=lambda: _phases(watch) == {"p": "Succeeded"})


def test_a_refusal_that_goes_on_is_told_once_and_tried_on(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "REFUSALS_SECONDS", 0.1)
    fake_kubectl.answers(WATCH, **FORBIDDEN)
    fake_kubectl.answers(LIST, **FORBIDDEN)
    live(mailbox, watch, until=lambda: bool(log.warnings))
    told_after = len(fake_kubectl.called(LIST))
    live(mailbox, watch, until=lambda: len(fake_kubectl.called(LIST)) > told_after)
    (warning,) = log.warnings
    assert warning.startswith("The Job's pods cannot be watched.\n")
    assert 'cannot watch resource "pods"' in warning
    assert not watch.is_up


@pytest.fixture
def lists(fake_kubectl: FakeKubectl, mailbox: Mailbox, log: Log) -> Iterator[PodWatch]:  # noqa: ARG001 - it is on PATH
    """Give the code under test for an account that may not watch."""
    processes = Processes(os.environ)
    kubectl = Kubectl(Access(), "here", processes, Transcript(lambda _: None))
    watch = PodWatch(kubectl, JOB, mailbox, log, may_watch=False)
    yield watch
    watch.close()
    processes.close()


def test_where_watching_is_not_granted_the_pods_are_listed_without_a_try_to_watch(
    fake_kubectl: FakeKubectl, lists: PodWatch, mailbox: Mailbox, log: Log
) -> None:
    fake_kubectl.answers(LIST, listed(), times=1)
    fake_kubectl.answers(LIST, listed(pod("a", "Pending"), pod("b")), times=1)
    fake_kubectl.answers(LIST, listed(pod("a", "Succeeded")))
    live(mailbox, lists, until=lambda: lists.is_gone("uid-of-b"))
    assert _phases(lists) == {"a": "Succeeded", "b": "Running"}
    assert fake_kubectl.called(WATCH) == []
    assert lists.is_up
    assert lists.reconnections == 0
    assert log.warnings == []


def test_as_long_as_nothing_changes_the_lists_become_rare(
    fake_kubectl: FakeKubectl, lists: PodWatch, mailbox: Mailbox
) -> None:
    fake_kubectl.answers(LIST, listed(pod("a", "Pending")), times=4)
    fake_kubectl.answers(LIST, listed(pod("a")))
    pauses = []
    for count in range(1, 6):
        live(mailbox, lists, until=lambda: len(fake_kubectl.called(LIST)) == count)  # noqa: B023 - called at once
        live(mailbox, lists, until=lambda: lists._list is None)
        pauses.append(lists._pause)
    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.02]


def test_a_list_that_fails_is_a_gap_and_the_next_one_its_end(
    fake_kubectl: FakeKubectl, lists: PodWatch, mailbox: Mailbox, log: Log
) -> None:
    fake_kubectl.answers(LIST, listed(pod("a")), times=1)
    fake_kubectl.answers(LIST, times=1, **REFUSED)
    fake_kubectl.answers(LIST, listed(pod("a", "Succeeded")))
    live(mailbox, lists, until=lambda: _phases(lists) == {"a": "Succeeded"})
    assert lists.reconnections == 1
    assert log.warnings == []


def test_a_refusal_now_and_then_is_not_told(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log
) -> None:
    fake_kubectl.answers(WATCH, times=1, **FORBIDDEN)
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(WATCH, times=1, **FORBIDDEN)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), then=(NEVER,))
    fake_kubectl.answers(LIST, times=2, **FORBIDDEN)
    fake_kubectl.answers(LIST, listed(pod()))
    live(mailbox, watch, until=lambda: _phases(watch) == {"p": "Succeeded"})
    assert log.warnings == []


def test_a_refusal_long_after_another_is_not_told_where_an_outage_lay_between_them(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods_module, "REFUSALS_SECONDS", 0.4)
    fake_kubectl.answers(WATCH, times=1, **FORBIDDEN)
    fake_kubectl.answers(WATCH, event(pod()), then=(NEVER,))
    fake_kubectl.answers(LIST, times=1, after_seconds=0.5, **REFUSED)
    fake_kubectl.answers(LIST, times=1, **FORBIDDEN)
    fake_kubectl.answers(LIST, listed(pod()))
    live(mailbox, watch, until=lambda: len(fake_kubectl.called(WATCH)) == 2 and watch.is_up)
    assert log.warnings == []


def test_where_only_watching_is_refused_the_lists_between_do_not_hide_that(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does what the watch itself lists before it begins to watch."""
    monkeypatch.setattr(pods_module, "REFUSALS_SECONDS", 0.1)
    fake_kubectl.answers(WATCH, event(pod()), **FORBIDDEN)
    fake_kubectl.answers(LIST, listed(pod()))
    live(mailbox, watch, until=lambda: bool(log.warnings))
    assert log.warnings[0].startswith("The Job's pods cannot be watched.\n")


def test_a_refusal_after_an_outage_does_not_hide_that_the_cluster_answers_again(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox
) -> None:
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), then=(NEVER,))
    fake_kubectl.answers(LIST, times=1, **REFUSED)
    fake_kubectl.answers(LIST, times=2, **FORBIDDEN)
    fake_kubectl.answers(LIST, listed(pod()))
    live(mailbox, watch, until=lambda: _phases(watch) == {"p": "Succeeded"})
    assert watch.reconnections == 1
    assert watch.away_since is None


def test_where_listing_is_allowed_and_watching_is_not_that_is_no_new_connection_each_time(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox
) -> None:
    fake_kubectl.answers(WATCH, **FORBIDDEN)
    fake_kubectl.answers(LIST, listed(pod()))
    live(mailbox, watch, until=lambda: len(fake_kubectl.called(WATCH)) >= 4)
    assert watch.reconnections == 1


def test_an_outage_is_sat_out_without_a_word_and_with_longer_and_longer_pauses(
    fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox, log: Log
) -> None:
    fake_kubectl.answers(WATCH, event(pod()), times=1)
    fake_kubectl.answers(WATCH, event(pod(phase="Succeeded")), then=(NEVER,))
    fake_kubectl.answers(LIST, times=5, **REFUSED)
    fake_kubectl.answers(LIST, listed(pod()))
    began = time.monotonic()
    live(mailbox, watch, until=lambda: _phases(watch) == {"p": "Succeeded"})
    assert time.monotonic() - began >= 0.01 * (1 + 2 + 4 + 8 + 16 + 32)
    assert log.warnings == []
    assert not watch.is_gone("uid-of-p")
    assert watch.reconnections == 1


def test_a_list_is_taken_for_the_truth(fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox) -> None:
    fake_kubectl.answers(WATCH, event(pod("a")) + event(pod("b")), then=(NEVER,))
    live(mailbox, watch, until=lambda: watch.version == 2)
    watch.replace([pod("b", "Failed"), pod("c")])
    assert _phases(watch) == {"a": "Running", "b": "Failed", "c": "Running"}
    assert [name for name in "abc" if watch.is_gone(f"uid-of-{name}")] == ["a"]
    assert watch.version > 2


def test_a_closed_watch_stays_closed(fake_kubectl: FakeKubectl, watch: PodWatch, mailbox: Mailbox) -> None:
    endless: dict[str, Any] = {"then": (event(pod()) * 2_000, NEVER)}
    fake_kubectl.answers(WATCH, **endless)
    live(mailbox, watch, until=lambda: watch.version > 0)
    watch.close()
    watch.close()
    assert watch.advance() is None
    assert len(fake_kubectl.called(WATCH)) == 1
