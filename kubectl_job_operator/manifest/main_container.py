"""The container by whose end a Pod, or the pod of a Job, is judged, although others of its pod run on."""

from __future__ import annotations

from typing import Any

from kubectl_job_operator.manifest import kinds, main_document
from kubectl_job_operator.manifest.labels import MAIN_CONTAINER, MAIN_CONTAINER_EXIT_CODE
from kubectl_job_operator.objects import Object

OF_LAMAANI = ("kubernetes_job_operator.main_container", "kubernetes_job_operator/main_container")
"""What another operator calls the annotation."""
_OF_SEVERAL_PODS = ("backoffLimitPerIndex", "podFailurePolicy", "successPolicy")


def name_in(thing: Object) -> str:
    """Return the main container's name, as the object's annotations say it; empty if they name none."""
    annotations = _annotations_of(thing)
    return next((str(annotations[key]) for key in (MAIN_CONTAINER, *OF_LAMAANI) if annotations.get(key)), "")


def annotation(name: str | None) -> dict[str, str]:
    """Return the annotation that names it; none without a name."""
    return {MAIN_CONTAINER: name} if name else {}


def exit_code_on(thing: Object) -> int | None:
    """Return the exit code of its main container that is written on a Job; ``None`` if there is none."""
    written = str(_annotations_of(thing).get(MAIN_CONTAINER_EXIT_CODE, ""))
    return int(written) if name_in(thing) and written.isdecimal() else None


def problem_of(thing: Any) -> tuple[str, str] | None:
    """Tell why its main container cannot decide about an object, and what to do; ``None`` if it can."""
    name = name_in(thing)
    if MAIN_CONTAINER_EXIT_CODE in _annotations_of(thing):
        return f"has the annotation {MAIN_CONTAINER_EXIT_CODE}, which only a task writes", "remove it"
    if not name:
        return None
    what = f"{kinds.word(thing)} {thing['metadata']['name']!r}"
    if not kinds.is_job(thing) and not kinds.is_pod(thing):
        return f"has a {what} with main_container, which is for a Job and a Pod", "say by success_when when it ends"
    if kinds.says_when(thing):
        return f"has a {what} with main_container and with success_when or failure_when", "leave one of them out"
    (pod,) = main_document.pod_templates(thing)
    names = [str(one.get("name")) for one in pod["spec"]["containers"]]
    if name not in names:
        return f"has a {what} without the main_container {name!r}; its containers are {', '.join(names)}", "name one"
    return _problem_of_job(what, thing["spec"]) if kinds.is_job(thing) else None


def _problem_of_job(what: str, spec: Any) -> tuple[str, str] | None:
    """Tell why a Job may have more than one pod; of several nobody could say which ends count."""
    for field, most in (("parallelism", 1), ("completions", 1), ("backoffLimit", 0)):
        number = spec.get(field)
        if number is not None and number != most:
            return (
                f"has a {what} with main_container and {field}: {number}; only for a Job of one pod, which is not "
                f"replaced, can one container decide",
                f"write {field}: {most}, and let the task's retries run it again; or write the others as sidecars that "
                "Kubernetes ends by itself (initContainers with restartPolicy: Always), without main_container",
            )
    for field in _OF_SEVERAL_PODS:
        if spec.get(field):
            return (
                f"has a {what} with main_container and {field}, which decide each for itself",
                "leave one of them out",
            )
    return None


def _annotations_of(thing: Object) -> Object:
    # Of what is not read whole there may be no metadata.
    return (thing.get("metadata") or {}).get("annotations") or {}
