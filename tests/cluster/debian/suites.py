"""Packages of a suite of Debian, unpacked into a folder of our own, whatever the host is; apt's own lists stay."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.paths import built_folder
from tests.cluster.progress import step

from . import packages
from .commands import output_of

# Debian's own, for a host that is none.
MIRROR = "http://deb.debian.org/debian"
KEYRING_PACKAGE = "debian-archive-keyring"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# The leading dot keeps a half-done folder apart from a finished one.
UNFINISHED = ".unpack-"


def mirror() -> str:
    """Return the mirror from which this machine takes Debian's packages, or Debian's own where it takes none."""
    fields = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    targets = output_of(("apt-get", "indextargets", "--format", fields, "Created-By: Packages"))
    for line in targets.splitlines():
        origin, label, component, address = line.split("|", 3)
        if (origin, label, component) == ("Debian", "Debian", "main"):
            return address
    return MIRROR


def built(name: str) -> Path:
    """Return where the files of some packages are, or will be."""
    return built_folder() / name


def unpacked(name: str, suite: str, names: Sequence[str]) -> Path:
    """Return a folder with the files of some packages of a suite, without those that they depend on."""
    target = built(name)
    if target.is_dir():
        return target
    built_folder().mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=built_folder()))
    try:
        with step(f"download and unpack {' '.join(names)} of Debian's {suite}"):
            for archive in _download(workshop, suite, names):
                output_of(("dpkg-deb", "--extract", str(archive), str(workshop / "root")))
        return (workshop / "root").rename(target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def source(name: str, suite: str, folder: Path) -> None:
    """Download the source package of a suite, and unpack it in the folder."""
    output_of(("apt-get", "source", "-qq", *_options(folder, "deb-src", suite), name), folder=folder)


def _download(workshop: Path, suite: str, names: Sequence[str]) -> list[Path]:
    """Download packages."""
    archives = workshop / "archives"
    archives.mkdir()
    output_of(("apt-get", "download", "-qq", *_options(workshop, "deb", suite), *names), folder=archives)
    return sorted(archives.glob("*.deb"))


def _options(workshop: Path, kind: str, suite: str) -> tuple[str, ...]:
    """Get the lists of a suite into the workshop, and return what lets apt read those alone."""
    packages.install((KEYRING_PACKAGE,))
    lists = workshop / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (lists / folder).mkdir(parents=True)
    (lists / "sources.list").write_text(f"{kind} [signed-by={KEYRING}] {mirror()} {suite} main\n")
    (lists / "status").touch()
    options = (
        *("-o", f"Dir::Etc::sourcelist={lists / 'sources.list'}", "-o", "Dir::Etc::sourceparts=/dev/null"),
        *("-o", f"Dir::State::lists={lists / 'lists'}", "-o", f"Dir::State::status={lists / 'status'}"),
        # The folder may lie below a home that apt's own user cannot enter.
        *("-o", f"Dir::Cache={lists / 'cache'}", "-o", "APT::Sandbox::User=root"),
    )
    output_of(("apt-get", "update", "-qq", *options))
    return options
