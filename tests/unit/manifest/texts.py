"""Small manifests as text, for the tests of what becomes of them."""

from __future__ import annotations

import pytest

from kubectl_job_operator.errors import ManifestError
from kubectl_job_operator.manifest.manifest import Manifest
from tests.unit.stage import MANIFEST

SOURCE = "/dags/countdown.yaml"
JOB = MANIFEST
SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: keys
data:
  password: aHVudGVyMg==
stringData:
  token: very-secret
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  colour: blue\n"
OTHER_JOB = JOB.replace("name: countdown", "name: second")


def parse(*documents: str) -> Manifest:
    """Read them as one text."""
    return Manifest.parse("---\n".join(documents), SOURCE)


def refused(text: str) -> str:
    """Return the words with which a text is refused."""
    with pytest.raises(ManifestError) as caught:
        Manifest.parse(text, SOURCE)
    message = str(caught.value)
    assert SOURCE in message
    assert "What to do: " in message
    return message


def job_with(old: str, new: str) -> str:
    """Return the Job with something else in it."""
    assert old in JOB
    return JOB.replace(old, new)
