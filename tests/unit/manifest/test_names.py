"""Whatever a task is called, its Job can be called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator.manifest.names import valid_name


@pytest.mark.parametrize(
    ("text", "name"),
    [("load", "load"), ("group.My_Task", "group-my-task"), ("--a--", "a"), ("", "job"), ("...", "job")],
)
def test_a_name_is_the_nearest_valid_one(text: str, name: str) -> None:
    assert valid_name(text) == name


@given(st.text(max_size=100))
def test_a_name_is_valid_whatever_it_is_made_of(text: str) -> None:
    name = valid_name(text)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name)
    assert len(name) <= 63
    assert valid_name(name) == name
