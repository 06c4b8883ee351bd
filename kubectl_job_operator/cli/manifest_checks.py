"""Who can tell whether a manifest is valid: Kubernetes' schemas, or an API server."""

from __future__ import annotations

import secrets
from typing import Protocol

from kubectl_job_operator.attempt.asking import Connection
from kubectl_job_operator.cli import quantities, schemas
from kubectl_job_operator.cli.problems import Locator, Problem
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.manifest.documents import Document
from kubectl_job_operator.manifest.manifest import Manifest

_FILE = "document.yaml"
# The cluster has not come to judge the manifest.
_NOT_JUDGED = frozenset(
    {
        ErrorKind.CERTIFICATE,
        ErrorKind.CONFIGURATION,
        ErrorKind.CREDENTIALS,
        ErrorKind.NAMESPACE_NOT_FOUND,
        ErrorKind.NO_ANSWER,
        ErrorKind.PROXY,
        ErrorKind.SERVER_BUSY,
        ErrorKind.SIGNALLED,
        ErrorKind.UNAUTHORIZED,
        ErrorKind.UNREACHABLE,
    }
)
# There is an object of that name already. A run replaces it, uses it or says so; whether the manifest is valid is
# another question.
_NAME_IS_TAKEN = frozenset({ErrorKind.CONFLICT, ErrorKind.IMMUTABLE})
# Their names follow from what is in them, so that they cannot be tried under another one.
_NAMED_BY_CONTENT = frozenset({"APIService", "CustomResourceDefinition"})


class Check(Protocol):
    """Tells what is wrong with a manifest; as a string it tells who says so."""

    def problems(self, manifest: Manifest, locator: Locator, namespace: str | None) -> list[Problem]:
        """Return what is wrong, in the order of the documents."""


class SchemaCheck:
    """Kubernetes' schemas, without a cluster. They tell one problem of each document at a time.

    :param version: whose, as ``1.36``; default is the newest that is known.
    :raises InputError: if they are not installed.
    """

    def __init__(self, version: str | None) -> None:
        self._version = version or schemas.newest_version()

    def __str__(self) -> str:
        return f"by the schemas of Kubernetes {self._version}"

    def problems(self, manifest: Manifest, locator: Locator, namespace: str | None) -> list[Problem]:  # noqa: ARG002
        """Return what is wrong, in the order of the documents."""
        found = []
        for number, document in enumerate(manifest.documents):
            mismatch = schemas.check(document, self._version)
            if mismatch is not None:
                found.append(locator.at_path(number, mismatch.path, mismatch.words))
            found += [locator.at_path(number, path, words) for path, words in quantities.wrong(document)]
        return found


class ServerCheck:
    """The API server, by a dry run of each document.

    :param connection: to it.
    """

    def __init__(self, connection: Connection) -> None:
        self._kubectl = connection.kubectl
        self._workspace = connection.workspace
        self._default_namespace: str | None = None

    def __str__(self) -> str:
        return f"by the API server, in namespace {self._kubectl.namespace}"

    def problems(self, manifest: Manifest, locator: Locator, namespace: str | None) -> list[Problem]:
        """Return what is wrong, in the order of the documents.

        :raises KubectlError: if the cluster cannot be asked.
        """
        if namespace is None and self._default_namespace is None:
            self._default_namespace = self._kubectl.default_namespace()
        self._kubectl.namespace = namespace or self._default_namespace
        found = []
        for number, document in enumerate(manifest.documents):
            error = self._refusal(document)
            if error is not None and error.kind in _NAME_IS_TAKEN:
                error = self._refusal_under_another_name(document)
            if error is not None:
                found += locator.in_words(number, error.words)
        return found

    def _refusal_under_another_name(self, document: Document) -> KubectlError | None:
        if document["kind"] in _NAMED_BY_CONTENT:
            return None
        return self._refusal(
            {**document, "metadata": {**document["metadata"], "name": f"validate-{secrets.token_hex(4)}"}}
        )

    def _refusal(self, document: Document) -> KubectlError | None:
        file = self._workspace.write_documents(_FILE, [document])
        try:
            self._kubectl.finish_dry_run(self._kubectl.start_dry_run(file))
        except KubectlError as error:
            if error.kind in _NOT_JUDGED:
                raise
            return error
        return None
