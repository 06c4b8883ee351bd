"""A kubectl that waits until a test lets it go on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def holds_the_first(subcommand: str, folder: Path, then: str = "") -> Path:
    """Write a kubectl whose first command of a kind does nothing until the folder ``held`` is gone.

    :param then: what the shell does before the command itself.
    """
    script = folder / "kubectl"
    script.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *" {subcommand} "*) if mkdir {folder}/seen 2> {os.devnull}; then\n'
        f"mkdir {folder}/held; while [ -d {folder}/held ]; do sleep 0.1; done; {then}\n"
        "fi ;; esac\n"
        f'exec {shutil.which("kubectl")} "$@"\n'
    )
    script.chmod(0o755)
    return script
