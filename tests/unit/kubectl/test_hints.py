"""Whoever can do something about an error is told what, and who else is concerned."""

from __future__ import annotations

import pytest

from kubectl_job_operator.errors import ErrorKind
from kubectl_job_operator.kubectl.stderr import with_size
from tests.unit.kubectl.sayings import KINDS, RECORDED


@pytest.mark.parametrize(
    ("heading", "who"),
    [
        ("Webhook denies, Forbidden", 'admission webhook "check.example.com"'),
        ("Kyverno denies", 'admission webhook "validate.kyverno.svc-fail"'),
        ("Gatekeeper denies", 'admission webhook "validation.gatekeeper.sh"'),
        ("Policy denies, Invalid", "ValidatingAdmissionPolicy 'few-pods' with binding 'few-pods-here'"),
        ("Pod Security denies", 'PodSecurity "restricted:latest"'),
        ("LimitRange denies", "a rule of the cluster"),
    ],
)
def test_who_denies_a_request_is_named_with_what_a_person_can_do(heading: str, who: str) -> None:
    error = RECORDED[heading].explain()
    assert error.hint.startswith(f"{who} does not let this in; change the template as it says above, or ask ")
    assert error.kind.needs_author


@pytest.mark.parametrize("heading", [key for key, kind in KINDS.items() if kind is ErrorKind.TOO_LARGE])
def test_of_a_manifest_that_is_too_large_its_bytes_are_told_and_where_the_data_belongs(heading: str) -> None:
    error = with_size(RECORDED[heading].explain(), 2097999)
    assert "the manifest has 2,097,999 bytes; put the data elsewhere, as into an image, a volume" in str(error)
    assert error.kind.needs_author


@pytest.mark.parametrize("heading", ["Proxy refuses", "Proxy wants a password"])
def test_a_proxy_that_refuses_is_called_one(heading: str) -> None:
    hint = RECORDED[heading].explain().hint
    assert "a proxy stands between this machine and the cluster" in hint
    assert "NO_PROXY" in hint


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("Credential plugin is not there", "credential plugin aws cannot be run; install it on the machine where"),
        ("Credential plugin may not be executed", "credential plugin bin/aws cannot be run"),
        ("Credential plugin speaks another version", "mend users[].user.exec in the kubeconfig"),
        ("Credential plugin fails", "see what the kubeconfig's credential plugin says above"),
        ("Namespace is being deleted", "the namespace is being deleted"),
    ],
)
def test_what_a_person_can_do_is_said_for_each_cause(heading: str, said: str) -> None:
    assert said in RECORDED[heading].explain().hint
