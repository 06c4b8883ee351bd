"""Which cluster, as whom: flags that stand on the command line, and an environment that cannot change a command."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from kubectl_job_operator.errors import AccessError, InputError
from kubectl_job_operator.kubectl import access as module
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript, subcommand
from tests.unit.fake_kubectl import FakeKubectl

UNWRITABLE_HOME = "/proc/self/nobody-writes-here"  # not even root


@pytest.fixture
def service_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder where a pod's service account is mounted, still empty, without the pod's variables."""
    folder = tmp_path / "serviceaccount"
    folder.mkdir()
    monkeypatch.setattr(module, "_SERVICE_ACCOUNT", folder)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    return folder


@pytest.mark.parametrize(
    ("access", "flags"),
    [
        (Access(), ()),
        (Access(config_file="/a b"), ("--kubeconfig", "/a b")),
        (Access(context="there"), ("--context", "there")),
        (Access(config_file="/a", context="there"), ("--kubeconfig", "/a", "--context", "there")),
        (Access(in_cluster=True), ("--kubeconfig", "/dev/null")),
        (Access(config_file="/a", skip_tls_verify=True), ("--kubeconfig", "/a", "--insecure-skip-tls-verify")),
    ],
)
def test_an_access_is_what_its_flags_say(access: Access, flags: tuple[str, ...]) -> None:
    assert access.flags() == flags


def test_the_flags_never_carry_a_token(service_account: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (service_account / "token").write_text("very-secret")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    access = Access(in_cluster=True)
    access.check()
    assert "very-secret" not in " ".join(access.flags())
    assert "very-secret" not in str(access.environment({}, service_account))


def test_a_kubeconfig_that_is_given_as_text_is_neither_on_the_command_line_nor_in_a_traceback() -> None:
    access = Access(config_content="token: very-secret")
    assert "very-secret" not in " ".join(access.flags())
    assert "very-secret" not in repr(access)


def test_kubectls_own_preferences_are_switched_off_and_all_else_is_inherited(tmp_path: Path) -> None:
    inherited = {"HOME": str(tmp_path), "A": "b", "KUBERC": "on", "HTTPS_PROXY": "x"}
    environment = Access().environment(inherited, tmp_path / "spare")
    heartbeat = {name: value for name, value in environment.items() if name.startswith("HTTP2_")}
    assert environment == {**inherited, **heartbeat, "KUBERC": "off"}
    assert inherited["KUBERC"] == "on"


def test_a_server_that_is_frozen_is_noticed_within_ten_seconds(tmp_path: Path) -> None:
    environment = Access().environment({"HOME": str(tmp_path)}, tmp_path)
    seconds = [int(environment[f"HTTP2_{name}_TIMEOUT_SECONDS"]) for name in ("READ_IDLE", "PING")]
    assert 4 <= sum(seconds) <= 10


def test_a_heartbeat_that_was_chosen_stays_as_it_is(tmp_path: Path) -> None:
    inherited = {"HOME": str(tmp_path), "HTTP2_READ_IDLE_TIMEOUT_SECONDS": "60"}
    assert Access().environment(inherited, tmp_path)["HTTP2_READ_IDLE_TIMEOUT_SECONDS"] == "60"


def test_the_cache_stays_in_a_home_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".kube" / "cache").mkdir(parents=True)
    assert "KUBECACHEDIR" not in Access().environment({"HOME": str(tmp_path)}, tmp_path / "spare")


def test_the_cache_moves_where_the_home_folder_cannot_be_written(tmp_path: Path) -> None:
    environment = Access().environment({"HOME": UNWRITABLE_HOME}, tmp_path / "spare")
    assert environment["KUBECACHEDIR"] == str(tmp_path / "spare" / "cache")


def test_a_cache_that_was_chosen_stays_where_it_is(tmp_path: Path) -> None:
    inherited = {"HOME": UNWRITABLE_HOME, "KUBECACHEDIR": "/chosen"}
    assert Access().environment(inherited, tmp_path)["KUBECACHEDIR"] == "/chosen"


def test_a_kubeconfig_that_can_be_read_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.touch()
    access = Access(config_file=str(file))
    access.check()
    assert access.flags()[1] == str(file)


@pytest.mark.parametrize(("name", "problem"), [("absent", "does not exist"), (".", "is not a file")])
def test_a_kubeconfig_that_cannot_be_read_is_refused_with_its_path(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(AccessError) as caught:
        Access(config_file=str(tmp_path / name)).check()
    assert f"{str(tmp_path / name)!r} {problem}" in str(caught.value)
    assert "What to do: set config_file" in str(caught.value)


@pytest.mark.parametrize(
    ("given", "files"),
    [
        ("~/config", ["{home}/config"]),
        ("$CONFIGS/a", ["/configs/a"]),
        ("${CONFIGS}/a:~/b", ["/configs/a", "{home}/b"]),
        ("a/config", ["{here}/a/config"]),
        ("./a:/b:", ["{here}/a", "/b"]),
        ("$NOBODY_SET_THIS/a", ["{here}/$NOBODY_SET_THIS/a"]),
    ],
)
def test_a_kubeconfig_is_named_as_in_a_shell(
    given: str, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of/somebody")
    monkeypatch.setenv("CONFIGS", "/configs")
    monkeypatch.chdir(tmp_path)
    expected = [file.format(home="/home/of/somebody", here=tmp_path) for file in files]
    access = Access(config_file=given)
    assert list(access.config_files()) == expected
    if len(files) == 1:
        assert access.flags() == ("--kubeconfig", *expected)
        assert "KUBECONFIG" not in access.environment({}, tmp_path)
    else:
        # kubectl takes several only here.
        assert access.flags() == ()
        assert access.environment({"KUBECONFIG": "/other"}, tmp_path)["KUBECONFIG"] == ":".join(expected)
    in_variable = Access().environment({"KUBECONFIG": given}, tmp_path)["KUBECONFIG"]
    assert in_variable == (":".join(expected) if "~" in given or "$" in given else given)


def test_of_several_kubeconfigs_all_but_one_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    Access(config_file=f"{tmp_path}/absent:{tmp_path}/a").check()
    with pytest.raises(AccessError, match=r"/absent' .*does not exist"):
        Access(config_file=f"{tmp_path}/absent:{tmp_path}/neither").check()
    with pytest.raises(AccessError, match="is not a file"):
        Access(config_file=f"{tmp_path}/a:{tmp_path}").check()
    with pytest.raises(AccessError, match=r"The kubeconfig ':' is no path"):
        Access(config_file=":").check()


def test_a_kubeconfig_that_was_named_as_in_a_shell_is_refused_with_both_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of/nobody")
    with pytest.raises(AccessError, match=r"'/home/of/nobody/config' \(given as '~/config'\) does not exist"):
        Access(config_file="~/config").check()


def test_a_kubeconfig_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config"
    file.touch(mode=0o000)
    # The tests may run as root, who can read everything.
    monkeypatch.setattr(os, "access", lambda path, mode: not (Path(path) == file and mode == os.R_OK))
    with pytest.raises(AccessError, match="cannot be read by this user"):
        Access(config_file=str(file)).check()


@pytest.mark.parametrize("has_variable", [False, True])
@pytest.mark.parametrize("has_token", [False, True])
def test_in_cluster_needs_a_pod_with_a_service_account(
    service_account: Path, monkeypatch: pytest.MonkeyPatch, *, has_variable: bool, has_token: bool
) -> None:
    if has_variable:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    if has_token:
        (service_account / "token").touch()
    if has_variable and has_token:
        Access(in_cluster=True).check()
        return
    with pytest.raises(AccessError) as caught:
        Access(in_cluster=True).check()
    assert f"KUBERNETES_SERVICE_HOST is {'set' if has_variable else 'not set'}" in str(caught.value)
    assert f"token {'exists' if has_token else 'does not exist'}" in str(caught.value)
    assert "What to do" in str(caught.value)


def test_the_pods_namespace_is_read_where_there_is_a_pod(service_account: Path) -> None:
    assert Access().pod_namespace() is None
    (service_account / "namespace").write_text("etl\n")
    assert Access().pod_namespace() == "etl"


def test_trying_again_does_not_help_against_an_access_error() -> None:
    assert issubclass(AccessError, InputError)


IMPERSONATED = Access(context="x", as_user="system:serviceaccount:n:a", as_groups=("a", "b c"), tls_server_name="s")


def test_whom_kubectl_impersonates_is_in_every_command_before_its_subcommand(fake_kubectl: FakeKubectl) -> None:
    shown: list[str] = []
    processes = Processes(dict(os.environ))
    fake_kubectl.answers("get job/a")
    kubectl = Kubectl(IMPERSONATED, "here", processes, Transcript(shown.append))
    kubectl.get("job/a")
    processes.close()
    (command,) = (line for line in shown if " get " in line)
    assert command == (
        "$ kubectl --context x --tls-server-name=s --as=system:serviceaccount:n:a --as-group=a '--as-group=b c' "
        "-n here get job/a -o json --ignore-not-found"
    )
    assert subcommand(shlex.split(command)[1:])[0] == "get"


@pytest.mark.parametrize(
    ("command", "is_limited"),
    [
        ("get job/a -o json", True),
        ("apply --server-side -f x", True),
        ("delete job -l a=b --wait=false", True),
        ("delete --raw /apis?uid=a", True),
        ("auth can-i --list", True),
        ("logs a -c b", True),
        ("delete job -l a=b --timeout=300s", False),
        ("get pods --watch -o json", False),
        ("logs a -c b --follow", False),
        ("wait job/a --for=delete", False),
    ],
)
def test_a_limit_for_requests_cuts_nothing_that_is_meant_to_last(command: str, is_limited: bool) -> None:
    flags = Access(request_timeout="5s").flags_for(command.split())
    assert flags == (("--request-timeout=5s",) if is_limited else ())


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Access(as_groups=("a",)), ("as_user",)),
        (Access(request_timeout="soon"), ("request_timeout", "30s", "'soon'")),
        # With either kubectl 1.32 asks localhost:8080, for it takes the pod's account only where no flag says anything.
        (Access(in_cluster=True, as_user="u"), ("as_user", "service account", "tokenFile", "ca.crt")),
        (Access(in_cluster=True, request_timeout="30s"), ("request_timeout", "tokenFile")),
    ],
)
def test_flags_that_kubectl_would_refuse_are_refused_with_a_sentence(
    access: Access, words: tuple[str, ...], fake_kubectl: FakeKubectl
) -> None:
    with pytest.raises(AccessError) as refusal:
        access.check()
    assert all(word in str(refusal.value) for word in words)
    assert fake_kubectl.calls == []
