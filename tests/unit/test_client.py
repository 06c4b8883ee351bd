"""Which kubectl the tests run."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests import client
from tests.client import versions
from tests.cluster.errors import MissingError
from tests.cluster.kubectl import VARIABLE


def program(folder: Path, name: str = "kubectl") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a kubectl on PATH that is not the environment's."""
    found = program(tmp_path / "machine")
    monkeypatch.setenv("PATH", str(found.parent))
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "environment" / "python"))
    return found


def first() -> Path:
    """Return the kubectl that programs find."""
    found = shutil.which("kubectl")
    assert found
    return Path(found).resolve()


def test_the_environments_own_comes_before_the_one_on_path(on_path: Path, tmp_path: Path) -> None:
    own = program(tmp_path / "environment")
    program(tmp_path / "environment", "python3")
    client.put_first()
    assert first() == own
    assert not shutil.which("python3"), "nothing else of the environment's is put on PATH"
    assert str(on_path.parent) in os.environ["PATH"]


def test_an_environment_without_one_leaves_path_alone(on_path: Path) -> None:
    client.put_first()
    assert os.environ["PATH"] == str(on_path.parent)


def test_the_one_that_is_named_comes_before_all_whatever_its_file_is_called(
    on_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "environment")
    named = program(tmp_path / "named", "kubectl-1.28")
    monkeypatch.setenv(VARIABLE, str(named))
    client.put_first()
    assert first() == named != on_path


@pytest.mark.usefixtures("on_path")
def test_a_name_that_leads_nowhere_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/no/such/kubectl")
    with pytest.raises(MissingError, match=f"{VARIABLE} names /no/such/kubectl, but there is no such program"):
        client.put_first()


@pytest.mark.usefixtures("on_path")
def test_put_first_twice_changes_path_once(tmp_path: Path) -> None:
    program(tmp_path / "environment")
    client.put_first()
    path = os.environ["PATH"]
    client.put_first()
    assert os.environ["PATH"] == path


def test_every_version_of_the_matrix_is_pinned() -> None:
    assert all(package.startswith("@") and package.count("@") == 2 for package in versions.PACKAGES.values())
