"""What earlier tries have left on the cluster, looked for where a try is ended before it has come so far itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubectl_job_operator.attempt.attempt import Attempt
from kubectl_job_operator.attempt.companions import is_left_for
from kubectl_job_operator.attempt.decision import Made, is_left_running, is_of_instance, made_by
from kubectl_job_operator.attempt.identity import Identity
from kubectl_job_operator.attempt.settings import DeletePolicy
from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.manifest.labels import KEEP
from kubectl_job_operator.objects import Object
from kubectl_job_operator.status import job_status


def left_by_earlier_tries(
    attempt: Attempt, seconds: float, of_ended: DeletePolicy = DeletePolicy.NEVER
) -> tuple[Object | None, Sequence[Object]]:
    """Find the Job of an earlier try that runs, or of a run that was made again, and companions that have no other.

    Nobody else would end them: the worker of that try is gone. Of this try's own there are those of which it has not
    heard whether they have its labels.

    :param seconds: how long each of two looks at once may take.
    :param of_ended: whether a Job that has ended counts, too: not where a later try may take what it came to.
    :returns: the Job, if it is to be ended or deleted, and the companions.
    :raises KubectlError: if the cluster does not tell.
    """

    def look(kubectl: Kubectl) -> tuple[Object | None, Sequence[Object]]:
        call = kubectl.start_get(attempt.target)
        companions = _start_companions(kubectl, attempt.belongings.companion_kinds, attempt.identity)
        return kubectl.finish_get(call, seconds), companions(seconds)

    found, companions = attempt.persist_in_spite_of_a_kill(look, seconds)
    if found is None or not is_of_instance(found, attempt.identity):
        return None, companions  # somebody has deleted their Job
    is_left = is_left_running(found, attempt.identity) or _is_left_ended(found, attempt.identity, of_ended)
    return (found, companions) if is_left else (None, ())


def _is_left_ended(job: Object, identity: Identity, policy: DeletePolicy) -> bool:
    """Whether a Job has ended that the policy deletes, and no later try has it."""
    verdict = job_status.verdict(job)
    is_to_go = verdict is not None and policy.deletes(is_complete=verdict.is_complete)
    return is_to_go and made_by(job, identity) is not Made.BY_LATER_TRY


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
