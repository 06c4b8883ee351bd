"""One try of a task: all that it works with, handed to everything that takes part in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kubectl_job_operator.attempt.belongings import Belongings
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.memory import Done, Memory
from kubectl_job_operator.attempt.observer import Observer
from kubectl_job_operator.attempt.permissions import Permissions
from kubectl_job_operator.attempt.session import Session
from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.access import Access
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.masking import Mask, masks_nothing
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status
from kubectl_job_operator.status.rights import LIST_EVENTS, Right

SHORTEST_TTL_SECONDS = 3600


class Attempt(Session):
    """One try of a task.

    :param manifest: what to apply, as its author wants it.
    :param identity: whose it is.
    :param access: which cluster, as whom.
    :param namespace: where, if the manifest names no namespace; default is the one that kubectl itself would use.
    :param settings: how.
    :param log: takes every line, in the thread that runs the try.
    :param container_log: takes those that containers have written; default is the same.
    :param mask: hides the secrets in what is too long to be shown whole.
    :param memory: where it is kept that the Job was Complete.
    :param observer: is shown the Job as it changes.
    :param make_processes: makes what starts the children.
    """

    def __init__(
        self,
        manifest: Manifest,
        identity: Identity,
        access: Access,
        *,
        namespace: str | None,
        settings: Settings,
        log: Log,
        memory: Memory,
        observer: Observer,
        container_log: Log | None = None,
        mask: Mask = masks_nothing,
        make_processes: Callable[[Mapping[str, str]], Processes] = Processes,
    ) -> None:
        # Until the task has seen the Job's end, the cluster must not delete it: its verdict would be lost.
        self.ttl_seconds = _short_ttl(manifest)
        """The author's ``ttlSecondsAfterFinished``, if it is too short to rely on."""
        if self.ttl_seconds is not None:
            manifest = manifest.with_ttl(SHORTEST_TTL_SECONDS)
        self.manifest = (
            manifest.with_labels(identity.labels())
            .with_labels(identity.try_labels(), on_pods=False)
            .with_annotations(identity.annotations(), on_pods=False)
            .with_keep_labels()
            .with_late_secrets()
        )
        super().__init__(
            access,
            manifest.namespace or namespace,
            log=log,
            outage_tolerance_seconds=settings.outage_tolerance_seconds,
            mask=mask,
            keeping=settings.keeping,
            make_processes=make_processes,
        )
        self.identity = identity
        self.settings = settings
        self.container_log = self.log.together_with(container_log or log)
        self.memory = memory
        self.observer = observer
        self.belongings = Belongings(self.manifest, identity, self.workspace, self.log)
        self.permissions = Permissions(self.log)
        self.file: Path | None = None
        """The file of the Job, once it is written."""
        self.job: Object | None = None
        """The Job as it was last seen."""
        self.recalled: Done | None = None
        """What an earlier try has noted of a Job that is gone."""
        self.may_run_on = False
        """Whether there may be a Job that goes on if nobody ends it."""

    @property
    def target(self) -> str:
        """The Job for kubectl, as ``job/NAME``."""
        return kinds.target(self.manifest.job)

    @property
    def full_name(self) -> str:
        """The Job for people, as ``Job NAMESPACE/NAME``."""
        return f"{kinds.word(self.manifest.job)} {self.kubectl.namespace}/{self.manifest.name}"

    def see(self, job: Object) -> Object:
        """Take the Job as it now is, and return it."""
        self.job = job
        self.observer.on_job(job)
        return job

    def look(self) -> Object | None:
        """Return what has the Job's name; ``None`` if nothing has."""
        return self.kubectl.get(self.target)

    def look_persistently(self) -> Object | None:
        """Do the same, through an outage."""
        return self.persist(self.look)

    def pods_persistently(self, job: Object) -> Sequence[Object]:
        """Return the Job's pods, through an outage."""
        return self.persist(lambda: self.kubectl.select("pods", job_status.pod_selector(job)))

    def pods_of(self, job: Object) -> Sequence[Object]:
        """Return the Job's pods; none, and a warning, if they cannot be listed."""
        return self.pods_if_listed(job) or ()

    def pods_if_listed(self, job: Object) -> Sequence[Object] | None:
        """Return the Job's pods; ``None``, and a warning, if they cannot be listed."""
        try:
            return self.kubectl.select("pods", job_status.pod_selector(job))
        except KubectlError as error:
            self.log.warning(f"The Job's pods cannot be listed.\n{error}")
            return None

    def start_events(self, field_selector: str | None) -> Callable[[], Sequence[Object]]:
        """Start listing the namespace's events, and return what gives them; it gives none where they may not be read.

        :param field_selector: which; ``None`` is all.
        """
        if not self.permissions.has(LIST_EVENTS):
            return tuple
        kubectl = self.kubectl
        if field_selector is None:
            call = kubectl.start_select("events", None)
            return lambda: self.listed(lambda: kubectl.finish_select(call), "The events of the namespace", LIST_EVENTS)
        call = kubectl.start_events(field_selector)
        return lambda: self.listed(lambda: kubectl.finish_events(call), "The events of the namespace", LIST_EVENTS)

    def listed(self, read: Callable[[], Sequence[Object]], what: str, right: Right | None = None) -> Sequence[Object]:
        """Return what is read; nothing, and a warning, if it cannot be read.

        :param right: what it takes, if it is one that only helps.
        """
        try:
            return read()
        except KubectlError as error:
            if right is None or error.kind is not ErrorKind.FORBIDDEN or not self.permissions.is_refused(right):
                self.log.warning(f"{what} cannot be listed.\n{error}")
            return ()


def _short_ttl(manifest: Manifest) -> int | None:
    if not kinds.is_job(manifest.job):
        return None
    seconds = manifest.job["spec"].get("ttlSecondsAfterFinished")
    return seconds if isinstance(seconds, int) and seconds < SHORTEST_TTL_SECONDS else None
