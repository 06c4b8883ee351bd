"""The events and the commands of a try as text, for its folder."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_job_operator.kubectl.transcript import Record, Transcript
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import joined
from kubectl_job_operator.replay.evidence import last_seen


def events_text(events: Sequence[Object]) -> str:
    """Return events as a table, a line each."""
    if not events:
        return "No event is known.\n"
    rows = [("LAST SEEN", "TYPE", "COUNT", "REASON", "OBJECT", "MESSAGE")]
    for event in events:
        about = event.get("involvedObject") or {}
        rows.append(
            (
                last_seen(event),
                str(event.get("type") or ""),
                str(event.get("count") or 1),
                str(event.get("reason") or ""),
                f"{str(about.get('kind') or '?').lower()}/{about.get('name')}",
                " ".join(str(event.get("message") or "").split()),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return "".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) + "\n"
        for row in rows
    )


def transcript_text(transcript: Transcript) -> str:
    """Return the commands, a line each, in the order of their first start."""
    lines = [_line_of(record) for record in transcript.records]
    if transcript.left_out:
        lines.append(f"({transcript.left_out} more commands, from the middle, are not kept)")
    return "".join(f"{line}\n" for line in lines)


def _line_of(record: Record) -> str:
    start = record.first_started.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    times = "" if record.count == 1 else f", ran {record.count} times until {record.last_started:%Y-%m-%dT%H:%M:%SZ}"
    if record.was_stopped:
        end = f"stopped after {record.duration_seconds:.2f} s"
    elif record.return_code is None:
        end = "not ended"
    else:
        end = f"return code {record.return_code} after {record.duration_seconds:.2f} s"
    return f"{start}  {'changes' if record.changes else 'reads'}  {end}{times}\n  $ {joined(record.argv)}"
