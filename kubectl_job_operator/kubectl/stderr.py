"""What kubectl's words on stderr mean. Almost every failure returns 1, so the words are all there is.

The table is held against recordings of kubectl 1.32 and Kubernetes 1.36 in ``tests/fixtures/kubectl-stderr.md``.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from kubectl_job_operator.errors import ErrorKind, KubectlError

_NOISE = re.compile(
    r"^[EWI]\d{4} \d\d:\d\d:\d\d\.\d+ "
)  # lines of kubectl's own logger, as "E1120 19:25:02.614761 ..."
_FORBIDDEN = re.compile(r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"(?: in API group "(?P<group>[^"]*)")?')

_HINTS: dict[ErrorKind, str] = {
    ErrorKind.FORBIDDEN: "the request was refused for the reason above; ask who runs the cluster.",
    ErrorKind.UNAUTHORIZED: "the credentials are wrong or have expired; renew the kubeconfig or the token.",
    ErrorKind.UNREACHABLE: "check that the cluster is up, that its address in the kubeconfig is right and that this "
    "machine can reach it.",
    ErrorKind.CERTIFICATE: "check certificate-authority-data in the kubeconfig: the server's certificate is not signed "
    "by it.",
    ErrorKind.CONFIGURATION: "check config_file, cluster_context and KUBECONFIG; `kubectl config get-contexts` lists "
    "what there is.",
    ErrorKind.NAMESPACE_NOT_FOUND: "create the namespace or choose another; nothing was created.",
    ErrorKind.NOT_FOUND: "it does not exist, or no longer does.",
    ErrorKind.IMMUTABLE: "the object exists and cannot be changed that way; delete it or rename the new one.",
    ErrorKind.INVALID: "mend the template: the API server does not accept this manifest.",
    ErrorKind.UNKNOWN_RESOURCE: "install what defines that kind, or mend apiVersion and kind in the template.",
    ErrorKind.NAMESPACE_MISMATCH: "let the documents of the manifest name one namespace, or none.",
    ErrorKind.CONFLICT: "somebody else manages that field of the object; remove it from the template or rename the "
    "object.",
    ErrorKind.SERVER_BUSY: "the API server is in trouble or overloaded; try again later.",
    ErrorKind.NOT_STARTED: "look at the memory and the number of processes of the machine where the task runs.",
    ErrorKind.NO_ANSWER: "the cluster did not answer in time; check its address and that it is up.",
}

_PATTERNS: tuple[tuple[ErrorKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.MULTILINE))
    for kind, pattern in (
        (ErrorKind.CONTAINER_WAITING, r"is waiting to start|ContainerCreating|PodInitializing"),
        (ErrorKind.SERVER_BUSY, r"\((TooManyRequests|InternalError|ServiceUnavailable|Timeout|ServerTimeout)\)"),
        (ErrorKind.FORBIDDEN, r"\(Forbidden\)|is forbidden:"),
        (ErrorKind.UNAUTHORIZED, r"\(Unauthorized\)|must be logged in to the server|asked for the client to provide"),
        (ErrorKind.CERTIFICATE, r"x509:|failed to verify certificate|first record does not look like a TLS handshake"),
        (
            ErrorKind.CONFIGURATION,
            r"context was not found|context .+ does not exist|Error in configuration|error loading config file"
            r"|no configuration has been provided|error: stat .*: no such file|current-context must exist"
            # A bare EOF: kubectl asked for a user name, and there was nobody to answer.
            r"|executable .* not found|exec plugin|getting credentials: exec|^error: EOF$",
        ),
        (ErrorKind.NAMESPACE_NOT_FOUND, r'\(NotFound\): namespaces? "'),
        (ErrorKind.NOT_FOUND, r"\(NotFound\)"),
        (ErrorKind.CONDITION_TIMED_OUT, r"timed out waiting for the condition"),
        (ErrorKind.IMMUTABLE, r"field is immutable"),
        (ErrorKind.UNKNOWN_RESOURCE, r"no matches for kind|doesn't have a resource type"),
        (ErrorKind.CONFLICT, r"Apply failed with \d+ conflict|\(Conflict\)"),
        (ErrorKind.NAMESPACE_MISMATCH, r"does not match the namespace"),
        # Before what tells an outage: the words of a manifest may be anything.
        (ErrorKind.INVALID, r'^The \S+ ".*" is invalid: |\(BadRequest\)|\(Invalid\)'),
        (
            ErrorKind.UNREACHABLE,
            r"was refused|connection refused|no such host|connection reset|no route to host|network is unreachable"
            r"|server misbehaving|i/o timeout|TLS handshake timeout|unexpected EOF|: EOF$|broken pipe"
            r"|http2: |connection lost|Unable to connect to the server",
        ),
        (
            ErrorKind.SERVER_BUSY,
            r"etcdserver:|currently unable to handle the request|server has received too many requests"
            r"|context deadline exceeded|Client\.Timeout exceeded|request timed out|unable to return a response"
            r"|apiserver not ready|leader changed|storage is \(re\)initializing|server is shutting down",
        ),
        # After it: kubectl also says "error validating" where it cannot ask the server for its schema.
        (
            ErrorKind.INVALID,
            r"field not declared in schema|unknown field|cannot use generate name|error parsing "
            r"|failed to create typed patch|unable to decode|error validating|illegal base64",
        ),
    )
)


def explain(argv: Sequence[str], return_code: int, stderr: str) -> KubectlError:
    """Turn a failed command into the error that says what happened and what to do."""
    words = _words(stderr) or (f"ended by signal {-return_code}" if return_code < 0 else "")
    kind = kind_of(return_code, words)
    return KubectlError(argv, return_code, stderr, kind, words=words, hint=_hint(kind, words))


def no_answer(argv: Sequence[str], seconds: float) -> KubectlError:
    """Make the error for a command that was ended because it had not finished in time."""
    kind = ErrorKind.NO_ANSWER
    return KubectlError(
        argv, -signal.SIGTERM, "", kind, words=f"no answer in {seconds:.0f} s, so it was ended", hint=_HINTS[kind]
    )


def not_started(argv: Sequence[str], error: OSError) -> KubectlError:
    """Make the error for a command that the machine had no room to start."""
    kind = ErrorKind.NOT_STARTED
    return KubectlError(argv, 1, "", kind, words=f"it could not be started: {error}", hint=_HINTS[kind])


def kind_of(return_code: int, stderr: str) -> ErrorKind:
    """Tell what kind of failure it was."""
    if return_code < 0:
        return ErrorKind.SIGNALLED
    for kind, pattern in _PATTERNS:
        if pattern.search(stderr):
            return kind
    return ErrorKind.OTHER


def _words(stderr: str) -> str:
    """Leave out the lines of kubectl's own logger, unless there is nothing else."""
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    return "\n".join([line for line in lines if not _NOISE.match(line)] or lines)


def _hint(kind: ErrorKind, words: str) -> str:
    missing = _FORBIDDEN.search(words)
    if kind is ErrorKind.FORBIDDEN and missing:
        resource = missing["resource"] + (f".{missing['group']}" if missing["group"] else "")
        return f'the account lacks the right to "{missing["verb"]}" {resource}; add it to its Role.'
    if words == "error: EOF":
        return "kubectl asked for a user name, so this user of the kubeconfig has no credentials; add them there."
    if "localhost:8080" in words:
        return (
            "kubectl found no configuration and tried its last resort; set config_file or KUBECONFIG, or in a pod "
            "in_cluster=True."
        )
    return _HINTS.get(kind, "")
