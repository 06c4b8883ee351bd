"""Tests that failed among others run once more, alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import once_more


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for tests, which becomes the working directory."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return tmp_path


def test_tests_that_pass_run_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "test_it.py").write_text("def test_it(): pass\n")
    assert once_more.main(["-q"]) == 0
    assert "once more" not in capfd.readouterr().out


def test_a_test_that_passes_alone_is_named_and_does_not_fail_the_run(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "test_it.py").write_text(
        "from pathlib import Path\n"
        "def test_late():\n"
        "    seen = Path('seen')\n"
        "    was_there = seen.exists()\n"
        "    seen.touch()\n"
        "    assert was_there\n"
        "def test_other(): pass\n"
    )
    assert once_more.main(["-q"]) == 0
    assert capfd.readouterr().out.endswith("These failed among the others and passed alone:\n  test_it.py::test_late\n")


def test_a_test_that_fails_twice_fails_the_run(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "test_it.py").write_text("def test_it(): assert False\n")
    assert once_more.main(["-q"]) == 1
    assert capfd.readouterr().out.count("1 failed in") == 2


def test_many_failures_are_no_chance(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    many = once_more.MOST_AGAIN + 1
    (folder / "test_it.py").write_text("".join(f"def test_{n}(): assert False\n" for n in range(many)))
    assert once_more.main(["-q"]) == 1
    assert capfd.readouterr().out.count(f"{many} failed in") == 1


def test_a_run_that_could_not_be_made_is_not_made_again(folder: Path) -> None:
    (folder / "test_it.py").write_text("")
    assert once_more.main(["-q", "no_such_file.py"]) == pytest.ExitCode.USAGE_ERROR
