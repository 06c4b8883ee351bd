"""How what kubectl has printed is told in a few words."""

from __future__ import annotations

import json
import re

from kubectl_job_operator.kubectl.words import counted
from kubectl_job_operator.objects import Object

_MOST_NAMES = 5


def names(stdout: str) -> str:
    """Name the objects in what kubectl printed, instead of showing the whole JSON."""
    if not stdout.lstrip().startswith("{"):
        return stdout.strip() or "nothing found"
    try:
        parsed = json.loads(stdout)
    except ValueError:
        return "(not JSON)"
    objects = parsed["items"] if parsed.get("kind") == "List" else [parsed]
    return ", ".join(map(_name, objects)) or "nothing found"


def deleted(stdout: str) -> str:
    """Tell what the API server has answered to a deletion: a Status, or the object as it still is."""
    try:
        answer = json.loads(stdout)
        of_it = answer["details"] if answer["kind"] == "Status" else {"kind": answer["kind"], **answer["metadata"]}
        return f"{of_it['kind'].lower()}/{of_it['name']} deleted"
    except (ValueError, KeyError, TypeError):
        return "(not the answer of an API server)"


def count_events(stdout: str) -> str:
    """Count them: their names say nothing."""
    try:
        count = len(json.loads(stdout or "{}").get("items", ()))
    except ValueError:
        return "(not JSON)"
    return f"{count} event{'' if count == 1 else 's'}"


def count_objects(stdout: str) -> str:
    """Name a few objects, count many."""
    try:
        count = len(json.loads(stdout)["items"])
    except (ValueError, KeyError, TypeError):
        return names(stdout)
    return f"{count} objects" if count > _MOST_NAMES else names(stdout)


def versions(stdout: str) -> str:
    """Name them, kubectl's own first."""
    return ", ".join(re.findall(r'"gitVersion":\s*"([^"]*)"', stdout)) or "unknown"


def _name(one: Object) -> str:
    metadata = one.get("metadata", {})
    return f"{one.get('kind', '?').lower()}/{metadata.get('name', '?')} (uid {metadata.get('uid', '?')})"


def count_documents(stdout: str) -> str:
    """Count the documents of YAML that kubectl has written."""
    count = len([part for part in re.split(r"^---$", stdout, flags=re.MULTILINE) if part.strip()])
    return f"{count} document{'' if count == 1 else 's'}"


def lines(stdout: str) -> list[str]:
    """Split at newlines only: a container's line may hold any other separator."""
    return stdout.removesuffix("\n").split("\n") if stdout else []


def count_lines(stdout: str) -> str:
    """Count the lines of a log."""
    count = len(lines(stdout))
    return f"{count} line{'' if count == 1 else 's'}"


def joined(summary: str, stderr: str) -> str:
    """Put kubectl's warnings behind a summary of its output."""
    return "\n".join(part for part in (summary, counted(stderr)) if part)
