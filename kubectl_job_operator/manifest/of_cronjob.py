"""The Job that a CronJob would start, as a task can have it for its own."""

from __future__ import annotations

import copy
from typing import Any

from kubectl_job_operator.manifest.documents import Document


def freed(job: Document) -> dict[str, Any]:
    """Return the Job without what ties it to its CronJob, and without the empty fields that kubectl prints.

    With its ``ownerReferences`` the CronJob's controller would count it among its own: delete it by the history limits,
    perhaps while a task still waits for it or reads its logs, and with the CronJob itself.
    """
    free = copy.deepcopy(dict(job))
    free.pop("status", None)
    metadata = free.get("metadata") or {}
    metadata.pop("ownerReferences", None)
    template = (free.get("spec") or {}).get("template") or {}
    for one in (metadata, template.get("metadata") or {}):
        if one.get("creationTimestamp", "") is None:
            del one["creationTimestamp"]
    return free
