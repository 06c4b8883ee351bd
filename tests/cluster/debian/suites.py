"""Packages of one pinned suite of Debian, unpacked into a folder of our own, whatever the host's own suite is."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.errors import MissingError
from tests.cluster.paths import built_folder
from tests.cluster.progress import step

from .commands import output_of

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The leading dot keeps a half-done folder apart from a finished one.
UNFINISHED = ".unpack-"


def mirror() -> str:
    """Return the mirror from which this machine takes Debian's packages; empty where it is no Debian."""
    fields = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    targets = output_of(("apt-get", "indextargets", "--format", fields, "Created-By: Packages"))
    for line in targets.splitlines():
        origin, label, component, address = line.split("|", 3)
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return address
    return ""


def built(name: str) -> Path:
    """Return where the files of some packages are, or will be."""
    return built_folder() / name


def unpacked(name: str, suite: str, packages: Sequence[str]) -> Path:
    """Return a folder with the files of some packages of a suite, without those that they depend on."""
    target = built(name)
    if target.is_dir():
        return target
    built_folder().mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=built_folder()))
    try:
        with step(f"download and unpack {' '.join(packages)} of Debian's {suite}"):
            for archive in _download(workshop, suite, packages):
                output_of(("dpkg-deb", "--extract", str(archive), str(workshop / "root")))
        return (workshop / "root").rename(target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _download(workshop: Path, suite: str, packages: Sequence[str]) -> list[Path]:
    """Download packages with lists of our own, so that apt's own stay as they are."""
    address = mirror()
    if not address:
        raise MissingError(f"This machine's apt knows no mirror of Debian, from which {' '.join(packages)} would come.")
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    (workshop / "sources.list").write_text(f"deb {signed}{address} {suite} main\n")
    (workshop / "status").touch()
    for folder in ("lists/partial", "cache/archives/partial", "archives"):
        (workshop / folder).mkdir(parents=True)
    options = (
        *("-o", f"Dir::Etc::sourcelist={workshop / 'sources.list'}", "-o", "Dir::Etc::sourceparts=/dev/null"),
        *("-o", f"Dir::State::lists={workshop / 'lists'}", "-o", f"Dir::State::status={workshop / 'status'}"),
        *("-o", f"Dir::Cache={workshop / 'cache'}", "-o", "APT::Sandbox::User=root"),
    )
    output_of(("apt-get", "update", "-qq", *options))
    output_of(("apt-get", "download", "-qq", *options, *packages), folder=workshop / "archives")
    return sorted((workshop / "archives").glob("*.deb"))
