"""A scripted kubectl: a real program on PATH that answers by rules and notes how it was run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from tests.processes import running
from tests.waiting import until

NEVER = 120.0  # seconds; longer than any test runs

_ALWAYS = 2
VERSION = {"clientVersion": {"gitVersion": "v1.32.4"}}

_SOURCE = Path(__file__).with_suffix(".pl")


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
        self._rules: list[bytes] = []
        self.answers("version --client -o json", VERSION)
        self.answers("get --raw /readyz", "ok")
        (folder / "calls").touch()
        (folder / "unscripted").touch()
        perl = shutil.which("perl")
        assert perl, "the scripted kubectl is a Perl program, and there is no perl on PATH"
        self.program.write_text(f"#!{perl}\n{_SOURCE.read_text()}")
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
        answer: dict[str, Any] = {
            "stdout": json.dumps(stdout) if isinstance(stdout, Mapping) else stdout,
            "stderr": stderr,
            "return_code": return_code,
            "after_seconds": after_seconds,
            "once_called": once_called,
            "times": "" if times is None else times,
            "by_signal": int(by_signal or 0),
            "then": _packed(part for step in then for part in (_KIND_OF_STEP.get(type(step), "pause"), step)),
            "is_log": int(is_log),
            "is_stubborn": int(is_stubborn),
        }
        # Before the last ones, which are answers that every test has.
        self._rules.insert(
            max(0, len(self._rules) - _ALWAYS), _packed([words, *(part for item in answer.items() for part in item)])
        )
        new = self.folder / "rules.new"
        new.write_bytes(_packed(self._rules))
        new.replace(self.folder / "rules")

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
        noted = _unpacked((self.folder / "unscripted").read_bytes())
        return [repr([os.fsdecode(argument) for argument in _unpacked(argv)]) for argv in noted]

    def forgive_unscripted(self) -> None:
        """Let the test pass although a command had no answer."""
        (self.folder / "unscripted").write_bytes(b"")

    def running(self) -> list[int]:
        """Return the process ids of the fakes that run."""
        return running(str(self.program))

    def _notes(self) -> Iterator[tuple[list[str], dict[str, str]]]:
        for call in _unpacked((self.folder / "calls").read_bytes()):
            count, *strings = (os.fsdecode(string) for string in _unpacked(call))
            argv, environment = strings[: int(count)], iter(strings[int(count) :])
            yield argv, dict(zip(environment, environment, strict=True))


_KIND_OF_STEP: dict[type, str] = {bytes: "print", str: "gate"}
_LENGTH = struct.Struct(">I")


def _packed(strings: Iterable[Any]) -> bytes:
    """Write strings as the program reads them: each behind its length."""
    encoded = [string if isinstance(string, bytes) else str(string).encode() for string in strings]
    return b"".join(_LENGTH.pack(len(one)) + one for one in encoded)


def _unpacked(packed: bytes) -> Iterator[bytes]:
    """Read such strings, but not one that is still being written."""
    while len(packed) >= _LENGTH.size:
        end = _LENGTH.size + _LENGTH.unpack_from(packed)[0]
        if end > len(packed):
            return
        yield packed[_LENGTH.size : end]
        packed = packed[end:]


def _in_order(words: list[str], argv: tuple[str, ...]) -> bool:
    rest = iter(argv)
    return all(word in rest for word in words)
