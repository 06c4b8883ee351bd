"""What can go wrong, each as a class whose attributes carry the facts and whose message follows from them."""

from __future__ import annotations

import enum
from collections.abc import Sequence

from kubectl_job_operator.printable import joined

_ADVICE = "What to do: "
_ROLE_OF_JOBS = f"Nothing was created.\n{_ADVICE}add them to its Role; examples/rbac has the smallest one that serves."


class KubectlJobOperatorError(Exception):
    """The base of every error that this package raises on purpose.

    What it says is short enough for a mail or a page of Airflow, its reason first; ``report`` is for the log.
    """

    is_told = False
    """Whether the log has its ``report`` already."""

    may_run_on = False
    """Whether a Job may run that a later try would find, so that a retry is not in vain, whatever went wrong."""

    @property
    def report(self) -> str:
        """All that is known of it, to be said once."""
        return str(self)


class InputError(KubectlJobOperatorError):
    """Something that was asked for cannot work; trying again changes nothing, and nothing was created.

    Raised for a template, a manifest, a kubeconfig or a kubectl that cannot be used.
    """


class TemplateError(InputError):
    """A template cannot be found or rendered."""


class ManifestError(InputError):
    """The rendered text is not a manifest that this package can run."""


class AccessError(InputError):
    """The way into the cluster does not exist as it was given: a kubeconfig, a context, a service account."""


class KubectlMissingError(InputError):
    """There is no kubectl, or one that is too old."""


class WorkspaceError(KubectlJobOperatorError):
    """The worker has no room for the files of a task; nothing was created in the cluster."""


class RightsMissingError(KubectlJobOperatorError):
    """The account may not do all that the operator needs; nothing was created.

    :param namespace: where the rights are missing.
    :param missing: each as a verb and a resource, as ``get pods/log``.
    :param advice: what else may help.
    :param rest: what was not done, and what to do.
    """

    def __init__(self, namespace: str, missing: Sequence[str], advice: str = "", rest: str = _ROLE_OF_JOBS) -> None:
        self.namespace = namespace
        self.missing = tuple(missing)
        super().__init__(
            f"The account that kubectl uses lacks rights that the operator needs in namespace {namespace}: "
            f"{', '.join(self.missing)}. {rest}" + (f"\n{advice}" if advice else "")
        )


class ErrorKind(enum.Enum):
    """What kubectl's words mean, as far as this package or its user acts on them."""

    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    CREDENTIALS = "no credentials"
    UNREACHABLE = "unreachable"
    PROXY = "refused by a proxy"
    CERTIFICATE = "certificate not trusted"
    CONFIGURATION = "kubectl's configuration"
    NAMESPACE_NOT_FOUND = "namespace not found"
    NOT_FOUND = "not found"
    CONDITION_TIMED_OUT = "timed out waiting for a condition"
    CONTAINER_WAITING = "container is waiting to start"
    IMMUTABLE = "field is immutable"
    INVALID = "invalid"
    ADMISSION = "refused by a rule of the cluster"
    QUOTA = "quota exceeded"
    TOO_LARGE = "too large"
    UNKNOWN_RESOURCE = "kind unknown to the server"
    NAMESPACE_MISMATCH = "namespaces differ"
    CONFLICT = "field manager conflict"
    SERVER_BUSY = "server busy or in trouble"
    NO_ANSWER = "no answer in time"
    SIGNALLED = "ended by a signal"
    NOT_STARTED = "could not be started"
    OTHER = "other"

    @property
    def can_pass(self) -> bool:
        """Whether the same command may work a little later."""
        return self in _CAN_PASS

    @property
    def needs_author(self) -> bool:
        """Whether it stays like this until the author of the task changes something, so that a retry is in vain."""
        return self in _NEEDS_AUTHOR


_NEEDS_AUTHOR = frozenset(
    {
        ErrorKind.ADMISSION,
        ErrorKind.CONFIGURATION,
        ErrorKind.INVALID,
        ErrorKind.NAMESPACE_MISMATCH,
        ErrorKind.TOO_LARGE,
    }
)
_CAN_PASS = frozenset(
    {
        ErrorKind.CREDENTIALS,
        ErrorKind.UNREACHABLE,
        ErrorKind.SERVER_BUSY,
        ErrorKind.NO_ANSWER,
        ErrorKind.SIGNALLED,
        ErrorKind.NOT_STARTED,
    }
)


class KubectlError(KubectlJobOperatorError):
    """A kubectl command failed.

    :param argv: the command as it ran.
    :param return_code: what it returned; negative is the number of the signal that ended it.
    :param stderr: all that it printed to stderr.
    :param kind: what that means.
    :param words: the part of stderr that is worth showing; defaults to all of it.
    :param hint: what to do next; may be empty.
    """

    def __init__(
        self, argv: Sequence[str], return_code: int, stderr: str, kind: ErrorKind, *, words: str = "", hint: str = ""
    ) -> None:
        self.argv = tuple(argv)
        self.return_code = return_code
        self.stderr = stderr
        self.kind = kind
        self.words = words or stderr.strip()
        self.hint = hint
        super().__init__(self._message())

    def _message(self) -> str:
        outcome = f"return code {self.return_code}" if self.return_code >= 0 else f"signal {-self.return_code}"
        lines = [f"kubectl failed ({self.kind.value}, {outcome}):", f"  $ {joined(self.argv)}"]
        lines += [f"  {line}" for line in self.words.splitlines()]
        if self.hint:
            lines.append(f"{_ADVICE}{self.hint}")
        return "\n".join(lines)


class NotInTimeError(KubectlJobOperatorError):
    """Objects that were waited for did not come in time to what was asked.

    :param states: how they are, each as a sentence.
    :param seconds: for how long they were waited for.
    """

    def __init__(self, states: Sequence[str], seconds: float) -> None:
        self.states = tuple(states)
        self.seconds = seconds
        advice = "see why with kubectl describe and kubectl get events, or give it more time by wait_timeout_seconds."
        super().__init__("\n".join([f"After {seconds:.0f} s of waiting:", *self.states, f"{_ADVICE}{advice}"]))


class ObjectFailedError(KubectlJobOperatorError):
    """An object that was waited for has come to what its author calls a failure, or is gone."""


class JobError(KubectlJobOperatorError):
    """Something about one Job; ``name`` and ``namespace`` tell which."""

    def __init__(self, namespace: str, name: str, message: str) -> None:
        self.namespace = namespace
        self.name = name
        super().__init__(message)


class JobFailedError(JobError):
    """The cluster gave the Job its condition ``Failed``, or another object came to what its author calls a failure.

    :param namespace: the Job's namespace.
    :param name: the Job's name.
    :param reason: the condition's reason, as ``BackoffLimitExceeded``.
    :param message: the condition's message.
    :param account: what its pods say about it, ready to be shown; may be empty.
    :param headline: why it failed, in one line; default is the condition's reason.
    :param last_lines: what a container that ended badly said last; may be empty.
    :param remedy: what to do; may be empty.
    :param exit_codes: those of its containers that ended badly, each once; empty where no pod is left to tell.
    :param kind: the object's kind.
    """

    def __init__(
        self,
        namespace: str,
        name: str,
        reason: str,
        message: str,
        account: str = "",
        *,
        headline: str = "",
        last_lines: Sequence[str] = (),
        remedy: str = "",
        exit_codes: Sequence[int] = (),
        kind: str = "Job",
    ) -> None:
        self.reason = reason
        self.condition_message = message
        self.account = account
        self.exit_codes = tuple(exit_codes)
        self.remedy = remedy
        words = headline or (f"{reason} ({message})" if message else reason)
        self._headline = f"{kind} {namespace}/{name} failed: {words}"
        lines = [self._headline]
        if last_lines:
            lines.append(f"Its last {len(last_lines)} log lines:" if len(last_lines) > 1 else "Its last log line:")
            lines += [f"  {line}" for line in last_lines]
        super().__init__(namespace, name, "\n".join([*lines, *self._advice()]))

    @property
    def report(self) -> str:
        """All that its pods and events tell."""
        return "\n".join([self._headline, *filter(None, [self.account]), *self._advice()])

    def _advice(self) -> list[str]:
        return [f"{_ADVICE}{self.remedy}"] if self.remedy else []


class JobVanishedError(JobError):
    """The Job was there and is no more, or another one has taken its name: it has no verdict.

    :param remains: what is left to see of it; may be empty.
    """

    def __init__(self, namespace: str, name: str, message: str, remains: str = "") -> None:
        self.remains = remains
        super().__init__(namespace, name, message)

    @property
    def report(self) -> str:
        """What is left to see of it, too."""
        return f"{self}\nWhat is left to see:\n{self.remains}" if self.remains else str(self)


class ResultError(JobError):
    """The Job is Complete, but what it handed over as its task's result cannot be used, or is gone."""


class JobStartupError(JobError):
    """The Job cannot start, or no container of it ran in time; the Job was deleted.

    :param report: why, in a line; which limit is over, in another; all that is known; and ``What to do: ...``.
    """

    def __init__(self, namespace: str, name: str, report: str) -> None:
        self._report = report
        told, mark, advice = report.rpartition(f"\n{_ADVICE}")
        brief = "\n".join(told.splitlines()[:2])
        super().__init__(namespace, name, f"{brief}{mark}{advice}")

    @property
    def report(self) -> str:
        """All that the pods wait for."""
        return self._report


class JobInUseError(JobError):
    """A running Job that is not this task's has the name that this task wants; it was not touched."""


class TaskKilledError(KubectlJobOperatorError):
    """The task was told to stop; it is never a success."""


class TaskTimeoutError(TaskKilledError):
    """The task ran into its ``execution_timeout`` while it was deferred."""


class TaskUnheardError(TaskKilledError):
    """Nobody hears what comes of the task any more: the process of Airflow that ran it is gone."""


class DeferralError(KubectlJobOperatorError):
    """The triggerer could not go on waiting for the Job, which was left as it is."""
