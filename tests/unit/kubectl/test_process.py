"""Children are started, heard, stopped, and never lost."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import psutil
import pytest

from kubectl_job_operator.kubectl import process as process_module
from kubectl_job_operator.kubectl.process import Finished, Process, Processes
from tests.processes import running
from tests.unit.kubectl.desk import no_room
from tests.waiting import until

HANG_SECONDS = 30.0  # far more than anything takes here; only a hang takes longer
PYTHON = (sys.executable, "-SEI", "-c")


class Interruption(BaseException):
    """What a signal handler raises, as Airflow's does for a timeout."""


@pytest.fixture
def marker() -> Iterator[str]:
    """Give an argument by which the children of a test are found; none of them outlives it."""
    marker = f"marker-{uuid.uuid4()}"
    yield marker
    left = running(marker)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not left, "a child outlived the test"


@pytest.fixture
def processes(marker: str) -> Iterator[Processes]:  # noqa: ARG001 - it looks for children after these are closed
    """Give processes that are closed behind the test."""
    processes = Processes(os.environ)
    yield processes
    processes.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let close() wait less long until it kills."""
    monkeypatch.setattr(process_module, "_SECONDS_TO_END", 0.2)


def _sleep(marker: str) -> tuple[str, ...]:
    return (*PYTHON, "import time; time.sleep(120)", marker)


def _finish(process: Process) -> Finished:
    finished = process.wait(HANG_SECONDS)
    assert finished is not None, "the child did not end"
    return finished


@contextlib.contextmanager
def _handler(number: signal.Signals, handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_both_outputs_the_return_code_and_the_command_are_collected(processes: Processes) -> None:
    argv = ("sh", "-c", "echo out; echo err >&2; exit 3", "it's", "$a b")
    finished = _finish(processes.start(argv))
    assert (finished.argv, finished.return_code, finished.stdout, finished.stderr) == (argv, 3, "out\n", "err\n")
    assert finished.duration_seconds > 0


def test_arguments_arrive_unchanged(processes: Processes) -> None:
    awkward = ("a b", "it's", '"q"', "$HOME", "*", "ünï", "new\nline", "", "{x}", "%s", "--flag=a=b")
    printed = _finish(processes.start((*PYTHON, "import sys; print(ascii(sys.argv[1:]))", *awkward))).stdout
    assert printed == f"{list(awkward)!a}\n"


def test_the_environment_is_exactly_the_given_one() -> None:
    processes = Processes({"ONLY": "this"})
    printed = _finish(processes.start((*PYTHON, "import os; print(os.environ.get('HOME'), os.environ['ONLY'])"))).stdout
    assert printed == "None this\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGSEGV])
def test_the_return_code_of_a_child_that_a_signal_ended_is_negative(
    processes: Processes, number: signal.Signals
) -> None:
    finished = _finish(processes.start(("sh", "-c", f"echo before; kill -{int(number)} $$")))
    assert (finished.return_code, finished.stdout) == (-number, "before\n")


@pytest.mark.parametrize("return_code", [0, 1, 2, 77, 126, 127, 128, 143, 255])
def test_every_return_code_is_only_told(processes: Processes, return_code: int) -> None:
    assert _finish(processes.start(("sh", "-c", f"exit {return_code}"))).return_code == return_code


def test_a_wait_with_a_limit_gives_none_while_the_child_runs(processes: Processes, marker: str) -> None:
    process = processes.start(_sleep(marker))
    assert process.wait(0.01) is None
    assert process.is_running
    assert not process.was_stopped


def test_a_running_child_is_stopped(processes: Processes, marker: str) -> None:
    process = processes.start(_sleep(marker))
    until(lambda: bool(running(marker)), "the child did not start")
    process.stop()
    assert _finish(process).return_code == -signal.SIGTERM
    assert process.was_stopped
    assert not process.is_running


def test_stopping_comes_to_the_children_of_a_child_too(processes: Processes, marker: str) -> None:
    process = processes.start(("sh", "-c", '"$@" & "$@"', "sh", *_sleep(marker)))
    until(lambda: len(running(marker)) == 3, "the child and its own two children did not start")
    process.stop()
    assert _finish(process).return_code == -signal.SIGTERM
    until(lambda: not running(marker), "a grandchild was not stopped")


def test_stopping_what_has_ended_or_never_started_or_was_stopped_does_no_harm(marker: str) -> None:
    never = Process(_sleep(marker), os.environ)
    never.stop()
    assert not never.is_running
    assert never.wait(0.01) is None
    ended = Process(("true",), os.environ)
    ended.start()
    assert _finish(ended).return_code == 0
    ended.stop()
    ended.stop(signal.SIGKILL)
    assert _finish(ended).return_code == 0


def test_a_child_that_was_stopped_before_its_start_ends_at_once(marker: str) -> None:
    process = Process(_sleep(marker), os.environ)
    process.stop()
    process.start()
    assert _finish(process).return_code == -signal.SIGTERM


def test_a_child_that_was_stopped_before_anybody_knew_its_pid_ends_at_once(processes: Processes, marker: str) -> None:
    for _ in range(5):
        process = processes.start(_sleep(marker))
        process.stop()
        assert _finish(process).return_code == -signal.SIGTERM


def test_after_stop_every_child_ends_those_to_come_too(processes: Processes, marker: str) -> None:
    earlier = [processes.start(_sleep(marker)) for _ in range(2)]
    processes.stop()
    later = processes.start(_sleep(marker))
    assert [_finish(process).return_code for process in (*earlier, later)] == [-signal.SIGTERM] * 3
    assert all(process.was_stopped for process in (*earlier, later))


def test_a_thread_never_waits_for_long_at_a_time_for_python_runs_handlers_in_between(
    processes: Processes, marker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "LONGEST_BLOCK_SECONDS", 0.02)
    process = processes.start(_sleep(marker))
    blocks: list[float] = []
    ended = process._ended.wait

    def wait(seconds: float) -> bool:
        blocks.append(seconds)
        return ended(seconds)

    monkeypatch.setattr(process._ended, "wait", wait)
    assert process.wait(0.1) is None
    assert len(blocks) > 2
    assert max(blocks) <= 0.02


def test_stop_is_safe_in_a_signal_handler_that_interrupts_start(marker: str) -> None:
    for delay in (0.0001, 0.001, 0.003, 0.01, 0.02):
        processes = Processes(os.environ)
        with _handler(signal.SIGALRM, lambda *_, these=processes: these.stop()):
            signal.setitimer(signal.ITIMER_REAL, delay)
            process = processes.start(_sleep(marker))
            assert _finish(process).return_code == -signal.SIGTERM


@pytest.mark.usefixtures("impatient")
def test_close_kills_a_child_that_ignores_sigterm_and_its_own_children(marker: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    processes = Processes(os.environ)
    script = 'trap "" TERM; ready=$1; shift; "$@" & "$@" & touch "$ready"; wait; wait'
    process = processes.start(("sh", "-c", script, "sh", str(ready), *_sleep(marker)))
    until(lambda: ready.exists() and len(running(marker)) == 3, "the stubborn family did not start")
    processes.stop()
    assert process.wait(0.2) is None, "it was meant to ignore SIGTERM"
    processes.close()
    assert _finish(process).return_code == -signal.SIGKILL
    until(lambda: not running(marker), "a stubborn child is left")


@pytest.mark.usefixtures("impatient")
def test_close_kills_a_stubborn_child_whose_parent_obeyed(marker: str, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    processes = Processes(os.environ)
    stubborn = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(120)"
    processes.start(("sh", "-c", '"$@" & wait', "sh", *PYTHON, stubborn, str(ready), marker))
    until(ready.exists, "the stubborn child did not start")
    processes.close()
    until(lambda: not running(marker), "a stubborn grandchild is left")


def test_close_without_any_child_and_twice_does_no_harm(processes: Processes) -> None:
    processes.close()
    processes.close()
    assert processes.start(("sleep", "60")).wait(HANG_SECONDS) is not None


def test_a_program_that_does_not_exist_is_an_oserror_that_names_it(processes: Processes) -> None:
    process = processes.start(("no-such-program-here", "a"))
    with pytest.raises(FileNotFoundError, match="no-such-program-here"):
        process.wait(HANG_SECONDS)
    assert not process.is_running
    processes.close()


def test_a_file_that_cannot_be_executed_is_an_oserror(processes: Processes, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    process = processes.start((str(program),))
    with pytest.raises(OSError, match=r".+"):
        process.wait(HANG_SECONDS)


def _no_more_threads(monkeypatch: pytest.MonkeyPatch, *, but: str) -> None:
    """Let no thread start, as on a machine that has come to its limit, but those whose names begin so."""
    start = threading.Thread.start

    def start_if_there_is_room(thread: threading.Thread) -> None:
        if not thread.name.startswith(but):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_if_there_is_room)


@pytest.mark.parametrize("but", ["none", "waits for"], ids=["its own thread", "a thread of sh's"])
def test_a_thread_that_the_machine_has_no_room_for_is_an_oserror_and_nobody_waits_for_the_child(
    processes: Processes, marker: str, monkeypatch: pytest.MonkeyPatch, but: str
) -> None:
    _finish(processes.start(("true",)))  # imports sh
    told: list[Process] = []
    _no_more_threads(monkeypatch, but=but)
    process = processes.start(_sleep(marker), told.append)
    with pytest.raises(OSError, match="can't start new thread"):
        process.wait(HANG_SECONDS)
    until(lambda: told == [process], "nobody was told")
    assert not process.is_running
    began = time.monotonic()
    processes.close()
    assert time.monotonic() - began < 0.5
    until(lambda: not running(marker), "a child is left")


def test_a_handlers_exception_that_a_lock_has_turned_into_another_error_is_not_taken_for_a_want_of_threads(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: threading.Thread) -> None:
        raise RuntimeError("release unlocked lock")

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(RuntimeError, match="unlocked"):
        processes.start(("true",))


def test_a_machine_that_has_no_room_for_a_process_is_an_oserror_and_goes_on_collecting_garbage(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fork", no_room)
    process = processes.start(("true",))
    with pytest.raises(BlockingIOError):
        process.wait(HANG_SECONDS)
    assert gc.isenabled()


def test_whoever_asked_is_told_of_the_end_whatever_it_was(processes: Processes) -> None:
    told: list[Process] = []
    ends = [processes.start(argv, told.append) for argv in (("true",), ("false",), ("no-such-program-here",))]
    until(lambda: len(told) == 3, "somebody was not told")
    assert set(told) == set(ends)
    assert not any(process.is_running for process in told)


def test_a_child_is_in_a_session_of_its_own_with_default_signals(processes: Processes) -> None:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
    try:
        with _handler(signal.SIGTERM, lambda *_: None):
            assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN, "or inheriting it would not be noticed"
            # cat changes no signal itself, as Python and some shells do.
            finished = _finish(processes.start(("cat", "/proc/self/status", "/proc/self/stat")))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    *status, stat = finished.stdout.splitlines()
    masks = dict(line.split(":\t") for line in status if line.startswith("Sig"))
    # The C library keeps signals for itself; what it does with them is not ours to say.
    ours = sum(1 << (number - 1) for number in signal.valid_signals())
    assert {name: int(masks[name], 16) & ours for name in ("SigBlk", "SigIgn", "SigCgt")} == {
        "SigBlk": 0,
        "SigIgn": 0,
        "SigCgt": 0,
    }
    pid, _, _, _, group, session, *_ = stat.split()
    assert group == session == pid
    assert os.getsid(0) != int(session)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_worker_that_is_killed_hard_leaves_no_child(marker: str) -> None:
    program = (
        "import os, sys, time\n"
        "from kubectl_job_operator.kubectl.process import Processes\n"
        "processes = Processes(os.environ)\n"
        "for _ in range(3): processes.start(sys.stdin.readline().split('\\t'))\n"
        "time.sleep(120)\n"
    )
    with subprocess.Popen((sys.executable, "-c", program), stdin=subprocess.PIPE, text=True) as worker:
        assert worker.stdin is not None
        worker.stdin.write(("\t".join(_sleep(marker)) + "\n") * 3)
        worker.stdin.flush()
        until(lambda: len(running(marker)) == 3, "the children did not start")
        worker.kill()
        worker.wait(HANG_SECONDS)
    until(lambda: not running(marker), "a child outlived its worker")


def test_a_child_survives_the_thread_that_asked_for_it(processes: Processes, marker: str) -> None:
    started: list[Process] = []
    thread = threading.Thread(target=lambda: started.append(processes.start(_sleep(marker))))
    thread.start()
    thread.join()
    until(lambda: bool(running(marker)), "the child did not start")
    assert started[0].wait(0.2) is None
    assert running(marker)


def _interrupt_starts(marker: str, delays: list[float]) -> int:
    """Start children, be interrupted after each delay, close; return how often an interruption came in time."""

    def interrupt(*_: object) -> None:
        raise Interruption

    interruptions = 0
    with _handler(signal.SIGALRM, interrupt):
        for delay in delays:
            processes = Processes(os.environ)
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, delay)
                    for _ in range(2):
                        processes.start(_sleep(marker))
                    time.sleep(delay)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except Interruption:
                interruptions += 1
            except RuntimeError as error:  # what Python's own locks may make of it
                if not isinstance(error.__context__, Interruption):
                    raise
                interruptions += 1
            processes.close()
    return interruptions


def test_an_exception_out_of_a_signal_handler_never_loses_a_child(marker: str) -> None:
    seed = random.randrange(1_000_000)
    luck = random.Random(seed)
    delays = [luck.uniform(0.000_02, 0.000_6) for _ in range(80)] + [luck.uniform(0.001, 0.03) for _ in range(20)]
    interruptions = _interrupt_starts(marker, delays)
    assert interruptions > len(delays) // 2, "or nothing was tried"
    time.sleep(0.2)  # a child that was lost while it was being made shows itself by then
    assert not running(marker), f"a child was lost; the seed was {seed}"
    ours = psutil.Process().children(recursive=True)
    assert not [child for child in ours if child.status() != psutil.STATUS_ZOMBIE and marker in child.cmdline()]


def test_five_megabytes_come_back_whole_on_both_outputs(processes: Processes) -> None:
    program = (
        "import sys, threading\n"
        "text = ''.join(f'{n}\\n' for n in range(800_000))\n"
        "for file in (sys.stdout, sys.stderr): threading.Thread(target=file.write, args=(text,)).start()\n"
    )
    finished = _finish(processes.start((*PYTHON, program)))
    expected = "".join(f"{number}\n" for number in range(800_000))
    assert len(expected) > 5_000_000
    for text in (finished.stdout, finished.stderr):
        assert len(text) == len(expected)
        assert hashlib.sha256(text.encode()).digest() == hashlib.sha256(expected.encode()).digest()


def test_a_last_line_without_an_end_and_bare_carriage_returns_are_kept(processes: Processes) -> None:
    assert _finish(processes.start(("printf", r"a\r\nb\rc\n\nd"))).stdout == "a\r\nb\rc\n\nd"


def test_what_is_not_utf8_is_shown_by_its_bytes(processes: Processes) -> None:
    finished = _finish(processes.start(("sh", "-c", r"printf 'a\377\303(ü'; printf '\200' >&2")))
    assert (finished.stdout, finished.stderr) == ("a\\xff\\xc3(ü", "\\x80")


def test_a_letter_that_is_cut_by_a_buffer_is_read_whole(processes: Processes) -> None:
    text = _finish(processes.start((*PYTHON, "print('x' + 'ü' * 200_000, end='')"))).stdout
    assert text == "x" + "ü" * 200_000


def test_a_child_reads_nothing(processes: Processes) -> None:
    finished = _finish(processes.start(("sh", "-c", "cat; echo end")))
    assert (finished.stdout, finished.return_code) == ("end\n", 0)


def test_sh_puts_no_line_of_its_own_into_the_tasks_log(processes: Processes, caplog: pytest.LogCaptureFixture) -> None:
    _finish(processes.start(("true",)))  # imports sh
    caplog.set_level(logging.INFO)
    _finish(processes.start(("true",)))
    assert not caplog.records
    with caplog.at_level(logging.INFO, logger="sh"):  # it would, if it were let
        _finish(processes.start(("true",)))
    assert {record.name.partition(".")[0] for record in caplog.records} == {"sh"}


def test_many_children_at_once_keep_their_outputs_apart(processes: Processes) -> None:
    started = [processes.start(("sh", "-c", f"echo {number}; echo e{number} >&2")) for number in range(12)]
    outputs = [(finished.stdout, finished.stderr) for finished in map(_finish, started)]
    assert outputs == [(f"{number}\n", f"e{number}\n") for number in range(12)]


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_thread_and_no_open_file_is_left(processes: Processes) -> None:
    _finish(processes.start(("true",)))
    threads, files = threading.active_count(), _open_files()
    for _ in range(5):
        _finish(processes.start(("true",)))
    until(lambda: threading.active_count() <= threads, "a thread is left")
    until(lambda: _open_files() <= files, "an open file is left")


def test_output_is_passed_on_as_it_comes_and_not_collected(processes: Processes, tmp_path: Path) -> None:
    gate, passed = tmp_path / "gate", list[bytes]()
    script = (
        f"printf 'half a '; while ! test -e {gate}; do sleep 0.01; done; printf 'line\\n\\377'; echo err >&2; exit 3"
    )
    process = processes.start(("sh", "-c", script), on_output=passed.append)
    until(lambda: passed == [b"half a "], "the first piece did not come")
    assert process.is_running
    gate.touch()
    finished = _finish(process)
    assert b"".join(passed) == b"half a line\n\xff"
    assert (finished.stdout, finished.stderr, finished.return_code) == ("", "err\n", 3)


def test_all_output_is_passed_on_before_the_end_is_told_however_the_child_ends(processes: Processes) -> None:
    for how in ("exit 0", "kill -9 $$"):
        passed, told = list[bytes](), list[int]()

        def tell(_: Process, passed: list[bytes] = passed, told: list[int] = told) -> None:
            told.append(sum(map(len, passed)))

        script = f"head -c 5000000 /dev/zero; {how}"
        _finish(processes.start(("sh", "-c", script), on_exit=tell, on_output=passed.append))
        until(lambda told=told: bool(told), "nobody was told")  # type: ignore[misc]
        assert told == [5_000_000]
        assert max(map(len, passed)) <= 65_536


def test_a_child_waits_while_nobody_takes_what_it_prints(processes: Processes, tmp_path: Path) -> None:
    taking, passed, counter = threading.Event(), list[bytes](), tmp_path / "written"

    def take(chunk: bytes) -> None:
        taking.wait(HANG_SECONDS)
        passed.append(chunk)

    program = (
        "import os\nfor number in range(100):\n os.write(1, b'x' * 65536)\n"
        f" open({str(counter)!r}, 'w').write(str(number + 1))"
    )
    process = processes.start((*PYTHON, program), on_output=take)
    until(lambda: counter.exists() and counter.read_text() != "", "the child did not write")
    time.sleep(0.3)
    # One block is being taken, one is in the pipe, and one may be under way.
    assert int(counter.read_text()) <= 3
    assert process.is_running
    taking.set()
    _finish(process)
    assert sum(map(len, passed)) == 100 * 65_536


def test_a_child_whose_output_nobody_takes_can_still_be_stopped(processes: Processes, marker: str) -> None:
    taking = threading.Event()

    def take(_: bytes) -> None:
        taking.wait(HANG_SECONDS)

    process = processes.start((*PYTHON, "while True: print('x' * 1000)", marker), on_output=take)
    until(lambda: bool(running(marker)), "the child did not start")
    process.stop()
    until(lambda: not running(marker), "the child goes on")
    taking.set()
    assert _finish(process).return_code == -signal.SIGTERM


def test_no_thread_and_no_open_file_is_left_where_output_is_passed_on(processes: Processes) -> None:
    _finish(processes.start(("true",), on_output=lambda _: None))
    threads, files = threading.active_count(), _open_files()
    for argv in (("true",), ("echo", "x"), ("sh", "-c", "kill -9 $$")):
        _finish(processes.start(argv, on_output=lambda _: None))
    with pytest.raises(OSError, match="no program"):
        processes.start(("no-such-program",), on_output=lambda _: None).wait(HANG_SECONDS)
    until(lambda: threading.active_count() <= threads, "a thread is left")
    until(lambda: _open_files() <= files, "an open file is left")
