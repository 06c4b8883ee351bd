"""Jobs with native sidecars, and with containers that have rules of their own for a restart."""

from __future__ import annotations

import time

from tests.integration.manifests import job
from tests.integration.namespace import Namespace
from tests.waiting import until

from .scenario import Scenario
from .texts import with_lines


def sidecar(script: str, *more: str) -> str:
    """Return the pod's part with an init container that goes on beside the others; more lines go into it."""
    lines = [
        "initContainers:",
        "  - name: proxy",
        "    image: busybox:1.36",
        "    restartPolicy: Always",
        *(f"    {line}" for line in more),
        "    command:",
        "      - sh",
        "      - -c",
        "      - |",
        *(f"        {line}" for line in script.splitlines()),
    ]
    return "\n".join(lines)


def with_rules(name: str, script: str, rules: str, pod: str = "") -> str:
    """Return a Job whose container never restarts unless a rule says so; it can count its runs."""
    text = job(script, name=name, pod="\n".join(filter(None, [VOLUME, pod])))
    return with_lines(text, "restartPolicy: Never", f"restartPolicyRules: {rules}", RUNS)


def lose_patience(namespace: Namespace) -> None:
    """Give the Job no more time once its sidecar has crashed and everybody has had the time to see it."""
    until(lambda: "CrashLoopBackOff" in namespace.kubectl("get", "pods", "-o", "json"), "the sidecar did not crash")
    time.sleep(5)
    name = namespace.names("jobs")[0]
    namespace.kubectl("patch", "job", name, "--type=merge", "-p", '{"spec": {"activeDeadlineSeconds": 1}}')


RUNS = "volumeMounts: [{name: runs, mountPath: /runs}]"
VOLUME = "volumes: [{name: runs, emptyDir: {}}]"
READY = "startupProbe: {exec: {command: [test, -e, /ready]}, periodSeconds: 1}"
SAYS_GOODBYE = """\
trap 'echo the proxy ends; exit 0' TERM
sleep 1
echo the proxy is up
touch /ready
while :; do sleep 0.1; done"""
CRASHES_ONCE = "echo the proxy is up\nsleep 1\ntest -e /runs/once && exec sleep 600\ntouch /runs/once\nexit 7"
ONCE_MORE = "[{action: Restart, exitCodes: {operator: In, values: [42]}}]"
ALL_ONCE_MORE = "[{action: RestartAllContainers, exitCodes: {operator: In, values: [88]}}]"
COUNTS = "echo x >> /runs/all; echo run $(wc -l < /runs/all); "

COMPLETE = Scenario(
    29,
    job("echo the work begins; sleep 2; echo the work ends", name="sidecar-complete", pod=sidecar(SAYS_GOODBYE, READY)),
)
MAIN_FAILS = Scenario(
    29,
    job("echo no route to host; exit 3", name="sidecar-main-fails", pod=sidecar("echo the proxy is up\nsleep 600")),
)
CRASHES = Scenario(
    29,
    job(
        "echo the work begins; sleep 4; echo the work ends",
        name="sidecar-crashes",
        pod=f"{sidecar(CRASHES_ONCE, RUNS)}\n{VOLUME}",
    ),
)
NEVER_READY = Scenario(
    29,
    job(
        "echo unreachable",
        name="sidecar-never-ready",
        pod=sidecar("echo no certificate; exit 7", READY),
    ),
    meanwhile=lose_patience,
)
RESULT = Scenario(
    29,
    job(
        "mkdir -p /airflow/xcom; echo '{\"rows\": 3}' > /airflow/xcom/return.json",
        name="sidecar-result",
        pod=sidecar("sleep 600 & wait $!"),
    ),
    arguments={"do_xcom_push": True},
)
RESTART_RULE = Scenario(
    35,
    with_rules("restart-rule", f"{COUNTS}test $(wc -l < /runs/all) -gt 1 || {{ sleep 3; exit 42; }}", ONCE_MORE),
)
RESTART_RULE_FAILS = Scenario(
    35,
    with_rules("restart-rule-fails", f"{COUNTS}test $(wc -l < /runs/all) -gt 1 && exit 3; exit 42", ONCE_MORE),
)
RESTART_ALL = Scenario(
    36,
    with_rules(
        "restart-all-containers",
        f"{COUNTS}test $(wc -l < /runs/all) -gt 1 || exit 88",
        ALL_ONCE_MORE,
        "initContainers: [{name: prepare, image: busybox:1.36, command: [echo, prepared]}]",
    ),
)
