"""Rendered text becomes a Manifest: its documents, and the one among them that the task waits for: a Job, mostly."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from kubectl_job_operator.manifest import checking, kinds, loading, main_document, nameless, yaml_text
from kubectl_job_operator.manifest.documents import Document, names_of
from kubectl_job_operator.manifest.editing import Editable
from kubectl_job_operator.manifest.labels import MAIN
from kubectl_job_operator.manifest.masking import IsSecretName, masked, no_secret_name


@dataclass(frozen=True)
class Manifest(Editable):
    """The documents that a task applies: exactly one Job, and its companions.

    Where this package says Job, it may be a Pod, or an object of another kind whose annotations say when it has ended.

    :param documents: all of them, in the order of the text.
    :param source: what to call it in an error, as the template's path.
    :param is_unnamed: whether the Job's name is not its author's.
    """

    @classmethod
    def parse(
        cls,
        text: str,
        source: str,
        job_annotations: Mapping[str, str] | None = None,
        name: str | None = None,
        is_secret_name: IsSecretName = no_secret_name,
    ) -> Manifest:
        """Read rendered text.

        :param text: one or more YAML documents.
        :param source: what to call it in an error.
        :param job_annotations: added to the Job; those of ``kinds.annotations_of`` let it be of another kind.
        :param name: what the Job is called if the text does not say; without it a Job must have a name.
        :param is_secret_name: which variables' values an error about YAML does not show.
        :raises ManifestError: if it is not YAML, or not a manifest with exactly one Job that can be run.
        """
        return cls.of(loading.documents_in(text, source, is_secret_name), source, job_annotations, name)

    @classmethod
    def of(
        cls,
        documents: Sequence[Any],
        source: str,
        job_annotations: Mapping[str, str] | None = None,
        name: str | None = None,
    ) -> Manifest:
        """Take documents that were read already; empty ones are left out.

        :param job_annotations: added to the Job.
        :param name: what the Job is called if it has no name.
        :raises ManifestError: if they are not a manifest with exactly one Job that can be run.
        """
        present = loading.unlisted(documents)
        is_unnamed = False
        if name is not None:
            of_any_kind = kinds.says_when({"metadata": {"annotations": job_annotations or {}}})
            present, is_unnamed = nameless.named(present, name, of_any_kind=of_any_kind)
        manifest = cls(tuple(present), source, is_unnamed)
        checking.check_documents(manifest)
        if job_annotations:
            manifest = replace(manifest, documents=manifest._documents_with(job_annotations))
        checking.check_job_and_namespaces(manifest)
        checking.check_once_each(manifest)
        return manifest

    def with_job(self, job: Document) -> Manifest:
        """Return the same manifest with this Job in place of its own.

        :raises ManifestError: if it cannot be run.
        """
        changed = Manifest.of([job if one is self.job else one for one in self.documents], self.source)
        return replace(changed, is_unnamed=self.is_unnamed)

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
                names = f"{names_of(found)} may be" if found else f"{names_of(self.documents)} can be"
                raise self.refusal(
                    f"does not show which document success_when and failure_when are meant for: "
                    f"{'each of' if found else 'none of'} {names}",
                    f'mark one by the annotation {MAIN}: "true"',
                )
        for document in found:
            metadata = cast("dict[str, Any]", document["metadata"])
            metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
        return documents
