"""``KubectlWaitSensor``: waits for an object that somebody else made."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow import way_in
from kubectl_job_operator.airflow.argument_types import SensorArguments, fetched
from kubectl_job_operator.airflow.bare_errors import bare
from kubectl_job_operator.airflow.compat.imports import Context, import_base_sensor, import_sensor_timeout
from kubectl_job_operator.airflow.deferral import METHOD, NO_EVENT, defers_by_default
from kubectl_job_operator.airflow.fields import RendersFields
from kubectl_job_operator.airflow.on_kill import EndsOnKill
from kubectl_job_operator.errors import DeferralError, InputError, TaskKilledError, TaskTimeoutError
from kubectl_job_operator.manifest.target import parted, problem_of_namespaces, problem_of_target

if TYPE_CHECKING:
    from airflow.sdk import BaseSensorOperator, XComArg
    from typing_extensions import Unpack

    from kubectl_job_operator.life.deferred_look import ObjectNews
    from kubectl_job_operator.life.looking import Looking
    from kubectl_job_operator.status.awaited import Awaited
else:
    BaseSensorOperator = import_base_sensor()

_ONLY_POKING = ("silent_fail", "never_fail")


class _Killed(BaseException):
    """A poke was killed: of an ``Exception`` Airflow makes a skip by ``never_fail``, and nothing by ``silent_fail``."""


class KubectlWaitSensor(RendersFields, EndsOnKill, BaseSensorOperator):
    """Wait until an object that somebody else made has come to a condition, has a value in a field, or is gone.

    One that is not there yet is waited for, too. ``poke_interval``, ``timeout``, ``mode``, ``soft_fail`` and the like
    are those of every sensor of Airflow.

    :param target: (str) the object by kind and name, as ``"deployment/server"``; it may begin with its namespace, as
        one of those that ``KubectlApplyOperator`` returns may. Templated.
    :param wait_for: (str) what to wait for, in the words of ``kubectl wait --for``: a condition (``"Available"``,
        ``"Ready=False"``), a field and its value (``"{.status.phase}=Bound"``), or ``"delete"``. Templated.
    :param failure_when: (str, default None) a condition, or a field and its value, at which the task fails at once.
        Templated.
    :param deferrable: (bool, default ``[operators] default_deferrable``) wait in the triggerer, with one ``kubectl``
        for all that wait for this kind in the namespace. ``poke_interval`` and ``mode`` then mean nothing, and a change
        is noticed at once. It ends by ``timeout`` or ``execution_timeout``, whichever is over first. With
        ``silent_fail`` or ``never_fail``, which are about pokes, True is refused, and the default is False.

    The cluster:

    :param namespace: (str, default None) where the object is. By default the connection's namespace, then the one that
        kubectl itself would use. Templated.
    :param kubernetes_conn_id: (str, default None) an Airflow connection of type ``kubectl`` or ``kubernetes``.
        Templated.
    :param in_cluster: (bool, default None) use the service account of the pod that the task runs in. ``False``
        overrules the connection.
    :param config_file: (str, default None) path of a kubeconfig on the worker. Wins over the connection. Templated.
    :param cluster_context: (str, default None) a context of the kubeconfig. Wins over the connection. Templated.
    :param outage_tolerance_seconds: (int, seconds, default 600) for how long the API server may be away.
    :raises ValueError: when the DAG is parsed, if one of them is not what it must be.
    """

    template_fields: Sequence[str] = ("target", "wait_for", "failure_when", *way_in.TEMPLATED)
    template_ext: Sequence[str] = ()
    ui_color = "#326ce5"
    ui_fgcolor = "#ffffff"

    def __init__(
        self,
        *,
        target: str | XComArg,
        wait_for: str | XComArg,
        failure_when: str | XComArg | None = None,
        deferrable: bool | None = None,
        namespace: str | XComArg | None = None,
        kubernetes_conn_id: str | XComArg | None = None,
        in_cluster: bool | None = None,
        config_file: str | XComArg | None = None,
        cluster_context: str | XComArg | None = None,
        outage_tolerance_seconds: int = 600,
        **kwargs: Unpack[SensorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self.target = fetched(target)
        self.wait_for = fetched(wait_for)
        self.failure_when = fetched(failure_when)
        only_poking = [name for name in _ONLY_POKING if getattr(self, name, False)]
        self.deferrable = deferrable if deferrable is not None else not only_poking and defers_by_default()
        self.namespace = fetched(namespace)
        self.kubernetes_conn_id = fetched(kubernetes_conn_id)
        self.in_cluster = in_cluster
        self.config_file = fetched(config_file)
        self.cluster_context = fetched(cluster_context)
        self.outage_tolerance_seconds = outage_tolerance_seconds
        self._looking: Looking | None = None
        way_in.check_texts(self, ("target", "wait_for", "failure_when"))
        way_in.settle_way_in(self)
        if not isinstance(self.deferrable, bool):
            raise ValueError(f"deferrable must be a bool, but is {deferrable!r}")  # noqa: TRY004 - as all arguments
        if self.deferrable and only_poking:
            raise ValueError(
                f"{only_poking[0]} and deferrable contradict each other, as nothing pokes in the triggerer; "
                "give one of them"
            )
        for name in ("target", "wait_for"):
            if getattr(self, name) is None:
                raise ValueError(f"{name} must be given")
        try:
            self._check(is_to_come=lambda text: not isinstance(text, str) or "{{" in text or "{%" in text)
        except InputError as error:
            raise ValueError(str(error)) from None

    def execute(self, context: Context) -> Any:
        """Wait, on this worker or in the triggerer.

        :raises AirflowSensorTimeout: if it takes longer than ``timeout``.
        :raises ObjectFailedError: by ``failure_when``.
        :raises KubectlJobOperatorError: for all else that this package knows to go wrong.
        """
        began = time.time()
        try:
            with self._running(context) as looking:
                if not self.deferrable:
                    return self._poke_until_over(context)
                if looking.is_met():
                    return None
                resource, namespace = looking.watched_resource(), looking.namespace
            self._defer(resource, namespace, began)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise bare(error)  # noqa: B904 - it is the same

    def poke(self, context: Context) -> bool:  # noqa: ARG002 - Airflow gives it
        """Look at the object, and return whether it has come to what it is waited for."""
        if self._looking is None:
            raise AssertionError("a sensor looks only while it is executed")
        try:
            return self._looking.is_met()
        except TaskKilledError as error:
            raise _Killed(str(error)) from None

    def execute_complete(self, context: Context, event: Mapping[str, Any] | None = None) -> Any:
        """End as the triggerer has found it.

        :raises AirflowSensorTimeout: if it took longer than ``timeout``.
        :raises TaskTimeoutError: if it took longer than ``execution_timeout``.
        :raises ObjectFailedError: by ``failure_when``.
        :raises DeferralError: if the triggerer could not go on.
        """
        from kubectl_job_operator.airflow.running import lasting_errors_for_airflow
        from kubectl_job_operator.life.deferred_look import ObjectNews

        if event is None:
            self.log.warning(NO_EVENT)
            return self.execute(context)
        news, state = ObjectNews(event["news"]), event["state"]
        if news is ObjectNews.TIME_OVER and self._shortest_timeout() == datetime.timedelta(seconds=self.timeout):
            raise import_sensor_timeout()(
                f"{self.target} has not come to {self.wait_for} in {self.timeout:.0f} s (timeout); {state}."
            )
        try:
            with lasting_errors_for_airflow(self.log):
                _raise_if_bad(news, self.target, state)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise bare(error)  # noqa: B904 - it is the same
        self.log.info("%s: %s", self.target, state)
        return None

    def _poke_until_over(self, context: Context) -> Any:
        """Poke as Airflow does.

        :raises TaskKilledError: if the task was killed, whatever is to become of errors.
        """
        try:
            return super().execute(context)
        except _Killed as error:
            raise TaskKilledError(str(error)) from None

    def _shortest_timeout(self) -> datetime.timedelta:
        """Return for how long a deferred sensor waits: Airflow 3 keeps neither limit meanwhile."""
        timeout = datetime.timedelta(seconds=self.timeout)
        return min(timeout, self.execution_timeout or timeout)

    def _defer(self, resource: str, namespace: str, began: float) -> None:
        from kubectl_job_operator.airflow.wait_trigger import KubectlWaitTrigger
        from kubectl_job_operator.life.deferred_timeout import deadline_of

        self.defer(
            trigger=KubectlWaitTrigger(
                resource=resource,
                name=self.target.rpartition("/")[2],
                namespace=namespace,
                wait_for=self.wait_for,
                failure_when=self.failure_when,
                kubernetes_conn_id=self.kubernetes_conn_id,
                config_file=self.config_file,
                cluster_context=self.cluster_context,
                in_cluster=self.in_cluster,
                outage_tolerance_seconds=self.outage_tolerance_seconds,
                deadline=deadline_of(self._shortest_timeout(), began),
            ),
            method_name=METHOD,
        )

    @contextlib.contextmanager
    def _running(self, context: Context) -> Iterator[Looking]:
        """Give what looks, which ``on_kill`` ends."""
        with self._until_over():
            from kubectl_job_operator.airflow.running import lasting_errors_for_airflow
            from kubectl_job_operator.airflow.signals import SIGNALS
            from kubectl_job_operator.airflow.stopping import stop_of
            from kubectl_job_operator.life.looking import Looking

            with SIGNALS.keeping(), lasting_errors_for_airflow(self.log):
                if self._rendering_error is not None:
                    raise self._rendering_error
                way_in.check_rendered_texts(self, ("target", "wait_for", "failure_when", *way_in.TEMPLATED))
                awaited = self._check()
                namespace, target = parted(self.target)
                session = way_in.open_session(self, namespace)
                self._begin(session)
                self._looking = Looking(session, target, awaited)
                try:
                    with self._looking.lasting(lambda: stop_of(context)):
                        yield self._looking
                finally:
                    self._looking = None

    def _check(self, is_to_come: Any = lambda _: False) -> Awaited:
        """Return what is waited for.

        :param is_to_come: whether Airflow has yet to render a text, which then is not looked at.
        :raises InputError: if it is no rule, or the target is no object.
        """
        from kubectl_job_operator.status.awaited import DELETE, Awaited

        problem = None if is_to_come(self.target) else problem_of_target(self.target)
        if problem is None and not is_to_come(self.target) and not is_to_come(self.namespace):
            problem = problem_of_namespaces([self.target], self.namespace)
        if problem is not None:
            raise InputError(f"target: {problem}.\nWhat to do: name one object.")
        wait_for = DELETE if is_to_come(self.wait_for) else self.wait_for
        failure_when = None if is_to_come(self.failure_when) else self.failure_when
        try:
            return Awaited.parse(wait_for, failure_when)
        except ValueError as error:
            raise InputError(
                f"wait_for, failure_when: {error}.\nWhat to do: mend it; delete is a word of wait_for alone."
            ) from None


def _raise_if_bad(news: ObjectNews, target: str, state: str) -> None:
    from kubectl_job_operator.life.deferred_look import ObjectNews
    from kubectl_job_operator.life.looking import failed

    if news is ObjectNews.TIME_OVER:
        raise TaskTimeoutError(
            f"The task ran into its execution_timeout while it waited for {target}; {state}.\n"
            "What to do: raise execution_timeout, or find out what takes it so long."
        )
    if news is ObjectNews.FAILED:
        raise failed(target, state)
    if news is ObjectNews.GAVE_UP:
        raise DeferralError(f"The triggerer could not go on waiting for {target}.\n{state}")
