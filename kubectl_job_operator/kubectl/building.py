"""What gives a manifest and changes nothing: ``kubectl kustomize``, and ``kubectl create`` as kubectl's own dry run."""

from __future__ import annotations

from kubectl_job_operator.kubectl import summary
from kubectl_job_operator.kubectl.calls import CHANGE_SECONDS, READ_SECONDS, Calls


class Building(Calls):
    """Prints the YAML that something else describes."""

    def kustomize(self, address: str) -> str:
        """Return the YAML that a kustomization gives. Without one that is remote, no network is needed.

        :param address: its folder, or a remote address.
        """
        call = self._start(self.access.kubectl(), "kustomize", address, label="kustomize")
        # A remote one is cloned first.
        return self._finish(call, CHANGE_SECONDS, summary.count_documents).stdout

    def job_of_cronjob(self, cronjob: str, name: str) -> str:
        """Return the YAML of a Job as the CronJob would start it now; nothing is created.

        :param name: the Job's.
        """
        arguments = ("create", "job", name, f"--from=cronjob/{cronjob}", "--dry-run=client", "-o", "yaml")
        # As soon as something is to be changed, the version of kubectl is looked at.
        call = self._start(*self._here(*arguments), label="create job --dry-run=client")
        return self._finish(call, READ_SECONDS, summary.count_documents).stdout
