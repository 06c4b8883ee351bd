"""Where an argument wins over the YAML, it is told what the YAML has, unless that may be secret."""

from __future__ import annotations

import copy
from typing import Any

from kubectl_job_operator.manifest.overrides import overridden

YAML: dict[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "a", "namespace": "n"},
    "spec": {
        "backoffLimit": 6,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "nodeSelector": {"disk": "ssd"},
                "volumes": [{"name": "v", "emptyDir": {}}],
                "containers": [
                    {
                        "name": "main",
                        "image": "i",
                        "command": ["very-secret"],
                        "env": [{"name": "A", "value": "very-secret"}, {"name": "B", "value": "1"}],
                        "envFrom": [{"configMapRef": {"name": "c"}}],
                    }
                ],
            }
        },
    },
}


def test_what_is_replaced_is_told_and_nothing_that_may_be_secret() -> None:
    after = copy.deepcopy(YAML)
    after["metadata"].update(name="b", namespace="m")
    after["spec"]["backoffLimit"] = 0
    pod = after["spec"]["template"]["spec"]
    pod["nodeSelector"] = {"disk": "hdd"}
    pod["containers"][0].update(image="j", command=["other-secret"])
    pod["containers"][0]["env"][0] = {"name": "A", "value": "other-secret"}
    assert overridden(YAML, after) == [
        "name 'b' (the YAML has 'a')",
        "namespace 'm' (the YAML has 'n')",
        "backoffLimit 0 (the YAML has 6)",
        "nodeSelector",
        "image 'j' (the YAML has 'i') of container main",
        "command of container main",
        "env A of container main",
    ]


def test_what_is_added_or_filled_in_replaces_nothing() -> None:
    after = copy.deepcopy(YAML)
    after["metadata"]["labels"] = {"a": "b"}
    after["spec"]["parallelism"] = 2
    pod = after["spec"]["template"]["spec"]
    pod["volumes"].append({"name": "w"})
    pod["containers"][0]["env"].insert(0, {"name": "C", "value": "2"})
    pod["containers"][0]["envFrom"].append({"secretRef": {"name": "s"}})
    pod["containers"][0]["args"] = ["x"]
    assert overridden(YAML, after) == []
