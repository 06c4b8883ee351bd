"""Whatever is cut, and wherever: each line comes out once, in order, or it is said that one may be missing."""

from __future__ import annotations

import datetime
import re
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator.kubectl.cutting import cut
from kubectl_job_operator.logs import lines as lines_module
from kubectl_job_operator.logs.lines import LONGEST_LINE_BYTES, Line, LineReader
from kubectl_job_operator.logs.resumption import Position, Resumption

EPOCH = datetime.datetime(2026, 11, 20, 19, 25, tzinfo=datetime.timezone.utc)
A_SECOND = 1_000_000_000
PIECE = 16_384


def _stamp(nanoseconds: int) -> bytes:
    """Return a time as the kubelet prints it, counted from a moment of the tests' own."""
    seconds, fraction = divmod(nanoseconds, A_SECOND)
    moment = EPOCH + datetime.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z".encode()


def _printed(lines: Sequence[Line], since: str | None = None) -> bytes:
    """Return what kubectl prints of a log: the kubelet leaves out each line that is older, by itself."""
    return b"".join(
        b"%s %s\n" % line for line in lines if since is None or line.stamp[:19] >= since.removesuffix("Z").encode()
    )


def _read(raw: bytes, *, chunk: int = 65_536) -> list[Line]:
    """Read all of a log, its end too."""
    reader = LineReader()
    lines = [line for start in range(0, len(raw), chunk) for line in reader.feed(raw[start : start + chunk])]
    assert reader.remarks == []
    return [*lines, *reader.last()]


class Viewer:
    """Shows a log over several readings, as the code does that starts them."""

    def __init__(self) -> None:
        self.position = Position()
        self.shown: list[Line] = []
        self.has_gap = False

    def read(self, raw: bytes, *, chunks: Sequence[int] = (), is_whole: bool = False) -> Resumption:
        """Read what one kubectl has printed.

        :param chunks: where that comes in pieces.
        :param is_whole: nothing can follow.
        """
        reader, resumption = LineReader(), Resumption(self.position)
        borders = [0, *sorted(min(one, len(raw)) for one in chunks), len(raw)]
        for start, end in zip(borders, borders[1:], strict=False):  # noqa: RUF007 - the list is short
            self._show(resumption, reader.feed(raw[start:end]))
        if is_whole:
            self._show(resumption, reader.last())
        self.has_gap |= resumption.has_gap or (is_whole and resumption.is_in_vain)
        return resumption

    def _show(self, resumption: Resumption, lines: Sequence[Line]) -> None:
        new = resumption.unseen(lines)
        self.position.advance(new)
        self.shown += new

    @property
    def texts(self) -> list[bytes]:
        """What was shown, without times."""
        return [line.text for line in self.shown]


# What lies between a line and the next: mostly nothing or little, at times a jump of the clock, forward or back.
_CLOCKS_THAT_GO_ON = st.sampled_from([0, 0, 0, 1, 250_000_000, A_SECOND, 7 * A_SECOND, 3_600 * A_SECOND])
_ANY_CLOCKS = st.one_of(_CLOCKS_THAT_GO_ON, st.sampled_from([-1, -A_SECOND, -90 * A_SECOND]))
_TEXTS = st.one_of(st.sampled_from([b"", b" ", b"same", b"\r", b"2026-11-20T19:25:02Z no time"]), st.binary(max_size=9))


@st.composite
def _logs(draw: st.DrawFn, clock: st.SearchStrategy[int]) -> list[Line]:
    """Make a log. Lines that follow each other may have one time; others never have the same to the nanosecond."""
    now, used, lines = 0, {0}, []
    for step in draw(st.lists(clock, min_size=1, max_size=25)):
        now += step
        while step and now in used:
            now += 1
        used.add(now)
        lines.append(Line(_stamp(now), draw(_TEXTS).replace(b"\n", b"|")))
    return lines


def _play(data: st.DataObject, log: list[Line], *, uses_since: bool) -> Viewer:
    """Read a log that grows, by readings that are cut anywhere, and then to its end."""
    viewer, length = Viewer(), 0
    for _ in range(data.draw(st.integers(0, 4), "cuts")):
        length = data.draw(st.integers(length, len(log)), "lines so far")
        raw = _printed(log[:length], viewer.position.since() if uses_since else None)
        cut = raw[: data.draw(st.integers(0, len(raw)), "cut at byte")]
        viewer.read(cut, chunks=data.draw(st.lists(st.integers(0, len(raw)), max_size=4), "chunks"))
    raw = _printed(log, viewer.position.since() if uses_since else None)
    if data.draw(st.booleans(), "the last line has no newline"):
        raw = raw.removesuffix(b"\n")
    viewer.read(raw, is_whole=True)
    return viewer


@given(st.data(), _logs(_ANY_CLOCKS))
def test_each_line_comes_once_and_in_order_whatever_is_cut_and_however_the_clock_jumps(
    data: st.DataObject, log: list[Line]
) -> None:
    viewer = _play(data, log, uses_since=False)
    assert viewer.shown == log
    assert not viewer.has_gap
    assert viewer.position.line_count == len(log)


@given(st.data(), _logs(_CLOCKS_THAT_GO_ON))
def test_each_line_comes_once_and_in_order_where_the_kubelet_leaves_out_what_is_older(
    data: st.DataObject, log: list[Line]
) -> None:
    viewer = _play(data, log, uses_since=True)
    assert viewer.shown == log
    assert not viewer.has_gap


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 15, 16, 17, 39, 40, 41, 100, 700]), st.booleans()), max_size=6),
    st.lists(st.integers(0, 6_000), max_size=8),
)
def test_lines_are_the_same_however_the_output_is_cut_into_chunks(
    lines: list[tuple[int, bool]], borders: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "LONGEST_LINE_BYTES", 40)
        patch.setattr(lines_module, "_HELD_BYTES", 300)
        patch.setattr(lines_module, "_CONTAINER_RUNTIME_PIECE", 16)
        raw = b"".join(
            b"%s %s\n"
            % (_stamp(7), b"x" * length if not is_old else (b"x" * 16 + _stamp(8) + b" ") * (length // 16) + b"y")
            for length, is_old in lines
        )
        reader, found = LineReader(), list[Line]()
        for start, end in zip([0, *sorted(borders)], [*sorted(borders), len(raw)], strict=True):
            found += reader.feed(raw[start:end])
        assert found == list(LineReader().feed(raw))
        assert len(found) == len(lines)
        assert list(reader.last()) == []


def test_many_lines_of_one_time_around_a_cut_come_once() -> None:
    log = [Line(_stamp(5), b"%d" % number) for number in range(1_000)]
    viewer = Viewer()
    for end in (100, 101, 500, 999):
        viewer.read(_printed(log[:end], viewer.position.since()))
        assert viewer.shown == log[:end]
    viewer.read(_printed(log, viewer.position.since()), is_whole=True)
    assert viewer.shown == log


def test_a_line_that_a_cut_halves_is_shown_whole_and_once() -> None:
    log = [Line(_stamp(1), b"one"), Line(_stamp(2), b"two and more")]
    viewer = Viewer()
    viewer.read(_printed(log)[:-8])
    assert viewer.texts == [b"one"]
    viewer.read(_printed(log, viewer.position.since()), is_whole=True)
    assert viewer.shown == log


def test_a_cut_within_the_time_of_a_line_is_no_line_and_no_remark() -> None:
    reader = LineReader()
    assert [line.text for line in reader.feed(b"%s one\n%s" % (_stamp(1), _stamp(2)[:9]))] == [b"one"]
    assert reader.remarks == []


def test_a_last_line_without_newline_is_a_line_only_where_nothing_can_follow() -> None:
    reader = LineReader()
    assert reader.feed(b"%s the end" % _stamp(1)) == []
    assert list(reader.last()) == [Line(_stamp(1), b"the end")]
    assert list(reader.last()) == []


def test_empty_lines_and_blanks_and_carriage_returns_are_kept() -> None:
    texts = [b"", b" ", b"  two", b"a\rb\r", b"\xc2\x85\x0b\x0c\x1c\xe2\x80\xa8", b""]
    log = [Line(_stamp(number), text) for number, text in enumerate(texts)]
    assert _read(_printed(log)) == log


@pytest.mark.parametrize(
    ("printed", "stamp"),
    [
        (b"2026-11-20T19:25:02.123456789Z", b"2026-11-20T19:25:02.123456789Z"),
        (b"2026-11-20T19:25:02.5Z", b"2026-11-20T19:25:02.500000000Z"),
        (b"2026-11-20T19:25:02Z", b"2026-11-20T19:25:02.000000000Z"),
        (b"2026-11-20T20:25:02.5+01:00", b"2026-11-20T19:25:02.500000000Z"),
        (b"2026-11-20T23:55:02.123456789-05:30", b"2026-11-21T05:25:02.123456789Z"),
    ],
)
def test_times_are_in_utc_and_have_nine_digits(printed: bytes, stamp: bytes) -> None:
    assert _read(printed + b" a line\n") == [Line(stamp, b"a line")]
    assert _read(b"%s first\n%s a line\n" % (_stamp(0), printed))[1] == Line(stamp, b"a line")


def test_times_with_a_zone_are_resumed_at_in_utc() -> None:
    viewer = Viewer()
    viewer.read(b"2026-11-20T20:25:02.5+01:00 one\n")
    assert viewer.position.since() == "2026-11-20T19:25:02Z"
    viewer.read(b"2026-11-20T20:25:02.5+01:00 one\n2026-11-20T20:25:02.6+01:00 two\n")
    assert viewer.texts == [b"one", b"two"]


def test_reading_goes_on_from_the_whole_second_of_the_last_line() -> None:
    position = Position()
    assert position.since() is None
    position.advance([Line(_stamp(1), b"a"), Line(_stamp(2 * A_SECOND + 999_999_999), b"b")])
    assert position.since() == "2026-11-20T19:25:02Z"


def test_where_the_clock_has_gone_back_nothing_is_left_out() -> None:
    log = [Line(_stamp(number * A_SECOND), b"%d" % number) for number in (10, 11, 3, 4, 5, 12, 13)]
    viewer = Viewer()
    viewer.read(_printed(log[:4]))
    assert viewer.position.since() is None
    viewer.read(_printed(log[:6], viewer.position.since()))
    assert viewer.position.since() == "2026-11-20T19:25:12Z"
    viewer.read(_printed(log, viewer.position.since()), is_whole=True)
    assert viewer.shown == log


def test_a_clock_that_goes_back_while_nobody_reads_hides_nothing_of_a_log_that_is_read_whole() -> None:
    log = [Line(_stamp(number * A_SECOND), b"%d" % number) for number in (10, 11, 2, 3)]
    viewer = Viewer()
    viewer.read(_printed(log[:2]))
    viewer.read(_printed(log))
    assert viewer.shown == log


def test_where_the_last_line_is_gone_there_is_a_gap_and_what_is_there_is_shown() -> None:
    viewer = Viewer()
    viewer.read(_printed([Line(_stamp(1), b"one"), Line(_stamp(2), b"two")]))
    resumption = viewer.read(_printed([Line(_stamp(9), b"nine"), Line(_stamp(10), b"ten")]))
    assert resumption.has_gap
    assert viewer.texts == [b"one", b"two", b"nine", b"ten"]


def test_where_only_some_lines_of_the_last_time_are_left_nothing_is_missing() -> None:
    viewer = Viewer()
    same = [Line(_stamp(5), b"%d" % number) for number in range(3)]
    viewer.read(_printed(same))
    resumption = viewer.read(_printed([*same[1:], Line(_stamp(6), b"new")]))
    assert not resumption.has_gap
    assert viewer.texts == [b"0", b"1", b"2", b"new"]


def test_a_log_in_which_the_last_line_is_not_found_was_read_in_vain() -> None:
    position = Position()
    assert not Resumption(position).is_in_vain
    position.advance([Line(_stamp(5), b"five")])
    resumption = Resumption(position)
    assert resumption.is_in_vain
    assert resumption.unseen([Line(_stamp(4), b"four")]) == []
    assert resumption.is_in_vain
    assert resumption.unseen([Line(_stamp(5), b"five")]) == []
    assert not resumption.is_in_vain


def test_a_line_of_megabytes_is_cut_with_a_note_and_never_held_whole() -> None:
    reader = LineReader()
    piece = b"x" * 65_536
    tracemalloc.start()
    assert reader.feed(b"%s start " % _stamp(1)) == []
    for _ in range(512):
        assert reader.feed(piece) == []
    (line, after) = reader.feed(b"end\n%s next\n" % _stamp(2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    dropped = len(b"start ") + 512 * 65_536 + len(b"end") - LONGEST_LINE_BYTES
    note = b" [the line is longer: about %d KiB are not shown here] " % -(-dropped // 1024)
    start, end = line.text.split(note)
    assert start == b"start " + b"x" * (len(start) - 6)
    assert end == b"x" * (len(end) - 3) + b"end"
    assert len(start) + len(end) == LONGEST_LINE_BYTES
    assert line.stamp == _stamp(1)
    assert after == Line(_stamp(2), b"next")
    assert peak < 1_000_000


@pytest.mark.parametrize("chunk", [65_536, 1_000, 60_001])
@pytest.mark.parametrize("more", [0, 1])
def test_a_line_is_cut_only_if_it_is_longer_than_the_limit(chunk: int, more: int) -> None:
    (line,) = _read(b"%s %s\n" % (_stamp(1), b"x" * (LONGEST_LINE_BYTES + more)), chunk=chunk)
    note = b" [the line is longer: about 1 characters are not shown here] "
    assert line.text.count(b"x") == LONGEST_LINE_BYTES
    assert line.text.replace(note, b"") == b"x" * LONGEST_LINE_BYTES
    assert (note in line.text) is bool(more)


def test_a_long_line_at_the_end_without_newline_is_cut_too() -> None:
    (line,) = _read(b"%s %s!" % (_stamp(1), b"x" * 200_000))
    assert b" KiB are not shown here] x" in line.text
    assert line.text.endswith(b"x!")


def _hides(text: str) -> str:
    return text.replace(SECRET, "***")


SECRET = "".join(chr(97 + number % 26) for number in range(1_000))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "x" * at + SECRET + "x" * (length - at)
            for at in (10, 49_500, 60_000, 190_500)
            for length in (70_000, 200_000)
        ),
        "x" * 61_000 + SECRET * 100,
        "xx" + SECRET * 500,
    ],
)
def test_a_cut_leaves_no_half_of_a_secret(text: str) -> None:
    reader = LineReader(_hides)
    (line,) = reader.feed(f"{_stamp(1).decode()} {text}\n".encode())
    for shown in (line.text.decode(), cut(text, _hides)):
        head, note, tail = re.split(r"( \[the line is longer: .* are not shown here\] )", shown)
        assert note
        assert set(head + tail) <= {"x", "*"}


@pytest.mark.parametrize("chunk", [65_536, 777])
def test_the_times_that_old_kubelets_print_within_a_long_line_are_left_out(chunk: int) -> None:
    raw = b"%s %s%s %s%s %s\n" % (_stamp(1), b"A" * PIECE, _stamp(2), b"B" * PIECE, _stamp(3), b"C" * 9)
    raw += b"%s %s%s \n%s short\n" % (_stamp(4), b"D" * PIECE, _stamp(5), _stamp(6))
    assert _read(raw, chunk=chunk) == [
        Line(_stamp(1), b"A" * PIECE + b"B" * PIECE + b"C" * 9),
        Line(_stamp(4), b"D" * PIECE),
        Line(_stamp(6), b"short"),
    ]


def test_a_time_that_the_container_wrote_itself_is_kept() -> None:
    texts = [_stamp(9) + b" x", b"A" * 100 + _stamp(9) + b" x", b"A" * (PIECE + 1) + _stamp(9) + b" x"]
    log = [Line(_stamp(number), text) for number, text in enumerate(texts)]
    assert _read(_printed(log)) == log


def test_what_has_no_time_is_put_aside_as_a_remark() -> None:
    reader = LineReader()
    raw = b"%s one\n\nunable to retrieve container logs for containerd://01\xff\n%s two\n" % (_stamp(1), _stamp(2))
    assert [line.text for line in reader.feed(raw)] == [b"one", b"two"]
    assert reader.remarks == ["unable to retrieve container logs for containerd://01\\xff"]


@pytest.mark.parametrize("chunk", [7, 65_536])
def test_what_has_no_time_before_the_first_line_of_a_reading_that_leaves_out_the_older_ones_is_the_rest_of_one(
    chunk: int,
) -> None:
    raw = b"the rest\n%s one\nthe kubelet's\n" % _stamp(1)
    for leaves_out_older, remarks in ((True, ["the kubelet's"]), (False, ["the rest", "the kubelet's"])):
        reader = LineReader(leaves_out_older=leaves_out_older)
        lines = [line for start in range(0, len(raw), chunk) for line in reader.feed(raw[start : start + chunk])]
        assert lines == [Line(_stamp(1), b"one")]
        assert reader.remarks == remarks


def test_words_without_a_line_behind_them_are_the_kubelets_though_the_older_lines_are_left_out() -> None:
    reader = LineReader(leaves_out_older=True)
    assert reader.feed(b"the kubelet's\n") == []
    assert reader.remarks == ["the kubelet's"]


def test_only_the_last_remarks_are_kept() -> None:
    reader = LineReader()
    assert reader.feed(b"".join(b"remark %d\n" % number for number in range(1_000))) == []
    assert reader.remarks == [f"remark {number}" for number in range(995, 1_000)]
