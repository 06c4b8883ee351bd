"""The commands of a task try as a text that can be pasted into bash, to run the try again by hand. Pure text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kubectl_job_operator import objects
from kubectl_job_operator.attempt.groups import BEGIN, END
from kubectl_job_operator.kubectl.transcript import Record, subcommand
from kubectl_job_operator.manifest import kinds
from kubectl_job_operator.objects import Object
from kubectl_job_operator.printable import quoted
from kubectl_job_operator.replay.replayed_command import (
    CHANGES,
    READS,
    beginning,
    is_deletion_as_seen,
    is_endless,
    is_log_of_one_pod,
    is_wait,
    line_of,
    text_of,
)
from kubectl_job_operator.replay.script_text import check_of_masks
from kubectl_job_operator.status import job_status

GROUP = f"{BEGIN}Replay"
"""What Airflow's log view folds begins with this line, in a message of its own; at level INFO for Airflow 2."""
END_OF_GROUP = END

_INDENT = "  "
_IS_GONE = '[ -z "$JOB_UID" ]'


@dataclass(frozen=True)
class ManifestFile:
    """A file that the try gave to kubectl.

    :param path: where it was.
    :param text: what it held, masked, if it is not kept; ``None`` if it is kept.
    :param has_masked_values: whether ``text`` cannot be applied before the masked values are put in.
    """

    path: Path
    text: str | None = None
    has_masked_values: bool = False


@dataclass(frozen=True)
class Try:
    """What is known of a task try when it is over.

    :param records: its commands.
    :param left_out: how many more there were that are not known any more.
    :param settings: the variables of the environment that matter.
    :param files: what it gave to kubectl with ``-f``.
    :param job: the Job as it was last seen; ``None`` if there was none.
    :param kubeconfig: a kubeconfig that is not kept; ``None`` if there was none.
    :param is_in_pod: whether the commands use the service account of the pod where the task ran.
    """

    records: Sequence[Record]
    left_out: int = 0
    settings: Mapping[str, str] | None = None
    files: Sequence[ManifestFile] = ()
    job: Object | None = None
    kubeconfig: Path | None = None
    is_in_pod: bool = False


def replay(the_try: Try) -> str:
    """Return the text: what to know, what to set, the manifest, and the commands in order."""
    begin, end = _guard(the_try)
    lines = [*begin, *_exports(the_try.settings or {}), *_check(the_try), *_manifests(the_try), *_steps(the_try)]
    # A comment at each end, for what some logs put before a message's first line and behind its last one.
    return "\n".join([*_introduction(the_try), *lines, *end, "# That was all."])


def _guard(the_try: Try) -> tuple[list[str], list[str]]:
    """Return what stands around the commands, so that bash runs none before it has read all, and can stop."""
    is_guarded = _is_checked(the_try) or any(file.text is not None for file in the_try.files)
    return (["("], [")"]) if is_guarded else ([], [])


def _first_in_namespace(the_try: Try) -> Record | None:
    return next((one for one in the_try.records if "-n" in beginning(one)), None)


def _is_checked(the_try: Try) -> bool:
    """Whether the text asks first, into ``JOB_UID``, which Job has the name by now."""
    return the_try.job is not None and _first_in_namespace(the_try) is not None


def _check(the_try: Try) -> list[str]:
    """Stop where another Job has the name: what follows would read that one's logs, and call its end this try's."""
    one = _first_in_namespace(the_try)
    if the_try.job is None or one is None:
        return []
    substitutions, target = _substitutions(replace(the_try, job=None)), kinds.target(the_try.job)
    ask = [*beginning(one), "get", target, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}"]
    delete = text_of([*beginning(one), "delete", target], substitutions)
    uid = objects.uid(the_try.job)
    before = quoted(f"Stopped: {target} is another one now, with uid ")
    behind = quoted(
        f"; that of this try had uid {uid}. What follows would tell of that other one. If nobody needs it, delete it, "
        "and paste this again:"
    )
    return [
        f"JOB_UID=$({text_of(ask, substitutions)}) || exit  # {READS}",
        f'if [ -n "$JOB_UID" ] && [ "$JOB_UID" != {quoted(uid)} ]; then',
        f'{_INDENT}echo {before}"$JOB_UID"{behind} >&2',
        f"{_INDENT}echo {quoted(delete)} >&2",
        f"{_INDENT}exit 1",
        "fi",
    ]


def _introduction(the_try: Try) -> list[str]:
    lines = [f"# To run this try again, paste it into bash. Each command is marked: it {READS} only, or {CHANGES}."]
    if the_try.is_in_pod:
        lines.append("# The commands use the service account of the pod where the task ran: paste them inside of it.")
    if the_try.left_out:
        lines.append(
            f"# {the_try.left_out} more commands, from the middle of the try, are not here: there were too many."
        )
    if the_try.job is not None and any(map(is_log_of_one_pod, the_try.records)):
        lines.append("# The logs of single pods are read by label: when the Job runs anew, its pods have other names.")
    applied = next((one for one in the_try.records if subcommand(one.argv)[:1] == ("apply",)), None)
    if the_try.job is not None and applied is not None:
        delete = [*beginning(applied), "delete", kinds.target(the_try.job)]
        lines += [
            "# As long as the Job of this try is there, apply changes nothing and the rest tells how it ended.",
            f"# To run it anew, first: {text_of(delete, _substitutions(the_try))}  # {CHANGES}",
        ]
    return lines


def _exports(settings: Mapping[str, str]) -> list[str]:
    """Name files so that they are found from any folder."""
    lines = []
    for name, value in settings.items():
        if name == "KUBECONFIG":
            value = os.pathsep.join(os.path.abspath(part) for part in value.split(os.pathsep) if part)  # noqa: PLW2901, PTH100
        lines.append(f"export {name}={quoted(value)}")
    return lines


def _manifests(the_try: Try) -> list[str]:
    lines = [
        f"# The manifest's file is kept on the worker: {quoted(str(file.path))}"
        for file in the_try.files
        if file.text is None
    ]
    lost = [(file, file.text) for file in the_try.files if file.text is not None]
    if lost:
        # Where the paste happens may be a file of that name, and what a person puts in is not to stay.
        lines += ["FOLDER=$(mktemp -d) || exit", "trap 'rm -rf \"$FOLDER\"' EXIT"]
    for file, text in lost:
        lines += _here_document(file.path.name, _written_anew(file), text)
        if file.has_masked_values:
            said = f"Stopped: values in {file.path.name} are masked (***), for they are secret. "
            said += "Put the real ones in above, and paste it again."
            check = check_of_masks(_written_anew(file), quoted(said)).strip().split("\n")
            if _is_checked(the_try):
                check = [f"if {_IS_GONE}; then", *(f"{_INDENT}{line}" for line in check), "fi"]
            lines += check
    return lines


def _unless_masked(line: str, one: Record, the_try: Try) -> str:
    """Leave out, while the Job of this try is there, what would put masked values in the place of the real ones."""
    masked = {str(file.path) for file in the_try.files if file.has_masked_values}
    return line if masked.isdisjoint(one.argv) or not _is_checked(the_try) else f"if {_IS_GONE}; then {line}\nfi"


def _written_anew(file: ManifestFile) -> str:
    """Return, as a word of the shell, where a file is that is not kept."""
    return f'"$FOLDER"{quoted(f"/{file.path.name}")}'


def _here_document(name: str, path: str, text: str) -> list[str]:
    lines = text.removesuffix("\n").split("\n")
    end = "MANIFEST"
    while end in lines:
        end += "_"
    return [
        f"# {quoted(name)} is not kept, for there are secrets in it; they are masked (***) here. "
        "Put the real ones in where they are needed.",
        f"cat > {path} <<'{end}'",
        *lines,
        end,
    ]


def _steps(the_try: Try) -> list[str]:
    """Return the commands in the order of their start, but the waits together."""
    substitutions = _substitutions(the_try)
    waits = [one for one in the_try.records if is_wait(one)]
    lines: list[str] = []
    is_uid_known = False
    for one in _with_logs_by_label(the_try):
        if is_deletion_as_seen(one) and one.return_code:
            continue  # it has deleted nothing
        if one in waits:
            lines += _all_waits(waits, substitutions) if one is waits[0] else []
            continue
        line = line_of(one, substitutions)
        if the_try.job is not None and "$JOB_UID" in line and not is_uid_known:
            is_uid_known = True
            lines.append(_ask_for_uid(one, the_try.job, substitutions))
        if is_endless(one):
            lines.append(f"# It does not end by itself, so in a terminal of its own: {line}")
        else:
            lines.append(_unless_masked(line, one, the_try))
    return lines


def _all_waits(waits: Sequence[Record], substitutions: Mapping[str, str]) -> list[str]:
    """Run the waits beside each other, as the task did."""
    return [
        "(  # all at once; the first that returns ends the others",
        *(f"{_INDENT}{line_of(one, substitutions, ' &')}" for one in waits),
        f"{_INDENT}wait -n; kill $(jobs -p) 2> /dev/null; wait",
        ")",
    ]


def _with_logs_by_label(the_try: Try) -> list[Record]:
    """Read the logs of single pods by label, once: when the Job runs anew, its pods have other names."""
    of_pods = [one for one in the_try.records if is_log_of_one_pod(one)]
    if the_try.job is None or not of_pods:
        return list(the_try.records)
    selector = job_status.pod_selector(the_try.job)
    arguments = ("logs", "-l", selector, "--all-containers", "--prefix", "--ignore-errors", "--tail=-1")
    last = of_pods[-1]
    by_label = replace(last, argv=(*beginning(last), *arguments), count=1, was_stopped=False)
    is_read_anyway = any(subcommand(one.argv)[:2] == ("logs", "-l") for one in the_try.records)
    instead = {last: [] if is_read_anyway else [by_label]}
    return [step for one in the_try.records for step in (instead.get(one, []) if one in of_pods else [one])]


def _ask_for_uid(one: Record, job: Object, substitutions: Mapping[str, str]) -> str:
    ask = [*beginning(one), "get", kinds.target(job), "-o", "jsonpath={.metadata.uid}"]
    return f"JOB_UID=$({text_of(ask, substitutions)})  # {READS}; it was {quoted(objects.uid(job))}"


def _substitutions(the_try: Try) -> dict[str, str]:
    """Return what stands in a command as it ran, and what stands for it in the text that is pasted."""
    substitutions = {str(file.path): _written_anew(file) for file in the_try.files if file.text is not None}
    if the_try.kubeconfig is not None:
        substitutions[str(the_try.kubeconfig)] = (
            '"${CONNECTION_KUBECONFIG:?set it to a file with the kubeconfig of the Airflow connection}"'
        )
    if the_try.job is not None and objects.uid(the_try.job):
        substitutions[objects.uid(the_try.job)] = '"$JOB_UID"'
    return substitutions
