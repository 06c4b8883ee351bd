"""What is told of a container's log beside its lines, behind those that came before."""

from __future__ import annotations

from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.logs import kubelet
from kubectl_job_operator.logs.blocks import Blocks
from kubectl_job_operator.logs.last_lines import Key


class LogWarnings:
    """Tells it.

    :param log: takes it.
    :param blocks: hold the lines.
    """

    def __init__(self, log: Log, blocks: Blocks) -> None:
        self._log = log
        self._blocks = blocks
        self._told_words: set[str] = set()

    def warn(self, key: Key, pod: str, container: str, sentence: str) -> None:
        """Tell that lines are lost."""
        self._blocks.flush(key)
        self._log.warning(f"[{pod}/{container}] {sentence.rstrip('.')}.")

    def remark(self, key: Key, pod: str, container: str, words: str) -> None:
        """Tell, once for all containers, what the kubelet has said."""
        if words not in self._told_words:
            self._told_words.add(words)
            self._blocks.flush(key)
            self._log.warning(
                f"[{pod}/{container}] its log cannot be followed, so it is read now and then. The kubelet says: "
                f"{kubelet.with_cure(words)}"
            )
