"""Variables stand where ``$(NAME)`` finds them."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.manifest.env_order import joined_env, without_present


def variables(text: str) -> list[dict[str, Any]]:
    """Return variables for ``A=1 B=$(A)``."""
    return [dict(zip(("name", "value"), one.split("=", 1), strict=True)) for one in text.split()]


@pytest.mark.parametrize(
    ("present", "added", "joined"),
    [
        ("URL=$(HOST)", "HOST=h", "HOST=h URL=$(HOST)"),
        ("A=1 B=2", "C=3 D=4", "C=3 D=4 A=1 B=2"),
        ("A=1 B=2", "C=$(A)", "A=1 C=$(A) B=2"),
        ("A=1 B=$(C)", "C=$(A)", "A=1 C=$(A) B=$(C)"),
        ("", "A=1 B=$(A)", "A=1 B=$(A)"),
        ("S=secret U=$(E)", "E=$(S)", "S=secret E=$(S) U=$(E)"),
        ("A=1 B=2", "B=3 C=$(B)", "A=1 B=3 C=$(B)"),
        ("A=1", "B=$$(A)", "B=$$(A) A=1"),
        ("A=1", "B=2 C=$(A)$(B) D=4", "B=2 D=4 A=1 C=$(A)$(B)"),
    ],
)
def test_each_variable_stands_behind_what_it_refers_to(present: str, added: str, joined: str) -> None:
    assert joined_env(variables(present), variables(added)) == variables(joined)


def test_nothing_of_what_is_there_is_changed_or_lost() -> None:
    present = [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    assert joined_env(present, []) == present
    assert without_present(present, variables("A=1 B=2")) == variables("B=2")
