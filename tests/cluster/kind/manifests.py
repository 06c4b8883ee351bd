"""What kind applies to a new cluster: its own storage manifest, and a network of ours in place of its kindnet."""

import re
from functools import cache
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.kubernetes import build, modules

NETWORK_IMAGE = "docker.io/kubectl-job-operator/network:1"
FILES = Path(__file__).parent / "files"


@cache
def module_folder() -> Path:
    """Return the folder of kind's own module."""
    return build.source(modules.KIND)


def base_files() -> Path:
    """Return the folder of the files that kind puts into its base image."""
    return module_folder() / "images/base/files"


def network() -> str:
    """Return the manifest of the pods' network; kind fills in their subnet."""
    return (FILES / "network.yaml").read_text()


def storage() -> str:
    """Return the manifest of the StorageClass, as kind has it."""
    return go_constant(_storage_source(), "defaultStorageManifest")


def storage_images() -> dict[str, str]:
    """Return the names of the images that it needs."""
    source = _storage_source()
    return {
        "provisioner": go_constant(source, "storageProvisionerImage"),
        "helper": go_constant(source, "storageHelperImage"),
    }


def go_constant(source: str, name: str) -> str:
    """Return the value of a Go string constant that is joined of literals and other constants."""
    part = r'(?:`[^`]*`|"[^"\n]*"|\w+)'
    found = re.search(rf"^const {name} = ({part}(?: \+ {part})*)$", source, re.MULTILINE)
    if not found:
        raise ClusterError(f"kind's source has no constant {name} where it was expected.")
    parts = re.findall(r'`([^`]*)`|"([^"\n]*)"|(\w+)', found[1])
    return "".join(go_constant(source, other) if other else raw or text for raw, text, other in parts)


def _storage_source() -> str:
    return (module_folder() / "pkg/build/nodeimage/const_storage.go").read_text()
