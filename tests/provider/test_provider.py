"""The provider that is installed is the one that was recorded, and its objects are taken."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import pytest

from kubectl_job_operator import KubernetesLegacyJobOperator
from kubectl_job_operator.manifest.plain import as_plain
from tests.airflow_dag import DAG
from tests.integration.stub_context import context_for
from tests.provider.signature import installed, recorded

pytest.importorskip("airflow.providers.cncf.kubernetes", reason="the provider is not here: `make test-provider`")

k8s: Any = importlib.import_module("kubernetes.client").models
ApiClient: Any = importlib.import_module("kubernetes.client").ApiClient
Secret: Any = importlib.import_module("airflow.providers.cncf.kubernetes.secret").Secret
KubernetesPodOperator: Any = importlib.import_module(
    "airflow.providers.cncf.kubernetes.operators.pod"
).KubernetesPodOperator


def test_the_recording_is_what_the_provider_has() -> None:
    assert installed() == recorded()


MODELS = [
    k8s.V1Volume(
        name="v", secret=k8s.V1SecretVolumeSource(secret_name="s", items=[k8s.V1KeyToPath(key="k", path="p", mode=0)])
    ),
    k8s.V1EnvVar(
        name="A", value_from=k8s.V1EnvVarSource(field_ref=k8s.V1ObjectFieldSelector(field_path="metadata.name"))
    ),
    k8s.V1ResourceRequirements(requests={"cpu": "10m"}, limits={"memory": "1Gi"}),
    k8s.V1Probe(http_get=k8s.V1HTTPGetAction(port="http", path="/"), period_seconds=3),
    k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(name="p", labels={"a_b": "c"}),
        spec=k8s.V1PodSpec(containers=[k8s.V1Container(name="base", image="i", ports=[k8s.V1ContainerPort(80)])]),
    ),
    k8s.V1Affinity(
        node_affinity=k8s.V1NodeAffinity(
            required_during_scheduling_ignored_during_execution=k8s.V1NodeSelector(
                node_selector_terms=[
                    k8s.V1NodeSelectorTerm(match_expressions=[k8s.V1NodeSelectorRequirement("os", "In", ["linux"])])
                ]
            )
        )
    ),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_model_becomes_what_its_own_client_makes_of_it(model: Any) -> None:
    assert as_plain(model) == ApiClient().sanitize_for_serialization(model)


ARGUMENTS: dict[str, Any] = {
    "task_id": "task",
    "name": "name",
    "namespace": "default",
    "image": "busybox:1.36",
    "cmds": ["sh", "-c"],
    "arguments": ["echo"],
    "ports": [k8s.V1ContainerPort(name="http", container_port=80)],
    "volumes": [k8s.V1Volume(name="v", config_map=k8s.V1ConfigMapVolumeSource(name="c"))],
    "volume_mounts": [k8s.V1VolumeMount(name="v", mount_path="/v", sub_path=None, read_only=True)],
    "env_vars": [k8s.V1EnvVar(name="A", value="1")],
    "env_from": [k8s.V1EnvFromSource(config_map_ref=k8s.V1ConfigMapEnvSource(name="c"))],
    "secrets": [Secret("env", "S", "s", "k"), Secret("env", None, "s")],
    "configmaps": ["d"],
    "pod_runtime_info_envs": [
        k8s.V1EnvVar(
            name="NODE", value_from=k8s.V1EnvVarSource(field_ref=k8s.V1ObjectFieldSelector(field_path="spec.nodeName"))
        )
    ],
    "affinity": MODELS[-1],
    "tolerations": [k8s.V1Toleration(key="k", operator="Exists")],
    "node_selector": {"disk": "ssd"},
    "container_resources": MODELS[2],
    "image_pull_policy": "Always",
    "image_pull_secrets": [k8s.V1LocalObjectReference("registry")],
    "service_account_name": "sa",
    "automount_service_account_token": False,
    "hostnetwork": True,
    "host_aliases": [k8s.V1HostAlias(ip="10.0.0.1", hostnames=["h"])],
    "security_context": k8s.V1PodSecurityContext(run_as_user=1),
    "container_security_context": k8s.V1SecurityContext(run_as_non_root=True),
    "dnspolicy": "None",
    "dns_config": k8s.V1PodDNSConfig(nameservers=["10.0.0.2"]),
    "hostname": "h",
    "subdomain": "s",
    "schedulername": "other",
    "runtime_class_name": "rc",
    "priority_class_name": "pc",
    "init_containers": [k8s.V1Container(name="init", image="busybox:1.36", env=[k8s.V1EnvVar(name="A", value="2")])],
    "termination_grace_period": 3,
    "full_pod_spec": k8s.V1Pod(
        metadata=k8s.V1ObjectMeta(labels={"full": "spec"}),
        spec=k8s.V1PodSpec(
            containers=[
                k8s.V1Container(name="base", working_dir="/w", env=[k8s.V1EnvVar(name="B", value="1")]),
                k8s.V1Container(name="side", image="busybox:1.36", env=[k8s.V1EnvVar(name="A", value="3")]),
            ]
        ),
    ),
}


SECRET_VARIABLE = {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


def test_the_jobs_pods_are_the_pod_that_the_pod_operator_would_start() -> None:
    """All but where variables stand in a list, and what is said only of one pod: its name and Airflow's labels.

    And variables out of Secrets come to all containers, as the page of the arguments says.
    """
    found = pod_of_job(ARGUMENTS)
    # Afterwards: the pod operator adds to the very list that it was given.
    expected = pod_of_pod_operator(ARGUMENTS)
    for container in (expected["containers"][1], *expected["initContainers"]):
        container["env"] = sorted([*container["env"], SECRET_VARIABLE], key=str)
        container["envFrom"] = [{"secretRef": {"name": "s"}}]
    assert found == expected


def pod_of_job(arguments: dict[str, Any]) -> Any:
    with DAG("dag", schedule=None):
        task = KubernetesLegacyJobOperator(**arguments)
    task.render_template_fields(context_for(task))
    assert task._manifest is not None
    return comparable(task._manifest.job["spec"]["template"]["spec"])


def pod_of_pod_operator(arguments: dict[str, Any]) -> Any:
    with DAG("dag", schedule=None), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pod = KubernetesPodOperator(**arguments).build_pod_request_obj(dry_run=True)
    return comparable(ApiClient().sanitize_for_serialization(pod)["spec"])


def comparable(spec: dict[str, Any]) -> dict[str, Any]:
    for container in [*spec["containers"], *spec["initContainers"]]:
        for key in ("env", "envFrom"):
            container[key] = sorted(container.get(key) or [], key=str)
    return spec
