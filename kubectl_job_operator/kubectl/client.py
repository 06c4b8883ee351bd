"""kubectl: one method for each subcommand. Tuples of arguments go in, parsed JSON or text comes out, errors by kind."""

from __future__ import annotations

from kubectl_job_operator.kubectl.building import Building
from kubectl_job_operator.kubectl.calls import Call
from kubectl_job_operator.kubectl.changing import Changing
from kubectl_job_operator.kubectl.kubeconfig import Kubeconfig
from kubectl_job_operator.kubectl.logs import Logs
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.reading import Reading
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.kubectl.waiting import Waiting

__all__ = ["Call", "Kubectl"]


class Kubectl(Kubeconfig, Building, Reading, Waiting, Logs, Changing):
    """kubectl with one way into one cluster and one namespace.

    The first command starts ``kubectl version`` beside it, and no result is given out before that version is known to
    be new enough. So a kubectl that is too old is refused before it has changed anything, and nobody waits for it.

    :param access: which cluster, as whom.
    :param namespace: given to every command as ``-n``; ``None`` only as long as it is not known.
    :param processes: starts the children and ends them.
    :param transcript: where each command is shown.
    """

    def with_processes(self, processes: Processes, transcript: Transcript | None = None) -> Kubectl:
        """Return the same kubectl, starting its children elsewhere: for cleaning up after these were stopped.

        :param transcript: where its commands are shown; default is the same.
        """
        other = Kubectl(self.access, self.namespace, processes, transcript or self._transcript)
        other._version_is_checked = self._version_is_checked
        return other
