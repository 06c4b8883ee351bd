"""The objects of a small Kubernetes: stored, owned, watched, and changed as the API server lets them be."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from kubectl_job_operator.objects import Object, labels_of
from tests.simulation.world import World

NAMESPACE = "here"
_TRACKED = ("labels", "annotations")


class ConflictError(Exception):
    """Another manager has set a field to something else."""


class ImmutableError(Exception):
    """The pods of a Job that is there cannot be changed."""


@dataclasses.dataclass(frozen=True)
class Change:
    """What somebody asked of the API server.

    :param at: in seconds of the world.
    :param who: who asked, as ``try 2``.
    :param verb: what: ``create``, ``apply``, ``label``, ``patch`` or ``delete``.
    :param before: the object before; ``None`` where there was none.
    """

    at: float
    who: str
    verb: str
    before: Object | None


class Cluster:
    """Holds all objects of one namespace; each change makes a new object, so that what was seen stays as it was.

    :param world: whose time it is.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_up = True
        self.cuts = 0
        """How often all connections were cut."""
        self.journal: list[Change] = []
        self.watchers: list[Callable[[str, Object], None]] = []
        self._objects: dict[tuple[str, str], Object] = {}
        self._managers: dict[str, dict[tuple[str, str], str]] = {}
        self._count = 0

    def get(self, plural: str, name: str) -> Object | None:
        """Return an object; ``None`` if there is none."""
        return self._objects.get((plural, name))

    def find(self, uid: str) -> Object | None:
        """Return an object by its UID; ``None`` if it is gone."""
        return next((one for one in self._objects.values() if one["metadata"]["uid"] == uid), None)

    def select(self, plural: str, matches: Callable[[Object], bool] = lambda _: True) -> list[Object]:
        """Return the objects of a kind for which something holds."""
        return [one for (kind, _), one in self._objects.items() if kind == plural and matches(one)]

    def dependents(self, uid: str) -> list[Object]:
        """Return the pods that an object owns."""
        return self.select("pods", lambda pod: owner_uid(pod) == uid)

    def create(self, thing: Object, who: str) -> Object:
        """Store a new object."""
        self._note(who, "create", None)
        self._count += 1
        made = copy.deepcopy(thing)
        made["metadata"].update(
            namespace=NAMESPACE, uid=f"{self._count:08d}-0000-4000-8000-000000000000", creationTimestamp=self.stamp()
        )
        if made["kind"] == "Job":
            _complete_job(made)
        self._put("ADDED", made)
        return made

    def apply(self, document: Object, manager: str, who: str) -> Object:
        """Apply a manifest on the server's side.

        :raises ConflictError: if another manager has set one of its labels or annotations, or of its pods' labels, to
            something else.
        :raises ImmutableError: if it would change the pods of a Job.
        """
        found = self.get(plural_of(document), document["metadata"]["name"])
        if found is None:
            made = self.create(document, who)
            made["metadata"]["managedFields"] = [{"manager": manager, "operation": "Apply"}]
            self._own(made, document, manager)
            return made
        owned = self._managers.setdefault(found["metadata"]["uid"], {})
        there = _tracked(found)
        for field, value in _tracked(document).items():
            if there.get(field) != value and owned.get(field, manager) != manager:
                raise ConflictError(f".metadata.{'.'.join(field)}")
        if found["kind"] == "Job" and not _pod_labels(document).items() <= _pod_labels(found).items():
            raise ImmutableError
        self._note(who, "apply", found)
        self._own(found, document, manager)
        return self.change(found, lambda one: _merge_metadata(one, document))

    def set_metadata(self, thing: Object, place: str, values: dict[str, str], who: str) -> Object:
        """Set labels or annotations, as ``kubectl label`` does, which owns them then."""
        self._note(who, "label", thing)
        self._managers.setdefault(thing["metadata"]["uid"], {}).update({(place, key): place for key in values})
        return self.change(thing, lambda one: one["metadata"].setdefault(place, {}).update(values))

    def patch(self, thing: Object, change: Object, who: str) -> Object:
        """Merge a change into the spec or the metadata."""
        self._note(who, "patch", thing)

        def merge(one: Object) -> None:
            for part, values in change.items():
                one[part].update(values)

        return self.change(thing, merge)

    def delete(self, thing: Object, who: str, cascade: str = "background") -> None:
        """Delete an object; what it owns is for the garbage collector.

        :param cascade: ``background``, ``foreground`` or ``orphan``.
        """
        self._note(who, "delete", thing)
        if thing["kind"] == "Job":
            if cascade == "orphan":
                for pod in self.dependents(thing["metadata"]["uid"]):
                    self.change(pod, lambda one: one["metadata"].pop("ownerReferences"))
            if cascade != "foreground":
                self.remove(thing)
                return
        elif thing["kind"] != "Pod":
            self.remove(thing)
            return
        if "deletionTimestamp" not in thing["metadata"]:
            self.change(thing, lambda one: one["metadata"].update(deletionTimestamp=self.stamp()))

    def change(self, thing: Object, how: Callable[[Object], object]) -> Object:
        """Change an object, if it is there, and return it as it then is."""
        now = self.find(thing["metadata"]["uid"])
        if now is None:
            return thing
        changed = copy.deepcopy(now)
        how(changed)
        if changed == now:
            return now
        self._put("MODIFIED", changed)
        return changed

    def remove(self, thing: Object) -> None:
        """Take an object away."""
        key = (plural_of(thing), thing["metadata"]["name"])
        found = self._objects.get(key)
        if found is not None and found["metadata"]["uid"] == thing["metadata"]["uid"]:
            del self._objects[key]
            self._tell("DELETED", found)

    def cut(self) -> None:
        """End every connection that goes on."""
        self.cuts += 1

    def stamp(self) -> str:
        """Return the time as Kubernetes writes it."""
        return self.world.wall_time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _own(self, thing: Object, document: Object, manager: str) -> None:
        owned = self._managers.setdefault(thing["metadata"]["uid"], {})
        owned.update(dict.fromkeys(_tracked(document), manager))

    def _note(self, who: str, verb: str, before: Object | None) -> None:
        self.journal.append(Change(self.world.elapsed, who, verb, before))

    def _put(self, event: str, thing: Object) -> None:
        self._count += 1
        thing["metadata"]["resourceVersion"] = str(self._count)
        self._objects[plural_of(thing), thing["metadata"]["name"]] = thing
        self._tell(event, thing)

    def _tell(self, event: str, thing: Object) -> None:
        for watcher in list(self.watchers):
            watcher(event, thing)


def plural_of(thing: Object) -> str:
    """Return the resource of an object, as ``pods``."""
    return f"{thing['kind'].lower()}s"


def owner_uid(thing: Object) -> str:
    """Return the UID of what owns an object; empty if nothing does."""
    return next((str(one["uid"]) for one in thing["metadata"].get("ownerReferences") or ()), "")


def matcher(labels: str = "", fields: str = "") -> Callable[[Object], bool]:
    """Return what tells whether an object is picked by a label and a field selector."""
    wanted, of_fields = list(_terms(labels)), list(_terms(fields))

    def matches(thing: Object) -> bool:
        has = labels_of(thing)
        for key, operator, value in wanted:
            if key in has if operator == "!" else has.get(key) != value:
                return False
        known = {"metadata.name": thing["metadata"]["name"], "status.phase": (thing.get("status") or {}).get("phase")}
        return all((known[key] == value) == (operator == "=") for key, operator, value in of_fields)

    return matches


def _terms(selector: str) -> Iterator[tuple[str, str, str]]:
    for term in filter(None, selector.split(",")):
        if term.startswith("!"):
            yield term[1:], "!", ""
        else:
            key, _, value = term.partition("=")
            yield key.rstrip("!"), "!=" if key.endswith("!") else "=", value


def _tracked(thing: Object) -> dict[tuple[str, str], str]:
    """Return the fields of which it is known who has set them."""
    pod_labels = _pod_labels(thing) if thing["kind"] == "Job" else {}
    places = {**{place: thing["metadata"].get(place) or {} for place in _TRACKED}, "pods": pod_labels}
    return {(place, key): value for place, values in places.items() for key, value in values.items()}


def _pod_labels(job: Object) -> dict[str, str]:
    return dict((job["spec"]["template"].get("metadata") or {}).get("labels") or {})


def _merge_metadata(thing: Object, document: Object) -> None:
    for place in _TRACKED:
        thing["metadata"].setdefault(place, {}).update(document["metadata"].get(place) or {})


def _complete_job(job: Any) -> None:
    """Add what the API server adds."""
    own = {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"], "job-name": job["metadata"]["name"]}
    for key, value in (("backoffLimit", 6), ("completions", 1), ("parallelism", 1)):
        job["spec"].setdefault(key, value)
    job["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"]}}
    job["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {}).update(own)
    job["status"] = {}
