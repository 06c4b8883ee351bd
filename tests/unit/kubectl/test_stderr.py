"""Kubectl's words are held against recordings of a real kubectl and a real cluster."""

from __future__ import annotations

import re
import shlex

import pytest

from kubectl_job_operator.errors import ErrorKind
from kubectl_job_operator.kubectl.cutting import cut_lines
from kubectl_job_operator.kubectl.stderr import explain, kind_of, no_answer
from kubectl_job_operator.kubectl.words import counted
from tests.unit.kubectl.sayings import KINDS, NOT_IN_THE_RECORDINGS, RECORDED
from tests.unit.recordings import FIXTURES


def test_every_recording_is_in_the_table() -> None:
    assert RECORDED.keys() == KINDS.keys()
    headings = re.findall(r"^## (.+)$", (FIXTURES / "kubectl-stderr.md").read_text(), re.MULTILINE)
    assert headings == [*KINDS, "Seen in trials, not recorded by the script above"]


@pytest.mark.parametrize("heading", KINDS)
def test_what_kubectl_printed_is_understood(heading: str) -> None:
    assert RECORDED[heading].explain().kind is KINDS[heading]


@pytest.mark.parametrize("words", NOT_IN_THE_RECORDINGS)
def test_words_that_no_recording_has_are_understood_too(words: str) -> None:
    assert kind_of(1, words) is NOT_IN_THE_RECORDINGS[words]


def test_only_what_a_little_time_may_mend_can_pass() -> None:
    assert {kind for kind in ErrorKind if kind.can_pass} == {
        ErrorKind.CREDENTIALS,
        ErrorKind.UNREACHABLE,
        ErrorKind.SERVER_BUSY,
        ErrorKind.NO_ANSWER,
        ErrorKind.SIGNALLED,
        ErrorKind.NOT_STARTED,
    }


@pytest.mark.parametrize("heading", KINDS)
def test_the_message_has_the_command_the_return_code_and_what_kubectl_said(heading: str) -> None:
    recorded = RECORDED[heading]
    error = recorded.explain()
    assert error.argv == tuple(shlex.split(recorded.command))
    assert f"  $ {shlex.join(error.argv)}\n" in str(error)
    assert "return code 1" in str(error)
    assert error.kind.value in str(error)
    by_logger = re.compile(r"^[EWI]\d{4} .*memcache\.go:265\] (.*err=<\n(\t.*\n)* >|.*)$", re.MULTILINE)
    # With it kubectl begins to tell whoever types what to type.
    said, _, advice = recorded.stderr.partition("Please review the fields above")
    own_words = list(dict.fromkeys(filter(None, by_logger.sub("", said).splitlines())))
    assert own_words
    assert [re.sub(r"^\d+ x ", "", line) for line in error.words.splitlines()] == own_words
    assert all(line in str(error) for line in own_words)
    assert not advice or "--force-conflicts" not in str(error)


def test_what_stands_behind_kubectls_advice_on_conflicts_is_shown() -> None:
    stderr = f"{RECORDED['Field manager conflict'].stderr}error: no objects passed to apply\n"
    error = explain(("kubectl",), 1, stderr)
    first, last = error.words.splitlines()
    assert first.startswith("error: Apply failed with 1 conflict")
    assert last == "error: no objects passed to apply"


@pytest.mark.parametrize("heading", ["Connection refused", "Host name unknown", "No configuration at all"])
def test_lines_of_kubectls_own_logger_are_kept_but_not_shown(heading: str) -> None:
    error = RECORDED[heading].explain()
    assert error.stderr.count("memcache.go:265") == 5
    assert "memcache.go" not in error.words
    assert "memcache.go" not in str(error)


def test_what_kubectl_says_again_for_each_of_its_attempts_is_shown_once_and_counted() -> None:
    error = RECORDED["Credential plugin fails"].explain()
    assert error.words.splitlines() == [
        "6 x Unable to locate credentials: connection refused (Forbidden)",
        "Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255",
    ]


def test_lines_of_kubectls_logger_are_counted_too_where_only_their_times_differ() -> None:
    line = 'E1120 19:25:0{}.614761    500{} reflector.go:200] "Failed to watch" err="dial tcp: connection refused"'
    shown = counted("\n".join(line.format(second, second) for second in range(4)))
    assert shown == f"4 x {line.format(0, 0)}"


def test_where_its_logger_is_all_that_kubectl_says_that_is_shown() -> None:
    line = 'E1120 19:25:02.614761    5005 run.go:74] "command failed" err="dial tcp: connection refused"'
    error = explain(("kubectl", "get"), 1, f"{line}\n")
    assert error.words == line
    assert error.kind is ErrorKind.UNREACHABLE


@pytest.mark.parametrize(
    ("heading", "verb", "resource"),
    [
        ("Forbidden, get", "get", "jobs.batch"),
        ("Forbidden, apply", "patch", "jobs.batch"),
        ("Forbidden, wait", "get", "jobs.batch"),
        ("Forbidden, logs", "get", "jobs.batch"),
        ("Forbidden, delete", "delete", "jobs.batch"),
    ],
)
def test_a_forbidden_request_names_the_right_that_is_missing(heading: str, verb: str, resource: str) -> None:
    error = RECORDED[heading].explain()
    assert f'"{verb}" {resource};' in error.hint
    assert error.hint in str(error)


def test_a_right_in_the_core_group_is_named_without_a_group() -> None:
    words = 'Error from server (Forbidden): pods is forbidden: User "u" cannot list resource "pods" in API group ""'
    assert '"list" pods;' in explain(("kubectl",), 1, words).hint


def test_a_subresource_is_named_as_a_role_spells_it() -> None:
    words = (
        'Error from server (Forbidden): pods "x" is forbidden: User "u" cannot get resource "pods/log" in API group ""'
    )
    assert '"get" pods/log;' in explain(("kubectl",), 1, words).hint


def test_a_refusal_that_names_no_right_blames_no_role() -> None:
    words = (
        'Error from server (Forbidden): pods "x" is forbidden: exceeded quota: few, requested: pods=1, limited: pods=0'
    )
    error = explain(("kubectl",), 1, words)
    assert "Role" not in error.hint
    assert "exceeded quota" in str(error)


def test_no_configuration_at_all_is_told_from_a_cluster_that_is_down() -> None:
    assert "found no configuration" in RECORDED["No configuration at all"].explain().hint
    assert "found no configuration" not in RECORDED["Connection refused"].explain().hint


@pytest.mark.parametrize("heading", [key for key, kind in KINDS.items() if kind is not ErrorKind.OTHER])
def test_whoever_can_do_something_is_told_what(heading: str) -> None:
    error = RECORDED[heading].explain()
    if error.kind in (ErrorKind.CONDITION_TIMED_OUT, ErrorKind.CONTAINER_WAITING):  # the runner's own business
        assert error.hint == ""
    else:
        assert str(error).endswith(f"What to do: {error.hint}")
        assert error.hint.endswith(".")


def test_a_signal_is_told_from_what_kubectl_said_before_it() -> None:
    error = explain(("kubectl", "get"), -9, "Error from server (Forbidden): no\n")
    assert error.kind is ErrorKind.SIGNALLED
    assert "signal 9" in str(error)
    assert "return code" not in str(error)


def test_no_answer_tells_how_long_it_took_and_can_pass() -> None:
    error = no_answer(("kubectl", "get", "job/a b"), 30.0)
    assert error.kind is ErrorKind.NO_ANSWER
    assert error.kind.can_pass
    assert "no answer in 30 s" in str(error)
    assert "$ kubectl get 'job/a b'" in str(error)


def test_the_message_shows_all_of_a_long_answer() -> None:
    recorded = RECORDED["Pod template immutable"]
    assert len(recorded.stderr) > 2000
    assert recorded.stderr.strip() in str(recorded.explain())


def test_what_kubectl_says_at_length_is_cut_with_no_half_of_a_secret_left_of_it() -> None:
    secret = "hunter2 " * 20
    line = f"Error from server: {'x' * 7_400}{secret}{'x' * 20_000}"
    error = explain(("kubectl",), 1, line, lambda text: text.replace(secret, "***"))
    assert "are not shown here" in error.words
    assert "hunter2" not in error.words


def test_what_was_cut_is_not_cut_again_where_it_stands_in_an_error() -> None:
    error = explain(("kubectl",), 1, f"Error from server: {'x' * 1_000_000}")
    assert cut_lines(str(error)) == str(error)
