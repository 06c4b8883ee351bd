"""Changed copies of a manifest, as a task needs them; the original stays as it is."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from kubectl_job_operator.manifest import kinds, lifetime, main_container, main_document, references
from kubectl_job_operator.manifest.documents import Documents
from kubectl_job_operator.manifest.env_order import joined_env, without_present
from kubectl_job_operator.manifest.labels import KEEP, SECRETS_COME_LATE
from kubectl_job_operator.manifest.name_room import longest_name

if TYPE_CHECKING:
    from typing_extensions import Self

_MARK_LENGTH = 6


@dataclass(frozen=True)
class Editable(Documents):
    """Documents of which changed copies can be made."""

    def with_labels(self, labels: Mapping[str, str], *, on_pods: bool = True) -> Self:
        """Return the same manifest with these labels on every document and, unless told not to, on the Job's pods."""
        return self._with_metadata("labels", labels, on_pods=on_pods)

    def with_annotations(self, annotations: Mapping[str, str], *, on_pods: bool) -> Self:
        """Return the same manifest with these annotations on every document and, if asked for, on the Job's pods."""
        return self._with_metadata("annotations", annotations, on_pods=on_pods)

    def with_keep_labels(self) -> Self:
        """Return the same manifest where each companion that is to be kept has that as a label, for kubectl to see."""
        edited, job = self._edited()
        for document in edited.documents:
            if document is not job and lifetime.is_kept(document):
                metadata = document["metadata"]
                metadata["labels"] = {**(metadata.get("labels") or {}), KEEP: "true"}
        return edited

    def with_late_secrets(self) -> Self:
        """Return the same manifest where the Job tells that a companion makes a Secret or ConfigMap, if one does."""
        if not any(map(kinds.makes_secrets, self.companions)):
            return self
        edited, job = self._edited()
        metadata = job["metadata"]
        metadata["annotations"] = {SECRETS_COME_LATE: "true", **(metadata.get("annotations") or {})}
        return edited

    def with_name(self, name: str) -> Self:
        """Return the same manifest with another name for the Job."""
        edited, job = self._edited()
        job["metadata"]["name"] = name
        return edited

    def with_names(self, rename: Callable[[str, int], str], longest: int | None = None) -> Self:
        """Return the same manifest with other names for the Job and the companions, and wherever it refers to them.

        What is kept keeps its name: it is there for all runs.

        :param rename: makes a name of the old one and of how many characters it may have.
        :param longest: how many the Job's may have, where its kind allows more.
        """
        edited, job = self._edited()
        renamed: dict[tuple[str, str], str] = {}
        for document in [job, *(one for one in edited.documents if one is not job and not lifetime.is_kept(one))]:
            kind, old = document["kind"], document["metadata"]["name"]
            room = longest_name(document, longest if document is job else None)
            new = rename(old, room)
            if any(name == new and of[0] == kind and of[1] != old for of, name in renamed.items()):
                # Both were cut: what this one was tells them apart.
                mark = f"-{hashlib.sha256(old.encode()).hexdigest()[:_MARK_LENGTH]}"
                new = f"{rename(old, room - len(mark))}{mark}"
            document["metadata"]["name"] = renamed[kind, old] = new
        for document in edited.documents:
            references.follow(document, renamed)
        return edited

    def with_namespace(self, namespace: str) -> Self:
        """Return the same manifest with this namespace in every document that names one."""
        documents = copy.deepcopy(self.documents)
        for document in documents:
            if document["metadata"].get("namespace"):
                document["metadata"]["namespace"] = namespace
        return replace(self, documents=documents)

    def with_active_deadline(self, seconds: int) -> Self:
        """Return the same manifest with this ``activeDeadlineSeconds``, unless the text sets one.

        :raises ManifestError: if it is neither a Job nor a Pod.
        """
        if not kinds.is_pod(self.job):
            self.require_job("activeDeadlineSeconds (deadline_from_timeout)")
        edited, job = self._edited()
        job["spec"].setdefault("activeDeadlineSeconds", seconds)
        return edited

    def with_grace_period(self, seconds: int) -> Self:
        """Return the same manifest with this ``terminationGracePeriodSeconds`` for the Job's pods."""
        edited, job = self._edited()
        for pod in main_document.pod_templates(job):
            pod["spec"]["terminationGracePeriodSeconds"] = seconds
        return edited

    def with_ttl(self, seconds: int) -> Self:
        """Return the same manifest with this ``ttlSecondsAfterFinished``."""
        edited, job = self._edited()
        job["spec"]["ttlSecondsAfterFinished"] = seconds
        return edited

    def with_env_vars(self, env_vars: Sequence[Mapping[str, Any]]) -> Self:
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

    def with_termination_message_path(self, path: str) -> Self:
        """Return the same manifest where what a container writes to this file comes back in its pod's status.

        Containers that set another ``terminationMessagePath`` keep it, and init containers are not asked.
        """
        edited, job = self._edited()
        for pod in main_document.pod_templates(job):
            for container in pod["spec"]["containers"]:
                container.setdefault("terminationMessagePath", path)
        return edited

    def with_backoff_limit(self, limit: int, *, override: bool) -> Self:
        """Return the same manifest with this ``backoffLimit``.

        :param override: set it even where the text sets one.
        :raises ManifestError: if it is to be set, and there is no Job that has one, or a main container decides.
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
        problem = main_container.problem_of(job)
        if problem is not None:
            raise self.refusal(*problem)
        return edited

    def _with_metadata(self, key: str, added: Mapping[str, str], *, on_pods: bool) -> Self:
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

    def _edited(self) -> tuple[Self, dict[str, Any]]:
        """Return a copy, and its Job, to be changed."""
        edited = replace(self, documents=copy.deepcopy(self.documents))
        return edited, cast("dict[str, Any]", edited.job)
