"""From what a failed kubectl has printed to the error that says what happened and what to do.

Almost every failure returns 1, so the words are all there is.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import failures, words
from kubectl_job_operator.kubectl.cutting import Mask, as_it_is, cut_lines

_FORBIDDEN = re.compile(r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"(?: in API group "(?P<group>[^"]*)")?')
_DENIED_BY = (
    re.compile(r'(admission webhook "[^"]*") denied'),
    re.compile(r"(ValidatingAdmissionPolicy '[^']*' with binding '[^']*') denied"),
    re.compile(r'violates (PodSecurity "[^"]*")'),
)
_PLUGIN = re.compile(r"exec: (?:executable |fork/exec )(?P<name>\S+?):? ")

_HINTS: dict[ErrorKind, str] = {
    ErrorKind.FORBIDDEN: "the request was refused for the reason above; ask who runs the cluster.",
    ErrorKind.UNAUTHORIZED: "the credentials are wrong or have expired; renew the kubeconfig or the token.",
    ErrorKind.CREDENTIALS: "see what the kubeconfig's credential plugin says above; run it by hand where the task "
    "runs.",
    ErrorKind.UNREACHABLE: "check that the cluster is up, that its address in the kubeconfig is right and that this "
    "machine can reach it.",
    ErrorKind.PROXY: "a proxy stands between this machine and the cluster and lets nothing through; add the address of "
    "the API server to NO_PROXY where the task runs, or mend HTTPS_PROXY.",
    ErrorKind.CERTIFICATE: "check certificate-authority-data in the kubeconfig: the server's certificate is not signed "
    "by it.",
    ErrorKind.CONFIGURATION: "check config_file, cluster_context and KUBECONFIG; `kubectl config get-contexts` lists "
    "what there is.",
    ErrorKind.NAMESPACE_NOT_FOUND: "create the namespace or choose another; nothing was created.",
    ErrorKind.NOT_FOUND: "it does not exist, or no longer does.",
    ErrorKind.IMMUTABLE: "the object exists and cannot be changed that way; delete it or rename the new one.",
    ErrorKind.INVALID: "mend the template: the API server does not accept this manifest.",
    ErrorKind.QUOTA: "ask for less, wait until others have ended, or have the ResourceQuota of the namespace raised.",
    ErrorKind.TOO_LARGE: "put the data elsewhere, as into an image, a volume or an object store, and only its place "
    "into the manifest: an object in the cluster may have about 1,500,000 bytes, a ConfigMap or Secret 1,048,576.",
    ErrorKind.UNKNOWN_RESOURCE: "install what defines that kind, or mend apiVersion and kind in the template.",
    ErrorKind.NAMESPACE_MISMATCH: "let the documents of the manifest name one namespace, or none.",
    ErrorKind.CONFLICT: "somebody else manages that field of the object; remove it from the template or rename the "
    "object.",
    ErrorKind.SERVER_BUSY: "the API server is in trouble or overloaded; try again later.",
    ErrorKind.NOT_STARTED: "look at the memory and the number of processes of the machine where the task runs.",
    ErrorKind.NO_ANSWER: "the cluster did not answer in time; check its address and that it is up.",
}


def explain(argv: Sequence[str], return_code: int, stderr: str, mask: Mask = as_it_is) -> KubectlError:
    """Turn a failed command into the error that says what happened and what to do.

    :param mask: hides the secrets in words that are too long to be shown whole.
    """
    shown = words.shown(stderr) or (f"ended by signal {-return_code}" if return_code < 0 else "")
    kind = kind_of(return_code, shown)
    return KubectlError(argv, return_code, stderr, kind, words=cut_lines(shown, mask), hint=_hint(kind, shown))


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


def with_size(error: KubectlError, byte_count: int) -> KubectlError:
    """Say of a manifest that is too large how large it is."""
    return KubectlError(
        error.argv,
        error.return_code,
        error.stderr,
        error.kind,
        words=error.words,
        hint=f"the manifest has {byte_count:,} bytes; {error.hint}",
    )


def kind_of(return_code: int, stderr: str) -> ErrorKind:
    """Tell what kind of failure it was."""
    return ErrorKind.SIGNALLED if return_code < 0 else failures.kind_of(words.deciding(stderr))


def _hint(kind: ErrorKind, shown: str) -> str:
    missing = _FORBIDDEN.search(shown)
    if kind is ErrorKind.FORBIDDEN and missing:
        resource = missing["resource"] + (f".{missing['group']}" if missing["group"] else "")
        return f'the account lacks the right to "{missing["verb"]}" {resource}; add it to its Role.'
    if kind is ErrorKind.ADMISSION:
        who = next((found[1] for pattern in _DENIED_BY if (found := pattern.search(shown))), "")
        return (
            f"{who or 'a rule of the cluster'} does not let this in; change the template as it says above, or ask who "
            "runs the cluster. Trying again changes nothing."
        )
    if kind is ErrorKind.CONFIGURATION and (plugin := _PLUGIN.search(shown)):
        return (
            f"the kubeconfig's credential plugin {plugin['name']} cannot be run; install it on the machine where the "
            "task runs, or mend users[].user.exec in the kubeconfig."
        )
    if kind is ErrorKind.CONFIGURATION and "exec plugin" in shown:
        return "mend users[].user.exec in the kubeconfig, or take the version of the plugin that goes with it."
    if kind is ErrorKind.NAMESPACE_NOT_FOUND and "being terminated" in shown:
        return "the namespace is being deleted; choose another, or wait until it is gone and create it anew."
    if shown == "error: EOF":
        return "kubectl asked for a user name, so this user of the kubeconfig has no credentials; add them there."
    if "localhost:8080" in shown:
        return (
            "kubectl found no configuration and tried its last resort; set config_file or KUBECONFIG, or in a pod "
            "in_cluster=True, without as_user and request_timeout."
        )
    return _HINTS.get(kind, "")
