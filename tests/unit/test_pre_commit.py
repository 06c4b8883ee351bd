"""The hook for pre-commit does its work on the examples."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def run_hook(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the hook as pre-commit does, on all files of the types that it names."""
    program, *arguments = shlex.split(HOOK["entry"])
    assert program == "kubectl-job-operator"
    files = sorted(str(file) for suffix in ("py", "yaml", "yml", "j2") for file in folder.rglob(f"*.{suffix}"))
    command = [sys.executable, "-m", "kubectl_job_operator", *arguments, *HOOK.get("args", []), *files]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_it_finds_nothing_wrong_with_the_examples() -> None:
    done = run_hook(ROOT / "examples")
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("countdown.countdown", "template_family.Load_Orders", "mapped_tasks.region[2]", "other_kinds.server"):
        assert f"{name}: valid by the schemas" in done.stdout


def test_it_names_the_line_that_is_wrong_as_the_dag_has_it(tmp_path: Path) -> None:
    folder = shutil.copytree(ROOT / "examples" / "09_mapped_tasks", tmp_path / "example")
    file = folder / "region.yaml"
    file.write_text(file.read_text().replace("image:", "imagee:"))
    done = run_hook(folder)
    assert done.returncode == 2
    assert f"error: {file}, line " in done.stderr
    assert "imagee: there is no such field" in done.stderr


def test_it_takes_all_files_at_once_so_that_templates_meet_their_dags() -> None:
    assert HOOK["require_serial"] is True
    assert {"python", "yaml"} <= set(HOOK["types_or"])
