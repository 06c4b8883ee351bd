"""What stands between kubectl and the API server and can fail as a server does: the shared cluster stays whole."""

from __future__ import annotations

import base64
import http.client
import http.server
import json
import select
import socket
import socketserver
import ssl
import struct
import tempfile
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.namespace import Namespace

_CHUNK = 65536


@dataclass(frozen=True)
class Answer:
    """What a server in trouble says to every request.

    :param code: the HTTP status.
    :param reason: Kubernetes' word for it.
    :param message: the server's words.
    """

    code: int
    reason: str
    message: str


FORBIDDEN = Answer(
    403,
    "Forbidden",
    'jobs.batch "job" is forbidden: User "somebody" cannot get resource "jobs" in API group "batch" in the namespace '
    '"here"',
)
UNAUTHORIZED = Answer(401, "Unauthorized", "Unauthorized")
BROKEN = Answer(500, "InternalError", "Internal error occurred: nothing works")


def _configuration(namespace: Namespace) -> dict[str, Any]:
    view = namespace.kubectl("config", "view", "--minify", "--flatten", "--raw", "-o", "json")
    content: dict[str, Any] = json.loads(view)
    content["contexts"][0]["context"]["namespace"] = namespace.name
    return content


def _write(content: dict[str, Any], path: Path) -> Path:
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return path


class Line:
    """A TCP line to the API server on this machine's loopback; TLS goes through it untouched.

    :param namespace: the test's own, whose way into the cluster it takes.
    :param folder: where its kubeconfig is written.
    """

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        content = _configuration(namespace)
        cluster = content["clusters"][0]["cluster"]
        server = urllib.parse.urlsplit(cluster["server"])
        self._upstream = (server.hostname or "", server.port or 443)
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._is_open = threading.Event()
        self._is_open.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        cluster.setdefault("tls-server-name", server.hostname)
        cluster["server"] = f"https://127.0.0.1:{self.port}"
        self.kubeconfig = _write(content, folder / "line.kubeconfig")
        self._accept()

    def refuse(self) -> None:
        """Cut every connection by a reset and take no new one."""
        with suppress(OSError):  # it is closed already
            # Closed alone, it would take one more for whoever waits for that in another thread, and keep its port.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in list(self._pairs):
            for side in pair:
                with suppress(OSError):
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    side.close()
        self._pairs.clear()

    def hang(self) -> None:
        """Take connections, and pass nothing on."""
        self._is_open.clear()

    def mend(self) -> None:
        """Be a line again."""
        self._is_open.set()
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            self._accept()

    def close(self) -> None:
        """End it."""
        self._is_open.set()
        self.refuse()

    def _accept(self) -> None:
        listener = self._listener

        def live() -> None:
            with suppress(OSError):
                while True:
                    near, _ = listener.accept()
                    threading.Thread(target=self._carry, args=(near,), daemon=True).start()

        threading.Thread(target=live, daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        """Pass on what comes from either side, until one has nothing more to say, or is gone."""
        with near, suppress(OSError, ValueError), socket.create_connection(self._upstream) as far:
            pair = (near, far)
            self._pairs.add(pair)
            try:
                self._pass_on(near, far)
            finally:
                self._pairs.discard(pair)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        others = {near.fileno(): (near, far), far.fileno(): (far, near)}
        # Unlike select.select(), it takes any number of a file.
        ready = select.poll()
        for number in others:
            ready.register(number, select.POLLIN)
        while True:
            numbers = [number for number, _ in ready.poll()]
            self._is_open.wait()
            for number in numbers:
                side, other = others[number]
                data = side.recv(_CHUNK)
                if not data:
                    return
                other.sendall(data)


class Speaker:
    """An API server's deputy that speaks HTTP with kubectl: it passes requests on, or answers itself.

    kubectl needs no credentials for it.

    :param namespace: the test's own, whose way into the cluster it takes.
    :param folder: where its kubeconfig is written.
    """

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        content = _configuration(namespace)
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        server = urllib.parse.urlsplit(cluster["server"])
        self.upstream = (server.hostname or "", server.port or 443)
        self.context = _tls(cluster, user)
        self.authorization = f"Bearer {user['token']}" if "token" in user else ""
        self.answer: Answer | None = None
        self.was_asked = threading.Event()
        self.streams: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), _Deputy)
        self._server.speaker = self
        content["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._server.server_address[1]}"}
        content["users"][0]["user"] = {}
        self.kubeconfig = _write(content, folder / "speaker.kubeconfig")
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fail(self, answer: Answer) -> None:
        """Cut all that goes on, as a restart does, and answer every request like this."""
        self.answer = answer
        for stream in list(self.streams):
            with suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Pass requests on again."""
        self.answer = None

    @contextmanager
    def failing(self, answer: Answer) -> Iterator[None]:
        """Fail as long as the block lasts."""
        self.fail(answer)
        try:
            yield
        finally:
            self.mend()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128
    speaker: Speaker

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: kubectl goes away as it likes."""


class _Deputy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base's
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        speaker = self.server.speaker
        speaker.was_asked.set()
        if speaker.answer is not None:
            self._refuse(speaker.answer)
            return
        upstream = http.client.HTTPSConnection(*speaker.upstream, context=speaker.context, timeout=3600)
        headers = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "accept-encoding")}
        if speaker.authorization:
            headers["Authorization"] = speaker.authorization
        upstream.request(self.command, self.path, body or None, headers)
        speaker.streams.add(self.connection)
        try:
            self._pass_on(upstream.getresponse())
        finally:
            speaker.streams.discard(self.connection)
            upstream.close()

    def _pass_on(self, response: http.client.HTTPResponse) -> None:
        self.send_response(response.status)
        for key, value in response.getheaders():
            if key.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(key, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while chunk := response.read1(_CHUNK):
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _refuse(self, answer: Answer) -> None:
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "code": answer.code,
            "reason": answer.reason,
            "message": answer.message,
        }
        body = json.dumps(status).encode()
        self.send_response(answer.code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the names are the base's


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    """Speak to the API server as this kubeconfig's user."""
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=authority)
    if "client-certificate-data" in user:
        with tempfile.NamedTemporaryFile("wb") as file:
            for key in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user[key]))
            file.flush()
            context.load_cert_chain(file.name)
    return context
