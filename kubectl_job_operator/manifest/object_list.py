"""Objects that a task applies or deletes, none of which it waits for as its Job."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubectl_job_operator.manifest import checking, kinds, loading, yaml_text
from kubectl_job_operator.manifest.documents import Document, DocumentList, names_of
from kubectl_job_operator.manifest.masking import IsSecretName, masked, no_secret_name
from kubectl_job_operator.objects import Object


@dataclass(frozen=True)
class ObjectList(DocumentList):
    """A manifest with objects of any kind, at least one."""

    @classmethod
    def parse(cls, text: str, source: str, is_secret_name: IsSecretName = no_secret_name) -> ObjectList:
        """Read rendered text.

        :param source: what to call it in an error.
        :param is_secret_name: which variables' values an error about YAML does not show.
        :raises ManifestError: if it is not YAML, or has what kubectl could not take.
        """
        return cls.of(loading.documents_in(text, source, is_secret_name), source)

    @classmethod
    def of(cls, documents: Sequence[Any], source: str) -> ObjectList:
        """Take documents that were read already; empty ones are left out.

        :raises ManifestError: if there is something in them that kubectl could not take.
        """
        manifest = cls(tuple(loading.unlisted(documents)), source)
        checking.check_documents(manifest, "an object")
        if len(manifest._named_namespaces) > 1:
            places = ", ".join(
                f"{names_of([one])} in {one['metadata'].get('namespace', '(none)')}" for one in manifest.documents
            )
            raise manifest.refusal(
                f"names different namespaces: {places}", "let all documents name one namespace, or none"
            )
        checking.check_once_each(manifest)
        return manifest

    @property
    def namespace(self) -> str | None:
        """The namespace that the documents name; ``None`` if they name none."""
        return next(iter(self._named_namespaces), None)

    @property
    def _named_namespaces(self) -> set[str]:
        return {str(one["metadata"]["namespace"]) for one in self.documents if one["metadata"].get("namespace")}

    def masked_text(self) -> str:
        """Return the YAML for people: without what Secrets hold."""
        return yaml_text.dump_all(masked(document) for document in self.documents)

    def with_namespace(self, namespace: str) -> ObjectList:
        """Return the same with this namespace in every document that names one."""
        documents = copy.deepcopy(self.documents)
        for document in documents:
            if document["metadata"].get("namespace"):
                document["metadata"]["namespace"] = namespace
        return replace(self, documents=documents)

    def with_metadata(
        self, labels: Mapping[str, str], annotations: Mapping[str, str], *, but_not_on: Iterable[str] = ()
    ) -> ObjectList:
        """Return the same with these labels and annotations on every document; they win.

        :param but_not_on: the names of those that get none.
        """
        documents, others = copy.deepcopy(self.documents), set(but_not_on)
        for document in (one for one in documents if name_of(one) not in others):
            metadata = document["metadata"]
            for field, added in (("labels", labels), ("annotations", annotations)):
                if added:
                    metadata[field] = {**(metadata.get(field) or {}), **added}
        return replace(self, documents=documents)

    def without(self, names: Iterable[str]) -> tuple[Document, ...]:
        """Return the documents that have none of these names."""
        others = set(names)
        return tuple(document for document in self.documents if name_of(document) not in others)


def name_of(thing: Object) -> str:
    """Name an object as ``kubectl -o name`` does, which is unique in a namespace: ``deployment.apps/server``."""
    group = kinds.group(thing)
    return f"{str(thing['kind']).lower()}{f'.{group}' if group else ''}/{thing['metadata']['name']}"
