"""kubectl for the subcommands that only ask."""

from __future__ import annotations

import contextlib

from kubectl_job_operator.attempt import asking
from kubectl_job_operator.attempt.asking import Connection
from kubectl_job_operator.cli.options import Options, access_of


def connect(options: Options) -> contextlib.AbstractContextManager[Connection]:
    """Give a kubectl that goes where the options say and shows no commands; nothing of it is left behind.

    :raises AccessError: if the way does not exist.
    """
    return asking.connect(access_of(options), options.namespace)
