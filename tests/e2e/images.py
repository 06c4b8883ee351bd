"""The images of the deployment, without Docker and without pulling: Debian's and PyPI's packages as image archives.

They hold what ``examples/airflow_on_kubernetes/Dockerfile`` and the official images hold, at the same paths and with
the same users. Everything that takes long is kept in the cache, under a name that its content decides.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.debian.commands import output_of, system_environment
from tests.cluster.debian.layout import layout
from tests.cluster.debian.packages import install
from tests.cluster.debian.requirements import go_architecture
from tests.cluster.paths import cache_folder, repository
from tests.cluster.progress import step

AIRFLOW_VERSION = "3.3.2"
"""The one of the Dockerfile."""

EXAMPLE = repository() / "examples" / "airflow_on_kubernetes"
STAND_IN = Path(__file__).parent / "stand_in"

_SUITE = "bookworm"
_PYTHON = "3.11"
_PYTHON_PACKAGES = ("bash", "ca-certificates", "dumb-init", "git", "libpq5", "python3.11", "tzdata")
_POSTGRES_PACKAGES = ("postgresql-15",)
# Those of the official image that are used here.
_AIRFLOW_REQUIREMENTS = (
    f"apache-airflow=={AIRFLOW_VERSION}",
    *("apache-airflow-providers-amazon", "apache-airflow-providers-postgres", "asyncpg", "psycopg2-binary"),
)
_MOTO_REQUIREMENTS = ("moto[s3]", "flask", "flask-cors", "boto3")
_AIRFLOW_SITE = f"home/airflow/.local/lib/python{_PYTHON}/site-packages"
_AIRFLOW_PROGRAMS = "home/airflow/.local/bin"
_MOTO_SITE = "opt/moto"
_MOTO_PROGRAMS = "opt/moto/bin"
_USERS = {
    "airflow": ("airflow:x:50000:0::/home/airflow:/bin/bash", ""),
    "postgres": ("postgres:x:999:999::/var/lib/postgresql:/bin/bash", "postgres:x:999:"),
    "git-sync": ("git-sync:x:50000:0::/tmp:/bin/sh", ""),
    "moto": ("moto:x:50000:0::/tmp:/bin/sh", ""),
}
_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """An image of the node.

    :param name: without the tag.
    :param tag: a hash of what is in it.
    """

    name: str
    tag: str


@dataclass(frozen=True)
class _Recipe:
    """What an image is made of.

    :param layers: the files of its layers, the lowest first.
    :param entrypoint: its command.
    :param environment: its variables.
    """

    layers: Sequence[Path]
    entrypoint: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def build_all() -> dict[str, Image]:
    """Build and import what is missing, and return the images by the names that the manifests give them."""
    install(("mmdebstrap",))
    python = _debian("python", _PYTHON_PACKAGES)
    airflow = _site("airflow", python, _airflow_requirements(), _AIRFLOW_SITE, _AIRFLOW_PROGRAMS)
    moto = _site("moto", python, _MOTO_REQUIREMENTS, _MOTO_SITE, _MOTO_PROGRAMS)
    postgres = _debian("postgres", _POSTGRES_PACKAGES)
    recipes = {
        "airflow-with-kubectl": _Recipe(
            (python, airflow, _layer("airflow-top", _fill_airflow)),
            ("dumb-init", "--"),
            {
                "PATH": f"/{_AIRFLOW_PROGRAMS}:{_SEARCH_PATH}",
                "HOME": "/home/airflow",
                "AIRFLOW_HOME": "/opt/airflow",
                "PYTHONPATH": f"/{_AIRFLOW_SITE}",
                "LANG": "C.UTF-8",
            },
        ),
        "postgres": _Recipe(
            (postgres, _layer("postgres-top", _fill_postgres)),
            ("/usr/local/bin/docker-entrypoint.sh",),
            {"PATH": f"/usr/lib/postgresql/15/bin:{_SEARCH_PATH}"},
        ),
        "git-sync": _Recipe((python, _layer("git-sync-top", _fill_git_sync)), ("/git-sync",), {"PATH": _SEARCH_PATH}),
        "moto": _Recipe(
            (python, moto, _layer("moto-top", _fill_moto)),
            ("python3.11", "-m", "moto.server", "--host", "0.0.0.0", "--port", "5000"),
            {"PATH": _SEARCH_PATH, "PYTHONPATH": f"/{_MOTO_SITE}"},
        ),
    }
    return {name: _import(name, recipe) for name, recipe in recipes.items()}


def _airflow_requirements() -> list[str]:
    """Return what the Dockerfile installs, but our package itself."""
    ours = [one for one in importlib.metadata.requires("kubectl-job-operator") or [] if "extra ==" not in one]
    lines = (EXAMPLE / "requirements-dags.txt").read_text().splitlines()
    return [*_AIRFLOW_REQUIREMENTS, *ours, *(line for line in lines if line and not line.startswith("#"))]


def _folder() -> Path:
    folder = cache_folder() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kept(name: str, key: Sequence[str], make: Callable[[Path], None]) -> Path:
    """Return the kept file of this name and key, made if it is not there; older ones of the name are removed."""
    path = _folder() / f"{name}-{_digest(json.dumps(key).encode())}.tar"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with step(f"image layer {name}"):
            make(unfinished)
        for old in _folder().glob(f"{name}-????????????.tar"):
            old.unlink()
        unfinished.rename(path)
    return path


def _debian(name: str, packages: Sequence[str]) -> Path:
    """Return a root file system with these packages of Debian."""

    def make(path: Path) -> None:
        options = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("man", "doc", "locale", "info")]
        options += ["--format=tar", "--mode=root", "--variant=minbase"]
        _run("mmdebstrap", *options, f"--include={','.join(packages)}", _SUITE, str(path))

    return _kept(name, (_SUITE, *packages), make)


def _site(name: str, root: Path, requirements: Sequence[str], folder: str, programs: str) -> Path:
    """Return a layer with these packages of PyPI, compiled by the Python of the root file system."""

    def make(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=_folder()) as temporary:
            target = Path(temporary) / folder
            # --target leaves the interpreter of this machine out of it, whatever its version.
            _run(
                *(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", str(target)),
                *("--python-version", _PYTHON, "--only-binary=:all:", *requirements),
            )
            for program in (target / "bin").iterdir():
                _let_image_run(program)
            (target / "bin").rename(Path(temporary) / programs)
            top = folder.split("/", maxsplit=1)[0]
            _run("tar", "-C", temporary, f"--exclude=./{top}", "-xf", str(root))
            _run(
                "chroot", temporary, f"python{_PYTHON}", "-m", "compileall", "-q", "-j", "2", f"/{folder}", check=False
            )
            _run("tar", "-C", temporary, "--owner=0", "--group=0", "--numeric-owner", "-cf", str(path), top)

    return _kept(name, (*requirements, root.name, folder), make)


def _let_image_run(program: Path) -> None:
    """Let a program of PyPI's be run by the image's Python instead of this machine's."""
    first, _, rest = program.read_bytes().partition(b"\n")
    if first.startswith(b"#!") and b"python" in first:
        program.write_bytes(f"#!/usr/bin/python{_PYTHON}\n".encode() + rest)


def _layer(name: str, fill: Callable[[tarfile.TarFile], None]) -> Path:
    """Return a small layer, made anew each time; its name says what is in it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        fill(tar)
    content = buffer.getvalue()
    path = _folder() / f"{name}-{_digest(content)}.tar"
    for old in _folder().glob(f"{name}-????????????.tar"):
        old.unlink()
    path.write_bytes(content)
    return path


def _fill_airflow(tar: tarfile.TarFile) -> None:
    """Add what the Dockerfile adds: kubectl, our package, the DAGs."""
    _add_users(tar, "airflow")
    for folder in ("opt/airflow", "opt/airflow/dags", "opt/airflow/logs", "opt/airflow/users"):
        _add_folder(tar, folder)
    _add_file(tar, _kubectl(), "usr/local/bin/kubectl", mode=0o755)
    for path in sorted((repository() / "kubectl_job_operator").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            _add_file(tar, path, f"{_AIRFLOW_SITE}/{path.relative_to(repository())}")
    _add_metadata(tar)
    for path in sorted((EXAMPLE / "dags").iterdir()):
        if path.is_file():
            _add_file(tar, path, f"opt/airflow/dags/{path.name}")


def _add_metadata(tar: tarfile.TarFile) -> None:
    """Add what lets Airflow find our package as a provider: a wheel's metadata, as pip would leave it."""
    with tempfile.TemporaryDirectory() as temporary:
        _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", temporary, str(repository()))
        (wheel,) = Path(temporary).glob("*.whl")
        unpacked = Path(temporary) / "unpacked"
        shutil.unpack_archive(wheel, unpacked, "zip")
        for path in sorted(unpacked.glob("*.dist-info/*")):
            if path.is_file():
                _add_file(tar, path, f"{_AIRFLOW_SITE}/{path.relative_to(unpacked)}")


def _fill_postgres(tar: tarfile.TarFile) -> None:
    _add_users(tar, "postgres")
    _add_folder(tar, "var/run/postgresql")
    _add_file(tar, STAND_IN / "docker-entrypoint.sh", "usr/local/bin/docker-entrypoint.sh", mode=0o755)


def _fill_git_sync(tar: tarfile.TarFile) -> None:
    _add_users(tar, "git-sync")
    _add_file(tar, STAND_IN / "git-sync", "git-sync", mode=0o755)


def _fill_moto(tar: tarfile.TarFile) -> None:
    _add_users(tar, "moto")


def _kubectl() -> Path:
    """Return this machine's kubectl; where it only starts others, the newest of those."""
    found = Path(shutil.which("kubectl") or "kubectl").resolve(strict=True)
    others = found.parent.glob("kubectl.1.*")
    return max(others, key=lambda path: int(path.suffix[1:]), default=found)


def _add_users(tar: tarfile.TarFile, name: str) -> None:
    user, group = _USERS[name]
    passwd = f"root:x:0:0:root:/root:/bin/bash\n{user}\nnobody:x:65534:65534::/:/bin/false\n"
    _add_text(tar, "etc/passwd", passwd)
    _add_text(tar, "etc/group", f"root:x:0:\n{group}\nnogroup:x:65534:\n".replace("\n\n", "\n"))


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), 0o644
    tar.addfile(entry, io.BytesIO(text.encode()))


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.uid = tarfile.DIRTYPE, 0o775, 50000
    tar.addfile(entry)


def _add_file(tar: tarfile.TarFile, path: Path, name: str, *, mode: int = 0o644) -> None:
    """Add a file without its time and owner, so that the same content gives the same layer."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = path.stat().st_size, mode
    with path.open("rb") as content:
        tar.addfile(entry, content)


def _import(name: str, recipe: _Recipe) -> Image:
    """Put the image into containerd, unless it is there."""
    configuration = {
        "architecture": go_architecture(),
        "os": "linux",
        "config": {
            "Entrypoint": list(recipe.entrypoint),
            "Env": [f"{key}={value}" for key, value in recipe.environment.items()],
            # PostgreSQL ends by it without waiting for its clients, as in the official image.
            **({"StopSignal": "SIGINT"} if name == "postgres" else {}),
        },
    }
    key = json.dumps([configuration, [layer.name for layer in recipe.layers]]).encode()
    image = Image(f"docker.io/kubectl-job-operator/{name}", _digest(key))
    if f"{image.name}:{image.tag}" not in _ctr("images", "list", "--quiet").split():
        with step(f"import of the image {name}"):
            archive = _folder() / f"{name}.archive"
            _write_archive(archive, f"{image.name}:{image.tag}", configuration, recipe.layers)
            _ctr("images", "import", str(archive))
            archive.unlink()
    return image


def _write_archive(path: Path, name: str, configuration: Mapping[str, object], layers: Sequence[Path]) -> None:
    """Write an image in the format of `docker save`."""
    digests = []
    for layer in layers:
        digest = hashlib.sha256()
        with layer.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
        digests.append(digest.hexdigest())
    rootfs = {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]}
    text = json.dumps({**configuration, "rootfs": rootfs})
    files = [f"{digest}/layer.tar" for digest in digests]
    manifest = [{"Config": "configuration.json", "RepoTags": [name], "Layers": files}]
    with tarfile.open(path, mode="w") as tar:
        _add_text(tar, "configuration.json", text)
        for layer, file in zip(layers, files, strict=True):
            _add_file(tar, layer, file)
        _add_text(tar, "manifest.json", json.dumps(manifest))


def _ctr(*arguments: str) -> str:
    return output_of(("ctr", "--address", str(layout().containerd_socket), "--namespace", "k8s.io", *arguments))


def _run(*command: str, check: bool = True) -> None:
    """Run a program with the least priority: the machine has other things to do."""
    finished = subprocess.run(
        ("nice", "-n", "10", *command),
        env=system_environment(),
        cwd=os.sep,
        text=True,
        capture_output=True,
        check=False,
    )
    if check and finished.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {finished.returncode}:\n{finished.stderr[-4000:]}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
