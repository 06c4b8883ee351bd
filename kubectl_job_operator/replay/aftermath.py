"""What a failed try leaves for people: the group "Replay" at the end of its log and, if asked for, a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kubectl_job_operator.attempt.settings import Settings
from kubectl_job_operator.attempt.sink import Log
from kubectl_job_operator.attempt.workspace import Workspace
from kubectl_job_operator.kubectl.access import settings_of
from kubectl_job_operator.kubectl.client import Kubectl
from kubectl_job_operator.kubectl.process import Processes
from kubectl_job_operator.kubectl.transcript import Transcript
from kubectl_job_operator.objects import Object
from kubectl_job_operator.replay.evidence import Evidence, gather
from kubectl_job_operator.replay.failed_try import FailedTry

if TYPE_CHECKING:
    from kubectl_job_operator.replay.replay import ManifestFile

_WRITE_SECONDS = 3.0


class Aftermath:
    """Tells how a failed try can be run again. Nothing here fails a task: what goes wrong is a warning.

    What it takes for that is imported then, for most tries do not fail.

    :param failed: the try.
    :param settings: where its folder goes, and how many are kept.
    :param workspace: where the files are that the try gave to kubectl.
    :param log: takes the group, and the warnings.
    """

    def __init__(self, failed: FailedTry, settings: Settings, workspace: Workspace, log: Log) -> None:
        self._failed = failed
        self._settings = settings
        self._workspace = workspace
        self._log = log
        self._evidence: Evidence | None = None
        self.folder: Path | None = None
        """What was kept of the try; ``None`` if nothing was."""

    def gather(self, kubectl: Kubectl, job: Object | None, *, reads_events: bool = True) -> None:
        """Read, once, what the cluster knows of the Job, if a folder is asked for; before anything is deleted.

        :param job: the Job as it was last seen; ``None`` if it was never seen: then there is nothing to read.
        :param reads_events: whether the account may.
        """
        if self._settings.replay_dir is None or self._evidence is not None or job is None:
            return
        processes = Processes(self._failed.environment)
        own = Transcript(self._log.info, self._failed.caller.mask)  # these commands are no part of what is replayed
        try:
            reader = kubectl.with_processes(processes, own)
            self._evidence = gather(reader, job, self._log.warning, reads_events=reads_events)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not hide why the try failed
            self._log.warning(f"What the cluster knows of the Job cannot be read: {error}")
        finally:
            processes.close()

    def conclude(self, job: Object | None, namespace: str) -> None:
        """Show the group "Replay", and write the folder. Of the try's own files those that hold secrets are removed."""
        evidence = self._evidence or Evidence(job)
        self._try_to("The commands cannot be shown for a replay", lambda: self._show(evidence))
        if self._settings.replay_dir is not None:
            self._try_to(
                f"The folder for a replay cannot be written to {self._settings.replay_dir}",
                lambda: self._keep(evidence, Path(str(self._settings.replay_dir)), namespace),
            )

    def _try_to(self, problem: str, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not hide why the try failed
            self._log.warning(f"{problem}: {error}")

    def _show(self, evidence: Evidence) -> None:
        files = self._settled_files()
        kept = [str(file.path) for file in files if file.text is None]
        if kept:
            self._workspace.keep()
            self._log.info(f"The manifest is kept to run it again by hand: {', '.join(kept)}")
        else:
            self._workspace.remove()
        from kubectl_job_operator.replay import replay

        text = replay.replay(
            replay.Try(
                self._failed.transcript.records,
                self._failed.transcript.left_out,
                settings_of(self._failed.environment),
                files,
                evidence.job,
                self._failed.kubeconfig,
                is_in_pod=self._failed.access.in_cluster,
            )
        )
        # Three messages: Airflow folds what stands between two of their own, and text in one message can be pasted.
        for message in (replay.GROUP, self._failed.caller.mask(text), replay.END_OF_GROUP):
            self._log.info(message)

    def _settled_files(self) -> list[ManifestFile]:
        """Remove the files that hold something secret, and return all of them with what was in those, masked."""
        from kubectl_job_operator.replay.masked_files import masked_manifest

        settled = []
        for path in self._workspace.files():
            file = masked_manifest(path, self._failed.caller.mask)
            if file.text is not None:
                path.unlink()
            settled.append(file)
        return settled

    def _keep(self, evidence: Evidence, parent: Path, namespace: str) -> None:
        """Write the folder in another thread: a disk that hangs must not hold the task up."""
        from kubectl_job_operator.replay.bundle import SCRIPT, folder_name, write_bundle
        from kubectl_job_operator.replay.masked_files import masked_files

        files = masked_files(self._failed, evidence, namespace)
        keeping = replace(self._settings.keeping, most=self._settings.replay_keep)
        outcome: list[Path | Exception] = []

        def write() -> None:
            try:
                outcome.append(write_bundle(parent, folder_name(self._failed.identity), files, keeping))
            except Exception as error:  # noqa: BLE001 - told by the thread that waits
                outcome.append(error)

        writer = threading.Thread(target=write, name="writes the folder for a replay", daemon=True)
        writer.start()
        writer.join(_WRITE_SECONDS)
        if not outcome:
            raise TimeoutError(f"it has taken more than {_WRITE_SECONDS:.0f} s")
        if isinstance(outcome[0], Exception):
            raise outcome[0]
        self.folder = outcome[0]
        self._log.info(f"All that is known of this try is kept; to run it again: {self.folder / SCRIPT}")
