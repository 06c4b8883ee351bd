"""Secrets are named, never read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from kubectl_job_operator.errors import InputError
from kubectl_job_operator.manifest.secret_references import as_references, parts_of


def parts(*references: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {name: added for name, added in parts_of(references).items() if added}


def test_a_key_becomes_a_variable() -> None:
    reference = {"deploy_type": "env", "deploy_target": "DB", "secret": "db", "key": "url"}
    assert parts(reference) == {"env": [{"name": "DB", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}]}


def test_without_target_and_key_every_key_becomes_a_variable() -> None:
    assert parts({"deploy_type": "env", "secret": "db"}) == {"env_from": [{"secretRef": {"name": "db"}}]}


def test_a_secret_becomes_files_all_or_one_or_those_that_are_listed() -> None:
    whole = {"deploy_type": "volume", "deploy_target": "/a", "secret": "My.Secret"}
    one = {**whole, "deploy_target": "/b", "key": "k"}
    some = {**whole, "deploy_target": "/c", "items": [{"key": "k", "path": "p"}]}
    given = parts(whole, one, some)
    assert [volume["secret"] for volume in given["volumes"]] == [
        {"secretName": "My.Secret"},
        {"secretName": "My.Secret", "items": [{"key": "k", "path": "k"}]},
        {"secretName": "My.Secret", "items": [{"key": "k", "path": "p"}]},
    ]
    names = [volume["name"] for volume in given["volumes"]]
    assert names == ["secret-0-my-secret", "secret-1-my-secret", "secret-2-my-secret"]
    assert given["volume_mounts"] == [
        {"name": name, "mountPath": path, "readOnly": True}
        for name, path in zip(names, ("/a", "/b", "/c"), strict=True)
    ]


def test_a_volumes_name_is_valid_however_long_the_secrets_is() -> None:
    given = parts({"deploy_type": "volume", "deploy_target": "/a", "secret": "s." * 120})
    assert len(given["volumes"][0]["name"]) <= 63


def test_the_providers_secret_objects_say_the_same() -> None:
    thing = SimpleNamespace(deploy_type="env", deploy_target=None, secret="db", key=None, items=[])
    assert as_references((thing,)) == [{"deploy_type": "env", "secret": "db"}]
    assert as_references([{"deploy_type": "env"}]) == [{"deploy_type": "env"}]


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("db", "is a str"),
        ({"deploy_type": "file", "deploy_target": "/a", "secret": "s"}, "has the deploy_type 'file'"),
        ({"deploy_type": "env", "deploy_target": "A", "key": "k"}, "names no secret"),
        ({"deploy_type": "volume", "secret": "s"}, "has no deploy_target"),
        ({"deploy_type": "env", "deploy_target": "A", "secret": "s"}, "a variable needs both"),
        ({"deploy_type": "env", "secret": "s", "key": "k"}, "a variable needs both"),
        ({"deploy_type": "env", "secret": "s", "value": "v"}, "has 'value'"),
    ],
)
def test_a_reference_that_says_too_little_is_refused(reference: Any, words: str) -> None:
    with pytest.raises(InputError) as refusal:
        parts_of([reference])
    assert words in str(refusal.value)
    assert "What to do:" in str(refusal.value)
