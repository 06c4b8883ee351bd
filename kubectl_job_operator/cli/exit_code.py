"""What the command line returns."""

from __future__ import annotations

import enum

from kubectl_job_operator import errors
from kubectl_job_operator.errors import ErrorKind


class ExitCode(enum.IntEnum):
    """The return code of the program."""

    COMPLETE = 0
    FAILED = 1
    BAD_INPUT = 2
    UNREACHABLE = 3
    INTERRUPTED = 130


_UNREACHABLE = frozenset(
    {ErrorKind.CREDENTIALS, ErrorKind.UNREACHABLE, ErrorKind.PROXY, ErrorKind.SERVER_BUSY, ErrorKind.NO_ANSWER}
)
_UNCLEAR = frozenset({ErrorKind.SIGNALLED, ErrorKind.OTHER})
_BAD_INPUT = (errors.InputError, errors.RightsMissingError, errors.JobInUseError, errors.WorkspaceError)


def exit_code_of(error: errors.KubectlJobOperatorError) -> ExitCode:
    """Tell what the program returns after an error.

    What kubectl refuses, as a wrong kubeconfig or a missing right, is bad input: somebody must change something first.
    """
    if isinstance(error, errors.TaskKilledError):
        return ExitCode.INTERRUPTED
    if isinstance(error, _BAD_INPUT):
        return ExitCode.BAD_INPUT
    if isinstance(error, errors.KubectlError):
        if error.kind in _UNREACHABLE:
            return ExitCode.UNREACHABLE
        return ExitCode.FAILED if error.kind in _UNCLEAR else ExitCode.BAD_INPUT
    return ExitCode.FAILED
