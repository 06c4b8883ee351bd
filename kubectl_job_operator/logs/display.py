"""How the lines of a Job's containers come into the task's log, in blocks, and which of them are kept for later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from kubectl_job_operator.attempt.settings import Following
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.kubectl.cutting import cut
from kubectl_job_operator.logs.blocks import Blocks
from kubectl_job_operator.logs.dressing import Dressing, last_state
from kubectl_job_operator.logs.last_lines import Key, LastLines
from kubectl_job_operator.logs.lines import Line
from kubectl_job_operator.logs.own_times import with_own_times
from kubectl_job_operator.logs.warnings import LogWarnings
from kubectl_job_operator.manifest.masking import Mask
from kubectl_job_operator.status.result import is_marked


class LogDisplay:
    """Shows lines, each at the level that it claims.

    :param following: how its author wants them.
    :param log: takes the warnings.
    :param container_log: takes the lines.
    :param tells_times: whether each line is shown with the time at which its container wrote it.
    :param hides_results: leave out the lines that hold a result.
    :param mask: hides the secrets in a line that is too long, before it is cut.
    """

    def __init__(
        self,
        following: Following,
        log: Log,
        container_log: Log,
        *,
        tells_times: bool,
        hides_results: bool,
        mask: Mask,
    ) -> None:
        self._dressing = Dressing(following, log)
        self._blocks = Blocks(lambda level, text: getattr(container_log, level)(text))
        self._last_lines = LastLines()
        self._tells_times = tells_times
        self._hides_results = hides_results
        self._mask = mask
        self.warnings = LogWarnings(log, self._blocks)
        """Takes what is to be told beside the lines."""

    def show(self, key: Key, pod: str, container: str, lines: Sequence[Line], *, is_named: bool) -> None:
        """Show the next lines of a container.

        :param is_named: whether each line names its container.
        """
        if self._hides_results:
            lines = [line for line in lines if not is_marked(line.text)]
            if not lines:
                return
        texts = b"\n".join(line.text for line in lines).decode(errors="backslashreplace").split("\n")
        self._last_lines.add(key, texts)
        dressed: Iterable[tuple[str, Sequence[str]]] = self._dressing.dress(
            pod, container, texts, is_named=is_named, key=key
        )
        if self._tells_times:
            dressed = with_own_times([line.stamp for line in lines], dressed)
        for level, run in dressed:
            self._blocks.add(key, level, run)

    def flush(self) -> None:
        """Show all that is held back."""
        self._blocks.flush()

    def flush_due(self) -> float | None:
        """Show what has been held back long enough, and return in how many seconds to ask again."""
        return self._blocks.flush_due()

    def last_lines(self, key: Key, line_count: int) -> Sequence[str]:
        """Return the last lines of a container that were shown."""
        return [cut(last_state(line), self._mask) for line in self._last_lines.of(key)][-line_count:]

    def end(self, key: Key) -> None:
        """Learn that hardly any more comes from a container."""
        self._dressing.forget(key)
        self._blocks.forget(key)

    def forget_last_lines(self, key: Key) -> None:
        """Forget those of a container of a pod that has ended well: nobody asks for them."""
        self._last_lines.forget(key)

    def forget_the_oldest(self, going_on: Collection[Key]) -> None:
        """Forget the last lines of the oldest containers, where there are very many from which no more comes."""
        self._last_lines.forget_the_oldest(going_on)
