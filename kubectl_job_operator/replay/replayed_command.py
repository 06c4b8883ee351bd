"""One command of a task try as a line that can be pasted into bash, and what kind of command it is. Pure text."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from kubectl_job_operator.kubectl.transcript import Record, subcommand
from kubectl_job_operator.printable import joined, quoted

READS, CHANGES = "reads", "CHANGES the cluster"
_AS_JSON = ("-o", "json")
_VERDICT = (
    "-o",
    'jsonpath={.kind} {.metadata.name}:{range .status.conditions[?(@.status=="True")]} {.type} ({.reason}){end}{"\\n"}',
)


def line_of(one: Record, substitutions: Mapping[str, str], end: str = "") -> str:
    """Return a command with what there is to say of it; what it printed for a machine is shown in short."""
    brief = _for_people(one)
    ran = f"; ran with {joined(_AS_JSON)}" if set(_AS_JSON) <= set(one.argv) else ""
    return f"{text_of(brief, substitutions)}{end}  # {_mark(one)}{ran}"


def _for_people(one: Record) -> tuple[str, ...]:
    """Leave out that it prints JSON; of the Job that is waited for, say only which verdict it has.

    What was deleted only as it was seen, nobody sees so again.
    """
    if is_deletion_as_seen(one):
        kind, name = one.argv[-1].partition("?")[0].split("/")[-2:]
        return (*beginning(one), "delete", f"{kind}/{name}", "--ignore-not-found", "--wait=false")
    for index in range(len(one.argv) - 1):
        if one.argv[index : index + 2] == _AS_JSON:
            return (*one.argv[:index], *(_VERDICT if is_wait(one) else ()), *one.argv[index + 2 :])
    return one.argv


def text_of(argv: Sequence[str], substitutions: Mapping[str, str]) -> str:
    """Return a command as it is pasted.

    :param argv: as it ran.
    :param substitutions: what stands in it, and what is to stand for that.
    """
    words = [
        os.path.abspath(word) if flag == "--kubeconfig" else word  # noqa: PTH100 - as kubectl finds it
        for flag, word in zip(("", *argv), argv, strict=False)
    ]
    return " ".join(_word(word, substitutions) for word in words)


def _word(word: str, substitutions: Mapping[str, str]) -> str:
    """Quote a word for the shell, except what is substituted in it."""
    if not any(literal in word for literal in substitutions):
        return quoted(word)
    parts = re.split(f"({'|'.join(map(re.escape, substitutions))})", word)
    return "".join(substitutions.get(part) or quoted(part) for part in parts if part)


def beginning(one: Record) -> list[str]:
    """Return the program and the flags that choose the cluster."""
    return list(one.argv[: len(one.argv) - len(subcommand(one.argv))])


def _mark(one: Record) -> str:
    times = f"; ran {one.count} times" if one.count > 1 else ""
    return (CHANGES if one.changes else READS) + times


def is_deletion_as_seen(one: Record) -> bool:
    """Whether it was to delete something only if that is still as it was seen."""
    return subcommand(one.argv)[:2] == ("delete", "--raw")


def is_wait(one: Record) -> bool:
    """Whether it waits for a condition."""
    return subcommand(one.argv)[:1] == ("wait",)


def is_log_of_one_pod(one: Record) -> bool:
    """Whether it reads the log of a pod that it names."""
    words = subcommand(one.argv)
    return words[:1] == ("logs",) and len(words) > 1 and not words[1].startswith("-") and "/" not in words[1]


def is_endless(one: Record) -> bool:
    """Whether it would not end by itself."""
    return one.was_stopped or "--watch" in one.argv
