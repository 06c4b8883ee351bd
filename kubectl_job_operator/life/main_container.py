"""A Job or Pod that is over when its main container is: seen, written down, and the rest of its pod ended."""

from __future__ import annotations

import json
from collections.abc import Sequence

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.manifest import kinds, main_container
from kubectl_job_operator.manifest.labels import MAIN_CONTAINER_EXIT_CODE
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status, main_end, pod_status
from kubectl_job_operator.watch.pods import PodWatch

_END_POD = {"spec": {"activeDeadlineSeconds": 1}}


class MainContainer:
    """Notices that the main container has ended, if there is one.

    A Job's own conditions wait for all containers of its pod; so the exit code is written on the Job, where its verdict
    is read from, by this try and by any other.

    :param attempt: the try.
    :param job: the Job, or the Pod.
    :param watch: knows the pods.
    """

    def __init__(self, attempt: Attempt, job: Object, watch: PodWatch) -> None:
        self._attempt = attempt
        self._job = job
        self._watch = watch
        self._name = main_container.name_in(job)
        self._version = -1

    def has_decided(self) -> bool:
        """Whether it has just ended for good, so that the Job, on which that is written now, is to be looked at."""
        if not self._name or self._version == self._watch.version:
            return False
        self._version = self._watch.version
        pods = self._watch.present()
        code = main_end.exit_code_of(self._job, pods)
        if code is None:
            return False
        if kinds.is_job(self._job):
            self._write_down(code)
        return True

    def settled(self, job: Object) -> Object:
        """Return a Job that has its verdict, which another one of its containers may have given to it: written anew.

        :param job: as it ended.
        """
        verdict = job_status.verdict(job)
        if not self._name or not kinds.is_job(job) or verdict is None or verdict.is_complete:
            return job
        if main_container.exit_code_on(job) is not None or main_end.exit_code_of(job, self._pods_of(job)) != 0:
            return job
        self._write_down(0)
        return self._attempt.look_persistently() or job

    def _pods_of(self, job: Object) -> Sequence[Object]:
        pods = self._attempt.pods_persistently(job)
        self._watch.replace(pods)
        return pods

    def _write_down(self, code: int) -> None:
        job, kubectl = self._job, self._attempt.kubectl
        self._attempt.log.info(
            f"Container {self._name} has ended with exit code {code}, and decides; what else runs in its pod does not."
        )
        self._attempt.persist(
            lambda: kubectl.annotate(
                kinds.full_resource(job),
                # Not the labels that the Job had when an earlier try left it.
                self._attempt.identity.selector(),
                {MAIN_CONTAINER_EXIT_CODE: str(code)},
                job["metadata"]["name"],
            )
        )


def end_the_rest(attempt: Attempt, job: Object) -> None:
    """End the containers that still run of a Job that is kept, by a deadline for their pod: it stays, with its logs."""
    if main_end.exit_code(job) is None:
        return
    for pod in attempt.pods_of(job):
        if pod_status.has_ended(pod):
            continue
        target = f"pod/{pod['metadata']['name']}"
        try:
            attempt.kubectl.patch(target, objects.uid(pod), _END_POD)
        except KubectlError as error:
            command = f"kubectl -n {attempt.kubectl.namespace} patch {target} --type=merge -p '{json.dumps(_END_POD)}'"
            attempt.log.warning(f"What still runs in {target} could not be ended.\n{error}\nTo end it: {command}")
