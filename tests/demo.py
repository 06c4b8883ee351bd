"""Run an example's DAG through ``airflow dags test`` on the test cluster, with an Airflow of its own in ``.demo``."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests import client
from tests import cluster as test_cluster

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


def main() -> int:
    """Run the example that the command line names; return Airflow's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("example", choices=sorted(path.parent.name for path in EXAMPLES.glob("*/dag.py")))
    example = parser.parse_args().example
    client.put_first()
    cluster = test_cluster.current()
    environment = airflow_environment(ROOT / ".demo", EXAMPLES / example, cluster)
    dag_id = example.partition("_")[2]

    _say(f"Making Airflow's database in {ROOT / '.demo'} ...")
    subprocess.run([_program("airflow"), "db", "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    _say(f"$ airflow dags test {dag_id}")
    return_code = subprocess.run([_program("airflow"), "dags", "test", dag_id], env=environment, check=False).returncode
    if return_code:
        _say(f"The task failed; its log above says why. To look: {shlex.join(_kubectl(cluster))} describe jobs,pods")
        return return_code
    _say("It worked: a task of Airflow ran a Kubernetes Job. Next:")
    _say(f"  read examples/{example}/, change it and run `make demo` again")
    _say(f"  look at the cluster: {shlex.join(_kubectl(cluster))} get nodes,events")
    _say("  read on in README.md; take the cluster away with `make cluster-down`")
    return 0


def airflow_environment(home: Path, dags_folder: Path, cluster: test_cluster.Cluster) -> dict[str, str]:
    """Return the environment of a private Airflow whose default way leads to the cluster."""
    home.mkdir(exist_ok=True)
    kubeconfig = home / "kubeconfig"
    kubeconfig.touch(0o600)
    view = [*_kubectl(cluster), "config", "view", "--minify", "--flatten"]
    kubeconfig.write_bytes(subprocess.run(view, check=True, capture_output=True).stdout)
    return {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags_folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "false",
        "KUBECONFIG": str(kubeconfig),
    }


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _kubectl(cluster: test_cluster.Cluster) -> list[str]:
    return ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context]


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program that prints


if __name__ == "__main__":
    sys.exit(main())
