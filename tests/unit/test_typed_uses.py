"""A type checker takes what the operators take, and refuses the rest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
USES = (ROOT / "tests" / "typed_uses.py").read_text()
_IGNORED = re.compile(r"  # type: ignore\[(.*)\]$")


def test_mypy_refuses_each_wrong_use_and_no_right_one(tmp_path: Path) -> None:
    lines = USES.splitlines()
    wrong = {number: match[1] for number, line in enumerate(lines, 1) if (match := _IGNORED.search(line))}
    file = tmp_path / "uses.py"
    file.write_text("\n".join(_IGNORED.sub("", line) for line in lines))
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(ROOT / ".mypy_cache"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    # Out of its cache mypy names the folder of an earlier run.
    found = re.findall(r"^.*/uses\.py:(\d+): error: .*\[(.*)\]$", done.stdout, re.MULTILINE)
    assert len(wrong) > 10
    assert {int(number): code for number, code in found} == wrong, done.stdout + done.stderr
