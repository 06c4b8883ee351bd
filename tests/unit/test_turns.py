"""How tests may run side by side, tried with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """\
import time
from pathlib import Path
import pytest

pytest_plugins = ["tests.turns"]

def note(name, began):
    with Path("spans").open("a") as file:
        file.write(f"{name} {began} {time.monotonic()}\\n")

@pytest.fixture
def noted(request):
    began = time.monotonic()
    time.sleep(0.05)
    yield
    note(request.node.name, began)

@pytest.fixture
def breakable():
    pass
"""
ALONE = """\
import pytest

@pytest.mark.alone
def test_alone_and_marked(noted): pass

def test_alone_and_breaking(breakable, noted): pass
"""
ORDINARY = """\
import time
import pytest
from conftest import note

pytestmark = pytest.mark.usefixtures("shared")

@pytest.fixture(scope="module")
def shared(request):
    began = time.monotonic()
    yield
    note("shared", began)

@pytest.mark.parametrize("number", range(4))
def test_ordinary(number, noted): pass
"""
ALONE_COUNT, ORDINARY_COUNT = 6, 4 * 4


class Span(NamedTuple):
    """When something ran."""

    name: str
    began: float
    ended: float

    @property
    def is_alone(self) -> bool:
        """Whether it should be."""
        return self.name.startswith("test_alone")


def spans(folder: Path, *options: str) -> list[Span]:
    """Run the tests of a folder, and return when each ran, and what they share, in the order of their ends."""
    (folder / "conftest.py").write_text(CONFTEST)
    for number in range(3):
        (folder / f"test_{number}_alone.py").write_text(ALONE)
    for number in range(4):
        (folder / f"test_{number}_ordinary.py").write_text(ORDINARY)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(ROOT), "KUBECTL_JOB_OPERATOR_TEST_RUN": str(folder)}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # hypothesis alone takes seconds
    argv = [sys.executable, "-m", "pytest", "--rootdir=.", "-p", "no:cacheprovider", *options]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert f"{ALONE_COUNT + ORDINARY_COUNT} passed" in done.stdout.splitlines()[-1], done.stdout + done.stderr
    lines = [line.split() for line in (folder / "spans").read_text().splitlines()]
    return [Span(name, float(began), float(ended)) for name, began, ended in lines]


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> list[Span]:
    """Run them in two processes."""
    pytest.importorskip("xdist")
    return spans(tmp_path_factory.mktemp("side-by-side"), "-p", "xdist", "-n", "2")


def test_nothing_runs_beside_a_test_that_is_alone_nor_while_tests_share_something(side_by_side: list[Span]) -> None:
    alone = [span for span in side_by_side if span.is_alone]
    assert len(alone) == ALONE_COUNT
    beside = [
        (one.name, other.name)
        for one, other in product(alone, side_by_side)
        if one is not other and one.began < other.ended and other.began < one.ended
    ]
    assert beside == []


def test_what_a_module_shares_is_made_once(side_by_side: list[Span]) -> None:
    assert [span.name for span in side_by_side].count("shared") == 4


def test_what_is_alone_runs_at_the_end(tmp_path: Path) -> None:
    order = [span.is_alone for span in spans(tmp_path) if span.name != "shared"]
    assert order == [False] * ORDINARY_COUNT + [True] * ALONE_COUNT
