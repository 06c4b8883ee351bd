"""What changes the cluster: ``kubectl apply``, ``delete``, ``label``, ``annotate`` and ``patch``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from kubectl_job_operator import objects
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import summary
from kubectl_job_operator.kubectl.calls import CHANGE_SECONDS, Call, Calls, listed, parsed
from kubectl_job_operator.kubectl.process import Finished
from kubectl_job_operator.kubectl.stderr import with_size
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import joined

FIELD_MANAGER = "kubectl-job-operator"


class Changing(Calls):
    """Changes objects; a kubectl that is too old is found out before it has changed anything."""

    def apply(self, file: Path, field_manager: str = FIELD_MANAGER) -> list[Object]:
        """Apply a manifest on the server's side and return its objects as they now are.

        :param field_manager: who does so: the API server refuses to change what another one has set.
        :raises KubectlError: with ``CONFLICT`` if another one has set a field to something else.
        """
        self.require_version()
        call = self._start_here(*_apply(file, "json", field_manager=field_manager))
        self._tell_silence(call, CHANGE_SECONDS)
        try:
            return listed(parsed(self._finish(call, CHANGE_SECONDS, summary.names)) or {})
        except KubectlError as error:
            if error.kind is ErrorKind.TOO_LARGE:
                raise with_size(error, file.stat().st_size) from None
            raise

    def start_dry_run(self, file: Path) -> Call:
        """Start letting the API server check a manifest and change nothing; ``finish_dry_run`` takes the result."""
        return self._start_here(*_apply(file, "name", "--dry-run=server"))

    def finish_dry_run(self, call: Call) -> None:
        """Take the result of a dry run.

        :raises KubectlError: if the server does not accept the manifest.
        """
        self._finish(call, CHANGE_SECONDS, str.strip)

    def delete(self, kinds: str, selector: str) -> None:
        """Delete what the label selector picks, without waiting until it is gone; that there is nothing is no error."""
        self._change(*_delete(kinds, selector, "--wait=false"))

    def delete_as_seen(self, thing: Object) -> bool:
        """Delete an object if it is still as it was seen, without waiting until it is gone; tell whether that was done.

        ``kubectl delete`` takes no condition; the API server does, as parameters of the request: what
        https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/delete-options/ calls preconditions. It
        cannot be done where the kind's path is not known here, or the server's address has a path, which ``--raw``
        leaves out.

        :raises KubectlError: with ``CONFLICT`` if it has changed, and was not deleted.
        """
        path = objects.path_of(thing)
        if path is None:
            return False
        uid, version = objects.uid(thing), thing["metadata"]["resourceVersion"]
        conditions = {"propagationPolicy": "Background", "uid": uid, "resourceVersion": version}
        try:
            finished = self._change("delete", "--raw", f"{path}?{urlencode(conditions)}", summarize=summary.deleted)
        except KubectlError as error:
            if error.kind is ErrorKind.CONFLICT or error.kind.can_pass:
                raise
            return False
        return uid in finished.stdout

    def delete_any(self, *what: str) -> list[str]:
        """Delete objects, without waiting until they are gone, and return their names; what is not there is no error.

        :param what: as kubectl takes it: ``-f FILE``, ``TYPE/NAME`` as often as need be, ``TYPE -l SELECTOR``.
        """
        finished = self._change(*_delete_any(what), summarize=lambda out: ", ".join(out.split()) or "nothing is there")
        return finished.stdout.split()

    def delete_any_command(self, *what: str) -> str:
        """Return what ``delete_any`` would run, for a person to paste."""
        return joined(self._here(*_delete_any(what)))

    def delete_command(self, kinds: str, selector: str) -> str:
        """Return what ``delete`` would run, for a person to paste."""
        return joined(self._here(*_delete(kinds, selector, "--wait=false")))

    def delete_and_wait(self, name: str, selector: str, timeout_seconds: int, resource: str = "job") -> None:
        """Delete an object if the label selector still picks it, and its pods, and wait until they are gone."""
        flags = (*_named(name), "--cascade=foreground", f"--timeout={timeout_seconds}s")
        self._change(*_delete(resource, selector, *flags), waits_seconds=timeout_seconds)

    def label(self, kinds: str, selector: str, labels: Mapping[str, str], name: str | None = None) -> None:
        """Set labels on what the label selector picks.

        :param name: only on the object of this name.
        """
        self._change("label", kinds, "-l", selector, *_named(name), *_pairs(labels), "--overwrite")

    def annotate(self, kinds: str, selector: str, annotations: Mapping[str, str], name: str) -> None:
        """Set annotations on the object of this name, if the label selector picks it."""
        self._change("annotate", kinds, "-l", selector, *_named(name), *_pairs(annotations), "--overwrite")

    def patch(self, target: str, uid: str, change: Object) -> None:
        """Merge a change into an object, as ``job/NAME``, if it is that one.

        :raises KubectlError: also if another has the name by now: the API server lets no UID be changed.
        """
        self._change("patch", target, "--type=merge", "-p", json.dumps({"metadata": {"uid": uid}, **change}))

    def _change(
        self, *arguments: str, waits_seconds: float = 0.0, summarize: Callable[[str], str] = str.strip
    ) -> Finished:
        """Run a command to its end.

        :param waits_seconds: for how long kubectl itself waits.
        :param summarize: tells what came of it in a few words; default is the command's own.
        """
        self.require_version()
        return self._finish(self._start_here(*arguments), waits_seconds + CHANGE_SECONDS, summarize)


def _apply(file: Path, output: str, *flags: str, field_manager: str = FIELD_MANAGER) -> tuple[str, ...]:
    return ("apply", "--server-side", *flags, f"--field-manager={field_manager}", "-f", str(file), "-o", output)


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items()]


def _named(name: str | None) -> tuple[str, ...]:
    return () if name is None else (f"--field-selector=metadata.name={name}",)


def _delete(kinds: str, selector: str, *flags: str) -> tuple[str, ...]:
    return ("delete", kinds, "-l", selector, *flags)


def _delete_any(what: tuple[str, ...]) -> tuple[str, ...]:
    return ("delete", *what, "--ignore-not-found", "--wait=false", "-o", "name")
