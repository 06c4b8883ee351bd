"""kubectl-job-operator validate."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kubectl_job_operator.cli import schemas
from tests.unit.cli.program import Program
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.stage import CONFLICT, MANIFEST, REFUSED

Write = Callable[[str, str], Path]

DRY_RUN = "apply --server-side --dry-run=server"
LOOP = """\
{% set names = ["one", "two"] %}
apiVersion: batch/v1
kind: Job
metadata:
  name: countdown
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
{% for name in names %}
      - name: {{ name }}
        image: busybox:1.36
        FIELD
{% endfor %}
"""


@pytest.fixture
def no_schemas(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Take the library away."""
    schemas._library.cache_clear()
    monkeypatch.setitem(sys.modules, "kubernetes_validate", None)
    yield
    schemas._library.cache_clear()


def test_a_valid_template_is_said_to_be_by_whom(program: Program, countdown: Path) -> None:
    result = program("validate", countdown.name, "--kubernetes-version", "1.34")
    assert (result.code, result.err) == (0, "")
    assert result.out == "countdown.yaml: valid by the schemas of Kubernetes 1.34 (Job countdown)\n"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("imagee: x", "spec.template.spec.containers[0].imagee: there is no such field"),
        ("tty: maybe", "spec.template.spec.containers[0].tty: it must be of type boolean"),
        ("ports: [{name: http}]", "spec.template.spec.containers[0].ports[0]: the field containerPort is missing"),
    ],
)
def test_a_wrong_field_is_named_with_the_line_of_the_template(
    program: Program, write: Write, field: str, words: str
) -> None:
    file = write("loop.yaml.j2", LOOP.replace("FIELD", field))
    result = program("validate", "loop.yaml.j2")
    assert result.code == 2
    assert result.out == ""
    assert f"error: {file}, line 14: {words}\n  14 |         {field}\n" in result.err


def test_a_wrong_field_of_a_base_template_is_named_there(program: Program, write: Write) -> None:
    base = write("base.yaml", MANIFEST.replace("  name: countdown", "  name: {% block name %}{% endblock %}\n  nam: x"))
    write("child.yaml", "{% extends 'base.yaml' %}{% block name %}countdown{% endblock %}")
    result = program("validate", "child.yaml")
    assert f"error: {base}, line 5: metadata.nam: there is no such field" in result.err


def test_text_that_is_not_yaml_is_named_with_the_line_of_the_template(program: Program, write: Write) -> None:
    file = write("loop.yaml.j2", LOOP.replace("FIELD", "tty: [ {{ name }}"))
    result = program("validate", "loop.yaml.j2")
    assert result.code == 2
    assert f"error: {file}, line 1" in result.err
    assert "is not valid YAML" in result.err


def test_our_own_rules_come_first(program: Program, write: Write) -> None:
    write("two.yaml", f"{MANIFEST}---\n{MANIFEST}")
    result = program("validate", "two.yaml")
    assert result.code == 2
    assert "has 2 Jobs" in result.err


def test_every_template_is_checked_and_one_wrong_one_is_enough(program: Program, write: Write, countdown: Path) -> None:
    write("undefined.yaml", MANIFEST.replace("busybox", "{{ image }}"))
    result = program("validate", "undefined.yaml", countdown.name)
    assert result.code == 2
    assert "'image' is undefined" in result.err
    assert "countdown.yaml: valid" in result.out


def test_what_a_secret_holds_is_not_shown(program: Program, write: Write) -> None:
    write(
        "job.yaml", f"{MANIFEST}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringDat: {{a: marker-7}}\n"
    )
    result = program("validate", "job.yaml")
    assert result.code == 2
    assert "line 16: stringDat: there is no such field" in result.err
    assert "marker-7" not in result.err


def test_without_the_schemas_it_is_said_how_to_get_them(program: Program, countdown: Path, no_schemas: None) -> None:  # noqa: ARG001
    result = program("validate", countdown.name)
    assert result.code == 2
    assert "pip install 'kubectl-job-operator-cli[validate]', or give --server" in result.err


@pytest.mark.parametrize(
    ("manifest", "version", "words"),
    [
        (MANIFEST, "1.99", "There are no schemas of Kubernetes 1.99"),
        (MANIFEST + "---\n{apiVersion: a.example/v1, kind: Own, metadata: {name: a}}\n", "1.34", "no schema of Own"),
    ],
)
def test_what_the_schemas_do_not_know_is_said_so(
    program: Program, write: Write, manifest: str, version: str, words: str
) -> None:
    write("job.yaml", manifest)
    result = program("validate", "job.yaml", "--kubernetes-version", version)
    assert result.code == 2
    assert words in result.err
    assert "--server" in result.err


def test_the_server_is_asked_by_a_dry_run_and_needs_no_schemas(
    program: Program,
    countdown: Path,
    fake_kubectl: FakeKubectl,
    no_schemas: None,  # noqa: ARG001
) -> None:
    fake_kubectl.answers(DRY_RUN, "job.batch/countdown\n")
    result = program("validate", countdown.name, "--server", "-n", "here", "--context", "there")
    assert (result.code, result.err) == (0, "")
    assert result.out == "countdown.yaml: valid by the API server, in namespace here (Job countdown)\n"
    (call,) = fake_kubectl.called(DRY_RUN)
    assert call[:5] == ("kubectl", "--context", "there", "-n", "here")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            "Error from server: failed to create typed patch object (here/countdown; batch/v1, Kind=Job): "
            '.spec.template.spec.containers[name="two"].imagee: field not declared in schema',
            14,
        ),
        ('The Job "countdown" is invalid: spec.template.spec.containers[1].image: Required value', 13),
        ('The Job "countdown" is invalid: \n* metadata.name: Invalid value: "x": no', 5),
    ],
)
def test_what_the_server_refuses_is_named_with_the_line_of_the_template(
    program: Program, write: Write, fake_kubectl: FakeKubectl, words: str, line: int
) -> None:
    file = write("loop.yaml.j2", LOOP.replace("FIELD", "imagee: x"))
    fake_kubectl.answers(DRY_RUN, stderr=f"{words}\n", return_code=1)
    result = program("validate", "loop.yaml.j2", "--server", "-n", "here")
    assert result.code == 2
    assert f"error: {file}, line {line}: " in result.err


def test_each_field_that_an_old_server_refuses_is_told_by_itself(
    program: Program, write: Write, fake_kubectl: FakeKubectl
) -> None:
    file = write("loop.yaml.j2", LOOP.replace("FIELD", "imagee: x"))
    unknown = 'ValidationError(Job.spec.template.spec.containers[{}]): unknown field "imagee" in io.k8s.Container'
    fake_kubectl.answers(
        DRY_RUN,
        stderr=f'error: error validating "a.yaml": error validating data: [{unknown.format(0)}, {unknown.format(1)}]; '
        "if you choose to ignore these errors, turn validation off with --validate=false\n",
        return_code=1,
    )
    result = program("validate", "loop.yaml.j2", "--server", "-n", "here")
    shown = "  14 |         imagee: x\n"
    assert result.err == "".join(f"error: {file}, line 14: {unknown.format(number)}\n{shown}" for number in (0, 1))


def test_a_refusal_that_names_no_field_is_shown_in_the_servers_words(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(
        DRY_RUN, stderr='Error from server: admission webhook "policy" denied the request: no\n', return_code=1
    )
    result = program("validate", countdown.name, "--server", "-n", "here")
    assert result.code == 2
    assert f'error: {countdown}: Error from server: admission webhook "policy" denied the request: no' in result.err


def test_a_job_that_is_there_already_is_no_reason_to_call_the_template_wrong(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(
        DRY_RUN,
        stderr='The Job "countdown" is invalid: spec.template: Invalid value: {}: field is immutable\n',
        return_code=1,
        times=1,
    )
    fake_kubectl.answers(DRY_RUN, "job.batch/validate-1\n")
    assert program("validate", countdown.name, "--server", "-n", "here").code == 0


CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: config}
---
"""
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.example.com}\n---\n"


@pytest.mark.parametrize(("companion", "dry_runs"), [(CONFIG, 3), (CRD, 2)])
def test_nor_is_a_companion_that_is_there_already_and_is_somebody_elses(
    companion: str, dry_runs: int, program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(DRY_RUN, **CONFLICT, times=1)
    fake_kubectl.answers(DRY_RUN, "configmap/validate-1\n")
    countdown.write_text(companion + countdown.read_text())
    result = program("validate", countdown.name, "--server", "-n", "here")
    assert len(fake_kubectl.called(DRY_RUN)) == dry_runs
    assert (result.code, result.err) == (0, "")


def test_a_cluster_that_cannot_be_reached_is_no_wrong_template(
    program: Program, countdown: Path, fake_kubectl: FakeKubectl
) -> None:
    fake_kubectl.answers(DRY_RUN, **REFUSED)
    result = program("validate", countdown.name, "--server", "-n", "here")
    assert result.code == 3
    assert "was refused" in result.err
