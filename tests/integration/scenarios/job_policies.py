"""Jobs whose own rules decide which pods count and when they are over."""

from __future__ import annotations

from tests.integration.manifests import job
from tests.integration.namespace import Namespace

from . import acts
from .scenario import Scenario
from .texts import for_two_pods

ON_EXIT_CODE = "onExitCodes: {operator: In, values: [%d]}"
ON_DISRUPTION = "onPodConditions: [{type: DisruptionTarget, status: 'True'}]"
INDEXED = "completionMode: Indexed\ncompletions: %d\nparallelism: %d"
BY_INDEX = "echo index $JOB_COMPLETION_INDEX; "
STOPS_SLOWLY = (
    "trap 'echo stopping; sleep 3; echo stopped; exit 1' TERM; echo begins; "
    'test -n "$AGAIN" || { sleep 600 & wait $!; }; echo ends'
)


def evict_the_first(namespace: Namespace) -> None:
    """Evict the first pod, as a drain does; the one after it is left alone."""
    acts.evict(namespace, acts.begun_pod(namespace))


def delete_the_first(namespace: Namespace) -> None:
    """Delete the first pod."""
    namespace.kubectl("delete", "pod", acts.begun_pod(namespace), "--wait=false")


FAIL_JOB = Scenario(
    26,
    job(
        "echo no such table; exit 42",
        name="pod-failure-policy-fail-job",
        spec=f"backoffLimit: 6\npodFailurePolicy: {{rules: [{{action: FailJob, {ON_EXIT_CODE % 42}}}]}}",
    ),
)
IGNORE = Scenario(
    26,
    for_two_pods(
        "pod-failure-policy-ignore",
        spec=f"backoffLimit: 0\npodFailurePolicy: {{rules: [{{action: Ignore, {ON_DISRUPTION}}}]}}",
    ),
    meanwhile=evict_the_first,
)
COUNT = Scenario(
    26,
    job(
        "echo this may pass; exit 7",
        name="pod-failure-policy-count",
        spec="backoffLimit: 1\n"
        f"podFailurePolicy: {{rules: [{{action: Count, {ON_EXIT_CODE % 7}}}, "
        "{action: FailJob, onExitCodes: {operator: NotIn, values: [0]}}]}",
    ),
)
SUCCESS_POLICY = Scenario(
    31,
    job(
        f"{BY_INDEX}test $JOB_COMPLETION_INDEX = 0 && sleep 3 && exit 0; sleep 600",
        name="success-policy",
        spec=f"{INDEXED % (3, 3)}\nbackoffLimit: 0\nsuccessPolicy: {{rules: [{{succeededIndexes: '0'}}]}}",
    ),
)
FAILED_INDEXES = Scenario(
    29,
    job(
        f"{BY_INDEX}test $JOB_COMPLETION_INDEX != 1 || exit 5",
        name="failed-indexes",
        spec=f"{INDEXED % (3, 3)}\nbackoffLimitPerIndex: 1",
    ),
)
MAX_FAILED_INDEXES = Scenario(
    29,
    job(
        f"{BY_INDEX}exit 5",
        name="max-failed-indexes",
        spec=f"{INDEXED % (6, 1)}\nbackoffLimitPerIndex: 0\nmaxFailedIndexes: 1",
    ),
)
REPLACED_ONCE_GONE = Scenario(
    29,
    for_two_pods(
        "pod-replacement-policy-failed",
        script=STOPS_SLOWLY,
        spec="backoffLimit: 1\npodReplacementPolicy: Failed",
    ).replace("terminationGracePeriodSeconds: 1", "terminationGracePeriodSeconds: 10"),
    meanwhile=delete_the_first,
)
