"""Deleting a Job only if it is as it was seen: between a look and a deletion it may get Complete."""

from __future__ import annotations

from collections.abc import Callable

from kubectl_job_operator.errors import ErrorKind, KubectlError

_LOOKS = 5
"""A Job whose pods come and go changes about once a second."""


def look_and_delete(do: Callable[[bool], None]) -> None:
    """Look and delete, and begin anew where the Job has changed between the two; at last delete it as it then is.

    :param do: looks, and deletes if it is to be; it is told whether only what it has seen.
    :raises KubectlError: if that cannot be done.
    """
    for _ in range(_LOOKS):
        try:
            return do(True)
        except KubectlError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
    return do(False)
