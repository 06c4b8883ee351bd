"""What arguments have replaced in the YAML, told in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kubectl_job_operator.manifest import main_document
from kubectl_job_operator.manifest.list_items import KEYS, mark
from kubectl_job_operator.objects import Object

_OPEN_TYPES = (bool, int)
_OPEN_TEXTS = frozenset({"name", "namespace", "image", "imagePullPolicy", "serviceAccountName", "completionMode"})


def overridden(before: Object, after: Object) -> list[str]:
    """Return what an object has had before and has otherwise now, as ``image 'b' (the YAML has 'a')``.

    Values are told where none can be secret. What was added to a list replaces nothing.
    """
    found = [*_changed(before["metadata"], after["metadata"], ("name", "namespace"))]
    found += _changed(before.get("spec"), after.get("spec"))
    for old, new in zip(main_document.pod_templates(before), main_document.pod_templates(after), strict=False):
        if old is not before:
            found += _changed(old["spec"], new["spec"])
        for one, other in zip(old["spec"]["containers"], new["spec"]["containers"], strict=False):
            found += (f"{what} of container {other.get('name', '?')}" for what in _changed(one, other))
    return found


def _changed(before: Any, after: Any, keys: Sequence[str] | None = None) -> Iterator[str]:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for key in before if keys is None else keys:
        old, new = before.get(key), after.get(key)
        if key in ("containers", "template") or old in (None, [], {}) or old == new:
            continue
        if key in KEYS and isinstance(old, list) and isinstance(new, list):
            now = {mark(key, item): item for item in new}
            replaced = [item for item in old if now.get(mark(key, item), item) != item]
            yield from (f"{key} {' '.join(mark(key, item) or ())}" for item in replaced)
        elif key in _OPEN_TEXTS or (isinstance(old, _OPEN_TYPES) and isinstance(new, _OPEN_TYPES)):
            yield f"{key} {new!r} (the YAML has {old!r})"
        elif not _is_prefix(old, new):
            yield key


def _is_prefix(old: Any, new: Any) -> bool:
    """Whether a list was only added to."""
    return isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old
