"""What a task may run instead of a Job: a Pod, or an object of any kind whose author says when it has ended.

All that is needed to go on with such an object stands in its annotations, so that whoever finds it on the cluster, as
the next try does, can read its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubectl_job_operator.manifest import label_selector, rules
from kubectl_job_operator.manifest.labels import FAILURE_WHEN, POD_SELECTOR, SUCCESS_WHEN, TASK_INSTANCE_LABEL
from kubectl_job_operator.manifest.rules import Rule
from kubectl_job_operator.objects import Object


@dataclass(frozen=True)
class Kind:
    """How it is seen that an object has ended.

    :param success: any of these holds when it did its work.
    :param failure: any of these holds when it did not; counts first where both hold.
    """

    success: tuple[Rule, ...]
    failure: tuple[Rule, ...]


JOB = Kind(success=rules.parse_all(["complete"]), failure=rules.parse_all(["failed"]))
POD = Kind(
    success=rules.parse_all(["{.status.phase}=Succeeded"]),
    failure=rules.parse_all(["{.status.phase}=Failed"]),
)


def annotations_of(
    success_when: Sequence[str], failure_when: Sequence[str], pod_selector: str | None
) -> dict[str, str]:
    """Return the annotations that say what the arguments of these names say.

    :raises ValueError: if one of them is no rule.
    """
    rules.parse_all([*success_when, *failure_when])
    said = {
        SUCCESS_WHEN: "\n".join(success_when),
        FAILURE_WHEN: "\n".join(failure_when),
        POD_SELECTOR: pod_selector or "",
    }
    return {key: value for key, value in said.items() if value}


def kind_of(thing: Object) -> Kind:
    """Return how the object's end is seen: as its annotations say, else as its kind has it.

    :raises ValueError: if an annotation has what is no rule.
    """
    own = POD if is_pod(thing) else JOB
    said = [rules.parse_all(_annotation(thing, key).splitlines()) for key in (SUCCESS_WHEN, FAILURE_WHEN)]
    if not any(said):
        return own
    otherwise = own if is_job(thing) or is_pod(thing) else Kind((), ())
    return Kind(said[0] or otherwise.success, said[1] or otherwise.failure)


def says_when(thing: Object) -> bool:
    """Whether the object's annotations say when it has ended."""
    return bool(_annotation(thing, SUCCESS_WHEN) or _annotation(thing, FAILURE_WHEN))


def chosen_pod_selector(thing: Object) -> str:
    """Return the label selector of the object's pods that its author has chosen; empty if there is none."""
    return _annotation(thing, POD_SELECTOR)


def pod_selector(thing: Object) -> str:
    """Return the label selector that picks the object's pods, as ``kubectl get -l`` takes it."""
    chosen = chosen_pod_selector(thing)
    if chosen:
        return chosen
    own = label_selector.text(thing["spec"].get("selector") or {}) if is_job(thing) else ""
    # One that is empty would pick every pod of the namespace.
    return own or f"{TASK_INSTANCE_LABEL}={(thing['metadata'].get('labels') or {}).get(TASK_INSTANCE_LABEL, '')}"


def makes_secrets(thing: Object) -> bool:
    """Whether something in the cluster makes a Secret or ConfigMap of it some time later, as of an ExternalSecret."""
    kind = str(thing.get("kind"))
    return kind == "Certificate" or (kind != "Secret" and "Secret" in kind)


def is_job(thing: Object) -> bool:
    """Whether it is a Job of Kubernetes itself."""
    return thing.get("kind", "Job") == "Job" and str(thing.get("apiVersion", "batch/v1")).startswith("batch/")


def is_pod(thing: Object) -> bool:
    """Whether it is a Pod."""
    return thing.get("kind") == "Pod" and thing.get("apiVersion") == "v1"


def counts_its_pods(thing: Object) -> bool:
    """Whether the object itself tells how many pods of it have ended; a Pod is its own."""
    return is_job(thing) or is_pod(thing)


def word(thing: Object) -> str:
    """Return the name of the object's kind, for people: ``Job``."""
    return str(thing.get("kind") or "Job")


def resource(thing: Object) -> str:
    """Name the object's kind for kubectl: ``job``, and any other so that it is clear, as ``widget.v1.example.com``."""
    return "job" if is_job(thing) else full_resource(thing)


def group(thing: Object) -> str:
    """Return the API group of the object's kind, as ``batch``; empty for the core."""
    return str(thing["apiVersion"]).rpartition("/")[0]


def full_resource(thing: Object) -> str:
    """Name the object's kind with its version and group, as ``job.v1.batch``."""
    version = str(thing["apiVersion"]).rpartition("/")[2]
    kind = str(thing["kind"]).lower()
    return f"{kind}.{version}.{group(thing)}" if group(thing) else kind


def target(thing: Object) -> str:
    """Name the object for kubectl, as ``job/NAME``."""
    return f"{resource(thing)}/{thing['metadata']['name']}"


def _annotation(thing: Object, key: str) -> str:
    return str(((thing.get("metadata") or {}).get("annotations") or {}).get(key) or "")
