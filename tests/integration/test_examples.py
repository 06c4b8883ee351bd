"""Every example runs as it stands."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.demo import EXAMPLES
from tests.integration.namespace import Namespace
from tests.integration.test_arguments import kubeconfig

IN_A_POD = {"08_in_cluster"}
"""Shown by test_in_cluster.py."""

# As the README and the examples say for Airflow 2.
IMPORTS_OF_AIRFLOW_2 = {
    "from airflow.sdk import DAG, Asset\n": "from airflow import DAG\nfrom airflow.datasets import Dataset as Asset\n",
    "from airflow.sdk import DAG, task\n": "from airflow import DAG\nfrom airflow.decorators import task\n",
    "from airflow.sdk import DAG\n": "from airflow import DAG\n",
}
IMPORTS = {} if importlib.util.find_spec("airflow.sdk") else IMPORTS_OF_AIRFLOW_2


def for_this_airflow(code: str) -> str:
    """Return a DAG's code with the imports of the installed version of Airflow."""
    for there, here in IMPORTS.items():
        code = code.replace(there, here)
    return code


FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/dag.py"))


@pytest.fixture
def load(
    airflow_database: None,  # noqa: ARG001 - made before the first task
    namespace: Namespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Any]]:
    """Put an example into the DAGs folder, make the test's namespace the default, and read the DAG."""
    import os

    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    config = kubeconfig(namespace, home / ".kube" / "config", "my-cluster")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": str(config)}}
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_EXAMPLE", json.dumps(connection))
    made: list[Path] = []

    def load(name: str) -> Any:
        folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"], name)
        shutil.copytree(EXAMPLES / name, folder)
        dag_file = folder / "dag.py"
        dag_file.write_text(for_this_airflow(dag_file.read_text()))
        made.append(folder)
        spec = importlib.util.spec_from_file_location(f"example_{name}", folder / "dag.py")
        assert spec, folder
        assert spec.loader, folder
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.dag

    yield load
    for folder in made:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", [name for name in FOLDERS if name not in IN_A_POD])
def test_an_example_runs_to_success_and_leaves_no_job(
    name: str, load: Callable[[str], Any], namespace: Namespace, capfd: pytest.CaptureFixture[str]
) -> None:
    platform = EXAMPLES / name / "platform"
    if platform.is_dir():
        # What is in the cluster before the DAG runs.
        namespace.kubectl("apply", "-f", str(platform))
    dag_run = load(name).test()
    out = capfd.readouterr().out
    assert str(dag_run.state) == "success", out
    assert "$ kubectl" in out
    assert namespace.living("jobs") == []


def test_every_example_has_a_readme_of_its_own() -> None:
    assert FOLDERS
    for name in [*FOLDERS, "rbac"]:
        assert (EXAMPLES / name / "README.md").read_text().startswith("# "), name
