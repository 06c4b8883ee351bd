"""A line that is read late tells when it was written."""

from __future__ import annotations

import datetime

from kubectl_job_operator.logs.own_times import with_own_times

TODAY = datetime.date(2026, 11, 26)
STAMPS = [b"2026-11-26T10:00:00.123456789Z", b"2026-11-26T10:00:01.000000000Z", b"2026-11-25T23:59:59.999999999Z"]


def test_each_line_has_its_own_time_whatever_its_level() -> None:
    runs = [("info", ["one", ""]), ("error", ["three"])]
    assert with_own_times(STAMPS, runs, TODAY) == [
        ("info", ["10:00:00Z one", "10:00:01Z "]),
        ("error", ["2026-11-25T23:59:59Z three"]),
    ]


def test_without_a_day_it_is_today_in_utc() -> None:
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp = now.isoformat(timespec="microseconds").removesuffix("+00:00") + "000Z"
    ((_, (line,)),) = with_own_times([stamp.encode()], [("info", ["x"])])
    assert line in (f"{now:%H:%M:%S}Z x", f"{now:%Y-%m-%dT%H:%M:%S}Z x")
