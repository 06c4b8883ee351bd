"""A shell completes the program, and kubectl its plugin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kubectl_job_operator.cli.main import complete
from tests.unit.cli.program import Program


def completed(program: Program, folder: Path, *words: str) -> set[str]:
    """Let bash complete the last of these words."""
    script = folder / "completion.bash"
    script.write_text(program("completion", "bash").out)
    line = ("kubectl-job-operator", *words)
    ask = f"""
        source {script}
        COMP_WORDS=({" ".join(f"'{word}'" for word in line)}); COMP_CWORD={len(words)}
        $(complete -p kubectl-job-operator | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, cwd=folder)
    return set(done.stdout.split())


def test_bash_completes_commands_options_and_files(program: Program, tmp_path: Path) -> None:
    (tmp_path / "countdown.yaml").write_text("")
    assert completed(program, tmp_path, "va") == {"validate"}
    assert completed(program, tmp_path, "render", "--va") == {"--values"}
    assert completed(program, tmp_path, "run", "count") == {"countdown.yaml"}


def test_each_shell_gets_a_script(program: Program) -> None:
    for shell, word in {"bash": "complete -o", "zsh": "#compdef", "tcsh": "complete "}.items():
        result = program("completion", shell)
        assert result.code == 0
        assert word in result.out


def test_without_the_library_it_is_said_how_to_get_it(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    result = program("completion", "bash")
    assert result.code == 2
    assert "pip install 'kubectl-job-operator-cli[completion]'" in result.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["re"], ["render", "replay", ":4"]),
        (["validate", "-o", "j"], ["json", "junit", ":4"]),
        (["run", "--in"], ["--in-cluster", ":4"]),
        (["run", "--keep", "--in"], ["--in-cluster", ":4"]),
        (["run", "--kubeconfig", ""], [":0"]),
        (["run", "count"], [":0"]),
        (["--v"], ["--version", ":4"]),
    ],
)
def test_kubectl_gets_words_and_whether_files_may_stand_there(
    words: list[str], said: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["kubectl_complete-job-operator", *words])
    assert complete() == 0
    assert capsys.readouterr().out.split() == said
