"""Where a kustomization is found, and what is no place for one."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubectl_job_operator.errors import InputError, TemplateError
from kubectl_job_operator.manifest import kustomization


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    folder = tmp_path / "second" / "overlays" / "prod"
    folder.mkdir(parents=True)
    (folder / "kustomization.yaml").touch()
    (tmp_path / "first" / "overlays").mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ["overlays/prod", "./overlays/prod", "overlays/../overlays/prod/"])
def test_it_is_found_in_the_first_folder_that_has_it(name: str, overlay: Path, tmp_path: Path) -> None:
    assert kustomization.find(name, [tmp_path / "first", tmp_path / "second"]) == str(overlay)


def test_an_absolute_path_is_taken_as_it_is(overlay: Path) -> None:
    assert kustomization.find(str(overlay), []) == str(overlay)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/team/jobs//overlays/prod?ref=v1",
        "ssh://git@example.com/team/jobs.git",
        "git@example.com:team/jobs.git",
        "github.com/team/jobs//overlays/prod?ref=v1",
    ],
)
def test_a_remote_address_is_left_to_kubectl(address: str) -> None:
    assert kustomization.find(address, ["/dags"]) == address


def test_a_folder_that_is_nowhere_is_told_with_all_places(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        kustomization.find("overlays/dev", [tmp_path / "a", tmp_path / "b"])
    for folder in ("a", "b"):
        assert f"\n  {tmp_path}/{folder}/overlays/dev" in str(caught.value)


def test_a_folder_without_a_kustomization_is_named(overlay: Path) -> None:
    with pytest.raises(TemplateError, match=f"There is no kustomization in {overlay.parent}"):
        kustomization.find("overlays", [overlay.parents[1]])


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        kustomization.find("https://me:hunter2@example.com/jobs", [])
    assert "password" in str(caught.value)
    assert "hunter2" not in str(caught.value)
