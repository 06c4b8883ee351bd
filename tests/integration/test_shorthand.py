"""Jobs without YAML on a real cluster, and templates whose first container the DAG fills in."""

from __future__ import annotations

from tests.integration.airflow_task import TaskRunner
from tests.integration.manifests import job
from tests.integration.namespace import Namespace


def test_a_job_of_every_argument_that_this_server_knows_is_run(task: TaskRunner, namespace: Namespace) -> None:
    namespace.kubectl("create", "configmap", "words", "--from-literal=WORD=map")
    namespace.kubectl("create", "secret", "generic", "hidden", "--from-literal=KEY=secret")
    namespace.kubectl("create", "serviceaccount", "worker")
    run = task.run(
        image="busybox:1.36",
        image_pull_policy="IfNotPresent",
        cmds=["sh", "-c"],
        arguments=["echo $WORD $KEY $ONE $PLAIN $(cat /all/KEY /one/KEY) $(cat /made/by-init)"],
        name="Every.Argument",
        labels={"a": "b"},
        annotations={"c": "d"},
        env_vars={"PLAIN": "plain"},
        env_from=[{"prefix": "ALSO_", "configMapRef": {"name": "words"}}],
        configmaps=["words"],
        secrets=[
            {"deploy_type": "env", "secret": "hidden"},
            {"deploy_type": "env", "deploy_target": "ONE", "secret": "hidden", "key": "KEY"},
            {"deploy_type": "volume", "deploy_target": "/all", "secret": "hidden"},
            {"deploy_type": "volume", "deploy_target": "/one", "secret": "hidden", "key": "KEY"},
        ],
        container_resources={"requests": {"cpu": "1m"}, "limits": {"memory": "64Mi"}},
        volumes=[{"name": "made", "emptyDir": {}}],
        volume_mounts=[{"name": "made", "mountPath": "/made"}],
        init_containers=[
            {
                "name": "init",
                "image": "busybox:1.36",
                "command": ["sh", "-c", "echo init > /made/by-init"],
                "volumeMounts": [{"name": "made", "mountPath": "/made"}],
            }
        ],
        node_selector={"kubernetes.io/os": "linux"},
        tolerations=[{"operator": "Exists"}],
        affinity={
            "podAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "weight": 1,
                        "podAffinityTerm": {
                            "topologyKey": "kubernetes.io/hostname",
                            "labelSelector": {"matchLabels": {"a": "b"}},
                        },
                    }
                ]
            }
        },
        service_account_name="worker",
        image_pull_secrets="one,two",
        security_context={"runAsUser": 0},
        container_security_context={"readOnlyRootFilesystem": True},
        parallelism=1,
        completions=1,
        active_deadline_seconds=300,
        backoff_limit=1,
        termination_grace_period=1,
        delete_policy="Never",
    )
    assert run.state == "success", run.failures
    # Behind the names of the pod and of the container, for there is an init container too.
    assert "/main] map secret secret plain secretsecret init\n" in run.log
    (made,) = namespace.objects("jobs")
    assert made["metadata"]["name"] == "every-argument"
    assert (made["spec"]["backoffLimit"], made["spec"]["activeDeadlineSeconds"]) == (1, 300)
    (pod,) = namespace.objects("pods")
    assert pod["spec"]["serviceAccountName"] == "worker"
    assert pod["spec"]["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]


def test_the_tries_of_a_task_without_yaml_have_one_job_and_the_retries_are_its_backoff_limit(
    task: TaskRunner, namespace: Namespace
) -> None:
    run = task.run(image="busybox:1.36", cmds=["sh", "-c", "exit 3"], delete_policy="Never")
    assert run.state == "failed"
    assert "exit code 3" in run.told
    (made,) = namespace.objects("jobs")
    assert made["metadata"]["name"].startswith("job-")
    assert made["spec"]["backoffLimit"] == 0


def test_a_templates_container_is_filled_in(task: TaskRunner) -> None:
    task.write("job.yaml", job("echo of the template").replace("image: busybox:1.36", "image: none:none"))
    run = task.run(yaml_file_name="job.yaml", image="busybox:1.36", cmds=["sh", "-c", "echo of the argument"])
    assert run.state == "success", run.failures
    assert "of the argument" in run.log.splitlines()
    assert "of the template" not in run.log.splitlines()
