"""Rendered text becomes a Manifest: its documents, and the one among them that the task waits for: a Job, mostly."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import yaml

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import kinds, main_document, yaml_text
from kubectl_job_operator.manifest.env_order import joined_env, without_present
from kubectl_job_operator.manifest.labels import MAIN, SUCCESS_WHEN
from kubectl_job_operator.manifest.list_items import given_twice, misshapen

MASK = "***"

# Where client-side apply keeps the whole object; it comes along when somebody pastes `kubectl get -o yaml`.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_RESTART_POLICIES = ("Never", "OnFailure")
_SECRET_TEXT = re.compile(r"""(?:^|[\s{,"'-])kind["']?\s*:\s*["']?Secret\b""", re.MULTILINE)

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Manifest:
    """The documents that a task applies: exactly one Job, and its companions.

    Where this package says Job, it may be a Pod, or an object of another kind whose annotations say when it has ended.

    :param documents: all of them, in the order of the text.
    :param source: what to call it in an error, as the template's path.
    """

    documents: tuple[Document, ...]
    source: str

    @classmethod
    def parse(cls, text: str, source: str, job_annotations: Mapping[str, str] | None = None) -> Manifest:
        """Read rendered text.

        :param text: one or more YAML documents.
        :param source: what to call it in an error.
        :param job_annotations: added to the Job; those of ``kinds.annotations_of`` let it be of another kind.
        :raises ManifestError: if it is not YAML, or not a manifest with exactly one Job that can be run.
        """
        try:
            loaded = yaml_text.load_all(text)
        except yaml.YAMLError as error:
            raise ManifestError(_yaml_problem(error, text, source)) from error
        return cls.of(loaded, source, job_annotations)

    @classmethod
    def of(cls, documents: Sequence[Any], source: str, job_annotations: Mapping[str, str] | None = None) -> Manifest:
        """Take documents that were read already; empty ones are left out.

        :param job_annotations: added to the Job.
        :raises ManifestError: if they are not a manifest with exactly one Job that can be run.
        """
        present = [document for loose in documents if loose is not None for document in _unlisted(loose)]
        manifest = cls(tuple(present), source)
        manifest._check_documents()
        if job_annotations:
            manifest = cls(manifest._documents_with(job_annotations), source)
        manifest._check_job_and_namespaces()
        return manifest

    @property
    def job(self) -> Document:
        """The Job, or the document of another kind that takes its place."""
        return main_document.candidates(self.documents)[0]

    @property
    def companions(self) -> tuple[Document, ...]:
        """All documents but the Job."""
        job = self.job
        return tuple(document for document in self.documents if document is not job)

    @property
    def kinds(self) -> str:
        """The kinds of all documents, as kubectl takes them: ``job.v1.batch,configmap``."""
        return ",".join(dict.fromkeys(kinds.full_resource(document) for document in [self.job, *self.companions]))

    @property
    def name(self) -> str:
        """The Job's name."""
        return str(self.job["metadata"]["name"])

    @property
    def namespace(self) -> str | None:
        """The namespace that the documents name; ``None`` if they name none."""
        namespace = self.job["metadata"].get("namespace")
        return str(namespace) if namespace else None

    @property
    def has_secret(self) -> bool:
        """Whether a document is a Secret."""
        return any(document["kind"] == "Secret" for document in self.documents)

    def with_labels(self, labels: Mapping[str, str], *, on_pods: bool = True) -> Manifest:
        """Return the same manifest with these labels on every document and, unless told not to, on the Job's pods."""
        return self._with_metadata("labels", labels, on_pods=on_pods)

    def with_keep_labels(self, keep: str) -> Manifest:
        """Return the same manifest where each companion with the annotation ``keep: "true"`` has it as a label too."""
        edited, job = self._edited()
        for document in edited.documents:
            metadata = document["metadata"]
            if document is not job and str((metadata.get("annotations") or {}).get(keep)).lower() == "true":
                metadata["labels"] = {**(metadata.get("labels") or {}), keep: "true"}
        return edited

    def with_name(self, name: str) -> Manifest:
        """Return the same manifest with another name for the Job."""
        edited, job = self._edited()
        job["metadata"]["name"] = name
        return edited

    def with_namespace(self, namespace: str) -> Manifest:
        """Return the same manifest with this namespace in every document that names one."""
        documents = copy.deepcopy(self.documents)
        for document in documents:
            if document["metadata"].get("namespace"):
                document["metadata"]["namespace"] = namespace
        return replace(self, documents=documents)

    def with_active_deadline(self, seconds: int) -> Manifest:
        """Return the same manifest with this ``activeDeadlineSeconds``, unless the text sets one.

        :raises ManifestError: if it is neither a Job nor a Pod.
        """
        if not kinds.is_pod(self.job):
            self.require_job("activeDeadlineSeconds (deadline_from_timeout)")
        edited, job = self._edited()
        job["spec"].setdefault("activeDeadlineSeconds", seconds)
        return edited

    def with_grace_period(self, seconds: int) -> Manifest:
        """Return the same manifest with this ``terminationGracePeriodSeconds`` for the Job's pods."""
        edited, job = self._edited()
        for pod in main_document.pod_templates(job):
            pod["spec"]["terminationGracePeriodSeconds"] = seconds
        return edited

    def with_ttl(self, seconds: int) -> Manifest:
        """Return the same manifest with this ``ttlSecondsAfterFinished``."""
        edited, job = self._edited()
        job["spec"]["ttlSecondsAfterFinished"] = seconds
        return edited

    def with_annotations(self, annotations: Mapping[str, str], *, on_pods: bool) -> Manifest:
        """Return the same manifest with these annotations on every document and, if asked for, on the Job's pods."""
        return self._with_metadata("annotations", annotations, on_pods=on_pods)

    def with_job(self, job: Document) -> Manifest:
        """Return the same manifest with this Job in place of its own.

        :raises ManifestError: if it cannot be run.
        """
        return Manifest.of([job if document is self.job else document for document in self.documents], self.source)

    def require_job(self, arguments: str) -> None:
        """Refuse arguments that are for a Job alone where something else takes its place.

        :param arguments: their names.
        :raises ManifestError: if it does.
        """
        if not kinds.is_job(self.job):
            raise self._error(
                f"has a {_names([self.job])}, and only a Job takes {arguments}", "write it into the YAML instead"
            )

    def with_env_vars(self, env_vars: Sequence[Mapping[str, Any]]) -> Manifest:
        """Return the same manifest with these variables, as in ``env``, in all containers.

        In the first one, which all arguments are for, they win; the others, and init containers, keep what they set.
        """
        edited, job = self._edited()
        for template in main_document.pod_templates(job):
            first, *others = template["spec"]["containers"]
            first["env"] = joined_env(first.get("env") or (), env_vars)
            for other in [*(template["spec"].get("initContainers") or ()), *others]:
                present = other.get("env") or ()
                other["env"] = joined_env(present, without_present(present, env_vars))
        return edited

    def with_termination_message_path(self, path: str) -> Manifest:
        """Return the same manifest where what a container writes to this file comes back in its pod's status.

        Containers that set another ``terminationMessagePath`` keep it, and init containers are not asked.
        """
        edited, job = self._edited()
        for pod in main_document.pod_templates(job):
            for container in pod["spec"]["containers"]:
                container.setdefault("terminationMessagePath", path)
        return edited

    def with_backoff_limit(self, limit: int, *, override: bool) -> Manifest:
        """Return the same manifest with this ``backoffLimit``.

        :param override: set it even where the text sets one.
        :raises ManifestError: if it is to be set, and there is no Job that has one.
        """
        if not kinds.is_job(self.job):
            if override:
                self.require_job("backoff_limit")
            return self
        edited, job = self._edited()
        spec = job["spec"]
        is_set = spec.get("backoffLimit") is not None or spec.get("backoffLimitPerIndex") is not None
        if override or not is_set:
            job["spec"]["backoffLimit"] = limit
        return edited

    def _with_metadata(self, key: str, added: Mapping[str, str], *, on_pods: bool) -> Manifest:
        if not added:
            return self
        edited, job = self._edited()
        # A selector of the author's own may stand for a kind whose pods cannot be given labels through it.
        can_reach_pods = on_pods and (kinds.is_job(job) or not kinds.chosen_pod_selector(job))
        pods = [pod for pod in main_document.pod_templates(job) if pod is not job] if can_reach_pods else []
        for pod in pods:
            # The metadata first, as people write it.
            parts = {"metadata": pod.get("metadata") or {}, **{key: pod[key] for key in pod if key != "metadata"}}
            pod.clear()
            pod.update(parts)
        for owner in [*edited.documents, *pods]:
            metadata = owner["metadata"]
            metadata[key] = {**(metadata.get(key) or {}), **added}
        return edited

    def _edited(self) -> tuple[Manifest, dict[str, Any]]:
        """Return a copy, and its Job, to be changed."""
        edited = replace(self, documents=copy.deepcopy(self.documents))
        return edited, cast("dict[str, Any]", edited.job)

    def text(self) -> str:
        """Return the YAML for kubectl."""
        return yaml_text.dump_all(self.documents)

    def job_text(self) -> str:
        """Return the YAML of the Job alone."""
        return yaml_text.dump_all([self.job])

    def masked_text(self) -> str:
        """Return the YAML for people: without what Secrets hold."""
        return yaml_text.dump_all(masked(document) for document in self.documents)

    def _documents_with(self, annotations: Mapping[str, str]) -> tuple[Document, ...]:
        """Return the documents with these annotations on the Job; those that say when it has ended also choose it."""
        documents = copy.deepcopy(self.documents)
        found = main_document.candidates(documents)
        if kinds.says_when({"metadata": {"annotations": annotations}}):
            found = main_document.candidates_of_any_kind(documents)
            if len(found) != 1:
                names = f"{_names(found)} may be" if found else f"{_names(self.documents)} can be"
                raise self._error(
                    f"does not show which document success_when and failure_when are meant for: "
                    f"{'each of' if found else 'none of'} {names}",
                    f'mark one by the annotation {MAIN}: "true"',
                )
        for document in found:
            metadata = cast("dict[str, Any]", document["metadata"])
            metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
        return documents

    def _check_documents(self) -> None:
        """Refuse what kubectl could not take, with the reason."""
        if not self.documents:
            raise self._error("has no document: there is no YAML in it, or only comments", "write a Job into it")
        for number, document in enumerate(self.documents, start=1):
            self._check_document(number, document)

    def _check_job_and_namespaces(self) -> None:
        """Refuse what could not be run, with the reason."""
        found = main_document.candidates(self.documents)
        if len(found) != 1:
            raise self._wrong_number(found)
        try:
            says_success = kinds.kind_of(found[0]).success
        except ValueError as error:
            raise self._error(f"has a {_names(found)} with an annotation that is no rule: {error}", "mend it") from None
        if kinds.is_job(found[0]):
            self._check_job(found[0])
        elif kinds.is_pod(found[0]):
            self._check_pod(found[0])
        elif not says_success or not kinds.says_when(found[0]):
            raise self._error(
                f"has a {_names(found)}, and nothing says when it has succeeded",
                'give success_when, as success_when="Complete" or success_when="{.status.phase}=Succeeded", or the '
                f"annotation {SUCCESS_WHEN}",
            )
        self._check_pod_templates(found[0])
        self._check_namespaces()

    def _wrong_number(self, found: Sequence[Document]) -> ManifestError:
        """Make the error that tells why there is not one Job."""
        if not found:
            only = ", ".join(str(document["kind"]) for document in self.documents)
            advice = "a task runs exactly one Job; give each a task of its own"
            if main_document.candidates_of_any_kind(self.documents):
                advice += ". For another kind, success_when says when it has succeeded"
            return self._error(f"has no Job (apiVersion: batch/v1), only {only}", advice)
        if not all(map(kinds.is_job, found)) and not all(map(kinds.is_pod, found)):
            return self._error(f"marks {len(found)} documents as the main one ({_names(found)})", "mark one of them")
        names = ", ".join(str(job["metadata"].get("name")) for job in found)
        kind = kinds.word(found[0])
        return self._error(
            f"has {len(found)} {kind}s ({names})", f"a task runs exactly one {kind}; give each a task of its own"
        )

    def _check_document(self, number: int, document: Any) -> None:
        if not isinstance(document, dict):
            kind = type(document).__name__
            raise self._error(f"has a document (number {number}) that is not a mapping, but a {kind}", "mend it")
        for key in ("apiVersion", "kind"):
            if not isinstance(document.get(key), str):
                raise self._error(f"has a document (number {number}) without {key}", f"give it {key}")
        what = f"{document['kind']} (document {number})"
        metadata = document.get("metadata")
        if not isinstance(metadata, dict):
            raise self._error(f"has a {what} without metadata", "give it metadata with a name")
        if metadata.get("generateName"):
            raise self._error(
                f"has a {what} with generateName, which kubectl apply refuses",
                "give it metadata.name, as my-job-{{ ts_nodash | lower }}",
            )
        if not metadata.get("name"):
            raise self._error(f"has a {what} without a name", "give it metadata.name")
        self._check_metadata(what, metadata)
        if document["kind"] == "Secret":
            self._check_secret(what, document)

    def _check_metadata(self, what: str, metadata: Document) -> None:
        for key in ("name", "namespace"):
            if not isinstance(metadata.get(key, ""), str):
                raise self._error(f"has a {what} whose {key} is not a string: {metadata[key]!r}", "put it into quotes")
        for key in ("labels", "annotations"):
            if not isinstance(metadata.get(key) or {}, dict):
                raise self._error(f"has a {what} whose {key} are not a mapping", "mend them")

    def _check_secret(self, what: str, secret: Document) -> None:
        """Refuse here what the API server would refuse with the value in its words."""
        for field in ("data", "stringData"):
            values = secret.get(field) or {}
            if not isinstance(values, dict):
                raise self._error(f"has a {what} whose {field} is not a mapping", "mend it")
            for key, value in values.items():
                if not isinstance(value, str):
                    raise self._error(f"has a {what} whose {field}.{key} is not a string", "put the value into quotes")
                if field == "data" and not _is_base64(value):
                    raise self._error(f"has a {what} whose data.{key} is not base64", "use stringData for plain text")

    def _check_job(self, job: Document) -> None:
        name = job["metadata"]["name"]
        spec: Any = job
        for key in ("spec", "template", "spec"):
            spec = spec.get(key) if isinstance(spec, dict) else None
        if not isinstance(spec, dict):
            raise self._error(f"has a Job {name!r} without spec.template.spec", "describe the Job's pods there")
        for problem in misshapen(spec):
            raise self._error(f"has a Job {name!r} where {problem}", "mend them")
        if not isinstance(spec.get("containers") or [], list):
            raise self._error(f"has a Job {name!r} without a list of containers", "list its containers")
        containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
        if not spec.get("containers") or not all(isinstance(container, dict) for container in containers):
            raise self._error(f"has a Job {name!r} without a list of containers", "list its containers")
        policy = spec.get("restartPolicy")
        if policy not in _RESTART_POLICIES:
            found = "no restartPolicy" if policy is None else f"restartPolicy: {policy}"
            raise self._error(
                f"has a Job {name!r} with {found} in spec.template.spec; a Job takes only "
                f"{' or '.join(_RESTART_POLICIES)}",
                "write restartPolicy: Never",
            )

    def _check_pod(self, pod: Document) -> None:
        what, spec = _names([pod]), pod.get("spec")
        if not isinstance(spec, dict) or not spec.get("containers") or not isinstance(spec["containers"], list):
            raise self._error(f"has a {what} without a list of containers", "list its containers in spec.containers")
        policy = spec.get("restartPolicy")
        if policy not in _RESTART_POLICIES and not kinds.says_when(pod):
            found = "no restartPolicy" if policy is None else f"restartPolicy: {policy}"
            raise self._error(f"has a {what} with {found}, so that it never ends", "write restartPolicy: Never")

    def _check_pod_templates(self, job: Document) -> None:
        what = f"{kinds.word(job)} {job['metadata']['name']!r}"
        for template in main_document.pod_templates(job):
            metadata = template.get("metadata") or {}
            if not isinstance(metadata, dict):
                raise self._error(f"has a {what} whose spec.template.metadata is not a mapping", "mend it")
            self._check_metadata(f"{what} with pods", metadata)
            spec = template["spec"]
            for problem in misshapen(spec):
                raise self._error(f"has a {what} where {problem}", "mend them")
            self._check_containers(what, [*(spec.get("initContainers") or ()), *spec["containers"]])
            for twice in given_twice(spec):
                raise self._error(f"has a {what} where {twice}", "leave one of them; the API server refuses both")

    def _check_containers(self, what: str, containers: Sequence[Any]) -> None:
        for container in containers:
            if not isinstance(container, dict):
                raise self._error(f"has a {what} with a container that is not a mapping: {container!r}", "mend it")
            env = container.get("env") or []
            if not isinstance(env, list) or not all(isinstance(variable, dict) for variable in env):
                raise self._error(
                    f"has a {what} whose container {container.get('name', '?')} has an env that is not a list of "
                    "names and values",
                    "write env: [{name: A, value: b}]",
                )

    def _check_namespaces(self) -> None:
        """One command, one ``-n``: kubectl refuses a document that names another namespace."""
        named = {document["metadata"].get("namespace") for document in self.documents} - {None}
        if len(named) > 1 or (named and self.namespace is None):
            places = ", ".join(
                f"{one['kind']} {one['metadata']['name']} in {one['metadata'].get('namespace', '(none)')}"
                for one in self.documents
            )
            raise self._error(f"names different namespaces: {places}", "let all documents name one namespace, or none")

    def _error(self, problem: str, advice: str) -> ManifestError:
        return ManifestError(f"The manifest from {self.source} {problem}.\nWhat to do: {advice}.")


def _names(documents: Sequence[Document]) -> str:
    return ", ".join(f"{document['kind']} {document['metadata']['name']}" for document in documents)


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except ValueError:
        return False
    return True


def _unlisted(document: Any) -> Sequence[Any]:
    """Take the items out of a List, which kubectl applies one by one."""
    if isinstance(document, dict) and document.get("kind") == "List" and isinstance(document.get("items"), list):
        return list(document["items"])
    return [document]


def masked(document: Document) -> Document:
    """Replace what a Secret holds; its keys stay to be seen."""
    if document.get("kind") != "Secret":
        return document
    hidden = {
        key: dict.fromkeys(document[key], MASK) if isinstance(document[key], dict) else MASK
        for key in ("data", "stringData")
        if key in document
    }
    metadata = dict(document["metadata"])
    if _LAST_APPLIED in (metadata.get("annotations") or {}):
        metadata["annotations"] = {**metadata["annotations"], _LAST_APPLIED: MASK}
    return {**document, "metadata": metadata, **hidden}


def _yaml_problem(error: yaml.YAMLError, text: str, source: str) -> str:
    """Say what is wrong with the YAML, and show the rendered line."""
    advice = "What to do: mend the template; if a value came from a variable, write it as {{ value | tojson }}."
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f"The text rendered from {source} is not valid YAML: {error}\n{advice}"
    problem = getattr(error, "problem", None) or "it cannot be read"
    headline = f"The text rendered from {source} is not valid YAML: line {mark.line + 1}, column {mark.column + 1}"
    return f"{headline}: {problem}.\n{_pointed_at(text, mark.line, mark.column)}{advice}"


def _pointed_at(text: str, line: int, column: int) -> str:
    """Show a line with a mark under the column, unless it may belong to a Secret."""
    lines = text.splitlines()
    if line >= len(lines):
        return "  (at the end of the text)\n"
    start = max((number for number in range(line) if lines[number].startswith("---")), default=0)
    end = next((number for number in range(line + 1, len(lines)) if lines[number].startswith("---")), len(lines))
    if _SECRET_TEXT.search("\n".join(lines[start:end])):
        return "  (the line is not shown: it is part of a Secret)\n"
    gutter = f"  {line + 1} | "
    return f"{gutter}{lines[line]}\n{' ' * (len(gutter) + column)}^\n"
