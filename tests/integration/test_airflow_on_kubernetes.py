"""The API server takes every overlay of examples/airflow_on_kubernetes; `make e2e` runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.demo import EXAMPLES
from tests.integration.namespace import Namespace

EXAMPLE = EXAMPLES / "airflow_on_kubernetes"
OVERLAYS = sorted(path.name for path in (EXAMPLE / "overlays").iterdir())


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_server_would_take_an_overlay(overlay: str, namespace: Namespace, tmp_path: Path) -> None:
    folder = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("*.env", "passwords.json", "postgres-password"))
    subprocess.run([folder / "make-secrets.sh"], check=True, capture_output=True)
    shutil.copy(folder / "overlays" / "logs-to-s3" / "s3.env.example", folder / "overlays" / "logs-to-s3" / "s3.env")
    # A dry run makes no namespace for the others to be in, so that the test's own is taken.
    here = tmp_path / "here"
    here.mkdir()
    kustomization = {
        "namespace": namespace.name,
        "resources": [f"../{folder.name}/overlays/{overlay}"],
        # Somebody may have the port on a cluster that is given.
        "patches": [
            {
                "target": {"kind": "Service", "name": "api-server"},
                "patch": json.dumps([{"op": "remove", "path": "/spec/ports/0/nodePort"}]),
            }
        ],
    }
    (here / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    answer = namespace.kubectl("apply", "--dry-run=server", "-k", str(here))
    assert "statefulset.apps/scheduler created (server dry run)" in answer
    assert answer.count("(server dry run)") == len(answer.splitlines())
    assert namespace.names("statefulsets") == []
