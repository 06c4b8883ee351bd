"""Nothing secret is shown or kept: not in a log, Airflow's database, a file, or on a command line."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace

IN_A_SECRET = "marker-of-the-secret-companion"
IN_A_CONNECTION = "marker-of-the-airflow-connection"
IN_A_VARIABLE = "marker-of-the-template-variable"

SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: keys}}\nstringData: {{key: {IN_A_SECRET}}}\n---\n"
ENV = """env:
          - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: key}}}
          - {name: PASSED, value: "{{ password }}"}
          command:"""


@contextlib.contextmanager
def command_lines() -> Iterator[set[str]]:
    """Collect the command lines of all kubectls that run meanwhile."""
    seen: set[str] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.01):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:  # it has ended meanwhile
                    continue
                if line.startswith("kubectl ") or "/kubectl " in line:
                    seen.add(line)

    looker = threading.Thread(target=look)
    looker.start()
    try:
        yield seen
    finally:
        is_over.set()
        looker.join()


@pytest.fixture
def token(namespace: Namespace, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a connection whose kubeconfig holds a service account's token, and return the token."""
    account = f"--serviceaccount={namespace.name}:default"
    namespace.kubectl("create", "rolebinding", "all-of-the-namespace", "--clusterrole=admin", account)
    token = namespace.kubectl("create", "token", "default").strip()
    config = json.loads(namespace.kubectl("config", "view", "--minify", "--flatten", "-o", "json"))
    config["users"][0]["user"] = {"token": token}
    connection = {
        "conn_type": "kubernetes",
        "password": IN_A_CONNECTION,
        "extra": {"kube_config": json.dumps(config)},
    }
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps(connection))
    # Not called so that Airflow masks it by itself: only the name in yaml_template_fields tells what it is.
    monkeypatch.setenv("AIRFLOW_VAR_PLAIN", IN_A_VARIABLE)
    return token


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of all temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def files_below(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


@pytest.mark.parametrize("state", ["success", "failed"])
def test_no_secret_is_in_a_log_the_database_a_kept_file_or_on_a_command_line(
    state: str, token: str, task: TaskRunner, temporary: Path
) -> None:
    replays = temporary.parent / "replays"
    script = "test -n $KEY" if state == "success" else "test -z $KEY"
    task.write("job.yaml", SECRET + job(script).replace("command:", ENV))
    with command_lines() as lines:
        printed = task.run_by_airflow(
            yaml_file_name="job.yaml",
            yaml_template_fields={"password": "{{ var.value.plain }}"},
            kubernetes_conn_id="cluster",
            replay_dir=str(replays),
        )
    assert "$ kubectl" in printed
    assert ("is Complete after" if state == "success" else "is Failed after") in printed
    assert any(" apply " in line for line in lines), "the command lines were looked at"
    assert ("::group::Replay" in printed) is (state == "failed")
    assert replays.exists() is (state == "failed")

    home = Path(os.environ["AIRFLOW_HOME"])
    places = {
        "what Airflow printed": printed.encode(),
        "command lines": "\n".join(lines).encode(),
        **{str(path): content for path, content in files_below(temporary, replays, home)},
    }
    assert any(path.endswith("airflow.db") for path in places)
    secrets = {"Secret": IN_A_SECRET, "connection": IN_A_CONNECTION, "variable": IN_A_VARIABLE, "token": token}
    found = [
        f"{name} in {place}"
        for place, content in places.items()
        for name, value in secrets.items()
        if value.encode() in content
    ]
    # The template beside the DAG is the author's own, and has the Secret in it.
    assert [one for one in found if not one.endswith(f"{task.dag_id}/job.yaml")] == []
