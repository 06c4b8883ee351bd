"""Runs a command of pytest; the few tests that failed in it run once more, alone, when it is over.

On a real cluster and a busy machine a test can fail for want of time. What fails twice, once among others and once
alone, does not; what failed once is named in the last lines, so that nobody overlooks it. Many failures at once are no
want of time: then nothing runs again. ``python -m tests.once_more [ARGUMENTS OF PYTEST ...]``
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MOST_AGAIN = 4
"""More tests than these do not fail by chance."""

_LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main(arguments: list[str]) -> int:
    """Run the tests, and those that failed once more; return pytest's exit code of the last run."""
    _LAST_FAILED.unlink(missing_ok=True)
    code = _pytest(*arguments)
    if code != pytest.ExitCode.TESTS_FAILED:
        return code
    failed = sorted(json.loads(_LAST_FAILED.read_text()))
    if len(failed) > MOST_AGAIN:
        return code
    _say(f"{len(failed)} failed; once more, alone:", failed)
    code = _pytest(*failed)
    if code == pytest.ExitCode.OK:
        _say("These failed among the others and passed alone:", failed)
    return code


def _pytest(*arguments: str) -> int:
    return subprocess.run((sys.executable, "-m", "pytest", *arguments), check=False).returncode


def _say(sentence: str, tests: list[str]) -> None:
    print(sentence, *tests, sep="\n  ", flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
