"""A LabelSelector in the words that ``kubectl -l`` takes."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.manifest import kinds, label_selector
from kubectl_job_operator.manifest.labels import TASK_INSTANCE_LABEL

SELECTORS: dict[str, dict[str, Any]] = {
    "": {},
    "app=a,tier=b": {"matchLabels": {"tier": "b", "app": "a"}},
    "app in (a,b)": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]},
    "app notin (a)": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]},
    "app": {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
    "!app": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist", "values": []}]},
    "app=a,example.com/tier in (b,c),!old": {
        "matchLabels": {"app": "a"},
        "matchExpressions": [
            {"key": "example.com/tier", "operator": "In", "values": ["b", "c"]},
            {"key": "old", "operator": "DoesNotExist"},
        ],
    },
    "app=b": {"matchLabels": {"app": "b"}, "matchExpressions": None},
}


@pytest.mark.parametrize("text", SELECTORS)
def test_every_requirement_is_said_as_kubectl_takes_it(text: str) -> None:
    assert label_selector.text(SELECTORS[text]) == text


def job(selector: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", "labels": {TASK_INSTANCE_LABEL: "abc"}},
        "spec": {"manualSelector": True, **({"selector": selector} if selector is not None else {})},
    }


def test_a_job_with_a_selector_of_its_author_has_the_pods_that_this_picks() -> None:
    assert kinds.pod_selector(job(SELECTORS["app in (a,b)"])) == "app in (a,b)"


@pytest.mark.parametrize("selector", [None, {}, {"matchLabels": {}}])
def test_a_selector_that_picks_everything_is_not_taken_for_the_jobs_own(selector: dict[str, Any] | None) -> None:
    assert kinds.pod_selector(job(selector)) == f"{TASK_INSTANCE_LABEL}=abc"
