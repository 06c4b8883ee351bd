"""The line between the tests and an API server bears as many connections as they make."""

from __future__ import annotations

import os
import resource
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration import between
from tests.waiting import until


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[between.Line]:
    """Give a line to a server that says back what it hears."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(caller: socket.socket) -> None:
            with caller, suppress(ConnectionError):
                while heard := caller.recv(100):
                    caller.sendall(heard)

        def serve() -> None:
            with suppress(OSError):  # the test is over
                while True:
                    threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        there = {"server": f"https://127.0.0.1:{server.getsockname()[1]}"}
        monkeypatch.setattr(between, "_configuration", lambda _: {"clusters": [{"cluster": there}]})
        nobodys: Any = None
        with closing(between.Line(nobodys, tmp_path)) as line:
            yield line
        server.shutdown(socket.SHUT_RDWR)
        serving.join()


def says_back(caller: socket.socket, words: bytes) -> bool:
    caller.sendall(words)
    return caller.recv(100) == words


def test_it_closes_what_it_opened_for_callers_that_break_off(line: between.Line) -> None:
    with socket.create_connection(("127.0.0.1", line.port)) as caller:
        assert says_back(caller, b"the first")
        before = psutil.Process().num_fds()
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", line.port)) as other:
                assert says_back(other, b"for a moment")
                # So it ends by a reset.
                other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        until(lambda: psutil.Process().num_fds() <= before, "files are left open")
        assert says_back(caller, b"and it is still there")


def test_it_bears_more_open_files_than_select_can_count(line: between.Line) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        with ExitStack() as cleanup:
            for _ in range(1100):
                cleanup.callback(os.close, os.dup(0))
            with socket.create_connection(("127.0.0.1", line.port), timeout=30) as caller:
                assert caller.fileno() > 1024
                assert says_back(caller, b"passed on")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
