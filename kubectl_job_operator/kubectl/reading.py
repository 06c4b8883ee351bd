"""What only reads: ``kubectl get``, ``kubectl auth can-i`` and ``kubectl version``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl import summary, versions
from kubectl_job_operator.kubectl.calls import CHANGE_SECONDS, READ_SECONDS, Call, Calls, listed, parsed
from kubectl_job_operator.kubectl.process import Process
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import joined

_READY_SECONDS = 5.0
# An answer all the same: whoever may not ask cannot know.
_NOT_TOLD = frozenset({ErrorKind.FORBIDDEN, ErrorKind.UNAUTHORIZED, ErrorKind.NOT_FOUND})
_UIDS = "jsonpath={.items[*].metadata.uid}"


class Reading(Calls):
    """Reads objects, events, rights and versions."""

    def get(self, target: str) -> Object | None:
        """Return the object that ``target`` names, as ``job/NAME``; ``None`` if there is none."""
        return self.finish_get(self.start_get(target))

    def start_get(self, target: str, on_exit: Callable[[Process], None] | None = None) -> Call:
        """Start what ``get`` does, beside something else; ``finish_get`` takes the result.

        :param on_exit: called when it has ended, in another thread.
        """
        return self._start_here("get", target, "-o", "json", "--ignore-not-found", on_exit=on_exit)

    def finish_get(self, call: Call, timeout_seconds: float = READ_SECONDS) -> Object | None:
        """Return what ``get`` returns."""
        return parsed(self._finish(call, timeout_seconds, summary.names))

    def describe_command(self, target: str) -> str:
        """Return what shows an object with its labels and events, for a person to paste."""
        return joined(self._here("describe", target))

    def select_command(self, resource: str, selector: str) -> str:
        """Return what lists what a label selector picks, for a person to paste."""
        return joined(self._here("get", resource, "-l", selector))

    def start_api_resources(self, group: str | None = None) -> Call:
        """Start listing the resources of an API group; ``finish_api_resources`` takes the result.

        :param group: as ``batch``; empty for the core; ``None`` for all groups.
        """
        chosen = () if group is None else (f"--api-group={group}",)
        return self._start_here("api-resources", *chosen, "--no-headers")

    def finish_api_resources(self, call: Call) -> str:
        """Return the rows that kubectl prints; none if the cluster does not tell."""
        try:
            return self._finish(call, READ_SECONDS, lambda out: f"{len(summary.lines(out))} resources").stdout
        except KubectlError:
            return ""

    def get_file(self, file: Path, *, show_managed_fields: bool = False) -> list[Object]:
        """Return those of a manifest's objects that exist.

        :param show_managed_fields: whether with who has applied what of them.
        """
        managed = ["--show-managed-fields"] if show_managed_fields else []
        call = self._start_here("get", "-f", str(file), "-o", "json", "--ignore-not-found", *managed)
        found = parsed(self._finish(call, READ_SECONDS, summary.names))
        if found is None:
            return []
        return listed(found)

    def select(self, resource: str, selector: str) -> list[Object]:
        """Return the objects of a resource, as ``pods``, that the label selector picks."""
        return self.finish_select(self.start_select(resource, selector))

    def start_select(
        self, resource: str, selector: str | None, on_exit: Callable[[Process], None] | None = None
    ) -> Call:
        """Start what ``select`` does, beside something else; ``finish_select`` takes the result.

        :param selector: without one, all in the namespace are taken.
        :param on_exit: called when it has ended, in another thread.
        """
        chosen = () if selector is None else ("-l", selector)
        return self._start_here("get", resource, *chosen, "-o", "json", label=f"get {resource}", on_exit=on_exit)

    def finish_select(self, call: Call, timeout_seconds: float = READ_SECONDS) -> list[Object]:
        """Return what ``select`` returns."""
        found = parsed(self._finish(call, timeout_seconds, summary.count_objects)) or {}
        return list(found.get("items", ()))

    def start_events(self, field_selector: str, on_exit: Callable[[Process], None] | None = None) -> Call:
        """Start listing events; ``finish_events`` takes the result.

        :param field_selector: which, as ``type=Warning`` or ``involvedObject.uid=...``.
        :param on_exit: called when it has ended, in another thread.
        """
        arguments = ("get", "events", f"--field-selector={field_selector}", "-o", "json")
        return self._start_here(*arguments, label="get events", on_exit=on_exit)

    def finish_events(self, call: Call) -> list[Object]:
        """Return the events."""
        found = parsed(self._finish(call, READ_SECONDS, summary.count_events)) or {}
        return list(found.get("items", ()))

    def uids(self, resource: str, selector: str) -> frozenset[str]:
        """Return the UIDs of the objects that the label selector picks: a short answer, however many they are."""
        call = self._start_here("get", resource, "-l", selector, "-o", _UIDS, label=f"get {resource}")
        finished = self._finish(call, CHANGE_SECONDS, lambda out: f"{len(out.split())} of them")
        return frozenset(finished.stdout.split())

    def start_can_i_list(self) -> Call:
        """Start listing the account's rights in the namespace; ``finish_can_i_list`` takes the result."""
        return self._start_here("auth", "can-i", "--list", "--no-headers", label="auth can-i")

    def finish_can_i_list(self, call: Call) -> str | None:
        """Return the rows that kubectl prints; ``None`` if the cluster does not tell, or not all."""
        try:
            finished = self._finish(call, READ_SECONDS, lambda out: f"{len(summary.lines(out))} rules")
        except KubectlError as error:
            if error.kind is ErrorKind.FORBIDDEN:
                return None
            raise
        return None if "incomplete" in finished.stderr else finished.stdout

    def is_ready(self) -> bool | None:
        """Return whether the API server says that it is ready; ``None`` where it does not tell."""
        call = self._start(self.access.kubectl(), *self.access.flags(), "get", "--raw", "/readyz", label="readyz")
        try:
            self._finish(call, _READY_SECONDS, str.strip)
        except KubectlError as error:
            return None if error.kind in _NOT_TOLD else False
        return True

    def version(self) -> str:
        """Return kubectl's own version, as ``1.32.4``.

        :raises KubectlMissingError: if there is none, or it is too old.
        """
        self.require_version()
        finished = self._finish(self._start_version(), READ_SECONDS, versions.full_version)
        return versions.full_version(finished.stdout)

    def server_version(self) -> str:
        """Return the API server's version, as ``1.36.2``; any account may ask for it."""
        call = self.start_versions()
        finished = self._finish(call, READ_SECONDS, lambda out: versions.full_version(out, "serverVersion"))
        return versions.full_version(finished.stdout, "serverVersion")

    def start_versions(self) -> Call:
        """Start asking for kubectl's and the server's version; ``finish_versions`` takes the result."""
        return self._start(self.access.kubectl(), *self.access.flags(), "version", "-o", "json", label="version")

    def finish_versions(self, call: Call, timeout_seconds: float = READ_SECONDS) -> Object:
        """Return what kubectl tells of its own and of the server's version."""
        return parsed(self._finish(call, timeout_seconds, summary.versions)) or {}
