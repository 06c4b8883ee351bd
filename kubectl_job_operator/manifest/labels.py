"""The names of labels and annotations that this package writes; which object gets which: ``attempt.identity``."""

from __future__ import annotations

PREFIX = "kubectl-job-operator"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
TASK_INSTANCE_LABEL = f"{PREFIX}/task-instance"
TRY_LABEL = f"{PREFIX}/try-number"
STARTED_LABEL = f"{PREFIX}/try-started"
ROUND = f"{PREFIX}/round"
"""Annotation: the round of tries that belong together, as Airflow tells it."""
KEEP = f"{PREFIX}/keep"
"""Set as an annotation by whoever writes the template, and as a label by us, so that kubectl can leave it out."""

DELETE = f"{PREFIX}/delete"
"""Set as an annotation by whoever writes the template: ``"true"`` on what is never deleted unless that is asked for."""

MADE_BY = f"{PREFIX}/made-by"
"""Annotation on what ``KubectlApplyOperator`` has made, and did not find: the task instance, by its digest."""

MAIN = f"{PREFIX}/main"
"""Set as an annotation by whoever writes the template: ``"true"`` on the document that the task waits for."""
SUCCESS_WHEN = f"{PREFIX}/success-when"
FAILURE_WHEN = f"{PREFIX}/failure-when"
SECRETS_COME_LATE = f"{PREFIX}/secrets-come-late"
"""On the Job: ``"true"`` if a Secret or ConfigMap that it needs is made by somebody while it waits."""
POD_SELECTOR = f"{PREFIX}/pod-selector"
MAIN_CONTAINER = f"{PREFIX}/main-container"
MAIN_CONTAINER_EXIT_CODE = f"{PREFIX}/main-container-exit-code"
"""Written on a Job by its task when its main container has ended: its verdict is read from it."""
