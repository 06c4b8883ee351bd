"""The picture of a Job's pods says what the recordings say, and is readable with 1 and with 200 pods."""

from __future__ import annotations

import copy
import datetime
import itertools
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from kubectl_job_operator.replay.timeline_svg import timeline
from tests.unit import recordings
from tests.unit.recordings import FIXTURES

SVG = "{http://www.w3.org/2000/svg}"
SCENARIOS = sorted(path.parent.name for path in (FIXTURES / "kubernetes-1.36").glob("*/pods.json"))


def events(scenario: str) -> list[dict[str, Any]]:
    path = Path(FIXTURES, "kubernetes-1.36", scenario, "events.json")
    return list(json.loads(path.read_text())["items"])


def drawn(job: dict[str, Any], pods: list[dict[str, Any]], seen: list[dict[str, Any]]) -> ET.Element:
    return ET.fromstring(timeline(job, pods, seen))


def texts(picture: ET.Element) -> list[str]:
    return [one.text or "" for one in picture.iter(f"{SVG}text")]


def bars(picture: ET.Element) -> list[ET.Element]:
    return picture.findall(f"{SVG}g")


def title_of(bar: ET.Element) -> str:
    return bar.findtext(f"{SVG}title") or ""


def label_of(bar: ET.Element) -> str:
    return bar.findtext(f"{SVG}text") or ""


def many(number: int) -> list[dict[str, Any]]:
    """Make up pods with long names, that begin one after the other and end in any order."""
    (pattern,) = recordings.pods("failed-exit-code")
    created = datetime.datetime.fromisoformat(
        recordings.job("failed-exit-code")["metadata"]["creationTimestamp"].replace("Z", "+00:00")
    )

    def at(seconds: int) -> str:
        return (created + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    pods = []
    for index in range(number):
        pod = copy.deepcopy(pattern)
        pod["metadata"].update(
            name=f"a-job-whose-name-is-so-long-that-no-picture-holds-it-{index:03}-x{index:03}z",
            uid=f"uid-{index}",
            creationTimestamp=at(index * 5),
        )
        for condition in pod["status"]["conditions"]:
            condition["lastTransitionTime"] = at(index * 5 + 2)
        pod["status"]["containerStatuses"][0]["state"] = {
            "terminated": {
                "exitCode": 0 if index % 3 else 137,
                "reason": "Completed" if index % 3 else "OOMKilled",
                "startedAt": at(index * 5 + 4),
                "finishedAt": at(index * 5 + 10 + index * 37 % 600),
            }
        }
        pods.append(pod)
    pods.reverse()
    return pods


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_recording_gives_a_picture_with_a_bar_for_each_container_and_a_title_for_each_bar(scenario: str) -> None:
    pods = recordings.pods(scenario)
    picture = drawn(recordings.job_last_seen(scenario), pods, events(scenario))
    containers = 0
    for pod in pods:
        state = pod["status"]
        found = len(state.get("initContainerStatuses") or []) + len(state.get("containerStatuses") or [])
        containers += found or 1
    assert len(bars(picture)) == containers
    for bar in bars(picture):
        assert "node: " in title_of(bar)
    if not pods:
        assert "There is no pod." in texts(picture)


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("complete", "exit 0"),
        ("failed-exit-code", "exit 3"),
        ("oom-killed", "exit 137 OOMKilled"),
        ("command-missing", "exit 128 StartError"),
        ("image-never-pull", "waiting: ErrImageNeverPull"),
        ("config-missing", "waiting: CreateContainerConfigError"),
        ("unschedulable", "Pending: Unschedulable"),
    ],
)
def test_how_a_container_ended_or_what_it_waits_for_stands_beside_its_bar_in_words(scenario: str, words: str) -> None:
    assert words in texts(drawn(recordings.job(scenario), recordings.pods(scenario), events(scenario)))


def test_a_title_tells_when_a_pod_was_scheduled_its_image_pulled_and_it_started_and_ended() -> None:
    scenario = "two-containers-init-sidecar"
    picture = drawn(recordings.job(scenario), recordings.pods(scenario), events(scenario))
    titles = {title_of(bar).partition(", container ")[2].partition("\n")[0]: title_of(bar) for bar in bars(picture)}
    facts = ["node: node1", "pod created: 0 s", "scheduled: 0 s", "image pulled: 2 s", "started: 2 s", "ended: 4 s"]
    assert titles["a"].splitlines()[1:] == [*facts, "exit 0"]


def test_bars_stand_in_the_order_of_their_start_and_those_of_one_pod_together() -> None:
    scenario = "two-containers-init-sidecar"
    picture = drawn(recordings.job(scenario), recordings.pods(scenario), events(scenario))
    assert [label_of(bar).rpartition(" / ")[2] for bar in bars(picture)] == ["init", "side", "a", "b"]
    labels = [label_of(bar) for bar in bars(drawn(recordings.job("failed-exit-code"), many(20), []))]
    assert labels == sorted(labels)


def test_colours_are_told_apart_by_the_words_of_a_legend() -> None:
    picture = drawn(recordings.job("oom-killed"), recordings.pods("oom-killed"), [])
    (bar,) = bars(picture)
    colour = bar.findall(f"{SVG}rect")[-1].get("fill")
    legend = list(picture)
    place = next(index for index, one in enumerate(legend) if one.get("fill") == colour)
    assert legend[place + 1].text == "ended badly"


@pytest.mark.parametrize("number", [1, 200])
def test_labels_do_not_overlap_and_stay_inside_the_picture(number: int) -> None:
    picture = drawn(recordings.job("failed-exit-code"), many(number), [])
    width, height = float(picture.get("width", 0)), float(picture.get("height", 0))
    assert len(bars(picture)) == number
    rows = [float(bar.find(f"{SVG}rect").get("y", 0)) for bar in bars(picture)]  # type: ignore[union-attr]
    assert all(below - above >= 15 for above, below in itertools.pairwise(rows))
    assert rows[-1] + 15 < height
    for bar in bars(picture):
        label, outcome = bar.findall(f"{SVG}text")
        # The widest letters of a monospaced font at this size are 7 units wide.
        assert float(label.get("x", 0)) - 7 * len(label.text or "") >= 0
        assert float(outcome.get("x", 0)) + 7 * len(outcome.text or "") <= width
    assert len({label_of(bar) for bar in bars(picture)}) == number, "what tells pods apart is not cut off"


def test_the_axis_counts_seconds_since_the_jobs_creation_with_a_handful_of_marks() -> None:
    picture = drawn(recordings.job("failed-exit-code"), many(200), [])
    marks = [text for text in texts(picture) if text.endswith(" s")]
    assert marks[0] == "0 s"
    assert 3 <= len(marks) / 2 <= 9
    assert "1,000 s" in marks


def test_a_container_that_runs_reaches_to_the_last_moment_that_is_known() -> None:
    job, (first, second) = recordings.job("failed-exit-code"), many(2)
    ended = first["status"]["containerStatuses"][0]["state"].pop("terminated")
    first["status"]["containerStatuses"][0]["state"]["running"] = {"startedAt": ended["startedAt"]}
    picture = drawn(job, [first, second], [])
    running = next(bar for bar in bars(picture) if "running" in title_of(bar)).findall(f"{SVG}rect")[-1]
    assert float(running.get("x", 0)) + float(running.get("width", 0)) == pytest.approx(330 + 640, abs=0.2)


def test_a_restarted_container_shows_its_run_before_too() -> None:
    job, (pod,) = recordings.job("failed-exit-code"), many(1)
    status = pod["status"]["containerStatuses"][0]
    status["lastState"] = copy.deepcopy(status["state"])
    status["restartCount"] = 1
    picture = drawn(job, [pod], [])
    (bar,) = bars(picture)
    assert title_of(bar).count("exit 137 OOMKilled") == 2
    assert "exit 137 OOMKilled (1 restarts)" in texts(picture)


def test_what_xml_cannot_hold_is_left_out() -> None:
    job, (pod,) = recordings.job("failed-exit-code"), many(1)
    pod["status"]["containerStatuses"][0]["state"]["terminated"]["reason"] = "<a&b>\x00\ud800\"'"
    assert any("<a&b>\"'" in text for text in texts(drawn(job, [pod], [])))
