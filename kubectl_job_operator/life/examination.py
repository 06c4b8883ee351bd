"""What ``doctor`` looks at: all that a run needs, one thing after another, until the rest needs what is missing."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubectl_job_operator.attempt.asking import connect
from kubectl_job_operator.errors import ErrorKind, KubectlError, KubectlJobOperatorError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.status import object_rights, rights
from kubectl_job_operator.version import __version__

_ADVICE = "What to do: "
_SUPPORTED_SKEW = 1  # Kubernetes' own promise for kubectl
_BESIDE_THE_JOBS = {
    "KubectlApplyOperator": object_rights.APPLY,
    "KubectlDeleteOperator": object_rights.DELETE,
    "KubectlWaitSensor": object_rights.WAIT,
}


class Mark(enum.Enum):
    """How a finding is."""

    GOOD = "ok"
    UNSURE = "?"
    BAD = "NO"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    :param what: what was looked at.
    :param mark: how it is.
    :param found: what there is.
    :param advice: what to do; empty if nothing is to be done.
    :param error: what has made it bad; ``None`` where it was seen without one.
    """

    what: str
    mark: Mark
    found: str
    advice: str = ""
    error: KubectlJobOperatorError | None = None

    @property
    def is_bad(self) -> bool:
        """Whether a run cannot work like this."""
        return self.mark is Mark.BAD

    @property
    def is_unsure(self) -> bool:
        """Whether it may be right or not."""
        return self.mark is Mark.UNSURE


def examine(access: Access, namespace: str | None, resources: Sequence[str] = ()) -> Iterator[Finding]:
    """Look at one thing after the other, and change nothing; end where the next cannot be looked at.

    :param namespace: default is where kubectl works by default.
    :param resources: also what the operators beside the Jobs need on these, as ``configmaps``.
    """
    yield Finding("kubectl-job-operator", Mark.GOOD, __version__)
    what = "kubectl"
    try:
        with connect(access, namespace) as connection:
            kubectl = connection.kubectl
            version = kubectl.version()
            yield Finding(what, Mark.GOOD, f"{version}, {access.kubectl_path()}")
            what = "context"
            context, default = _context(kubectl)
            yield Finding(what, Mark.GOOD, context)
            kubectl.namespace = namespace or default
            what = "server"
            yield _server(kubectl, version)
            what = "namespace"
            yield _namespace(kubectl)
            what = "rights"
            granted = rights.Granted.read(kubectl.finish_can_i_list(kubectl.start_can_i_list()))
            yield from _rights(granted)
            if resources:
                what = "resources"
                known = object_rights.Resources(kubectl.finish_api_resources(kubectl.start_api_resources()))
                for word in resources:
                    yield from _rights_on(word, known.called(word), granted)
    except KubectlJobOperatorError as error:
        yield _trouble(what, error)


def _context(kubectl: Kubectl) -> tuple[str, str]:
    """Describe the way into the cluster; also return the namespace where kubectl works by default."""
    namespace = kubectl.default_namespace()
    if kubectl.access.in_cluster:
        return "the service account of this pod", namespace
    try:
        used = kubectl.configuration()
    except KubectlError:
        # default_namespace has found that this is a pod.
        return "none; the service account of this pod", namespace
    name = used.get("current-context") or "(unnamed)"
    cluster = next((one.get("cluster") or {} for one in used.get("clusters") or ()), {})
    return f"{name}, {cluster.get('server', 'without a server')}", namespace


def _server(kubectl: Kubectl, client_version: str) -> Finding:
    version = kubectl.server_version()
    skew = _minor(client_version) - _minor(version)
    if abs(skew) <= _SUPPORTED_SKEW:
        return Finding("server", Mark.GOOD, version)
    return Finding(
        "server",
        Mark.UNSURE,
        version,
        f"kubectl is {abs(skew)} minor versions {'newer' if skew > 0 else 'older'}; Kubernetes promises "
        f"{_SUPPORTED_SKEW}. Install one that is nearer if something fails.",
    )


def _namespace(kubectl: Kubectl) -> Finding:
    name = str(kubectl.namespace)
    try:
        found = kubectl.get(f"namespace/{name}")
    except KubectlError as error:
        if error.kind is not ErrorKind.FORBIDDEN:
            raise
        return Finding("namespace", Mark.UNSURE, f"{name}; the account may not look whether it exists")
    if found is None:
        advice = f"create it (kubectl create namespace {name}), or choose another namespace."
        return Finding("namespace", Mark.BAD, f"{name} does not exist", advice)
    return Finding("namespace", Mark.GOOD, name)


def _rights(granted: rights.Granted) -> Iterator[Finding]:
    """Yield each right that the operator has a use for."""
    wanted = rights.FOR_A_JOB
    missing = granted.lacks([*wanted.needed, *wanted.helpful])
    advice = "add it to the account's Role, as in examples/rbac/role.yaml."
    for right in (*wanted.needed, *wanted.helpful):
        what = f"right to {right}"
        if not granted.is_known:
            yield Finding(what, Mark.UNSURE, "the cluster does not tell")
        elif right not in missing:
            yield Finding(what, Mark.GOOD, "granted")
        elif right in wanted.helpful:
            yield Finding(what, Mark.UNSURE, "missing; tasks run without it, and tell less", advice)
        else:
            yield Finding(what, Mark.BAD, "missing", advice)
    for right, argument in rights.FOR_SOME.items() if granted.is_known else ():
        found = "not there; no other task needs it" if granted.lacks([right]) else "there"
        yield Finding(f"for {argument}: {right}", Mark.GOOD, found)


def _rights_on(word: str, resource: object_rights.Resource | None, granted: rights.Granted) -> Iterator[Finding]:
    """Yield each right on a resource that an operator beside the Jobs has a use for."""
    if resource is None:
        yield Finding(word, Mark.BAD, "the cluster has no such resource", "choose one of kubectl api-resources.")
        return
    for verb in dict.fromkeys(itertools.chain(*_BESIDE_THE_JOBS.values())):
        (right,) = object_rights.rights_on([resource], [verb])
        what = f"right to {right}"
        if not granted.is_known:
            yield Finding(what, Mark.UNSURE, "the cluster does not tell")
        elif granted.lacks([right]):
            users = " and ".join(name for name, verbs in _BESIDE_THE_JOBS.items() if verb in verbs)
            yield Finding(what, Mark.BAD, f"missing, for {users}", f"add {right} to the account's Role.")
        else:
            yield Finding(what, Mark.GOOD, "granted")


def _trouble(what: str, error: KubectlJobOperatorError) -> Finding:
    """Turn an error into a finding: what came back, and what to do."""
    found, _, advice = str(error).partition(_ADVICE)
    if isinstance(error, KubectlError):
        found = error.words
    return Finding(what, Mark.BAD, found.strip(), advice.strip(), error)


def _minor(version: str) -> int:
    """Return the minor version: Kubernetes has had one major version for ten years."""
    _, _, rest = version.partition(".")
    minor = rest.partition(".")[0].rstrip("+")
    return int(minor) if minor.isdecimal() else 0
