"""What holds in every history, whatever happens: each function gives a sentence for each time that it does not."""

from __future__ import annotations

import collections
import itertools
import re
from collections.abc import Callable, Iterator

from kubectl_job_operator.attempt.identity import Identity, Round
from kubectl_job_operator.errors import JobFailedError, KubectlError, ResultError
from kubectl_job_operator.manifest.labels import ROUND, STARTED_LABEL, TASK_INSTANCE_LABEL, TRY_LABEL
from kubectl_job_operator.objects import Object, annotations_of, is_being_deleted, labels_of
from tests.log_text import says_that_a_job_is_left
from tests.simulation.cluster import Change
from tests.simulation.controllers import Work, ended
from tests.simulation.history import History, digest_of
from tests.simulation.tasks import SECRET, TaskInstance, Try

_LINE = re.compile(r"\d{8} line \d+")
_COMPANIONS_STAY = "has left companions cannot be told; if so, they stay"
_LOSS = ("may be missing", "their logs are lost", "Not all logs could be read")


def never_two_jobs_of_a_task_instance_at_work(history: History) -> Iterator[str]:
    """Of one task instance no two Jobs have a container that runs at the same time."""
    for one, other in itertools.combinations(sorted(_began(history), key=_span), 2):
        is_of_one_task = digest_of(one.pod) and digest_of(one.pod) == digest_of(other.pod)
        is_of_two_jobs = _owner(one.pod) != _owner(other.pod)
        if (
            is_of_one_task
            and is_of_two_jobs
            and _span(other)[0] < _span(one)[1]
            and not _is_of_new_run(history, one, other)
            and not _is_of_new_run(history, other, one)  # of the old run one may still have to start
            and not _is_of_a_first_try_and_others_deleted(history, one, other)
        ):
            yield f"pods {_pod(one)} and {_pod(other)} of two Jobs were at work at once"


def success_only_by_a_complete_job_of_this_round(history: History) -> Iterator[str]:
    """Let a try succeed only by a Complete Job of its own task instance and round."""
    for one in _tries(history):
        if one.job is None:
            continue
        job = history.ended.get(one.job["metadata"]["uid"])
        if job is None or ended(job) != "Complete":
            yield f"{one.name} succeeded by a Job that never was Complete"
        elif labels_of(job).get(TASK_INSTANCE_LABEL) != one.identity.digest:
            yield f"{one.name} succeeded by somebody else's Job"
        elif annotations_of(job).get(ROUND) != str(one.identity.round):
            yield f"{one.name} succeeded by a Job of another round"


def a_result_is_what_the_pods_of_the_job_handed_over(history: History) -> Iterator[str]:
    """Have a try that is to return a result return it: one, or of several pods one of each that succeeded.

    A pod of a lost node that comes to its end after all may be one more than the Job has counted.
    """
    for instance in history.airflow.instances:
        for one in instance.tries:
            if one.job is None or not instance.hands_over:
                continue
            uid = one.job["metadata"]["uid"]
            values = one.result if instance.completions > 1 else [one.result]
            works = [history.controllers.works.get(str(value)) for value in values]
            owners = {_owner(work.pod) if work is not None else "" for work in works}
            count = history.ended[uid]["status"]["succeeded"] if instance.completions > 1 else 1
            if owners != {uid} or len(values) < count or len(set(map(str, values))) < len(values):
                yield f"{one.name} returned {one.result}"


def what_failed_is_not_run_again_by_the_same_try(history: History) -> Iterator[str]:
    """Let a try remove no Job of its own that has failed, to make another: how often it is run, its retries say."""
    for change, job, identity in _deletions(history, "Failed"):
        own = (identity.digest, identity.started)
        if _of_try(job) == own and own in map(_of_try, _made_after(history, job)):
            yield f"{change.who} ran Job {job['metadata']['name']} again, which had failed"


def what_is_done_is_not_done_again_in_its_round(history: History) -> Iterator[str]:
    """Let no try remove a Complete Job of its own round of tries, and it or a later one make another: the work is done.

    An earlier one may, which Airflow has taken for dead and which has not heard of that; and what such a one does while
    a later one is at it, that one cannot know.
    """
    for change, job, identity in _deletions(history, "Complete"):
        own = (identity.digest, identity.round)
        later = [
            one
            for one in _made_after(history, job)
            if _of_try(one)[1] >= identity.started
            and (_of_try(one) == _of_try(job) or _of_try(one)[1] > _when_made(job))
        ]
        if _of_round(job) == own and own in map(_of_round, later):
            yield f"{change.who} deleted Job {job['metadata']['name']}, which was done, and it was done again"


def no_job_is_left_that_nobody_looks_for(history: History) -> Iterator[str]:
    """Where all is over no Job runs on, unless a log names it, or the last try met no cluster or lost its worker."""
    for job in history.left:
        if _is_without_a_word(history, job):
            yield f"Job {job['metadata']['name']} ({job['metadata']['uid'][:8]}) was left running without a word"


def no_companion_is_left_that_nobody_looks_for(history: History) -> Iterator[str]:
    """Where all is over no companion has lost its Job, with the same exceptions, unless that was to stay with it.

    Whoever deletes a Job later, or one that was to stay, has to delete what was made for it too; and a last try that
    kubectl fails before it comes to them, as where pods that lost their Job never end, leaves them.
    """
    for thing in history.companions_left:
        instance = _instance_of(history, thing)
        if instance is None or not _is_without_a_word(history, thing):
            continue
        error = instance.tries[-1].error
        if isinstance(error, KubectlError) or _COMPANIONS_STAY in instance.tries[-1].log.text:
            continue
        is_over = error is None or isinstance(error, (JobFailedError, ResultError))
        was_to_stay = is_over and not instance.delete_policy.deletes(is_complete=error is None)
        over = max(one.ended_at or 0.0 for one in instance.tries)
        if not was_to_stay and history.gone.get(digest_of(thing), 0.0) <= over:
            yield f"Secret {thing['metadata']['name']} was left without a word"


def nothing_of_others_is_touched(history: History) -> Iterator[str]:
    """Let a try change nothing that is not its task's, but for a Job that has ended, which it may replace."""
    for change, job, identity in _changes_of_running_jobs(history):
        if labels_of(job).get(TASK_INSTANCE_LABEL) != identity.digest and not _has_ended_twin(history, job):
            yield f"{change.who} did {change.verb} Job {job['metadata']['name']} of somebody else"


def nothing_of_a_later_try_is_touched(history: History) -> Iterator[str]:
    """Let a try change no Job that a later one has made or taken over: Airflow has taken the earlier for dead."""
    for change, job, identity in _changes_of_running_jobs(history):
        if _is_of_later_try(job, identity):
            yield f"{change.who} did {change.verb} Job {job['metadata']['name']} of a later try"


def killed_is_never_success(history: History) -> Iterator[str]:
    """Let no try come to a good end, or to a deferral, after ``on_kill``."""
    for one in _tries(history):
        if one.has_ignored_kill:
            yield f"{one.name} went on as if nobody had ended it"


def each_line_is_shown_once_or_its_loss_is_told(history: History) -> Iterator[str]:
    """No try shows a line twice, and one that succeeds shows all or says that some may be missing."""
    for one in _tries(history):
        shown = collections.Counter(_LINE.findall(one.container_log.text))
        for line, count in shown.items():
            if count > 1:
                yield f"{one.name} showed {line!r} {count} times"
        if one.job is None or any(word in one.log.text for word in (*_LOSS, "is not run again")):
            continue
        works = [work for work in _began(history) if _owner(work.pod) == one.job["metadata"]["uid"]]
        missing = [text for work in works for _, text in work.lines if text not in shown]
        if missing:
            yield f"{one.name} succeeded without {', '.join(missing)}, and says nothing of it"


def every_wait_ends(history: History) -> Iterator[str]:
    """Let the history come to an end."""
    if history.still_waiting:
        yield history.still_waiting


def no_text_tells_a_secret(history: History) -> Iterator[str]:
    """Have what a Secret holds in no log, in no error, in no command, and in no file of a try that could clean up."""
    for one in _tries(history):
        if SECRET in one.log.text or SECRET in one.container_log.text or SECRET in str(one.error):
            yield f"{one.name} tells a secret"
    if any(SECRET in line for line in history.lines):
        yield "a command line tells a secret"
    if history.secrets_left and not any(one.machine.is_gone for one in _tries(history)):
        yield f"a secret is left in {', '.join(history.secrets_left)}"


ALL: tuple[Callable[[History], Iterator[str]], ...] = (
    never_two_jobs_of_a_task_instance_at_work,
    success_only_by_a_complete_job_of_this_round,
    a_result_is_what_the_pods_of_the_job_handed_over,
    what_failed_is_not_run_again_by_the_same_try,
    what_is_done_is_not_done_again_in_its_round,
    no_job_is_left_that_nobody_looks_for,
    no_companion_is_left_that_nobody_looks_for,
    nothing_of_others_is_touched,
    nothing_of_a_later_try_is_touched,
    killed_is_never_success,
    each_line_is_shown_once_or_its_loss_is_told,
    every_wait_ends,
    no_text_tells_a_secret,
)


def broken(history: History) -> list[str]:
    """Return what does not hold in a history, by the invariant's name."""
    return [f"{check.__name__}: {what}" for check in ALL for what in check(history)]


def _is_without_a_word(history: History, thing: Object) -> bool:
    """Whether a task could have looked for something of its own to the end, and says nothing of it."""
    instance = _instance_of(history, thing)
    if instance is None or instance.tries[-1].machine.is_gone or instance.tries[-1].is_unheard:
        return False
    if any(one.is_unheard and (one.identity.digest, one.identity.started) == _of_try(thing) for one in instance.tries):
        return False
    error = instance.tries[-1].error
    is_away = isinstance(error, KubectlError) and error.kind.can_pass
    # What a try has said before this was made or taken over is of something else.
    later = [one for one in instance.tries if one.identity.started >= labels_of(thing).get(STARTED_LABEL, "")]
    return not is_away and not instance.warnings and not any(map(_leaves_word, later))


def _leaves_word(one: Try) -> bool:
    """Whether a try says that its Job may run on, and why it could do nothing about that."""
    says_so = isinstance(one.error, KubectlError) and "may still run" in one.log.text
    return says_so or says_that_a_job_is_left(one.log.text)


def _tries(history: History) -> Iterator[Try]:
    for instance in history.airflow.instances:
        yield from instance.tries


def _changes_of_running_jobs(history: History) -> Iterator[tuple[Change, Object, Identity]]:
    """Yield what tries have changed of Jobs that run, each with the Job as it was and who the try was."""
    tries = {one.name: one.identity for one in _tries(history)}
    for change in history.cluster.journal:
        job = change.before
        if job is None or job["kind"] != "Job" or ended(job) or is_being_deleted(job):
            continue
        if change.who in tries:
            yield change, job, tries[change.who]


def _has_ended_twin(history: History, job: Object) -> bool:
    """Whether nobody's Job has taken the name of another one of nobody, which had ended and might be replaced.

    No label tells the two apart, and ``kubectl delete`` knows no UID.
    """
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    twins = [one for one in history.ended.values() if one["metadata"]["name"] == name and one["metadata"]["uid"] < uid]
    return not digest_of(job) and not all(map(digest_of, twins))


def _is_of_later_try(job: Object, identity: Identity) -> bool:
    labels = labels_of(job)
    return labels.get(TASK_INSTANCE_LABEL) == identity.digest and labels.get(STARTED_LABEL, "") > identity.started


def _began(history: History) -> list[Work]:
    return [work for work in history.controllers.works.values() if work.began is not None]


def _span(work: Work) -> tuple[float, float]:
    return work.began or 0.0, float("inf") if work.ended is None else work.ended


def _is_of_new_run(history: History, before: Work, work: Work) -> bool:
    """Whether it is of a first try, which looks for no pods: it cannot know that its run was deleted and made again."""
    old, new = _job_of(history, before), _job_of(history, work)
    return labels_of(new).get(TRY_LABEL) == "1" and _run_started(old) < _run_started(new)


def _is_of_a_first_try_and_others_deleted(history: History, before: Work, work: Work) -> bool:
    """Whether a first try, which looks for no pods, made its Job when others had deleted the task's former one.

    Airflow has taken it for dead, and nothing has told it so yet; or it has begun it anew, and that tells it neither.
    """
    old, new = _job_of(history, before), _job_of(history, work)
    makers = {one.name for one in _tries(history) if (one.identity.digest, one.identity.started) == _of_try(new)}
    deleted_by = {
        change.who
        for change in history.cluster.journal
        if change.verb == "delete" and change.before and change.before["metadata"]["uid"] == old["metadata"]["uid"]
    }
    is_of_first_try = labels_of(new).get(TRY_LABEL) == "1" and _of_try(new)[1] != _of_try(old)[1]
    return is_of_first_try and bool(deleted_by) and not makers & deleted_by


def _job_of(history: History, work: Work) -> Object:
    return next(job for job in history.made if job["metadata"]["uid"] == _owner(work.pod))


def _run_started(job: Object) -> str:
    made_for = Round.of(job)
    return made_for.run_started if made_for is not None else ""


def _deletions(history: History, verdict: str) -> Iterator[tuple[Change, Object, Identity]]:
    """Yield each deletion by a try of a Job with this verdict: with the Job, and who the try was."""
    tries = {one.name: one.identity for one in _tries(history)}
    for change in history.cluster.journal:
        job, identity = change.before, tries.get(change.who)
        if change.verb == "delete" and identity and job is not None and job["kind"] == "Job" and ended(job) == verdict:
            yield change, job, identity


def _made_after(history: History, job: Object) -> list[Object]:
    return [one for one in history.made if one["metadata"]["uid"] > job["metadata"]["uid"]]


def _of_round(thing: Object) -> tuple[str, Round | None]:
    return digest_of(thing), Round.of(thing)


def _of_try(thing: Object) -> tuple[str, str]:
    return digest_of(thing), labels_of(thing).get(STARTED_LABEL, "")


def _when_made(thing: Object) -> str:
    """Return when it was made as the label of a try has it."""
    return str(thing["metadata"]["creationTimestamp"]).translate(str.maketrans("", "", "-:Z"))


def _owner(pod: Object) -> str:
    """Return the UID of the Job that has made a pod, whoever owns it by now."""
    return labels_of(pod)["batch.kubernetes.io/controller-uid"]


def _pod(work: Work) -> str:
    return f"{work.pod['metadata']['name']} ({work.began:.2f} s)"


def _digest_of(instance: TaskInstance) -> str:
    return instance.tries[0].identity.digest if instance.tries else ""


def _instance_of(history: History, thing: Object) -> TaskInstance | None:
    digest = digest_of(thing)
    return next((one for one in history.airflow.instances if digest and _digest_of(one) == digest), None)
