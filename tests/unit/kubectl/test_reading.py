"""What is read is given as it was printed, and nothing where there is nothing."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_job_operator.errors import ErrorKind, KubectlError
from tests.unit import recordings
from tests.unit.fake_kubectl import FakeKubectl
from tests.unit.kubectl.desk import REFUSED, Desk


def test_get_gives_the_object(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    job = recordings.job("complete")
    fake_kubectl.answers("get job/complete", stdout=job)
    assert desk.kubectl.get("job/complete") == job


def test_get_gives_none_where_there_is_nothing(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get")
    assert desk.kubectl.get("job/a") is None


def test_select_gives_the_items(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("get pods", stdout=recordings.pod_list("parallel-indexed"), times=1)
    assert desk.kubectl.select("pods", "a=b") == recordings.pods("parallel-indexed")
    fake_kubectl.answers("get pods", stdout={"kind": "List", "items": []})
    assert desk.kubectl.select("pods", "a=b") == []


def test_rights_are_listed_with_exactly_their_command(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("auth can-i", "pods   []   []   [get]\n")
    assert desk.kubectl.finish_can_i_list(desk.kubectl.start_can_i_list()) == "pods   []   []   [get]\n"
    assert fake_kubectl.called("auth") == [("kubectl", "-n", "here", "auth", "can-i", "--list", "--no-headers")]


@pytest.mark.parametrize(
    "answer",
    [
        {"stdout": "pods [] [] [get]\n", "stderr": "Warning: the list may be incomplete: webhook authorizer\n"},
        {"stderr": "Error from server (Forbidden): selfsubjectrulesreviews is forbidden\n", "return_code": 1},
    ],
)
def test_a_cluster_that_does_not_tell_all_rights_tells_none(
    fake_kubectl: FakeKubectl, desk: Desk, answer: dict[str, Any]
) -> None:
    fake_kubectl.answers("auth can-i", **answer)
    assert desk.kubectl.finish_can_i_list(desk.kubectl.start_can_i_list()) is None


def test_that_rights_cannot_be_listed_for_another_reason_is_an_error(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("auth can-i", stderr=REFUSED, return_code=1)
    with pytest.raises(KubectlError) as caught:
        desk.kubectl.finish_can_i_list(desk.kubectl.start_can_i_list())
    assert caught.value.kind is ErrorKind.UNREACHABLE


def test_resources_are_listed_with_exactly_their_command(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    fake_kubectl.answers("api-resources", "pods   po   v1   true   Pod\n")
    assert desk.kubectl.finish_api_resources(desk.kubectl.start_api_resources("")) == "pods   po   v1   true   Pod\n"
    expected = ("kubectl", "-n", "here", "api-resources", "--api-group=", "--no-headers")
    assert fake_kubectl.called("api-resources") == [expected]


def test_resources_that_cannot_be_listed_are_none(fake_kubectl: FakeKubectl, desk: Desk) -> None:
    words = (
        "error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: the server is currently "
    )
    fake_kubectl.answers("api-resources", stderr=f"{words}unable to handle the request\n", return_code=1)
    assert desk.kubectl.finish_api_resources(desk.kubectl.start_api_resources("metrics.k8s.io")) == ""
