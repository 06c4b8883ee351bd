"""Airflow's public API, as the deployment's user admin."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_ENDED = ("success", "failed")


class Api:
    """The API at an address.

    :param address: as ``http://10.0.0.1:30080``.
    :param password: the one of the user ``admin``.
    """

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self._password = password
        self._token = ""

    def is_healthy(self) -> bool:
        """Whether the API answers, and knows of a living scheduler, DAG processor and triggerer."""
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        with suppress(OSError):
            health = self._ask("monitor/health")
            return all(health[part]["status"] == "healthy" for part in parts)
        return False

    def page(self) -> str:
        """Return the page that a browser gets first."""
        with self._open(urllib.request.Request(self.address)) as answer:
            return str(answer.read().decode())

    def dags(self) -> list[str]:
        """Return the ids of the DAGs."""
        return [one["dag_id"] for one in self._ask("dags?limit=100")["dags"]]

    def import_errors(self) -> list[str]:
        """Return why DAG files could not be read."""
        return [one["stack_trace"] for one in self._ask("importErrors")["import_errors"]]

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run of the DAG and return its id."""
        answer = self._ask(f"dags/{dag_id}/dagRuns", {"logical_date": None, "conf": dict(conf or {})})
        return str(answer["dag_run_id"])

    def last_success(self, dag_id: str) -> str:
        """Return the id of the DAG's latest run that succeeded."""
        runs = self._ask(f"dags/{dag_id}/dagRuns?state=success&order_by=-start_date&limit=1")["dag_runs"]
        return str(runs[0]["dag_run_id"])

    def wait_for_run(self, dag_id: str, run_id: str, seconds: float) -> str:
        """Wait until the run has ended, and return its state."""
        deadline = time.monotonic() + seconds
        state: Any = ""
        while time.monotonic() < deadline:
            # The API server may be just the one that is replaced.
            with suppress(OSError):
                state = self._ask(f"dags/{dag_id}/dagRuns/{_quoted(run_id)}")["state"]
                if state in _ENDED:
                    return str(state)
            time.sleep(1)
        raise AssertionError(f"the run of {dag_id} is {state} after {seconds:.0f} s: {self.instances(dag_id, run_id)}")

    def run(self, dag_id: str, seconds: float = 240) -> tuple[str, str]:
        """Run the DAG, and return the run's id and state."""
        run_id = self.trigger(dag_id)
        return run_id, self.wait_for_run(dag_id, run_id, seconds)

    def instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the run's task instances."""
        found = self._ask(f"dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances?limit=100")["task_instances"]
        return list(found)

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """Return the states of the run's task instances by their ids."""
        return {one["task_id"]: one["state"] or "" for one in self.instances(dag_id, run_id)}

    def log(self, dag_id: str, run_id: str, task_id: str, *, try_number: int = 1, map_index: int = -1) -> str:
        """Return the lines of the log of a try, an error's details as JSON behind it."""
        path = f"dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{task_id}/logs/{try_number}"
        content = self._ask(f"{path}?full_content=true&map_index={map_index}")["content"]
        return "\n".join(f"{one['event']}\n{json.dumps(one.get('error_detail', []))}" for one in content)

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", *, map_index: int = -1) -> Any:
        """Return a result of a task instance."""
        path = f"dags/{dag_id}/dagRuns/{_quoted(run_id)}/taskInstances/{task_id}/xcomEntries/{key}"
        return self._ask(f"{path}?map_index={map_index}&deserialize=true")["value"]

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        if not self._token:
            login = {"username": "admin", "password": self._password}
            self._token = self._request("/auth/token", login, {})["access_token"]
        return self._request(f"/api/v2/{path}", body, {"Authorization": f"Bearer {self._token}"})

    def _request(self, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
        )
        with self._open(request) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def _open(self, request: urllib.request.Request) -> Any:
        # A proxy has nothing to do with this machine's own network.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            return opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            words = error.read().decode(errors="replace")
            raise OSError(f"{request.full_url} came back with {error.code}: {words}") from error


def _quoted(run_id: str) -> str:
    return urllib.parse.quote(run_id, safe="")
