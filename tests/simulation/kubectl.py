"""kubectl as a program of the simulated world: from a command line to what it prints and returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import yaml

from kubectl_job_operator.objects import Object
from kubectl_job_operator.watch.watched import POD_OUTPUT
from tests.simulation.cluster import Cluster, ConflictError, ImmutableError, matcher, owner_uid, plural_of
from tests.simulation.controllers import Controllers, ended
from tests.simulation.streams import follow, stamped, watch

if TYPE_CHECKING:
    from tests.simulation.host import Run

REFUSED = "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n"
BUSY = "Error from server (ServiceUnavailable): the server is currently unable to handle the request\n"
SILENT = "Unable to connect to the server: http2: client connection lost\n"
UNREACHABLE = (
    'Error from server: Get "https://10.0.0.9:10250/containerLogs/here/countdown/main": dial tcp 10.0.0.9:10250: '
    "connect: no route to host\n"
)
LOST = "Error from server: etcdserver: request timed out\n"
_RULES = "*.*   []   []   [*]\n"
_WORDS = {"job": "jobs", "pod": "pods", "secret": "secrets"}
_POLL_SECONDS = 1.0


class FailedError(Exception):
    """kubectl ends with a return code.

    :param stderr: what it says.
    :param code: the code.
    """

    def __init__(self, stderr: str, code: int = 1) -> None:
        super().__init__(stderr)
        self.stderr = stderr
        self.code = code


class Kubectl:
    """What kubectl does with the small Kubernetes.

    :param cluster: holds the objects.
    :param controllers: know what the containers have written.
    """

    def __init__(self, cluster: Cluster, controllers: Controllers) -> None:
        self.cluster = cluster
        self.controllers = controllers

    def run(self, run: Run) -> str:
        """Run a command to its end, and return what it prints.

        :raises FailedError: with what it says, if it fails.
        """
        words, flags = parsed(run.argv)
        verb = words[0]
        if verb == "version":
            return json.dumps({"clientVersion": {"major": "1", "minor": "37", "gitVersion": "v1.37.2"}})
        if verb == "auth":
            return run.ask(lambda: _RULES)
        action: dict[str, Callable[..., str]] = {
            "get": self._get,
            "apply": self._apply,
            "wait": self._wait,
            "logs": self._logs,
            "delete": self._delete,
            "label": self._label,
            "annotate": self._label,
            "patch": self._patch,
        }
        return action[verb](run, words, flags)

    def _get(self, run: Run, words: Sequence[str], flags: dict[str, str]) -> str:
        if flags.get("raw"):
            return run.ask(lambda: "ok")
        if "f" in flags:
            documents = _documents(flags["f"])
            return run.ask(lambda: _listed([one for each in documents if (one := self._same(each))], len(documents)))
        kind, _, name = words[1].partition("/")
        matches = matcher(flags.get("l", ""), flags.get("field-selector", ""))
        if "watch" in flags:
            watch(run, self.cluster, _plural(kind), matches, _line_of_pod if flags["o"] == POD_OUTPUT else _line_of)
            return ""
        if flags["o"].startswith("jsonpath="):
            return run.ask(
                lambda: " ".join(one["metadata"]["uid"] for one in self.cluster.select(_plural(kind), matches))
            )
        if name:
            return run.ask(lambda: _printed(self.cluster.get(_plural(kind), name)))
        return run.ask(lambda: _listed(self.cluster.select(_plural(kind), matches), 2))

    def _same(self, document: Object) -> Object | None:
        return self.cluster.get(plural_of(document), document["metadata"]["name"])

    def _apply(self, run: Run, _: Sequence[str], flags: dict[str, str]) -> str:
        documents = _documents(flags["f"])

        def apply() -> str:
            made = []
            for document in documents:
                name = document["metadata"]["name"]
                try:
                    made.append(self.cluster.apply(document, flags["field-manager"], run.who))
                except ConflictError as error:
                    raise FailedError(
                        f'error: Apply failed with 1 conflict: conflict with "another": {error}\nPlease review the '
                        "fields above--they currently have other managers.\n"
                    ) from None
                except ImmutableError:
                    raise FailedError(
                        f'The Job "{name}" is invalid: spec.template: Invalid value: {{}}: field is immutable\n'
                    ) from None
            return _listed(made, len(documents))

        return run.ask(apply)

    def _wait(self, run: Run, words: Sequence[str], flags: dict[str, str]) -> str:
        kind, _, name = words[1].partition("/")
        seconds = float(flags["timeout"].rstrip("s"))
        deadline = run.world.now + seconds
        if flags["for"] == "delete":
            matches = matcher(flags.get("l", ""), flags.get("field-selector", ""))
            picked = run.ask(
                lambda: [
                    one["metadata"]["uid"]
                    for one in self.cluster.select(_plural(kind), matches)
                    if not name or one["metadata"]["name"] == name
                ]
            )
            self._until(run, lambda: all(self.cluster.find(uid) is None for uid in picked), deadline, words[1])
            return "".join(f"{words[1]} condition met\n" for _ in picked)
        wanted = flags["for"].partition("=")[2].capitalize()
        if run.ask(lambda: self.cluster.get("jobs", name)) is None:
            raise FailedError(f'Error from server (NotFound): jobs.batch "{name}" not found\n')

        def has_come() -> bool:
            job = self.cluster.get("jobs", name)
            return job is not None and ended(job) == wanted

        self._until(run, has_come, deadline, words[1])
        return _printed(self.cluster.get("jobs", name))

    def _until(self, run: Run, holds: Callable[[], bool], deadline: float, what: str) -> None:
        """Wait for a condition, through an outage too; kubectl then asks again only now and then."""
        while True:
            cuts = self.cluster.cuts

            def is_news(before: int = cuts) -> bool:
                return holds() or self.cluster.cuts != before

            run.until(is_news, deadline - run.world.now)
            if self.cluster.cuts != cuts:
                run.sleep(run.chance.uniform(_POLL_SECONDS, 40.0))
                run.until(lambda: self.cluster.is_up, deadline - run.world.now)
            elif holds():
                run.sleep(run.chance.uniform(0.01, 0.2))
                if holds():
                    return
            if run.world.now >= deadline:
                raise FailedError(f"error: timed out waiting for the condition on {what}\n")

    def _logs(self, run: Run, words: Sequence[str], flags: dict[str, str]) -> str:
        name = words[1]
        pod = run.ask(lambda: self.cluster.get("pods", name))
        if pod is None:
            raise FailedError(f'Error from server (NotFound): pods "{name}" not found\n')
        work = self.controllers.works.get(pod["metadata"]["uid"])
        if work is None:
            raise FailedError(
                f'Error from server (BadRequest): container "main" in pod "{name}" is waiting to start: '
                "ContainerCreating\n"
            )
        if work.is_out_of_reach:
            raise FailedError(UNREACHABLE)
        if "follow" in flags:
            follow(run, self.cluster, work, flags.get("since-time", ""))
            return ""
        if "timestamps" not in flags:
            return "".join(f"{text}\n" for _, text in work.lines[-int(flags.get("tail", "100")) :])
        run.print("".join(stamped(work.lines, flags.get("since-time", ""))))
        return ""

    def _delete(self, run: Run, words: Sequence[str], flags: dict[str, str]) -> str:
        if "raw" in flags:
            return self._delete_raw(run, flags["raw"])
        matches = matcher(flags.get("l", ""), flags.get("field-selector", ""))
        cascade = flags.get("cascade", "background")

        def delete() -> list[Object]:
            picked = [one for kind in words[1].split(",") for one in self.cluster.select(_plural(kind), matches)]
            for one in picked:
                self.cluster.delete(one, run.who, cascade)
            return picked

        picked = run.ask(delete)
        if flags.get("wait") != "false":
            uids = [one["metadata"]["uid"] for one in picked]
            deadline = run.world.now + float(flags.get("timeout", "3600s").rstrip("s"))
            self._until(run, lambda: all(self.cluster.find(uid) is None for uid in uids), deadline, words[1])
        return "".join(f'{one["kind"].lower()} "{one["metadata"]["name"]}" deleted\n' for one in picked)

    def _delete_raw(self, run: Run, address: str) -> str:
        """Delete an object on the conditions that the parameters are."""
        path, _, parameters = address.partition("?")
        *_, plural, name = path.split("/")
        wanted = dict(parse_qsl(parameters))

        def delete() -> str:
            thing = self.cluster.get(plural, name)
            if thing is None:
                raise FailedError(f'Error from server (NotFound): {plural}.batch "{name}" not found\n')
            there = thing["metadata"]
            if any(there[key] != value for key, value in wanted.items() if key in ("uid", "resourceVersion")):
                raise FailedError(
                    f'Error from server (Conflict): Operation cannot be fulfilled on {thing["kind"]}.batch "{name}": '
                    f"the ResourceVersion in the precondition ({wanted['resourceVersion']}) does not match the "
                    f"ResourceVersion in record ({there['resourceVersion']}). The object might have been modified\n"
                )
            self.cluster.delete(thing, run.who, wanted["propagationPolicy"].lower())
            details = {"name": name, "group": "batch", "kind": plural, "uid": there["uid"]}
            return json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details})

        return run.ask(delete)

    def _label(self, run: Run, words: Sequence[str], flags: dict[str, str]) -> str:
        matches = matcher(flags.get("l", ""), flags.get("field-selector", ""))
        values = dict(word.split("=", 1) for word in words[2:])
        place = "labels" if words[0] == "label" else "annotations"

        def label() -> str:
            picked = [one for kind in words[1].split(",") for one in self.cluster.select(_plural(kind), matches)]
            for one in picked:
                self.cluster.set_metadata(one, place, values, run.who)
            return "".join(f"{one['kind'].lower()}/{one['metadata']['name']} labeled\n" for one in picked)

        return run.ask(label)

    def _patch(self, run: Run, words: Sequence[str], flags: dict[str, str]) -> str:
        kind, _, name = words[1].partition("/")

        def patch() -> str:
            found = self.cluster.get(_plural(kind), name)
            if found is None:
                raise FailedError(f'Error from server (NotFound): {kind}s "{name}" not found\n')
            self.cluster.patch(found, json.loads(flags["p"]), run.who)
            return f"{words[1]} patched\n"

        return run.ask(patch)


_WITH_VALUE = {"n", "l", "o", "f", "c", "p", "raw", "context", "kubeconfig"}


def parsed(argv: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Take a command line apart: its words, and its flags without their dashes."""
    words, flags, rest = [], {}, iter(argv[1:])
    for word in rest:
        if not word.startswith("-"):
            words.append(word)
            continue
        name, is_given, value = word.lstrip("-").partition("=")
        flags[name] = value if is_given else next(rest) if name in _WITH_VALUE else "true"
    return words or ["get"], flags


def _plural(kind: str) -> str:
    word = kind.partition(".")[0]
    return _WORDS.get(word, word)


def _documents(file: str) -> list[Object]:
    return [one for one in yaml.load_all(Path(file).read_text(), yaml.CSafeLoader) if one]


def _line_of(event: str, thing: Object) -> str:
    """Print an event of a watch as JSON."""
    return json.dumps({"type": event, "object": thing}) + "\n"


def _line_of_pod(event: str, pod: Object) -> str:
    """Print an event of a pod as ``POD_OUTPUT`` has kubectl do it."""
    names = ("name", "uid", "owner", "creationTimestamp", "deletionTimestamp")
    values = [{**pod["metadata"], "owner": owner_uid(pod)}.get(name, "") for name in names]
    return "|".join([event, pod["kind"], *values, "node", "", json.dumps(pod["status"])]) + "\n"


def _printed(thing: Object | None) -> str:
    return json.dumps(thing) if thing is not None else ""


def _listed(things: Sequence[Object], asked: int) -> str:
    """Print objects as kubectl does: of one that was asked for itself, else a List; nothing where -f finds nothing."""
    if asked == 1:
        return _printed(things[0]) if things else ""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(things)})
