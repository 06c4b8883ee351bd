"""What holds in every history, whatever happens: each function gives a sentence for each time that it does not."""

from __future__ import annotations

import collections
import itertools
import re
from collections.abc import Callable, Iterator

from kubectl_job_operator.errors import KubectlError
from kubectl_job_operator.manifest.labels import ROUND, TASK_INSTANCE_LABEL, TRY_LABEL
from kubectl_job_operator.objects import Object, annotations_of, is_being_deleted, labels_of
from tests.simulation.controllers import Work, ended
from tests.simulation.history import History
from tests.simulation.tasks import SECRET, TaskInstance, Try

_LINE = re.compile(r"\d{8} line \d+")
_LOSS = ("may be missing", "their logs are lost", "Not all logs could be read")
_LEFT = ("To delete it:", "it is for you to do")


def never_two_jobs_of_a_task_instance_at_work(history: History) -> Iterator[str]:
    """Of one task instance no two Jobs have a container that runs at the same time."""
    for one, other in itertools.combinations(sorted(_began(history), key=_span), 2):
        is_of_one_task = _digest(one.pod) and _digest(one.pod) == _digest(other.pod)
        is_of_two_jobs = _owner(one.pod) != _owner(other.pod)
        if (
            is_of_one_task
            and is_of_two_jobs
            and _span(other)[0] < _span(one)[1]
            and not _is_of_first_try(history, other)
        ):
            yield f"pods {_pod(one)} and {_pod(other)} of two Jobs were at work at once"


def success_only_by_a_complete_job_of_this_round(history: History) -> Iterator[str]:
    """Let a try succeed only by a Complete Job of its own task instance and round."""
    for one in _tries(history):
        if one.job is None:
            continue
        job = history.completed.get(one.job["metadata"]["uid"])
        if job is None:
            yield f"{one.machine.name} succeeded by a Job that never was Complete"
        elif labels_of(job).get(TASK_INSTANCE_LABEL) != one.identity.digest:
            yield f"{one.machine.name} succeeded by somebody else's Job"
        elif annotations_of(job).get(ROUND) != str(one.identity.round):
            yield f"{one.machine.name} succeeded by a Job of another round"


def no_job_is_left_that_nobody_looks_for(history: History) -> Iterator[str]:
    """Where all is over no Job runs on, unless a log names it, or the last try met no cluster or lost its worker."""
    for job in history.left:
        instance = _instance_of(history, job)
        if instance is None or instance.tries[-1].machine.is_gone:
            continue
        error = instance.tries[-1].error
        is_away = isinstance(error, KubectlError) and error.kind.can_pass
        if not is_away and not instance.warnings and not any(map(_leaves_word, instance.tries)):
            yield f"Job {job['metadata']['name']} ({job['metadata']['uid'][:8]}) was left running without a word"


def nothing_of_others_is_touched(history: History) -> Iterator[str]:
    """Let a try change nothing that is not its task's, but for a Job that has ended, which it may replace."""
    digests = {f"{one.run_id} try": _digest_of(one) for one in history.airflow.instances}
    for change in history.cluster.journal:
        mine = next((digest for name, digest in digests.items() if change.who.startswith(name)), None)
        if mine is None or change.before is None or labels_of(change.before).get(TASK_INSTANCE_LABEL) == mine:
            continue
        thing = change.before
        if thing["kind"] == "Job" and not ended(thing) and not is_being_deleted(thing):
            yield f"{change.who} did {change.verb} {thing['kind']} {thing['metadata']['name']} of somebody else"


def each_line_is_shown_once_or_its_loss_is_told(history: History) -> Iterator[str]:
    """No try shows a line twice, and one that succeeds shows all or says that some may be missing."""
    for one in _tries(history):
        shown = collections.Counter(_LINE.findall(one.container_log.text))
        for line, count in shown.items():
            if count > 1:
                yield f"{one.machine.name} showed {line!r} {count} times"
        if one.job is None or any(word in one.log.text for word in (*_LOSS, "is not run again")):
            continue
        works = [work for work in _began(history) if _owner(work.pod) == one.job["metadata"]["uid"]]
        missing = [text for work in works for _, text in work.lines if text not in shown]
        if missing:
            yield f"{one.machine.name} succeeded without {', '.join(missing)}, and says nothing of it"


def every_wait_ends(history: History) -> Iterator[str]:
    """Let the history come to an end."""
    if history.still_waiting:
        yield history.still_waiting


def no_text_tells_a_secret(history: History) -> Iterator[str]:
    """Have what a Secret holds in no log, in no error and in no command."""
    for one in _tries(history):
        if SECRET in one.log.text or SECRET in one.container_log.text or SECRET in str(one.error):
            yield f"{one.machine.name} tells a secret"
    if any(SECRET in line for line in history.lines):
        yield "a command line tells a secret"


ALL: tuple[Callable[[History], Iterator[str]], ...] = (
    never_two_jobs_of_a_task_instance_at_work,
    success_only_by_a_complete_job_of_this_round,
    no_job_is_left_that_nobody_looks_for,
    nothing_of_others_is_touched,
    each_line_is_shown_once_or_its_loss_is_told,
    every_wait_ends,
    no_text_tells_a_secret,
)


def broken(history: History) -> list[str]:
    """Return what does not hold in a history, by the invariant's name."""
    return [f"{check.__name__}: {what}" for check in ALL for what in check(history)]


def _leaves_word(one: Try) -> bool:
    """Whether a try says that its Job may run on, and why it could do nothing about that."""
    says_so = isinstance(one.error, KubectlError) and "may still run" in one.log.text
    return says_so or any(word in one.log.text for word in _LEFT)


def _tries(history: History) -> Iterator[Try]:
    for instance in history.airflow.instances:
        yield from instance.tries


def _began(history: History) -> list[Work]:
    return [work for work in history.controllers.works.values() if work.began is not None]


def _span(work: Work) -> tuple[float, float]:
    return work.began or 0.0, float("inf") if work.ended is None else work.ended


def _is_of_first_try(history: History, work: Work) -> bool:
    """Whether it is of a first try, which looks for no pods: it cannot know that its run was deleted and made again."""
    made = next(one for one in history.made if one["metadata"]["uid"] == _owner(work.pod))
    return labels_of(made).get(TRY_LABEL) == "1"


def _digest(thing: Object) -> str:
    return labels_of(thing).get(TASK_INSTANCE_LABEL, "")


def _owner(pod: Object) -> str:
    """Return the UID of the Job that has made a pod, whoever owns it by now."""
    return labels_of(pod)["batch.kubernetes.io/controller-uid"]


def _pod(work: Work) -> str:
    return f"{work.pod['metadata']['name']} ({work.began:.2f} s)"


def _digest_of(instance: TaskInstance) -> str:
    return instance.tries[0].identity.digest if instance.tries else ""


def _instance_of(history: History, job: Object) -> TaskInstance | None:
    return next((one for one in history.airflow.instances if _digest(job) and _digest_of(one) == _digest(job)), None)
