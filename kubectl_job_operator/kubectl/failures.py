"""What kind of failure kubectl's own words mean: a table of patterns, of which the first that fits decides.

It is held against what kubectl has printed, in ``tests/fixtures/kubectl-stderr.md``.
"""

from __future__ import annotations

import re

from kubectl_job_operator.errors import ErrorKind

_WHILE = r"(?:error when \w+ \"\": )?"
_SERVER = rf"^(?:error: )?[Ee]rror from server(?: \(\w+\))?: {_WHILE}"
_INVALID = r"^The \S+ \"\" is invalid: "
_FORBIDDEN = rf"{_SERVER}\S+(?: \"\")? is forbidden: "
_CREDENTIALS = r"^(?:Unable to connect to the server: |error: |couldn't get .*?: )?(?:\w+ \"\": )?getting credentials: "


def _reason(*reasons: str) -> str:
    """Match the word in brackets that the API server gives for each of its errors."""
    return rf"^(?:error: )?[Ee]rror from server \((?:{'|'.join(reasons)})\)"


_PROXYS_WORDS = (
    "Bad Request",
    "Forbidden",
    "Method Not Allowed",
    "Not Found",
    "Proxy Authentication Required",
    "Unauthorized",
)
_PLUGIN_IS_UNFIT = (
    r"executable .* not found$|fork/exec .*: (?:no such file or directory|permission denied|exec format error)$"
    # Where it printed nothing at all, kubectl takes it for a version of its own.
    r"|plugin returned version (?!\S*/__internal)|no kind \"\" is registered for version"
    r"|cannot support interactive mode"
)
# Most tasks never need them, so each is compiled by its first search, and kept by ``re``.
# First what begins with kubectl's own words, for after them may come any; then what may stand anywhere.
_PATTERNS: tuple[tuple[ErrorKind, str], ...] = (
    (
        ErrorKind.CONFIGURATION,
        r"^Error in configuration|^error: (?:context (?:.* does not exist$|was not found)|error loading config file"
        r"|exec plugin: |no Auth Provider found|stat .*: no such file|current-context must exist)"
        # A bare EOF: kubectl asked for a user name, and there was nobody to answer.
        r"|^error: EOF$",
    ),
    (ErrorKind.CONFIGURATION, rf"{_CREDENTIALS}.*(?:{_PLUGIN_IS_UNFIT})"),
    (ErrorKind.CREDENTIALS, _CREDENTIALS),
    (ErrorKind.INVALID, r"^error: (?:error parsing |from .*: cannot use generate name)"),
    (ErrorKind.NAMESPACE_MISMATCH, r"^error: the namespace from the provided object \"\" does not match"),
    (ErrorKind.CONDITION_TIMED_OUT, r"^error: timed out waiting for the condition"),
    # Before all that the server says itself: who denies may give any reason, and any text.
    (
        ErrorKind.ADMISSION,
        rf"(?:{_SERVER}|{_INVALID}|^error: )(?:: |\S+(?: \"\")? is forbidden: )?(?:admission webhook \"\" denied "
        r"the request|ValidatingAdmissionPolicy '' with binding '' denied request|violates PodSecurity \"\")",
    ),
    (ErrorKind.INVALID, rf"{_SERVER}failed to create typed patch"),
    (
        ErrorKind.TOO_LARGE,
        rf"{_reason('RequestEntityTooLarge')}|{_INVALID}.*Too long: may not be more than \d+ bytes$"
        rf"|{_SERVER}(?:rpc error: .* = )?(?:etcdserver: request is too large$|trying to send message larger than)",
    ),
    (ErrorKind.PROXY, rf"^(?:Unable to connect to the server: |error: Get \"\": )(?:{'|'.join(_PROXYS_WORDS)})$"),
    (
        ErrorKind.SERVER_BUSY,
        _reason("TooManyRequests", "InternalError", "ServiceUnavailable", "Timeout", "ServerTimeout"),
    ),
    # A server that has just started says so with the word Forbidden.
    (ErrorKind.SERVER_BUSY, rf"{_FORBIDDEN}(?:not yet ready to handle request|status unknown for quota)"),
    (ErrorKind.QUOTA, rf"{_FORBIDDEN}(?:exceeded|failed) quota"),
    (ErrorKind.NAMESPACE_NOT_FOUND, rf"{_FORBIDDEN}unable to create new content in namespace \S+ because it is "),
    (ErrorKind.NOT_FOUND, rf"{_FORBIDDEN}error looking up service account "),
    (ErrorKind.ADMISSION, rf"{_FORBIDDEN}(?!User \"\")"),
    (
        ErrorKind.FORBIDDEN,
        rf"{_reason('Forbidden')}|^(?:error: )?.*?\bforbidden: User \"\" cannot "
        # All that is left of a 403 whose text is not an API server's.
        r"|^error: (?:unable to recognize \"\": )?unknown$",
    ),
    (
        ErrorKind.UNAUTHORIZED,
        rf"{_reason('Unauthorized')}|^error: You must be logged in to the server"
        r"|^(?:error: |[Ee]rror from server).*\bthe server has asked for the client to provide credentials",
    ),
    (ErrorKind.CONTAINER_WAITING, rf"{_reason('BadRequest')}: container \"\" in pod \"\" is waiting to start"),
    (ErrorKind.NAMESPACE_NOT_FOUND, rf"{_reason('NotFound')}: {_WHILE}namespaces? \""),
    # A kubelet that has just started does not know its pods yet.
    (
        ErrorKind.SERVER_BUSY,
        rf"{_reason('NotFound')}: the server could not find the requested resource \( ?pods/log ",
    ),
    (ErrorKind.NOT_FOUND, _reason("NotFound")),
    (ErrorKind.CONFLICT, rf"{_reason('Conflict')}|^error: (?:Apply failed with \d+ conflict|Operation cannot be )"),
    (ErrorKind.IMMUTABLE, rf"{_INVALID}.*field is immutable"),
    (ErrorKind.INVALID, rf"{_INVALID}|{_reason('BadRequest', 'Invalid')}"),
    (ErrorKind.UNKNOWN_RESOURCE, r"no matches for kind|doesn't have a resource type"),
    (ErrorKind.CERTIFICATE, r"x509:|failed to verify certificate|first record does not look like a TLS handshake"),
    # The server itself answers, but what is behind it does not: etcd, or the kubelet that has the logs.
    (
        ErrorKind.SERVER_BUSY,
        rf"{_SERVER}(?:rpc error: code = (?:Unavailable|DeadlineExceeded) |error dialing backend: "
        r"|Get \"\": (?:remote error: tls: internal error$|proxy error from .*, code 5\d\d: |No agent available"
        r"|dial timeout, backstop))",
    ),
    (
        ErrorKind.UNREACHABLE,
        r"was refused|connection refused|no such host|connection reset|no route to host|network is unreachable"
        r"|server misbehaving|i/o timeout|TLS handshake timeout|unexpected EOF|: EOF$|broken pipe"
        r"|connection timed out|when reading response body|stream error: stream ID "
        r"|http2: |connection lost|^Unable to connect to the server",
    ),
    (
        ErrorKind.SERVER_BUSY,
        r"etcdserver:|currently unable to handle the request|server has received too many requests"
        r"|context deadline exceeded|Client\.Timeout exceeded|request timed out|unable to return a response"
        r"|apiserver not ready|leader changed|storage is \(re\)initializing|server is shutting down",
    ),
    (ErrorKind.CONFIGURATION, r"no configuration has been provided"),
    # After them: kubectl also says "error validating" where it cannot ask the server for its schema.
    (ErrorKind.INVALID, r"unknown field|unable to decode|error validating|illegal base64"),
)


def kind_of(sentences: str) -> ErrorKind:
    """Tell what kind of failure it was.

    :param sentences: kubectl's own, without what is quoted in them.
    """
    for kind, pattern in _PATTERNS:
        if re.search(pattern, sentences, re.MULTILINE):
            return kind
    return ErrorKind.OTHER
