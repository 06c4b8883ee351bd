"""Which rights it takes to do something with objects, by whatever name kubectl knows their kind."""

from __future__ import annotations

import pytest

from kubectl_job_operator.status.object_rights import APPLY, DELETE, WAIT, Resources, rights_on
from tests.demo import EXAMPLES
from tests.integration.accounts import rights_in, rules_in
from tests.unit.beside import API_RESOURCES, claim, server

RESOURCES = Resources(API_RESOURCES)


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("pvc", "persistentvolumeclaims"),
        ("PersistentVolumeClaim", "persistentvolumeclaims"),
        ("deploy", "deployments.apps"),
        ("deployment", "deployments.apps"),
        ("deployments.apps", "deployments.apps"),
        ("deployment.v1.apps", "deployments.apps"),
        ("deployment.v1beta2.apps", "deployments.apps"),
        ("wg", "widgets.example.com"),
        ("configmaps.v1", "configmaps"),
        ("widget.apps", "None"),
        ("nothing", "None"),
    ],
)
def test_a_kind_is_known_by_every_name_that_kubectl_takes(word: str, found: str) -> None:
    assert str(RESOURCES.called(word)) == found


def test_an_object_is_known_in_every_version_of_its_group() -> None:
    assert str(RESOURCES.of({**server(), "apiVersion": "apps/v1beta1"})) == "deployments.apps"
    assert RESOURCES.of({**server(), "apiVersion": "example.com/v1"}) is None


def test_of_a_kind_that_nobody_knows_no_right_is_asked_for_and_each_right_once() -> None:
    kinds = [RESOURCES.of(claim()), RESOURCES.called("pvc"), RESOURCES.called("nothing")]
    assert [str(right) for right in rights_on(kinds, ("get", "delete"))] == [
        "get persistentvolumeclaims",
        "delete persistentvolumeclaims",
    ]


def test_where_the_cluster_does_not_tell_nothing_is_known() -> None:
    assert Resources("").called("pods") is None


def test_the_role_of_the_example_grants_what_its_tasks_ask_for_and_nothing_else() -> None:
    kinds = [RESOURCES.called("cm"), RESOURCES.of(server())]
    asked = {(one.verb, one.resource, one.group) for one in rights_on(kinds, (*APPLY, *WAIT, *DELETE))}
    assert set(rights_in(rules_in(EXAMPLES / "23_beside_the_jobs" / "role.yaml"))) == asked
