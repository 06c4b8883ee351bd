"""kubectl: one method for each subcommand. Tuples of arguments go in, parsed JSON or text comes out, errors by kind."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubectl_job_operator.errors import AccessError, ErrorKind, KubectlError, KubectlMissingError, TaskKilledError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.process import Finished, Process, Processes
from kubectl_job_operator.kubectl.stderr import explain, no_answer, not_started
from kubectl_job_operator.kubectl.transcript import Command, Transcript
from kubectl_job_operator.objects import Object

PROGRAM = "kubectl"
FIELD_MANAGER = "kubectl-job-operator"
OLDEST_VERSION = (1, 28)

_READ_SECONDS = 20.0
_CHANGE_SECONDS = 60.0  # an admission webhook alone may take 30 s
_LOGS_SECONDS = 15.0
_WHOLE_LOG_SECONDS = 600.0
_STOP_SECONDS = 2.0
_FIRST_LOOK_SECONDS = 5
_MOST_NAMES = 5
_WATCH = ("--watch", "--output-watch-events")
_UIDS = "jsonpath={.items[*].metadata.uid}"


@dataclass(frozen=True)
class Call:
    """A kubectl command that runs in the background."""

    command: Command
    process: Process


class Kubectl:
    """kubectl with one way into one cluster and one namespace.

    The first command starts ``kubectl version`` beside it, and no result is given out before that version is known to
    be new enough. So a kubectl that is too old is refused before it has changed anything, and nobody waits for it.

    :param access: which cluster, as whom.
    :param namespace: given to every command as ``-n``; ``None`` only as long as it is not known.
    :param processes: starts the children and ends them.
    :param transcript: where each command is shown.
    """

    def __init__(self, access: Access, namespace: str | None, processes: Processes, transcript: Transcript) -> None:
        self.access = access
        self.namespace = namespace
        self._processes = processes
        self._transcript = transcript
        self._version_call: Call | None = None
        self._version_is_checked = False

    def with_processes(self, processes: Processes, transcript: Transcript | None = None) -> Kubectl:
        """Return the same kubectl, starting its children elsewhere: for cleaning up after these were stopped.

        :param transcript: where its commands are shown; default is the same.
        """
        other = Kubectl(self.access, self.namespace, processes, transcript or self._transcript)
        other._version_is_checked = self._version_is_checked
        return other

    def default_namespace(self) -> str:
        """Return the namespace that kubectl uses where none is named: the context's, else the pod's, else ``default``.

        :raises AccessError: if there is no kubeconfig and this is not a pod.
        """
        if self.access.in_cluster:
            return self.access.pod_namespace() or "default"
        call = self._start(PROGRAM, *self.access.flags(), "config", "view", "--minify", "-o", "json")
        try:
            finished = self._finish(
                call, _READ_SECONDS, lambda out: f"its namespace: {_context_namespace(out) or 'none'}"
            )
        except KubectlError as error:
            if "current-context must exist" not in error.stderr:
                raise
            pod_namespace = self.access.pod_namespace()
            if pod_namespace is None:
                raise AccessError(
                    "kubectl has no current context, and this is not a pod with a service account.\n"
                    "What to do: set config_file or cluster_context, or the variable KUBECONFIG where the task runs."
                ) from error
            return pod_namespace
        return _context_namespace(finished.stdout) or self.access.pod_namespace() or "default"

    def get(self, target: str) -> Object | None:
        """Return the object that ``target`` names, as ``job/NAME``; ``None`` if there is none."""
        return self.finish_get(self.start_get(target))

    def start_get(self, target: str) -> Call:
        """Start what ``get`` does, beside something else; ``finish_get`` takes the result."""
        return self._start_here("get", target, "-o", "json", "--ignore-not-found")

    def finish_get(self, call: Call, timeout_seconds: float = _READ_SECONDS) -> Object | None:
        """Return what ``get`` returns."""
        return _parse(self._finish(call, timeout_seconds, _names))

    def start_can_i_list(self) -> Call:
        """Start listing the account's rights in the namespace; ``finish_can_i_list`` takes the result."""
        return self._start_here("auth", "can-i", "--list", "--no-headers", label="auth can-i")

    def finish_can_i_list(self, call: Call) -> str | None:
        """Return the rows that kubectl prints; ``None`` if the cluster does not tell, or not all."""
        try:
            finished = self._finish(call, _READ_SECONDS, lambda out: f"{len(_lines(out))} rules")
        except KubectlError as error:
            if error.kind is ErrorKind.FORBIDDEN:
                return None
            raise
        return None if "incomplete" in finished.stderr else finished.stdout

    def start_api_resources(self, group: str) -> Call:
        """Start listing the resources of an API group; ``finish_api_resources`` takes the result.

        :param group: as ``batch``; empty for the core.
        """
        return self._start_here("api-resources", f"--api-group={group}", "--no-headers")

    def finish_api_resources(self, call: Call) -> str:
        """Return the rows that kubectl prints; none if the cluster does not tell."""
        try:
            return self._finish(call, _READ_SECONDS, lambda out: f"{len(_lines(out))} resources").stdout
        except KubectlError:
            return ""

    def get_file(self, file: Path) -> list[Object]:
        """Return those of a manifest's objects that exist."""
        call = self._start_here("get", "-f", str(file), "-o", "json", "--ignore-not-found")
        found = _parse(self._finish(call, _READ_SECONDS, _names))
        if found is None:
            return []
        return list(found["items"]) if found.get("kind") == "List" else [found]

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

    def finish_select(self, call: Call, timeout_seconds: float = _READ_SECONDS) -> list[Object]:
        """Return what ``select`` returns."""
        found = _parse(self._finish(call, timeout_seconds, _count_objects)) or {}
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
        found = _parse(self._finish(call, _READ_SECONDS, _count_events)) or {}
        return list(found.get("items", ()))

    def start_versions(self) -> Call:
        """Start asking for kubectl's and the server's version; ``finish_versions`` takes the result."""
        return self._start(PROGRAM, *self.access.flags(), "version", "-o", "json", label="version")

    def finish_versions(self, call: Call, timeout_seconds: float = _READ_SECONDS) -> Object:
        """Return what kubectl tells of its own and of the server's version."""
        return _parse(self._finish(call, timeout_seconds, _versions)) or {}

    def apply(self, file: Path) -> list[Object]:
        """Apply a manifest on the server's side and return its objects as they now are."""
        self._be_sure_of_version()
        call = self._start_here(
            "apply", "--server-side", f"--field-manager={FIELD_MANAGER}", "-f", str(file), "-o", "json"
        )
        applied = _parse(self._finish(call, _CHANGE_SECONDS, _names)) or {}
        return list(applied["items"]) if applied.get("kind") == "List" else [applied]

    def start_dry_run(self, file: Path) -> Call:
        """Start letting the API server check a manifest and change nothing; ``finish_dry_run`` takes the result."""
        return self._start_here(
            "apply",
            "--server-side",
            "--dry-run=server",
            f"--field-manager={FIELD_MANAGER}",
            "-f",
            str(file),
            "-o",
            "name",
        )

    def finish_dry_run(self, call: Call) -> None:
        """Take the result of a dry run.

        :raises KubectlError: if the server does not accept the manifest.
        """
        self._finish(call, _CHANGE_SECONDS, str.strip)

    def version(self) -> str:
        """Return kubectl's own version, as ``1.32.4``.

        :raises KubectlMissingError: if there is none, or it is too old.
        """
        self._be_sure_of_version()
        call = self._start(PROGRAM, "version", "--client", "-o", "json", label="version")
        return _full_version(self._finish(call, _READ_SECONDS, _full_version).stdout, "clientVersion")

    def server_version(self) -> str:
        """Return the API server's version, as ``1.36.2``; any account may ask for it."""
        call = self._start(PROGRAM, *self.access.flags(), "version", "-o", "json", label="version")
        finished = self._finish(call, _READ_SECONDS, lambda out: _full_version(out, "serverVersion"))
        return _full_version(finished.stdout, "serverVersion")

    def configuration(self) -> Object:
        """Return that part of the kubeconfig that is in use: one context, its cluster and user, secrets left out."""
        call = self._start(
            PROGRAM, *self.access.flags(), "config", "view", "--minify", "-o", "json", label="config view"
        )
        return _parse(self._finish(call, _READ_SECONDS, lambda _: "read")) or {}

    def start_wait(self, target: str, condition: str, timeout_seconds: int, on_exit: Callable[[Process], None]) -> Call:
        """Start waiting in the background until ``target`` has the condition; ``finish_wait`` takes the result.

        :param condition: kubectl's word behind ``--for=``, as ``condition=complete`` or ``delete``.
        :param timeout_seconds: when kubectl gives up by itself.
        :param on_exit: called when it has ended, in another thread.
        """
        return self._start_here(
            "wait",
            target,
            f"--for={condition}",
            f"--timeout={timeout_seconds}s",
            *(() if condition == "delete" else ("-o", "json")),
            label=f"wait --for={condition}",
            on_exit=on_exit,
        )

    def finish_wait(self, call: Call) -> Object | None:
        """Return the object that a wait printed when it ended; ``None`` if it printed none.

        :raises KubectlError: with ``CONDITION_TIMED_OUT`` if the condition did not come in time.
        """
        finished = self._finish(call, _READ_SECONDS, lambda out: f"condition met by {_names(out)}")
        return _parse(finished) if finished.stdout.lstrip().startswith("{") else None

    def stop(self, *calls: Call) -> None:
        """End background commands that are not needed any more; waits at most two seconds for all of them."""
        for call in calls:
            call.process.stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for call in calls:
            finished = call.process.wait(max(0.0, deadline - time.monotonic()))
            if finished is not None:
                said = "stopped, no longer needed"
                self._transcript.ended(call.command, 0, finished.duration_seconds, said, was_stopped=True)

    def logs(self, pod: str, container: str, tail: int) -> Sequence[str]:
        """Return the last lines of a container's log."""
        return self.finish_logs(self._start_here("logs", pod, "-c", container, f"--tail={tail}"))

    def start_logs_of_all(self, selector: str, tail: int, on_exit: Callable[[Process], None] | None = None) -> Call:
        """Start reading the last lines of every container of the pods that the selector picks.

        :param on_exit: called when it has ended, in another thread.
        """
        arguments = ("-l", selector, "--all-containers", "--prefix", "--ignore-errors", f"--tail={tail}")
        return self._start_here("logs", *arguments, on_exit=on_exit)

    def finish_logs(self, call: Call) -> Sequence[str]:
        """Return the lines; after ``start_logs_of_all`` each begins with ``[pod/POD/CONTAINER] ``.

        A container without a log gives a line that says so.
        """
        return _lines(self._finish(call, _LOGS_SECONDS, _count_lines).stdout)

    def start_log(self, pod: str, container: str, on_output: Callable[[bytes], None]) -> Call:
        """Start reading a container's whole log, as it was written.

        :param on_output: takes it as it comes, in another thread.
        """
        return self._start_here("logs", pod, "-c", container, on_output=on_output)

    def finish_log(self, call: Call) -> None:
        """Wait until the log has been read to its end."""
        self._finish(call, _WHOLE_LOG_SECONDS, lambda _: "read to its end")

    def start_stream_of_logs(
        self,
        pod: str,
        container: str,
        *,
        follow: bool,
        previous: bool,
        since: str | None,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[Process], None],
    ) -> Call:
        """Start reading a container's log line by line, each with its time; ``finish_stream`` when it has ended.

        :param follow: go on until the container ends.
        :param previous: read the instance of the container before its last restart.
        :param since: leave out what is older, as ``2026-11-20T19:25:02Z``.
        :param on_output: takes what kubectl prints, as it comes, in another thread.
        :param on_exit: called when it has ended, in another thread.
        """
        flags = [*(("--follow",) if follow else ()), *(("--previous",) if previous else ())]
        return self._start_here(*_logs(pod, container, since), *flags, on_exit=on_exit, on_output=on_output)

    def logs_command(self, pod: str, container: str, since: str | None, *, previous: bool = False) -> str:
        """Return what prints a container's log, for a person to paste."""
        return shlex.join(self._here(*_logs(pod, container, since), *(("--previous",) if previous else ())))

    def start_watch(
        self,
        resource: str,
        selector: str,
        on_output: Callable[[bytes], None],
        on_exit: Callable[[Process], None],
        *,
        output: str = "json",
    ) -> Call:
        """Start watching the objects that the label selector picks; ``finish_stream`` when it has ended.

        kubectl prints one line for each that there is, and then for each change. It ends without a word when the server
        closes the connection.

        :param on_output: takes what kubectl prints, as it comes, in another thread.
        :param on_exit: called when it has ended, in another thread.
        :param output: what it prints of each event, as kubectl's ``-o`` takes it.
        """
        # Else it prints, of more than 500 objects that there are, only the lists in which they come.
        arguments = ("get", resource, "-l", selector, *_WATCH, "--chunk-size=0", "-o", output)
        return self._start_here(*arguments, label=f"watch {resource}", on_exit=on_exit, on_output=on_output)

    def start_watch_of_one(
        self, target: str, on_output: Callable[[bytes], None], on_exit: Callable[[Process], None]
    ) -> Call:
        """Start watching one object, as ``job/NAME``, where all of its kind may not be watched.

        It ends as ``start_watch`` does, and with ``NOT_FOUND`` if there is no such object.
        """
        arguments = ("get", target, *_WATCH, "-o", "json")
        return self._start_here(*arguments, label=f"watch {target}", on_exit=on_exit, on_output=on_output)

    def uids(self, resource: str, selector: str) -> frozenset[str]:
        """Return the UIDs of the objects that the label selector picks: a short answer, however many they are."""
        call = self._start_here("get", resource, "-l", selector, "-o", _UIDS, label=f"get {resource}")
        finished = self._finish(call, _CHANGE_SECONDS, lambda out: f"{len(out.split())} of them")
        return frozenset(finished.stdout.split())

    def finish_stream(self, call: Call, said: str) -> None:
        """Show that a command whose output was passed on has ended.

        :param said: what came of it.
        """
        self._finish(call, _READ_SECONDS, lambda _: said)

    def delete(self, kinds: str, selector: str) -> None:
        """Delete what the label selector picks, without waiting until it is gone; that there is nothing is no error."""
        self._be_sure_of_version()
        self._finish(self._start_here(*_delete(kinds, selector)), _CHANGE_SECONDS, str.strip)

    def delete_command(self, kinds: str, selector: str) -> str:
        """Return what ``delete`` would run, for a person to paste."""
        return shlex.join(self._here(*_delete(kinds, selector)))

    def label(self, kinds: str, selector: str, label: str) -> None:
        """Set a label, as ``key=value``, on what the label selector picks."""
        self._be_sure_of_version()
        call = self._start_here("label", kinds, "-l", selector, label, "--overwrite")
        self._finish(call, _CHANGE_SECONDS, str.strip)

    def patch(self, target: str, change: Object) -> None:
        """Merge a change into an object, as ``job/NAME``."""
        self._be_sure_of_version()
        call = self._start_here("patch", target, "--type=merge", "-p", json.dumps(change))
        self._finish(call, _CHANGE_SECONDS, str.strip)

    def delete_and_wait(self, name: str, selector: str, timeout_seconds: int, resource: str = "job") -> None:
        """Delete an object if the label selector still picks it, and its pods, and wait until they are gone."""
        self._be_sure_of_version()
        call = self._start_here(
            "delete",
            resource,
            "-l",
            selector,
            f"--field-selector=metadata.name={name}",
            "--cascade=foreground",
            f"--timeout={timeout_seconds}s",
        )
        self._finish(call, timeout_seconds + _CHANGE_SECONDS, str.strip)

    def wait_until_gone(self, pods_selector: str, timeout_seconds: int) -> None:
        """Wait until no pod that has not ended has these labels; that there is none is no error.

        Where the account may list pods but not watch them, kubectl notices their end only when it begins anew: so it
        does now and then, later and later.

        :raises KubectlError: with ``CONDITION_TIMED_OUT`` if they are not gone in time.
        """
        seconds, left = _FIRST_LOOK_SECONDS, timeout_seconds
        while True:
            seconds = min(seconds, left)
            call = self._start_here(
                "wait",
                "pods",
                "-l",
                pods_selector,
                "--field-selector=status.phase!=Succeeded,status.phase!=Failed",
                "--for=delete",
                f"--timeout={seconds}s",
            )
            try:
                self._finish(call, seconds + _CHANGE_SECONDS, lambda out: out.strip() or "there is none")
            except KubectlError as error:
                left -= seconds
                if error.kind is not ErrorKind.CONDITION_TIMED_OUT or left <= 0:
                    raise
                seconds *= 2
            else:
                return

    def require_version(self) -> None:
        """Refuse a kubectl that is too old, before it does anything; every method does so by itself, at the latest.

        :raises KubectlMissingError: if there is none, or it is too old.
        """
        self._be_sure_of_version()

    def _be_sure_of_version(self) -> None:
        """Know the version before something is changed; where something was read before, this costs nothing."""
        if self._version_call is None and not self._version_is_checked:
            self._version_call = self._start(PROGRAM, "version", "--client", "-o", "json", label="version")
        self._require_version()

    def _start_here(
        self,
        *arguments: str,
        label: str = "",
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Call:
        """Start a command against the chosen cluster and namespace."""
        call = self._start(*self._here(*arguments), label=label or arguments[0], on_exit=on_exit, on_output=on_output)
        if self._version_call is None and not self._version_is_checked:
            self._version_call = self._start(PROGRAM, "version", "--client", "-o", "json", label="version")
        return call

    def _here(self, *arguments: str) -> tuple[str, ...]:
        """Return a whole command against the chosen cluster and namespace."""
        if self.namespace is None:
            raise ValueError("the namespace is not known yet")
        return (PROGRAM, *self.access.flags(), "-n", self.namespace, *arguments)

    def _start(
        self,
        *argv: str,
        label: str = "",
        on_exit: Callable[[Process], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Call:
        if shutil.which(PROGRAM) is None:
            raise KubectlMissingError(
                f"There is no {PROGRAM} on the PATH of the machine where the task runs.\n"
                f"What to do: install kubectl {_dotted(OLDEST_VERSION)} or later there."
            )
        command = self._transcript.started(argv, label)
        return Call(command, self._processes.start(argv, on_exit, on_output))

    def _finish(self, call: Call, timeout_seconds: float, summarize: Callable[[str], str]) -> Finished:
        """Wait for a command, show what came of it, and give its result or its error."""
        self._require_version()
        return self._end(call, timeout_seconds, summarize)

    def _end(self, call: Call, timeout_seconds: float, summarize: Callable[[str], str]) -> Finished:
        try:
            finished = call.process.wait(timeout_seconds)
        except OSError as cause:
            failure = not_started(call.command.argv, cause)
            self._transcript.ended(call.command, failure.return_code, 0.0, failure.words)
            raise failure from cause
        if finished is None:
            call.process.stop()
            late = no_answer(call.command.argv, timeout_seconds)
            self._transcript.ended(call.command, late.return_code, timeout_seconds, late.words)
            raise late
        if call.process.was_stopped:
            self._transcript.ended(call.command, finished.return_code, finished.duration_seconds, "stopped")
            raise TaskKilledError(f"The task was told to stop while this ran: {call.command}")
        error = explain(call.command.argv, finished.return_code, finished.stderr) if finished.return_code else None
        said = error.words if error else _joined(summarize(finished.stdout), finished.stderr)
        self._transcript.ended(call.command, finished.return_code, finished.duration_seconds, said)
        if error:
            raise error
        return finished

    def _require_version(self) -> None:
        """Refuse a kubectl that is too old; asked once."""
        if self._version_is_checked or self._version_call is None:
            return
        # Asked anew after a failure: it may have been an accident.
        call, self._version_call = self._version_call, None
        finished = self._end(call, _READ_SECONDS, lambda out: _dotted(_version(out)))
        version = _version(finished.stdout)
        if version < OLDEST_VERSION:
            raise KubectlMissingError(
                f"{shutil.which(PROGRAM)} is version {_dotted(version)}, but {_dotted(OLDEST_VERSION)} or later is "
                f"needed.\nWhat to do: install a newer kubectl on the machine where the task runs."
            )
        self._version_is_checked = True


def _delete(kinds: str, selector: str) -> tuple[str, ...]:
    return ("delete", kinds, "-l", selector, "--wait=false")


def _logs(pod: str, container: str, since: str | None) -> tuple[str, ...]:
    return ("logs", pod, "-c", container, "--timestamps", *((f"--since-time={since}",) if since else ()))


def _parse(finished: Finished) -> Object | None:
    if not finished.stdout.strip():
        return None
    try:
        parsed: Object = json.loads(finished.stdout)
    except ValueError as error:
        raise KubectlError(
            finished.argv,
            finished.return_code,
            finished.stderr,
            ErrorKind.OTHER,
            words=f"it printed something that is not JSON: {error}; it begins with {finished.stdout[:200]!r}",
        ) from error
    return parsed


def _names(stdout: str) -> str:
    """Name the objects in what kubectl printed, instead of showing the whole JSON."""
    if not stdout.lstrip().startswith("{"):
        return stdout.strip() or "nothing found"
    try:
        parsed = json.loads(stdout)
    except ValueError:
        return "(not JSON)"
    objects = parsed["items"] if parsed.get("kind") == "List" else [parsed]
    return ", ".join(map(_name, objects)) or "nothing found"


def _count_events(stdout: str) -> str:
    """Count them: their names say nothing."""
    try:
        count = len(json.loads(stdout or "{}").get("items", ()))
    except ValueError:
        return "(not JSON)"
    return f"{count} event{'' if count == 1 else 's'}"


def _count_objects(stdout: str) -> str:
    """Name a few objects, count many."""
    try:
        count = len(json.loads(stdout)["items"])
    except (ValueError, KeyError, TypeError):
        return _names(stdout)
    return f"{count} objects" if count > _MOST_NAMES else _names(stdout)


def _versions(stdout: str) -> str:
    return ", ".join(re.findall(r'"gitVersion":\s*"([^"]*)"', stdout)) or "unknown"


def _name(one: Object) -> str:
    metadata = one.get("metadata", {})
    return f"{one.get('kind', '?').lower()}/{metadata.get('name', '?')} (uid {metadata.get('uid', '?')})"


def _lines(stdout: str) -> list[str]:
    """Split at newlines only: a container's line may hold any other separator."""
    return stdout.removesuffix("\n").split("\n") if stdout else []


def _count_lines(stdout: str) -> str:
    count = len(_lines(stdout))
    return f"{count} line{'' if count == 1 else 's'}"


def _joined(summary: str, stderr: str) -> str:
    """Put kubectl's warnings behind a summary of its output."""
    return "\n".join(part for part in (summary, stderr.strip()) if part)


def _context_namespace(config_view: str) -> str | None:
    contexts = json.loads(config_view).get("contexts") or [{}]
    namespace = contexts[0].get("context", {}).get("namespace")
    return str(namespace) if namespace else None


def _version(stdout: str) -> tuple[int, int]:
    """Read kubectl's version; the words around it differ between its builds."""
    match = re.search(r'"gitVersion":\s*"v(\d+)\.(\d+)', stdout)
    if match is None:
        raise KubectlMissingError(f"kubectl does not tell its version; it printed {stdout[:200]!r}")
    return int(match[1]), int(match[2])


def _full_version(stdout: str, whose: str = "clientVersion") -> str:
    """Read a version with its patch number."""
    return str((json.loads(stdout).get(whose) or {}).get("gitVersion", "?")).removeprefix("v")


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
