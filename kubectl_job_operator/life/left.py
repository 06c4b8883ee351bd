"""What earlier tries have left on the cluster, looked for where a try is ended before it has come so far itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.attempt.companions import is_left_for
from kubectl_job_operator.attempt.decision import is_left_running, is_of_instance
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest.labels import KEEP
from kubectl_job_operator.objects import Object


def left_by_earlier_tries(attempt: Attempt, seconds: float) -> tuple[Object | None, Sequence[Object]]:
    """Find the Job of an earlier try that runs, or of a run that was made again, and companions that have no other.

    Nobody else would end them: the worker of that try is gone. Of this try's own there are those of which it has not
    heard whether they have its labels.

    :param seconds: how long each of two looks at once may take.
    :returns: the Job, if it runs, and the companions.
    :raises KubectlError: if the cluster does not tell.
    """

    def look(kubectl: Kubectl) -> tuple[Object | None, Sequence[Object]]:
        call = kubectl.start_get(attempt.target)
        companions = _start_companions(kubectl, attempt.belongings.companion_kinds, attempt.identity)
        return kubectl.finish_get(call, seconds), companions(seconds)

    found, companions = attempt.persist_in_spite_of_a_kill(look, seconds)
    if found is None or not is_of_instance(found, attempt.identity):
        return None, companions  # somebody has deleted their Job
    return (found, companions) if is_left_running(found, attempt.identity) else (None, ())


def _start_companions(kubectl: Kubectl, kinds: str, identity: Identity) -> Callable[[float], Sequence[Object]]:
    """Start looking for companions; what is returned gives them, or none if the account may not list them."""
    if not kinds:
        return lambda _: ()
    call = kubectl.start_select(kinds, f"{identity.instance_selector()},!{KEEP}")

    def finish(seconds: float) -> Sequence[Object]:
        try:
            found = kubectl.finish_select(call, seconds)
        except KubectlError as error:
            if error.kind.can_pass:
                raise
            return ()
        return [thing for thing in found if is_left_for(thing, identity)]

    return finish
