"""A manifest of objects of any kind, and the names by which somebody names them."""

from __future__ import annotations

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.object_list import ObjectList, name_of
from kubectl_job_operator.manifest.target import problem_of_kinds, problem_of_target

MAP = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
SERVER = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: b, namespace: there}}"


def read(*documents: str) -> ObjectList:
    return ObjectList.parse("\n---\n".join(documents), "things.yaml")


def test_objects_are_named_as_kubectl_names_them() -> None:
    assert [name_of(one) for one in read(MAP, SERVER).documents] == ["configmap/a", "deployment.apps/b"]


def test_the_items_of_a_list_are_objects_and_empty_documents_are_none() -> None:
    listed = f"{{apiVersion: v1, kind: List, items: [{MAP}, {SERVER}]}}"
    assert len(read("", listed, "# nothing").documents) == 2


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ([""], ("no document", "write an object into it")),
        (["{a: ["], ("things.yaml",)),
        (["{kind: ConfigMap, metadata: {name: a}}"], ("without apiVersion",)),
        (["{apiVersion: v1, kind: ConfigMap, metadata: {}}"], ("without a name",)),
        ([MAP, MAP], ("ConfigMap a twice",)),
        ([SERVER, MAP.replace("name: a", "name: a, namespace: here")], ("different namespaces", "here", "there")),
        (["{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {b: '%'}}"], ("not base64",)),
    ],
)
def test_what_kubectl_could_not_take_is_refused_with_the_reason(documents: list[str], words: tuple[str, ...]) -> None:
    with pytest.raises(ManifestError) as refusal:
        read(*documents)
    assert all(word in str(refusal.value) for word in words), refusal.value


def test_the_namespace_is_that_of_whoever_names_one_and_can_be_another() -> None:
    assert read(MAP).namespace is None
    assert read(MAP, SERVER).namespace == "there"
    moved = read(MAP, SERVER).with_namespace("elsewhere")
    assert moved.namespace == "elsewhere"
    assert "namespace" not in moved.documents[0]["metadata"]


def test_labels_and_annotations_are_added_and_win_and_the_original_stays() -> None:
    original = read("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: '1', z: '1'}}}")
    changed = original.with_metadata({"x": "2"}, {"who": "me"})
    assert changed.documents[0]["metadata"]["labels"] == {"x": "2", "z": "1"}
    assert changed.documents[0]["metadata"]["annotations"] == {"who": "me"}
    assert original.documents[0]["metadata"]["labels"] == {"x": "1", "z": "1"}


def test_what_a_secret_holds_is_not_shown() -> None:
    secret = read("{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {key: very-secret}}")
    assert "very-secret" not in secret.masked_text()
    assert "key: '***'" in secret.masked_text()
    assert "very-secret" in secret.text()


@pytest.mark.parametrize(
    "target", ["pvc/data", "deployment.apps/server", "Job/a.b-c", "clusterrole/system:node", "team-a/pvc/data"]
)
def test_a_kind_and_a_name_name_one_object(target: str) -> None:
    assert problem_of_target(target) is None


@pytest.mark.parametrize(
    "target",
    [
        "",
        "pvc",
        "pvc/",
        "/data",
        "pvc/a b",
        "--all",
        "pvc/-l",
        "a/pods/b/c",
        "A/pods/b",
        "/pods/b",
        "-f/x",
        "pod,job/a",
        3,
        None,
    ],
)
def test_what_names_more_or_less_than_one_object_is_refused(target: object) -> None:
    assert problem_of_target(target) is not None


@pytest.mark.parametrize(
    ("text", "is_right"),
    [("pvc", True), ("jobs.batch,cm", True)]
    + [(text, False) for text in ("", "all", "pvc,", "--all", "pods/a", "pods --all", "ALL")],
)
def test_kinds_are_named_with_commas_and_never_all_of_them(text: str, is_right: bool) -> None:
    assert (problem_of_kinds(text) is None) == is_right
