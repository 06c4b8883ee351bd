"""The command line on a real cluster, as a program of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import until

ROOT = Path(__file__).parents[2]
COUNTDOWN = ROOT / "examples" / "01_countdown" / "countdown.yaml"


class Cli:
    """Runs the program in the test's namespace, without any kubeconfig but the one of the test cluster."""

    def __init__(self, cluster: Cluster, namespace: Namespace, folder: Path) -> None:
        self.folder = folder
        self.namespace = namespace
        self._place = ["--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context, "-n", namespace.name]
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
        self._children: list[subprocess.Popen[str]] = []

    def start(self, command: str, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start it in a session of its own, as a terminal would in a process group."""
        argv = [sys.executable, "-m", "kubectl_job_operator", command, *map(str, arguments), *self._place]
        child = subprocess.Popen(
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
            cwd=self.folder,
            start_new_session=True,
        )
        self._children.append(child)
        return child

    def run(self, command: str, *arguments: str | Path) -> tuple[int, str, str]:
        """Run it to its end and return its exit code, stdout and stderr."""
        child = self.start(command, *arguments)
        out, err = child.communicate(timeout=120)
        return child.returncode, out, err

    def write(self, name: str, text: str) -> Path:
        """Write a template."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file

    def close(self) -> None:
        """End what a test has left."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
                child.communicate()


@pytest.fixture
def cli(cluster: Cluster, namespace: Namespace, tmp_path: Path) -> Iterator[Cli]:
    """Give the program."""
    cli = Cli(cluster, namespace, tmp_path)
    yield cli
    cli.close()


def until_a_pod_runs(namespace: Namespace) -> None:
    until(lambda: namespace.running_pods() != [], "no pod ran")


def lines_between(text: str, first: str, last: str) -> Sequence[str]:
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if first in line)
    end = next(number for number, line in enumerate(lines) if last in line and number > begin)
    return lines[begin + 1 : end]


def test_the_first_example_runs_to_its_end_and_leaves_nothing(cli: Cli) -> None:
    code, out, err = cli.run("run", COUNTDOWN, "--set", "start=3")
    assert (code, err) == (0, "")
    assert f"Job {cli.namespace.name}/countdown is Complete" in out
    assert re.findall(r"^\d$", out, re.MULTILINE) == ["3", "2", "1"]
    assert cli.namespace.living("jobs") == []


def test_a_job_that_fails_returns_1_and_says_why_on_stderr(cli: Cli) -> None:
    cli.write("fails.yaml", job("echo no route to host; exit 3", name="fails"))
    code, out, err = cli.run("run", "fails.yaml")
    assert code == 1
    reason = f"Job {cli.namespace.name}/fails failed: container main ended with exit code 3: no route to host"
    assert err == f"error: {reason}\n"
    assert out.count(reason) == out.count("What to do: ") == 1, "the details once"
    assert "Traceback" not in out + err
    assert cli.namespace.living("jobs") == ["fails"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_deletes_the_job(cli: Cli, number: signal.Signals) -> None:
    cli.write("sleeps.yaml", job("sleep 300", name="sleeps"))
    child = cli.start("run", "sleeps.yaml")
    until(lambda: cli.namespace.running_pods() != [], "no pod ran")
    os.killpg(child.pid, number)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, "error: interrupted.\n")
    assert cli.namespace.living("jobs") == []


def test_ctrl_c_with_keep_leaves_the_job_running(cli: Cli) -> None:
    cli.write("sleeps.yaml", job("sleep 300", name="sleeps"))
    child = cli.start("run", "sleeps.yaml", "--keep")
    until(lambda: cli.namespace.running_pods() != [], "no pod ran")
    os.killpg(child.pid, signal.SIGINT)
    child.communicate(timeout=60)
    assert child.returncode == 130
    assert cli.namespace.living("jobs") == ["sleeps"]
    assert cli.namespace.living("pods")


def test_keep_leaves_a_job_that_is_complete(cli: Cli) -> None:
    cli.write("short.yaml", job("true", name="short"))
    assert cli.run("run", "short.yaml", "--keep")[0] == 0
    assert cli.namespace.living("jobs") == ["short"]


def test_a_bundle_runs_again_in_another_namespace(cli: Cli) -> None:
    bundle = cli.folder / "bundle"
    bundle.mkdir()
    manifest = job("echo again", name="again").replace("metadata: {", "metadata: {namespace: gone, ")
    (bundle / "manifest.yaml").write_text(manifest)
    (bundle / "job.json").write_text('{"metadata": {"name": "again", "namespace": "gone"}}')
    code, out, err = cli.run("replay", "bundle")
    assert (code, err) == (0, "")
    assert f"Job {cli.namespace.name}/again is Complete" in out


def test_all_is_well_with_an_administrator(cli: Cli) -> None:
    code, out, err = cli.run("doctor")
    assert (code, err) == (0, "")
    assert out.count(" granted") == 11
    assert cli.namespace.name in out


def test_the_server_accepts_the_first_example_and_nothing_is_created(cli: Cli) -> None:
    code, out, err = cli.run("validate", COUNTDOWN, "--set", "start=3", "--server")
    assert (code, err) == (0, "")
    assert "valid by the API server" in out
    assert cli.namespace.names("jobs") == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ("imagee: busybox:1.36", "imagee"),
        ("workingDir: [a]", "workingDir"),
        ("terminationMessagePolicy: Sometimes", "terminationMessagePolicy"),
        ("ports: [{containerPort: 70000}]", "containerPort"),
    ],
)
def test_what_the_server_refuses_is_named_with_the_line_of_the_template(cli: Cli, wrong: str, field: str) -> None:
    loop = job("true", name="wrong").replace(
        "        - name: main\n", "{% for name in ['main', 'other'] %}\n        - name: {{ name }}\n          WRONG\n"
    )
    file = cli.write("wrong.yaml.j2", f"{{% set unused = 1 %}}\n{loop}{{% endfor %}}\n".replace("WRONG", wrong))
    line = file.read_text().splitlines().index(f"          {wrong}") + 1
    code, out, err = cli.run("validate", "wrong.yaml.j2", "--server")
    assert (code, out) == (2, "")
    assert f"error: {file}, line {line}: " in err
    assert field in err
    assert f"  {line} |           {wrong}\n" in err


def test_a_job_that_is_there_already_does_not_make_a_template_wrong(cli: Cli) -> None:
    cli.write("short.yaml", job("true", name="short"))
    assert cli.run("run", "short.yaml", "--keep")[0] == 0
    cli.write("short.yaml", job("false", name="short"))
    code, _, err = cli.run("validate", "short.yaml", "--server")
    assert (code, err) == (0, "")


def test_a_cluster_that_cannot_be_reached_returns_3(cli: Cli) -> None:
    nowhere = cli.write(
        "nowhere.kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
        "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: a, user: {token: t}}]\n",
    )
    argv = [sys.executable, "-m", "kubectl_job_operator", "doctor", "--kubeconfig", str(nowhere)]
    finished = subprocess.run(
        argv, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert finished.returncode == 3
    assert "was refused" in finished.stdout
    assert "Traceback" not in finished.stderr
