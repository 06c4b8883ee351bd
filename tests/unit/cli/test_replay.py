"""kubectl-job-operator replay."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kubectl_job_operator.replay.replay_script import Script
from tests.unit import stage
from tests.unit.cli.program import Program
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import MANIFEST

Write = Callable[[str, str], Path]

MASKED_SECRET = """\
---
apiVersion: v1
kind: Secret
metadata:
  name: password
stringData:
  password: '***'
"""


@pytest.fixture
def bundle(write: Write) -> Path:
    """Write what a failed try leaves."""
    write("bundle/job.json", json.dumps(stage.job("failed")))
    return write("bundle/manifest.yaml", MANIFEST).parent


def test_the_job_runs_again_where_it_was(program: Program, bundle: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl)
    result = program("replay", str(bundle))
    assert (result.code, result.err) == (0, "")
    assert "Job here/countdown is Complete" in result.out
    assert fake_kubectl.called("-n here apply")


def test_it_runs_in_another_namespace_even_if_the_manifest_names_one(
    program: Program, bundle: Path, write: Write, fake_kubectl: FakeKubectl
) -> None:
    write("bundle/manifest.yaml", MANIFEST.replace("  name: countdown", "  name: countdown\n  namespace: here"))
    stage.script(fake_kubectl)
    result = program("replay", bundle.name, "--namespace", "there")
    assert result.code == 0
    assert "  namespace: there\n" in result.out
    assert fake_kubectl.called("-n there apply")
    assert not fake_kubectl.called("-n here")


def test_a_job_that_fails_again_returns_1(program: Program, bundle: Path, fake_kubectl: FakeKubectl) -> None:
    stage.script(fake_kubectl, end="failed")
    assert program("replay", bundle.name).code == 1


def test_a_masked_secret_is_left_out_and_said_so(
    program: Program, bundle: Path, write: Write, fake_kubectl: FakeKubectl
) -> None:
    write("bundle/manifest.yaml", MANIFEST + MASKED_SECRET)
    stage.script(fake_kubectl)
    result = program("replay", bundle.name)
    assert result.code == 0
    assert "Secret password is masked in the bundle" in result.err
    assert "kind: Secret" not in result.out


def test_a_value_that_may_be_masked_is_pointed_out(
    program: Program, bundle: Path, write: Write, fake_kubectl: FakeKubectl
) -> None:
    write("bundle/manifest.yaml", MANIFEST.replace("main", "main\n        args: [--password, '***']"))
    stage.script(fake_kubectl)
    result = program("replay", bundle.name)
    assert result.code == 0
    assert "note: *** in bundle/manifest.yaml may stand for a secret" in result.err


def test_a_companion_with_masked_values_is_not_applied_over_the_real_one(
    program: Program, bundle: Path, write: Write, fake_kubectl: FakeKubectl
) -> None:
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {url: 'https://u:***@db'}\n"
    write("bundle/manifest.yaml", MANIFEST + config)
    write("bundle/replay.sh", Script(job="a", what="a try", namespace="here", has_masked_values=True).text())
    result = program("replay", bundle.name)
    assert result.code == 2
    assert "values of ConfigMap shared are masked (***)" in result.err
    assert "What to do: put the real ones in" in result.err
    assert not fake_kubectl.calls


def test_three_stars_of_the_authors_own_are_applied(
    program: Program, bundle: Path, write: Write, fake_kubectl: FakeKubectl
) -> None:
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {run.sh: '# *** load ***'}\n"
    write("bundle/manifest.yaml", MANIFEST + config)
    write("bundle/replay.sh", Script(job="a", what="a try", namespace="here").text())
    fake_kubectl.answers("get -f", "")
    fake_kubectl.answers("auth can-i --list", stage.ALL_RIGHTS)
    fake_kubectl.answers("apply --server-side --field-manager", {})
    stage.script(fake_kubectl)
    result = program("replay", bundle.name)
    assert "are masked" not in result.err
    assert [call for call in fake_kubectl.called("apply") if "companions" in " ".join(call)]


def test_without_a_job_the_namespace_is_kubectls_own(program: Program, bundle: Path, fake_kubectl: FakeKubectl) -> None:
    (bundle / "job.json").unlink()
    fake_kubectl.answers("config view", {"contexts": [{"context": {"namespace": "mine"}}]})
    stage.script(fake_kubectl)
    assert program("replay", bundle.name).code == 0
    assert fake_kubectl.called("-n mine apply")


def test_a_folder_that_is_no_bundle_is_bad_input(program: Program, bundle: Path, write: Write) -> None:
    result = program("replay", "none")
    assert result.code == 2
    assert "none/manifest.yaml cannot be read: No such file or directory" in result.err
    write("bundle/job.json", "{")
    result = program("replay", bundle.name)
    assert result.code == 2
    assert "bundle/job.json cannot be read" in result.err


LIST_AS_DATA = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: [a, b]\n"


def test_a_config_map_whose_data_is_a_list_is_left_for_the_api_server_to_judge(
    program: Program, bundle: Path, write: Write, fake_kubectl: FakeKubectl
) -> None:
    write("bundle/manifest.yaml", MANIFEST + LIST_AS_DATA)
    fake_kubectl.answers("get -f", "")
    stage.script(fake_kubectl)
    result = program("replay", bundle.name)
    assert (result.code, result.err) == (0, "")
    assert fake_kubectl.called("apply")


def test_a_bundle_that_is_no_text_or_has_no_metadata_ends_in_a_sentence(
    program: Program, bundle: Path, write: Write
) -> None:
    write("bundle/job.json", json.dumps({"metadata": ["a"]}))
    (bundle / "manifest.yaml").write_bytes(b"\xff\xfe\x00")
    result = program("replay", bundle.name)
    assert result.code != 0
    assert "it is no UTF-8 text" in result.err
    assert "Traceback" not in result.err
