"""What came of a run, for programs."""

from __future__ import annotations

import json

from kubectl_job_operator import objects
from kubectl_job_operator.cli.exit_code import ExitCode, exit_code_of
from kubectl_job_operator.cli.wording import in_options
from kubectl_job_operator.errors import JobFailedError, JobStartupError, KubectlJobOperatorError, TaskKilledError
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.objects import Object

_WORDS = ((JobFailedError, "Failed"), (JobStartupError, "NotStarted"), (TaskKilledError, "Interrupted"))


def as_json(manifest: Manifest, job: Object | None, error: KubectlJobOperatorError | None) -> str:
    """Write an object.

    :param manifest: what was run.
    :param job: as it was last seen; ``None`` if there was none.
    :param error: what went wrong.
    """
    code = ExitCode.COMPLETE if error is None else exit_code_of(error)
    return json.dumps(
        {
            "kind": manifest.job["kind"],
            "name": manifest.name,
            "namespace": job["metadata"].get("namespace") if job else manifest.namespace,
            "uid": objects.uid(job) if job else None,
            "outcome": _outcome(error),
            "exitCode": int(code),
            "error": None if error is None else {"type": type(error).__name__, "message": in_options(str(error))},
        },
        indent=2,
    )


def _outcome(error: KubectlJobOperatorError | None) -> str:
    """Name it: Complete, Failed, NotStarted, Interrupted, or Error where there is no verdict."""
    return "Complete" if error is None else next((word for kind, word in _WORDS if isinstance(error, kind)), "Error")
