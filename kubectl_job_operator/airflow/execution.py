"""What Airflow does with a Job's task: it renders its fields, executes it, defers it and ends it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow.bare_errors import bare
from kubectl_job_operator.airflow.compat.imports import AirflowFailException, Context
from kubectl_job_operator.airflow.compat.states import comes_back
from kubectl_job_operator.airflow.deferral import METHOD, NO_EVENT, make_trigger, prepare, read_event
from kubectl_job_operator.airflow.fields import RendersYaml
from kubectl_job_operator.airflow.links import remember_replay
from kubectl_job_operator.airflow.on_kill import EndsOnKill
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from kubectl_job_operator.errors import InputError

if TYPE_CHECKING:
    from kubectl_job_operator.airflow.task import JobTask
    from kubectl_job_operator.life.handover import Handover
    from kubectl_job_operator.life.runner import JobRunner
    from kubectl_job_operator.manifest.manifest import Manifest
else:
    JobTask = object  # a Protocol; its metaclass is not Airflow's


class JobExecution(RendersYaml, EndsOnKill, ShorthandOperator, JobTask):
    """The steps of a task that runs a Job; its arguments are those of ``KubernetesJobOperator``."""

    yaml_argument = "job_yaml"
    renders_before_execute = True
    """False where only ``execute`` knows what the YAML needs."""
    replay_folder: str | None = None
    _manifest: Manifest | None = None

    def execute(self, context: Context) -> Any:
        """Run the Job and return its result; ``None`` if it has none.

        :raises AirflowFailException: if the task's input cannot work, so that a retry would be in vain, if the result
            cannot be used, or by ``fail_on_exit_code``.
        :raises AirflowSkipException: by ``skip_on_exit_code``.
        :raises JobFailedError: if the Job failed.
        :raises KubectlJobOperatorError: for all else that this package knows to go wrong.
        """
        try:
            if self.deferrable:
                prepare()
            with self._running(context) as runner:
                if self.deferrable:
                    self._defer_if_need_be(runner.start())
                else:
                    runner.run()
                return self._pushed(context, runner)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise bare(error)  # noqa: B904 - it is the same

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Go on with the Job after the triggerer has waited for it, and return its result.

        :raises TaskTimeoutError: if the task has run into its ``execution_timeout``.
        :raises KubectlJobOperatorError: as ``execute``.
        """
        if event is None:
            self.log.warning(NO_EVENT)
            return self.execute(context)
        handover, outcome = read_event(event)
        try:
            with self._running(context, handover) as runner:
                self._defer_if_need_be(runner.go_on(handover, outcome))
                return self._pushed(context, runner)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise bare(error)  # noqa: B904 - it is the same

    def _defer_if_need_be(self, handover: Handover | None) -> None:
        """Leave the worker, unless the Job is over."""
        if handover is not None:
            self.defer(trigger=make_trigger(self, handover), method_name=METHOD)

    @contextlib.contextmanager
    def _running(self, context: Context, handover: Handover | None = None) -> Iterator[JobRunner]:
        """Give what runs the Job, which ``on_kill`` ends."""
        runner = None
        with self._until_over():
            try:
                from kubectl_job_operator.airflow.running import errors_for_airflow
                from kubectl_job_operator.airflow.signals import SIGNALS

                with SIGNALS.keeping(), errors_for_airflow(self):
                    runner = self._make_runner(context, handover)
                    self._begin(runner)
                    yield runner
            finally:
                remember_replay(self, context, runner.replay_folder if runner else None)

    def _pushed(self, context: Context, runner: JobRunner) -> Any:
        """Push the names of the pods, and return the result."""
        from kubectl_job_operator.airflow.xcom import POD_NAMES, push
        from kubectl_job_operator.status import keyed

        if runner.done is None:
            raise AssertionError("a Job that did not fail is done")
        push(context, POD_NAMES, list(runner.done.pod_names), self.log.warning)
        for key, value in keyed.keys_of(runner.done.result).items():
            push(context, key, value, self.log.warning)
        return keyed.plain(runner.done.result)

    def _render_all(
        self,
        render_fields: Callable[[Iterable[str]], None],
        names: Iterable[str],  # noqa: ARG002 - the last time has left some out
        context: Context,
    ) -> None:
        """Render all fields, and keep what was not given out of "Rendered Template", which is long enough."""
        every = type(self).template_fields
        try:
            super()._render_all(render_fields, every, context)
        finally:
            given = (name for name in every if getattr(self, name, None) not in (None, {}, [], ()))
            self.template_fields = tuple(dict.fromkeys(["rendered_yaml", *given]))

    def _render_yaml(self, context: Context) -> None:
        if self.renders_before_execute and not self.asks_kubectl:
            self._manifest = self._make_manifest(context)
            self.rendered_yaml = self._manifest.masked_text()

    def _keeps_rendering_error(self, context: Context) -> bool:
        # A Job that runs needs no template to end.
        return self.renders_before_execute or comes_back(context)

    def _make_manifest(self, context: Context) -> Manifest:
        from kubectl_job_operator.airflow.rendering import render_manifest
        from kubectl_job_operator.airflow.secrets import mask_env_of, mask_given, mask_secrets_of
        from kubectl_job_operator.airflow.type_checks import check_rendered

        # Before anything shows them: what is called a password is one.
        mask_given(context, self.yaml_template_fields, self.env_vars, self.job_yaml_xcoms, self.init_containers)
        try:
            check_rendered(self)
            manifest = render_manifest(self, context)
        except InputError as error:
            raise AirflowFailException(str(error)) from None
        mask_secrets_of(manifest.companions)
        mask_env_of([manifest.job, *manifest.companions])
        if self.asks_kubectl:
            self.rendered_yaml = manifest.masked_text()
        return manifest

    def _make_runner(self, context: Context, handover: Handover | None) -> JobRunner:
        from kubectl_job_operator.airflow.connection import find_place
        from kubectl_job_operator.airflow.running import make_runner

        place = find_place(self)
        return make_runner(self, self._manifest_or_stand_in(context, handover), place, context)

    def _manifest_or_stand_in(self, context: Context, handover: Handover | None) -> Manifest:
        """Return the rendered manifest; a task that comes back can do without."""
        error = self._rendering_error
        if error is None:
            try:
                return self._manifest or self._make_manifest(context)
            except Exception as failure:
                if handover is None:
                    raise
                error = failure
        elif handover is None:
            raise error
        self.log.warning(
            "The task's template cannot be rendered any more; the task goes on with the Job that is there, and "
            "leaves no commands for a replay.\n%s",
            error,
        )
        return handover.manifest()
