"""How tests may run side by side, tried with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
CONFTEST = """\
import time
from pathlib import Path
import pytest

pytest_plugins = ["tests.turns"]

def pytest_configure(config):
    config.addinivalue_line("markers", "cluster: needs the cluster")

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

@pytest.fixture
def worker_node():
    pass
"""
RARE = """\
import pytest

@pytest.mark.alone
def test_measures(noted): pass

@pytest.mark.cluster
def test_breaks_the_cluster(breakable, noted): pass

@pytest.mark.cluster
def test_breaks_a_node(worker_node, noted): pass
"""
ORDINARY = """\
import time
import pytest
from conftest import note

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("shared")]

@pytest.fixture(scope="module")
def shared(request):
    began = time.monotonic()
    yield
    note("shared", began)

@pytest.mark.parametrize("number", range(4))
def test_uses_the_cluster(number, noted): pass
"""
WITHOUT = """\
import pytest

@pytest.mark.parametrize("number", range(30))
def test_needs_none(number, noted): pass
"""
COUNTS = {"measures": 3, "breaks": 6, "uses": 16, "needs": 30}


class Span(NamedTuple):
    """When something ran."""

    name: str
    began: float
    ended: float

    @property
    def kind(self) -> str:
        """The first word of what it does."""
        return self.name.removeprefix("test_").partition("_")[0]

    def is_beside(self, other: Span) -> bool:
        """Return whether there was a moment at which both ran."""
        return self is not other and self.began < other.ended and other.began < self.ended


def spans(folder: Path, *options: str) -> list[Span]:
    """Run the tests of a folder, and return when each ran, and what they share, in the order of their ends."""
    (folder / "conftest.py").write_text(CONFTEST)
    for number in range(3):
        (folder / f"test_{number}_rare.py").write_text(RARE)
    for number in range(4):
        (folder / f"test_{number}_ordinary.py").write_text(ORDINARY)
    (folder / "test_without.py").write_text(WITHOUT)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(ROOT), "KUBECTL_JOB_OPERATOR_TEST_RUN": str(folder)}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # hypothesis alone takes seconds
    argv = [sys.executable, "-m", "pytest", "--rootdir=.", "-p", "no:cacheprovider", *options]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert f"{sum(COUNTS.values())} passed" in done.stdout.splitlines()[-1], done.stdout + done.stderr
    lines = [line.split() for line in (folder / "spans").read_text().splitlines()]
    return [Span(name, float(began), float(ended)) for name, began, ended in lines]


@pytest.fixture(scope="module")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> list[Span]:
    """Run them in three processes."""
    pytest.importorskip("xdist")
    return spans(tmp_path_factory.mktemp("side-by-side"), "-p", "xdist", "-n", "3")


@pytest.mark.parametrize(
    ("one", "others"),
    [("measures", {"measures", "breaks", "uses", "needs", "shared"}), ("breaks", {"breaks", "uses", "shared"})],
)
def test_nothing_runs_beside_a_test_that_it_disturbs_nor_while_tests_share_something(
    side_by_side: list[Span], one: str, others: set[str]
) -> None:
    those = [span for span in side_by_side if span.kind == one]
    assert len(those) == COUNTS[one]
    beside = [
        (span.name, other.name)
        for span in those
        for other in side_by_side
        if other.kind in others and span.is_beside(other)
    ]
    assert beside == []


def test_what_needs_no_cluster_goes_on_beside_what_breaks_it(side_by_side: list[Span]) -> None:
    without = [span for span in side_by_side if span.kind == "needs"]
    assert any(span.is_beside(other) for other in without for span in side_by_side if span.kind == "breaks")


def test_what_a_module_shares_is_made_once(side_by_side: list[Span]) -> None:
    assert [span.name for span in side_by_side].count("shared") == 4


def test_what_breaks_is_spread_among_what_needs_no_cluster(tmp_path: Path) -> None:
    order = [span.kind for span in spans(tmp_path) if span.name != "shared"]
    assert order == ["uses"] * 16 + ["breaks", *["needs"] * 5] * 6 + ["measures"] * 3
