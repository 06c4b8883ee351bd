"""Small Jobs for tests."""

from __future__ import annotations

import json


def job(script: str, *, name: str = "job", spec: str = "backoffLimit: 0", pod: str = "") -> str:
    """Return the manifest of a Job with one container that runs a shell script.

    :param spec: YAML for the Job's spec, in flow or in one line.
    :param pod: the same for the pod's spec.
    """
    lines = [
        "apiVersion: batch/v1",
        "kind: Job",
        f"metadata: {{name: {name}}}",
        "spec:",
        *(f"  {line}" for line in spec.splitlines()),
        "  template:",
        "    spec:",
        "      restartPolicy: Never",
        "      terminationGracePeriodSeconds: 1",
        *(f"      {line}" for line in pod.splitlines()),
        "      containers:",
        "        - name: main",
        "          image: busybox:1.36",
        "          imagePullPolicy: IfNotPresent",
        f"          command: [sh, -c, {json.dumps(script)}]",
    ]
    return "\n".join(lines) + "\n"
