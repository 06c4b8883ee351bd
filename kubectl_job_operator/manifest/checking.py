"""Refusing, with the reason and what to do, what kubectl could not take or what could not be run."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import kinds, main_container, main_document
from kubectl_job_operator.manifest.documents import Document, DocumentList, Documents, names_of
from kubectl_job_operator.manifest.exported import fields_of_the_cluster
from kubectl_job_operator.manifest.labels import SUCCESS_WHEN
from kubectl_job_operator.manifest.list_items import given_twice, misshapen

_RESTART_POLICIES = ("Never", "OnFailure")


def check_documents(manifest: DocumentList, wanted: str = "a Job") -> None:
    """Refuse what kubectl could not take, with the reason.

    :param wanted: what there should be, where there is nothing.
    """
    if not manifest.documents:
        raise manifest.refusal("has no document: there is no YAML in it, or only comments", f"write {wanted} into it")
    for number, document in enumerate(manifest.documents, start=1):
        _check_document(manifest, number, document)


def check_job_and_namespaces(manifest: Documents) -> None:
    """Refuse what could not be run, with the reason."""
    found = main_document.candidates(manifest.documents)
    if len(found) != 1:
        raise _wrong_number(manifest, found)
    try:
        says_success = kinds.kind_of(found[0]).success
    except ValueError as error:
        raise manifest.refusal(
            f"has a {names_of(found)} with an annotation that is no rule: {error}", "mend it"
        ) from None
    if kinds.is_job(found[0]):
        _check_job(manifest, found[0])
    elif kinds.is_pod(found[0]):
        _check_pod(manifest, found[0])
    elif not says_success or not kinds.says_when(found[0]):
        raise manifest.refusal(
            f"has a {names_of(found)}, and nothing says when it has succeeded",
            'give success_when, as success_when="Complete" or success_when="{.status.phase}=Succeeded", or the '
            f"annotation {SUCCESS_WHEN}",
        )
    _check_pod_templates(manifest, found[0])
    problem = main_container.problem_of(found[0])
    if problem is not None:
        raise manifest.refusal(*problem)
    _check_namespaces(manifest)


def check_once_each(manifest: DocumentList) -> None:
    """Refuse an object that is there twice: all are in one namespace, and kubectl would let the last one win."""
    seen = set()
    for document in manifest.documents:
        key = (kinds.group(document), document["kind"], document["metadata"]["name"])
        if key in seen:
            raise manifest.refusal(f"has {names_of([document])} twice", "leave one of them")
        seen.add(key)


def _wrong_number(manifest: Documents, found: Sequence[Document]) -> ManifestError:
    """Make the error that tells why there is not one Job."""
    if not found:
        only = ", ".join(str(document["kind"]) for document in manifest.documents)
        advice = "a task runs exactly one Job; give each a task of its own"
        if main_document.candidates_of_any_kind(manifest.documents):
            advice += ". For another kind, success_when says when it has succeeded"
        return manifest.refusal(f"has no Job (apiVersion: batch/v1), only {only}", advice)
    if not all(map(kinds.is_job, found)) and not all(map(kinds.is_pod, found)):
        return manifest.refusal(f"marks {len(found)} documents as the main one ({names_of(found)})", "mark one of them")
    names = ", ".join(str(job["metadata"].get("name")) for job in found)
    kind = kinds.word(found[0])
    return manifest.refusal(
        f"has {len(found)} {kind}s ({names})", f"a task runs exactly one {kind}; give each a task of its own"
    )


def _check_document(manifest: DocumentList, number: int, document: Any) -> None:
    if not isinstance(document, dict):
        kind = type(document).__name__
        raise manifest.refusal(f"has a document (number {number}) that is not a mapping, but a {kind}", "mend it")
    for key in ("apiVersion", "kind"):
        if not isinstance(document.get(key), str):
            raise manifest.refusal(f"has a document (number {number}) without {key}", f"give it {key}")
    what = f"{document['kind']} (document {number})"
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        raise manifest.refusal(f"has a {what} without metadata", "give it metadata with a name")
    if metadata.get("generateName"):
        raise manifest.refusal(
            f"has a {what} with generateName, which kubectl apply refuses",
            "give it metadata.name, as my-job-{{ ts_nodash | lower }}",
        )
    if not metadata.get("name"):
        raise manifest.refusal(f"has a {what} without a name", "give it metadata.name")
    _check_metadata(manifest, what, metadata)
    exported = fields_of_the_cluster(document)
    if exported:
        raise manifest.refusal(
            f"has a {what} as a cluster has it, with fields that only a cluster may write: {', '.join(exported)}",
            "remove them; what kubectl get -o yaml prints is no manifest yet",
        )
    if document["kind"] == "Secret":
        _check_secret(manifest, what, document)


def _check_metadata(manifest: DocumentList, what: str, metadata: Document) -> None:
    for key in ("name", "namespace"):
        if not isinstance(metadata.get(key, ""), str):
            raise manifest.refusal(f"has a {what} whose {key} is not a string: {metadata[key]!r}", "put it into quotes")
    for key in ("labels", "annotations"):
        if not isinstance(metadata.get(key) or {}, dict):
            raise manifest.refusal(f"has a {what} whose {key} are not a mapping", "mend them")


def _check_secret(manifest: DocumentList, what: str, secret: Document) -> None:
    """Refuse here what the API server would refuse with the value in its words."""
    for field in ("data", "stringData"):
        values = secret.get(field) or {}
        if not isinstance(values, dict):
            raise manifest.refusal(f"has a {what} whose {field} is not a mapping", "mend it")
        for key, value in values.items():
            if not isinstance(value, str):
                raise manifest.refusal(f"has a {what} whose {field}.{key} is not a string", "put the value into quotes")
            if field == "data" and not _is_base64(value):
                raise manifest.refusal(f"has a {what} whose data.{key} is not base64", "use stringData for plain text")


def _check_job(manifest: Documents, job: Document) -> None:
    name = job["metadata"]["name"]
    spec: Any = job
    for key in ("spec", "template", "spec"):
        spec = spec.get(key) if isinstance(spec, dict) else None
    if not isinstance(spec, dict):
        raise manifest.refusal(f"has a Job {name!r} without spec.template.spec", "describe the Job's pods there")
    for problem in misshapen(spec):
        raise manifest.refusal(f"has a Job {name!r} where {problem}", "mend them")
    if not isinstance(spec.get("containers") or [], list):
        raise manifest.refusal(f"has a Job {name!r} without a list of containers", "list its containers")
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    if not spec.get("containers") or not all(isinstance(container, dict) for container in containers):
        raise manifest.refusal(f"has a Job {name!r} without a list of containers", "list its containers")
    policy = spec.get("restartPolicy")
    if policy not in _RESTART_POLICIES:
        found = "no restartPolicy" if policy is None else f"restartPolicy: {policy}"
        raise manifest.refusal(
            f"has a Job {name!r} with {found} in spec.template.spec; a Job takes only {' or '.join(_RESTART_POLICIES)}",
            "write restartPolicy: Never",
        )


def _check_pod(manifest: Documents, pod: Document) -> None:
    what, spec = names_of([pod]), pod.get("spec")
    if not isinstance(spec, dict) or not spec.get("containers") or not isinstance(spec["containers"], list):
        raise manifest.refusal(f"has a {what} without a list of containers", "list its containers in spec.containers")
    policy = spec.get("restartPolicy")
    if policy not in _RESTART_POLICIES and not kinds.says_when(pod):
        found = "no restartPolicy" if policy is None else f"restartPolicy: {policy}"
        raise manifest.refusal(f"has a {what} with {found}, so that it never ends", "write restartPolicy: Never")


def _check_pod_templates(manifest: Documents, job: Document) -> None:
    what = f"{kinds.word(job)} {job['metadata']['name']!r}"
    for template in main_document.pod_templates(job):
        metadata = template.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise manifest.refusal(f"has a {what} whose spec.template.metadata is not a mapping", "mend it")
        _check_metadata(manifest, f"{what} with pods", metadata)
        spec = template["spec"]
        for problem in misshapen(spec):
            raise manifest.refusal(f"has a {what} where {problem}", "mend them")
        _check_containers(manifest, what, [*(spec.get("initContainers") or ()), *spec["containers"]])
        for twice in given_twice(spec):
            raise manifest.refusal(f"has a {what} where {twice}", "leave one of them; the API server refuses both")


def _check_containers(manifest: Documents, what: str, containers: Sequence[Any]) -> None:
    for container in containers:
        if not isinstance(container, dict):
            kind = type(container).__name__
            raise manifest.refusal(f"has a {what} with a container that is not a mapping, but a {kind}", "mend it")
        env = container.get("env") or []
        if not isinstance(env, list) or not all(isinstance(variable, dict) for variable in env):
            raise manifest.refusal(
                f"has a {what} whose container {container.get('name', '?')} has an env that is not a list of "
                "names and values",
                "write env: [{name: A, value: b}]",
            )


def _check_namespaces(manifest: Documents) -> None:
    """One command, one ``-n``: kubectl refuses a document that names another namespace."""
    named = {document["metadata"].get("namespace") for document in manifest.documents} - {None}
    if len(named) > 1 or (named and manifest.namespace is None):
        places = ", ".join(
            f"{one['kind']} {one['metadata']['name']} in {one['metadata'].get('namespace', '(none)')}"
            for one in manifest.documents
        )
        raise manifest.refusal(f"names different namespaces: {places}", "let all documents name one namespace, or none")


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except ValueError:
        return False
    return True
