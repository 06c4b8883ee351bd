"""What a task try has on the cluster: its Job and the companions, applied, taken over and deleted together."""

from __future__ import annotations

from kubectl_job_operator.attempt.identity import Identity, is_of_task, owner_of
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace, manifest_file_name
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest.labels import TRY_LABEL
from kubectl_job_operator.manifest.manifest import Manifest
from kubectl_job_operator.manifest.yaml_text import dump_all
from kubectl_job_operator.objects import Object


class Belongings:
    """The objects of one try, known to the cluster by their labels.

    They are deleted by label and never by name alone: an object that a later try has taken over, or that was never
    ours, does not have this try's labels, so nothing that this try does can hit it.

    :param manifest: all of them, with the labels of ``identity``.
    :param identity: whose they are.
    :param workspace: where the companions' file is written.
    :param log: takes a line for each companion that is not ours.
    """

    def __init__(self, manifest: Manifest, identity: Identity, workspace: Workspace, log: Log) -> None:
        self._manifest = manifest
        self._identity = identity
        self._workspace = workspace
        self._log = log
        # Never the Job's own file, whatever the template's name is.
        self._file_name = f"companions-of-{manifest_file_name(manifest.source)}"
        self.has_any = False

    def apply_companions(self, kubectl: Kubectl) -> None:
        """Apply the companions, except those that somebody else has already: these are used as they are."""
        companions = self._manifest.companions
        if not companions:
            return
        file = self._workspace.write(self._file_name, dump_all(companions))
        foreign = {_key(thing) for thing in kubectl.get_file(file) if self._is_foreign(thing)}
        ours = [document for document in companions if _key(document) not in foreign]
        if ours:
            self._workspace.write(self._file_name, dump_all(ours))
            self.has_any = True
            kubectl.apply(file)

    def take_over(self, kubectl: Kubectl) -> None:
        """Make what an earlier try has made this try's own."""
        self.has_any = True
        try_label = f"{TRY_LABEL}={self._identity.try_number}"
        kubectl.label(self._manifest.kinds, self._identity.selector(of_any_try=True), try_label)

    def delete(self, kubectl: Kubectl) -> None:
        """Delete them in the background.

        :raises KubectlError: if they cannot be deleted.
        """
        kubectl.delete(self._manifest.kinds, self._identity.selector())
        self.has_any = False

    def delete_command(self, kubectl: Kubectl) -> str:
        """Return what deletes them, for a person to paste."""
        return kubectl.delete_command(self._manifest.kinds, self._identity.selector())

    def _is_foreign(self, thing: Object) -> bool:
        if is_of_task(thing, self._identity):
            return False
        name = f"{thing['kind']} {thing['metadata']['name']}"
        self._log.info(
            f"{name} exists already and belongs to {owner_of(thing)}: it is used as it is, not changed and not deleted."
        )
        return True


def _key(thing: Object) -> tuple[str, str, str]:
    """Tell objects apart that are all in one namespace."""
    group, _, _ = str(thing["apiVersion"]).rpartition("/")
    return group, str(thing["kind"]), str(thing["metadata"]["name"])
