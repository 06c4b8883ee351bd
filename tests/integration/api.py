"""The API server without a kubectl for each request.

A test looks many times a second what there is, on a machine whose cores the tests share with what they test.
"""

from __future__ import annotations

import base64
import functools
import json
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.cluster import Cluster

_SECONDS = 60
_BY_KUBECTL = {"GET": ("get",), "POST": ("create", "-f", "-"), "DELETE": ("delete",)}


def request(cluster: Cluster, path: str, method: str = "GET", body: object = None) -> dict[str, Any]:
    """Ask the API server, and return its answer; by kubectl where its account has no certificate.

    :raises AssertionError: if it refuses, with its words, or is not there.
    """
    data = None if body is None else json.dumps(body)
    server, context = _way(cluster)
    if context is None:
        return _by_kubectl(cluster, path, method, data)
    content = None if data is None else data.encode()
    asked = urllib.request.Request(f"{server}{path}", content, {"Content-Type": "application/json"}, method=method)
    # The caller's proxy has nothing to do with the test cluster.
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(asked, timeout=_SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{method} {path}: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise AssertionError(f"{method} {path}: {error}") from error


def kubectl(cluster: Cluster, *arguments: str) -> list[str]:
    """Return a command of kubectl's on the cluster."""
    return ["kubectl", "--kubeconfig", str(cluster.kubeconfig), "--context", cluster.context, *arguments]


def run(cluster: Cluster, *arguments: str, given: str | None = None) -> str:
    """Run kubectl on the cluster and return what it prints; ``given`` is its standard input."""
    command = kubectl(cluster, *arguments)
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def _by_kubectl(cluster: Cluster, path: str, method: str, body: str | None) -> dict[str, Any]:
    verb, *options = _BY_KUBECTL[method]
    found: dict[str, Any] = json.loads(run(cluster, verb, "--raw", path, *options, given=body))
    return found


@functools.cache
def _way(cluster: Cluster) -> tuple[str, ssl.SSLContext | None]:
    """Return the API server's address, and how it is spoken to; nothing where that takes more than a certificate."""
    configuration = json.loads(run(cluster, "config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    there, user = configuration["clusters"][0]["cluster"], configuration["users"][0]["user"]
    if set(user) != {"client-certificate-data", "client-key-data"} or "certificate-authority-data" not in there:
        return "", None
    authority = base64.b64decode(there["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder, "both")
        both.write_bytes(b"".join(base64.b64decode(user[part]) for part in sorted(user)))
        context.load_cert_chain(both)
    return there["server"], context
