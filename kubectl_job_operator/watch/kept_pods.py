"""All pods of a Job as they last were, in little memory: of thousands nearly all have ended."""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterator, Mapping

from kubectl_job_operator.objects import Object

_MOST_WHOLE = 100
"""Of those that are settled: whoever hears of a pod's end asks for it soon."""
_FASTEST = 1


class KeptPods(Mapping[str, Object]):
    """Pods by UID, in the order in which they were first seen.

    Those that are settled are packed: the pods of a Job differ in little, so that of each only that is kept, a few
    hundred bytes; nothing of it is lost.
    """

    def __init__(self) -> None:
        self._pods: dict[str, Object | bytes] = {}
        self._settled: deque[str] = deque()
        self._pattern = b""

    def put(self, uid: str, pod: Object) -> None:
        """Keep a pod, in place of what it was before."""
        self._pods[uid] = pod

    def settle(self, uid: str) -> None:
        """Pack a pod before long: it has ended or is gone, and will hardly change any more."""
        self._settled.append(uid)
        if len(self._settled) > _MOST_WHOLE:
            oldest = self._settled.popleft()
            pod = self._pods[oldest]
            if not isinstance(pod, bytes):
                self._pods[oldest] = self._packed(pod)

    def __getitem__(self, uid: str) -> Object:
        """Return a pod as it last was."""
        pod = self._pods[uid]
        return self._unpacked(pod) if isinstance(pod, bytes) else pod

    def __contains__(self, uid: object) -> bool:
        """Tell whether a pod was ever seen, without unpacking it."""
        return uid in self._pods

    def __iter__(self) -> Iterator[str]:
        """Go through the UIDs."""
        return iter(self._pods)

    def __len__(self) -> int:
        """Return how many pods were seen."""
        return len(self._pods)

    def _packed(self, pod: Object) -> bytes:
        text = json.dumps(pod, separators=(",", ":")).encode()
        self._pattern = self._pattern or text
        packer = zlib.compressobj(_FASTEST, zdict=self._pattern)
        return packer.compress(text) + packer.flush()

    def _unpacked(self, packed: bytes) -> Object:
        pod: Object = json.loads(zlib.decompressobj(zdict=self._pattern).decompress(packed))
        return pod
