"""A pod laid over another: what it says wins, and nothing of the other is lost that it does not name."""

from __future__ import annotations

from kubectl_job_operator.manifest.pod_overlay import overlaid


def test_values_replace_and_lists_of_named_things_are_joined() -> None:
    below = {
        "metadata": {"name": "below", "labels": {"a": "1", "b": "1"}},
        "spec": {
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "below"}],
            "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}],
            "containers": [
                {"name": "x", "image": "below", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]},
                {"name": "side"},
            ],
        },
    }
    above = {
        "metadata": {"name": "above", "labels": {"b": "2"}},
        "spec": {
            "tolerations": [{"key": "above"}],
            "volumes": [{"name": "w", "configMap": {"name": "c"}}],
            "containers": [{"image": "above", "env": [{"name": "B", "value": "2"}], "envFrom": [{"prefix": "P"}]}],
        },
    }
    laid = overlaid(below, above)
    assert laid["metadata"] == {"name": "above", "labels": {"a": "1", "b": "2"}, "annotations": {}}
    assert laid["spec"] == {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "above"}],
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "configMap": {"name": "c"}}],
        "containers": [
            {
                "name": "x",
                "image": "above",
                "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                "envFrom": [{"prefix": "P"}],
            },
            {"name": "side"},
        ],
    }


def test_containers_that_only_the_upper_pod_has_are_added() -> None:
    laid = overlaid({"spec": {"containers": [{"name": "a"}]}}, {"spec": {"containers": [{}, {"name": "b"}]}})
    assert [container["name"] for container in laid["spec"]["containers"]] == ["a", "b"]


def test_neither_pod_is_changed() -> None:
    below = {"spec": {"containers": [{"name": "a", "env": [{"name": "A"}]}]}}
    above = {"spec": {"containers": [{"env": [{"name": "B"}]}]}}
    overlaid(below, above)
    assert below == {"spec": {"containers": [{"name": "a", "env": [{"name": "A"}]}]}}
    assert above == {"spec": {"containers": [{"env": [{"name": "B"}]}]}}
