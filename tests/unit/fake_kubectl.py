"""A scripted kubectl: a real program on PATH that answers by rules and notes how it was run."""

from __future__ import annotations

import ast
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

NEVER = 120.0  # seconds; longer than any test runs

VERSION = {"clientVersion": {"gitVersion": "v1.32.4"}}

# Isolated and without site-packages, it starts in about 15 ms.
_PROGRAM = """#!{python} -SEIXutf8
import os, signal, sys, time

folder, argv = {folder!r}, sys.argv[1:]

def note(name, line):
    file = os.open(folder + "/" + name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(file, (line + "\\n").encode())
    os.close(file)

def in_order(words, argv):
    rest = iter(argv)
    return all(word in rest for word in words)

def claim(number, times):
    for use in range(times):
        try:
            os.close(os.open("%s/claim-%d-%d" % (folder, number, use), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        return True
    return False

def was_called(words):
    with open(folder + "/calls") as calls:
        return any(in_order(words, eval(line)[0]) for line in calls if line.endswith("\\n"))

def since(text):
    # What the kubelet does: it leaves out each line that is older.
    for argument in argv:
        if argument.startswith("--since-time="):
            oldest = argument.split("=")[1].encode()[:19]
            return b"".join(line for line in text.splitlines(True) if line[:19] >= oldest)
    return text

def write(text):
    while text:
        text = text[os.write(1, text):]

with open(folder + "/rules") as file:
    rules = eval(file.read())
for number, (words, stdout, stderr, return_code, after, once_called, times, by_signal, *more) in enumerate(rules):
    if in_order(words, argv) and (times is None or claim(number, times)):
        break
else:
    note("calls", repr((argv, dict(os.environ))))
    note("unscripted", repr(argv))
    sys.stderr.write("error: the fake kubectl has no answer to: kubectl " + " ".join(argv) + "\\n")
    sys.exit(99)
# Once the rule is claimed: a test that acts on the call may end this program at once.
note("calls", repr((argv, dict(os.environ))))
then, is_log, is_stubborn = more
if is_stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
while once_called and not was_called(once_called):
    time.sleep(0.02)
time.sleep(after)
os.write(2, stderr)
write(since(stdout) if is_log else stdout)
for step in then:
    if isinstance(step, bytes):
        write(step)
    elif isinstance(step, str):
        while not os.path.exists(folder + "/gate-" + step):
            time.sleep(0.01)
    else:
        time.sleep(step)
if by_signal:
    os.kill(os.getpid(), by_signal)
os._exit(return_code)
"""


class FakeKubectl:
    """The test's hand on the scripted kubectl.

    Of the rules that match a command, the first that is not used up answers. ``version`` and ``/readyz`` are answered
    by rules that stand behind all others.

    :param folder: where the program and its notes live; to be put on PATH.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Children of other tests, as the parts of the cluster that the tests of faults have started again.
        self.strangers = {child.pid for child in psutil.Process().children(recursive=True)}
        self.program = folder / "kubectl"
        self._rules: list[tuple[Any, ...]] = []
        self._write_rules()
        (folder / "calls").touch()
        self.program.write_text(_PROGRAM.format(python=sys.executable, folder=str(folder)))
        self.program.chmod(0o755)

    def answers(
        self,
        words: str,
        stdout: str | bytes | Mapping[str, Any] = "",
        *,
        stderr: str | bytes = "",
        return_code: int = 0,
        after_seconds: float = 0.0,
        once_called: str = "",
        times: int | None = None,
        by_signal: signal.Signals | None = None,
        then: Sequence[bytes | str | float] = (),
        is_log: bool = False,
        is_stubborn: bool = False,
    ) -> None:
        """Script an answer to every command that has all the words among its arguments, in this order.

        :param words: whole arguments, with blanks between them.
        :param stdout: what it prints; a mapping is printed as JSON.
        :param stderr: what it prints there, before stdout.
        :param return_code: what it returns.
        :param after_seconds: how long it takes.
        :param once_called: it waits before that until a command with these words was run.
        :param times: how often the rule is good; ``None`` is always.
        :param by_signal: it ends itself with this signal, once it has printed.
        :param then: what it does after stdout: prints bytes, sleeps seconds, or waits for the gate with a name.
        :param is_log: of stdout it leaves out the lines that are older than ``--since-time``.
        :param is_stubborn: it goes on in spite of SIGTERM.
        """
        self._rules.append(
            (
                words.split(),
                _bytes(stdout),
                _bytes(stderr),
                return_code,
                after_seconds,
                once_called.split(),
                times,
                int(by_signal or 0),
                tuple(then),
                is_log,
                is_stubborn,
            )
        )
        self._write_rules()

    def open_gate(self, name: str) -> None:
        """Let the answers go on that wait for this gate."""
        (self.folder / f"gate-{name}").touch()

    @property
    def calls(self) -> list[tuple[str, ...]]:
        """The commands that were run, in the order of their starts."""
        return [("kubectl", *argv) for argv, _ in self._notes()]

    @property
    def environments(self) -> list[dict[str, str]]:
        """The environment of each command, in the same order."""
        return [environment for _, environment in self._notes()]

    def called(self, words: str) -> list[tuple[str, ...]]:
        """Return the commands that had all the words among their arguments, in this order."""
        return [call for call in self.calls if _in_order(words.split(), call)]

    def wait_for_call(self, words: str) -> None:
        """Wait until a command with these words was run."""
        until(lambda: bool(self.called(words)), f"nobody ran kubectl {words}")

    @property
    def unscripted(self) -> list[str]:
        """The commands that no rule answered."""
        file = self.folder / "unscripted"
        return file.read_text().splitlines() if file.exists() else []

    def forgive_unscripted(self) -> None:
        """Let the test pass although a command had no answer."""
        (self.folder / "unscripted").unlink()

    def running(self) -> list[int]:
        """Return the process ids of the fakes that run."""
        return running(str(self.program))

    def _notes(self) -> Iterator[tuple[list[str], dict[str, str]]]:
        for line in (self.folder / "calls").read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):  # else it is still being written
                yield ast.literal_eval(line)

    def _write_rules(self) -> None:
        words = ["version", "--client", "-o", "json"]
        version: tuple[Any, ...] = (words, _bytes(VERSION), b"", 0, 0.0, [], None, 0, (), False, False)
        ready: tuple[Any, ...] = (["get", "--raw", "/readyz"], b"ok", b"", 0, 0.0, [], None, 0, (), False, False)
        new = self.folder / "rules.new"
        new.write_text(repr([*self._rules, version, ready]), encoding="utf-8")
        new.replace(self.folder / "rules")


def running(marker: str) -> list[int]:
    """Return the ids of the processes, apart from zombies, that have an argument with the marker in it."""
    # psutil would do it too, but takes as long as many a test.
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:  # it has ended meanwhile
                continue
            if marker.encode() in command:
                found.append(int(folder.name))
    return found


def until(condition: Callable[[], bool], otherwise: str, *, seconds: float = 20.0) -> None:
    """Wait until a condition holds; the limit is generous and only there to fail instead of hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.01)


def _bytes(output: str | bytes | Mapping[str, Any]) -> bytes:
    if isinstance(output, bytes):
        return output
    return (output if isinstance(output, str) else json.dumps(output)).encode()


def _in_order(words: list[str], argv: tuple[str, ...]) -> bool:
    rest = iter(argv)
    return all(word in rest for word in words)
