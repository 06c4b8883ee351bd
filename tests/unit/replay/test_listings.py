"""What the folder tells of events and commands is a line each."""

from __future__ import annotations

from kubectl_job_operator.replay.listings import events_text
from tests.unit.replay.test_aftermath import event


def test_events_are_a_table_with_a_line_each() -> None:
    table = events_text([event("a"), event("a-longer-name", about="Job")]).splitlines()
    assert table[0].split() == ["LAST", "SEEN", "TYPE", "COUNT", "REASON", "OBJECT", "MESSAGE"]
    assert [line.index("no luck") for line in table[1:]] == [table[0].index("MESSAGE")] * 2
