"""What the accounts of those may do who come from another operator: the rules of the Roles that come with these."""

from __future__ import annotations

from typing import Any

_ALL = ["create", "delete", "get", "list", "patch", "update", "watch"]
_OF_LAUNCHER = ["create", "delete", "get", "list", "patch", "watch"]


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


_PODS_OF_HELM_CHART = [
    _rule([""], ["pods"], _OF_LAUNCHER),
    _rule([""], ["pods/log"], ["get"]),
    _rule([""], ["pods/exec"], ["create", "get"]),
    _rule([""], ["events"], ["list"]),
]

RULES: dict[str, list[dict[str, Any]]] = {
    # As its README has it.
    "airflow-kube-job-operator": [
        _rule(["", "batch"], ["pods", "jobs", "jobs/status"], _ALL),
        _rule([""], ["pods/log"], ["get"]),
        _rule([""], ["pods/exec"], ["create", "get"]),
    ],
    # As its examples/kube/airflow_sa_role.yaml has it, and what is commented out there.
    "airflow-kubernetes-job-operator": [_rule(["*"], ["*"], ["*"])],
    "airflow-kubernetes-job-operator-narrow": [
        _rule([""], ["pods", "pods/log"], ["get", "list", "watch"]),
        _rule(["batch"], ["jobs"], _ALL),
        _rule([""], ["configmaps"], _ALL),
        _rule([""], ["secrets"], _ALL),
    ],
    # With allowPodLaunching, which is its default, and allowJobLaunching, which is not.
    "helm-chart-pods-and-jobs": [
        *_PODS_OF_HELM_CHART,
        _rule(["batch"], ["jobs"], _OF_LAUNCHER),
        _rule(["batch"], ["jobs/status"], ["get", "watch"]),
    ],
}
"""By these a Job runs."""

RULES_FOR_PODS = {"helm-chart-pods": _PODS_OF_HELM_CHART}
"""By these a Pod runs, and no Job."""
