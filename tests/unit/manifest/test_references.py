"""Names that are made unique are followed wherever an object refers to another."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.references import follow
from kubectl_job_operator.manifest.yaml_text import load_all

TEXT = """\
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec:
  template:
    metadata: {annotations: {config: settings}, labels: {name: settings}}
    spec:
      restartPolicy: Never
      serviceAccountName: runner
      subdomain: peers
      imagePullSecrets: [{name: registry}]
      initContainers:
      - name: settings
        image: a
        envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: password}}]
      containers:
      - name: main
        image: settings
        command: [echo, settings]
        env:
        - {name: settings, value: settings}
        - {name: A, valueFrom: {configMapKeyRef: {name: settings, key: settings}}}
        - {name: B, valueFrom: {secretKeyRef: {name: password, key: password}}}
        volumeMounts: [{name: settings, mountPath: /settings}]
      volumes:
      - {name: settings, configMap: {name: settings, items: [{key: settings, path: settings}]}}
      - {name: password, secret: {secretName: password}}
      - {name: data, persistentVolumeClaim: {claimName: data}}
      - name: all
        projected: {sources: [{configMap: {name: settings}}, {secret: {name: password}}]}
      - {name: ours, configMap: {name: not-in-the-manifest}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {claimName: data, name: settings}}
---
{apiVersion: v1, kind: Secret, metadata: {name: password}, stringData: {secretName: password}}
---
{apiVersion: v1, kind: Secret, metadata: {name: registry}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}
---
{apiVersion: v1, kind: Service, metadata: {name: peers}, spec: {selector: {name: settings}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: runner}, secrets: [{name: password}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: runner}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shared, annotations: {kubectl-job-operator/keep: "true"}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: place}}
"""
NAMES = "job-1 settings-1 password-1 registry-1 data-1 peers-1 runner-1 reader-1 reader-1 shared place"


def renamed(text: str = TEXT) -> list[Any]:
    """Return the documents with their names made unique."""
    return load_all(Manifest.parse(text, "text").with_names(lambda name, _: f"{name}-1").text())


def test_every_document_gets_its_name_but_for_what_is_kept_for_all_runs() -> None:
    assert [document["metadata"]["name"] for document in renamed()] == NAMES.split()


def test_whatever_refers_to_them_has_the_new_names() -> None:
    job, _, _, _, _, _, account, _, binding, *_ = renamed()
    pod = job["spec"]["template"]["spec"]
    init, main = pod["initContainers"][0], pod["containers"][0]
    assert (pod["serviceAccountName"], pod["subdomain"]) == ("runner-1", "peers-1")
    assert pod["imagePullSecrets"] == [{"name": "registry-1"}]
    assert init["envFrom"] == [{"configMapRef": {"name": "settings-1"}}, {"secretRef": {"name": "password-1"}}]
    assert main["env"] == [
        {"name": "settings", "value": "settings"},
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings-1", "key": "settings"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "password-1", "key": "password"}}},
    ]
    assert pod["volumes"] == [
        {"name": "settings", "configMap": {"name": "settings-1", "items": [{"key": "settings", "path": "settings"}]}},
        {"name": "password", "secret": {"secretName": "password-1"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-1"}},
        {
            "name": "all",
            "projected": {"sources": [{"configMap": {"name": "settings-1"}}, {"secret": {"name": "password-1"}}]},
        },
        {"name": "ours", "configMap": {"name": "not-in-the-manifest"}},
    ]
    assert account["secrets"] == [{"name": "password-1"}]
    assert binding["roleRef"]["name"] == "reader-1"
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "runner-1"}]


def test_whatever_only_has_the_same_text_stays() -> None:
    job, config, secret, _, _, service, *_ = renamed()
    template = job["spec"]["template"]
    init, main = template["spec"]["initContainers"][0], template["spec"]["containers"][0]
    assert (init["name"], main["image"], main["command"]) == ("settings", "settings", ["echo", "settings"])
    assert main["volumeMounts"] == [{"name": "settings", "mountPath": "/settings"}]
    assert template["metadata"] == {"annotations": {"config": "settings"}, "labels": {"name": "settings"}}
    assert config["data"] == {"claimName": "data", "name": "settings"}
    assert secret["stringData"] == {"secretName": "password"}
    assert service["spec"]["selector"] == {"name": "settings"}


TALKING = """\
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec:
  completionMode: Indexed
  template:
    metadata: {labels: {job-name: job, app: job}}
    spec:
      restartPolicy: Never
      subdomain: job
      priorityClassName: high
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - topologyKey: kubernetes.io/hostname
            labelSelector: {matchExpressions: [{key: job-name, operator: In, values: [other, job]}]}
      containers: [{name: job, image: a, resources: {claims: [{name: gpu}]}}]
      resourceClaims:
      - {name: gpu, resourceClaimTemplateName: gpu}
      - {name: disk, resourceClaimName: disk}
---
{apiVersion: v1, kind: Service, metadata: {name: job}, spec: {clusterIP: None, selector: {job-name: job, app: job}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: peers}
spec:
  podSelector: {matchLabels: {batch.kubernetes.io/job-name: job}}
  ingress: [{from: [{podSelector: {matchLabels: {batch.kubernetes.io/job-name: job, job-name: other}}}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: [configmaps], resourceNames: [settings, other], verbs: [get]}
- {apiGroups: [""], resources: [configmaps, secrets], resourceNames: [settings], verbs: [get]}
- {apiGroups: [batch], resources: [jobs/status], resourceNames: [job], verbs: [get]}
- {apiGroups: [networking.k8s.io], resources: [networkpolicies], resourceNames: [peers], verbs: [get]}
- {apiGroups: ["*"], resources: ["*"], resourceNames: [settings], verbs: ["*"]}
- {apiGroups: [""], resources: [pods], verbs: [list]}
- {nonResourceURLs: [/settings], verbs: [get]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {job-name: job}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaimTemplate, metadata: {name: gpu}, spec: {spec: {}}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaim, metadata: {name: disk}, spec: {}}
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high, annotations: {kubectl-job-operator/delete: "true"}}
value: 7
"""


def test_what_selects_the_jobs_pods_has_its_new_name() -> None:
    job, service, policy, *_ = renamed(TALKING)
    template = job["spec"]["template"]
    (term,) = template["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert service["spec"]["selector"] == {"job-name": "job-1", "app": "job"}
    assert policy["spec"]["podSelector"]["matchLabels"] == {"batch.kubernetes.io/job-name": "job-1"}
    (peer,) = policy["spec"]["ingress"][0]["from"]
    assert peer["podSelector"]["matchLabels"] == {"batch.kubernetes.io/job-name": "job-1", "job-name": "other"}
    assert term["labelSelector"]["matchExpressions"][0]["values"] == ["other", "job-1"]
    # The API server takes no other value there.
    assert template["metadata"]["labels"] == {"job-name": "job-1", "app": "job"}


def test_a_rule_for_named_objects_has_their_new_names() -> None:
    *_, role, config, _, _, _ = renamed(TALKING)
    assert [rule.get("resourceNames") for rule in role["rules"]] == [
        ["settings-1", "other"],
        # A Secret of that name is not one of the manifest's.
        ["settings-1", "settings"],
        ["job-1"],
        ["peers-1"],
        ["settings", "settings-1"],
        None,
        None,
    ]
    assert config["data"] == {"job-name": "job"}


def test_the_pods_other_references_have_the_new_names() -> None:
    pod = renamed(TALKING)[0]["spec"]["template"]["spec"]
    assert pod["resourceClaims"] == [
        {"name": "gpu", "resourceClaimTemplateName": "gpu-1"},
        {"name": "disk", "resourceClaimName": "disk-1"},
    ]
    assert (pod["priorityClassName"], pod["subdomain"]) == ("high-1", "job-1")
    assert pod["containers"][0]["resources"] == {"claims": [{"name": "gpu"}]}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("ingressClassName", "IngressClass"),
        ("runtimeClassName", "RuntimeClass"),
        ("storageClassName", "StorageClass"),
        ("volumeName", "PersistentVolume"),
    ],
)
def test_a_name_of_what_a_whole_cluster_has_is_followed_too(field: str, kind: str) -> None:
    thing = {"kind": "X", "spec": {field: "a", "claimRef": {"name": "a"}}}
    follow(thing, {(kind, "a"): "b", ("PersistentVolumeClaim", "a"): "c"})
    assert thing["spec"] == {field: "b", "claimRef": {"name": "c"}}


@pytest.mark.parametrize(
    "odd",
    [
        {"kind": "X", "spec": {"configMap": "settings", "secretName": 7, "volumes": None, "kind": ["ConfigMap"]}},
        {"kind": "X", "spec": {"configMap": [{"name": ["settings"]}], "claimName": {"name": "settings"}}},
        {"kind": "X", "spec": {"selector": {"job-name": ["settings"]}, "matchLabels": ["job-name"], "labels": None}},
        {"kind": "X", "rules": [{"resources": "configmaps", "resourceNames": ["settings"]}, {"resourceNames": "a"}]},
        {"kind": "X", "rules": [{"resources": [7, "configmaps"], "resourceNames": [7, {"name": "settings"}]}]},
        {"kind": "X", "spec": {"x": [{"key": "job-name", "values": "settings"}, {"key": ["job-name"], "values": []}]}},
        {"kind": "X", "spec": {"x": [{"key": "y", "values": ["settings", "settings"]}]}},
        {"kind": "X", "rules": [{"resources": ["pods"], "resourceNames": ["settings", "settings"]}]},
    ],
)
def test_what_is_no_reference_though_its_field_has_the_name_stays(odd: dict[str, Any]) -> None:
    before = copy.deepcopy(odd)
    follow(odd, {("ConfigMap", "settings"): "new", ("Secret", "7"): "new", ("Job", "settings"): "new"})
    assert odd == before
