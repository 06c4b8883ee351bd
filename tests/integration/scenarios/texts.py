"""Manifests of Jobs whose first pod is to be taken away, and parts of others."""

from __future__ import annotations

from tests.integration.manifests import job

_ENV = "env: [{name: AGAIN, valueFrom: {configMapKeyRef: {name: again, key: word, optional: true}}}]"
BEGINS_AND_ENDS = 'echo begins; test -n "$AGAIN" || sleep 600; echo ends'


def for_two_pods(name: str, *, script: str = BEGINS_AND_ENDS, spec: str = "backoffLimit: 0", pod: str = "") -> str:
    """Return a Job whose pod runs without end, until ``acts.let_the_next_end`` was there before it."""
    return with_lines(job(script, name=name, spec=spec, pod=pod), _ENV)


def with_limits(text: str, limits: str) -> str:
    """Return a Job whose container has limits, in flow YAML."""
    return with_lines(text, f"resources: {{limits: {{{limits}}}}}")


def with_lines(text: str, *lines: str) -> str:
    """Return a Job with more lines in its container."""
    return text.replace("          command:", "".join(f"          {line}\n" for line in lines) + "          command:")
