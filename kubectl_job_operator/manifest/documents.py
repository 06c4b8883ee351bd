"""The documents of a manifest: which of them the task waits for, and what all of them are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest import kinds, lifetime, main_document, yaml_text

Document = Mapping[str, Any]


@dataclass(frozen=True)
class DocumentList:
    """The documents of a manifest, whatever they are.

    :param documents: all of them, in the order of the text.
    :param source: what to call it in an error, as the template's path.
    :param is_unnamed: whether the Job's name is not its author's.
    """

    documents: tuple[Document, ...]
    source: str
    is_unnamed: bool = False

    @property
    def has_secret(self) -> bool:
        """Whether a document is a Secret."""
        return any(document["kind"] == "Secret" for document in self.documents)

    def text(self) -> str:
        """Return the YAML for kubectl."""
        return yaml_text.dump_all(self.documents)

    def refusal(self, problem: str, advice: str) -> ManifestError:
        """Make the error that tells what is wrong with them, and what to do."""
        return ManifestError(f"The manifest from {self.source} {problem}.\nWhat to do: {advice}.")


@dataclass(frozen=True)
class Documents(DocumentList):
    """The documents of which one is the Job that the task waits for."""

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
        """The kinds of what is deleted with the Job, and its own, as kubectl takes them: ``job.v1.batch,configmap``."""
        deleted = [self.job, *(one for one in self.companions if not lifetime.is_kept(one))]
        return ",".join(dict.fromkeys(map(kinds.full_resource, deleted)))

    @property
    def name(self) -> str:
        """The Job's name."""
        return str(self.job["metadata"]["name"])

    @property
    def namespace(self) -> str | None:
        """The namespace that the documents name; ``None`` if they name none."""
        namespace = self.job["metadata"].get("namespace")
        return str(namespace) if namespace else None

    def require_job(self, arguments: str) -> None:
        """Refuse arguments that are for a Job alone where something else takes its place.

        :param arguments: their names.
        :raises ManifestError: if it does.
        """
        if not kinds.is_job(self.job):
            raise self.refusal(
                f"has a {names_of([self.job])}, and only a Job takes {arguments}", "write it into the YAML instead"
            )


def names_of(documents: Sequence[Document]) -> str:
    """Name documents by their kinds and names."""
    return ", ".join(f"{document['kind']} {document['metadata']['name']}" for document in documents)
