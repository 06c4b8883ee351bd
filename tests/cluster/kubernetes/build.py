"""Builds the programs of a module once, and keeps them in the user's cache under all that decides what they are."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.cluster.debian.commands import run_logged
from tests.cluster.debian.requirements import go_architecture
from tests.cluster.errors import ClusterError, MissingError
from tests.cluster.paths import built_folder
from tests.cluster.progress import step

from .modules import KUBERNETES, Module

# The leading dot keeps a half-done build apart from a finished one.
UNFINISHED = ".build-"
ANSWER_SECONDS = 300
VERSION_PACKAGE = "k8s.io/component-base/version"


def programs(module: Module) -> Path:
    """Return the folder of the module's programs, building them first where they are not there."""
    return cached(module) or _build(module)


def cached(module: Module) -> Path | None:
    """Return the folder of the programs that were built before, if any."""
    folder = _folder(module)
    return folder if folder.is_dir() else None


def source(module: Module) -> Path:
    """Return the folder of the module's own files, downloading them first where they are not there."""
    answer = _go(module, "mod", "download", "-json", module.path)
    return Path(json.loads(answer)["Dir"])


def lacking(module: Module) -> str:
    """Return one sentence that tells why the module cannot be built here, or an empty string."""
    if cached(module):
        return ""
    if not shutil.which("go"):
        return "there is no Go to build it with"
    try:
        _go(module, "mod", "download", module.path)
    except ClusterError as error:
        return f"Go does not get the module {module.path} {module.version} ({str(error).splitlines()[-1]})"
    return ""


def linker_flags(module: Module) -> str:
    """Return the linker's flags: without debugging symbols, and with the version that Kubernetes tells of itself."""
    flags = ["-s", "-w"]
    if module.name.startswith(KUBERNETES):
        major, minor = module.version.removeprefix("v").split(".")[:2]
        facts = {"gitVersion": module.version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
        # The usual values are a commit and a day; the module has neither, and a fixed one makes equal builds equal.
        facts |= {"gitCommit": "0" * 40, "buildDate": "1970-01-01T00:00:00Z"}
        flags += [f"-X {VERSION_PACKAGE}.{name}={value}" for name, value in facts.items()]
    return " ".join(flags)


def _folder(module: Module) -> Path:
    return built_folder() / f"{module.name}-{module.version}-{module.fingerprint}-{go_architecture()}"


def _build(module: Module) -> Path:
    """Build in a temporary folder and rename it: a folder under the final name is always complete."""
    if not shutil.which("go"):
        raise MissingError(f"go is not on PATH: {module.name} {module.version} is built with Go (https://go.dev/dl/).")
    built_folder().mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=built_folder()))
    log = built_folder() / f"{module.name}.log"
    log.unlink(missing_ok=True)
    try:
        with step(f"build {module.name} {module.version}") as under_way:
            command = ("nice", "go", "build", "-mod=readonly", "-trimpath", f"-ldflags={linker_flags(module)}")
            targets = [package for package in module.programs.values() if package != "."]
            if targets:
                finished = (*command, "-o", f"{workshop}/", *targets)
                run_logged(finished, log, under_way, "compiling", folder=module.folder, environment=_environment())
            for name, package in module.programs.items():
                if package == ".":
                    own = (*command, "-o", str(workshop / name), ".")
                    run_logged(own, log, under_way, "compiling", folder=module.folder, environment=_environment())
        _name_as_asked(module, workshop)
        workshop.chmod(0o755)
        return workshop.rename(_folder(module))
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _name_as_asked(module: Module, folder: Path) -> None:
    """Rename what Go named by the package, such as `server` or `v3`, to the program's own name."""
    for name, package in module.programs.items():
        if not (folder / name).exists():
            parts = [part for part in package.split("/") if (folder / part).is_file()]
            (folder / parts[-1]).rename(folder / name)


def _go(module: Module, *arguments: str) -> str:
    """Run a short command of Go in the module's folder and return its stdout."""
    command = ("go", *arguments)
    try:
        done = subprocess.run(
            command, cwd=module.folder, env=_environment(), stdin=subprocess.DEVNULL,
            text=True, capture_output=True, check=False, timeout=ANSWER_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ClusterError(f"`{' '.join(command)}`: {error}") from None
    if done.returncode:
        raise ClusterError(f"`{' '.join(command)}` ended with return code {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Return the caller's environment for programs that are linked to nothing and know of no workspace."""
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}
