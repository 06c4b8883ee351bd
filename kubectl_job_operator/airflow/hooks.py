"""What Airflow knows of a connection of type ``kubectl``: its form, and whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kubectl_job_operator.airflow import connection_fields, redaction
from kubectl_job_operator.airflow.compat import imports
from kubectl_job_operator.airflow.connection import Place, read_connection

if TYPE_CHECKING:
    from airflow.sdk import BaseHook

    from kubectl_job_operator.life.examination import Finding
else:
    BaseHook = imports.import_base_hook()


class KubectlHook(BaseHook):
    """The way into a cluster that a connection describes.

    :param kubernetes_conn_id: (str, default ``"kubectl_default"``) a connection of type ``kubectl`` or ``kubernetes``.
    """

    conn_name_attr = "kubernetes_conn_id"
    default_conn_name = "kubectl_default"
    conn_type = connection_fields.CONNECTION_TYPE
    hook_name = connection_fields.HOOK_NAME

    def __init__(self, kubernetes_conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.kubernetes_conn_id = kubernetes_conn_id

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the fields of the form, for Airflow before 3.2."""
        return connection_fields.form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return which of Airflow's own fields it leaves out, for Airflow before 3.2."""
        return connection_fields.field_behaviour()

    def get_conn(self) -> Place:
        """Return where the connection leads.

        :raises AccessError: if it contradicts itself or is of another type.
        """
        return read_connection(imports.get_connection(self.kubernetes_conn_id))

    def test_connection(self) -> tuple[bool, str]:
        """Look at all that a run needs, from where this runs, and say in a sentence how it is."""
        from kubectl_job_operator.errors import KubectlJobOperatorError
        from kubectl_job_operator.life.examination import examine

        try:
            place = self.get_conn()
            findings = list(examine(place.access, place.namespace))
        except KubectlJobOperatorError as error:
            return False, redaction.redact(str(error))
        return not any(one.is_bad for one in findings), redaction.redact(in_a_sentence(findings))


def in_a_sentence(findings: list[Finding]) -> str:
    """Say what was found: what is wrong and what to do about it, or what is there and what cannot be told."""
    bad = [one for one in findings if one.is_bad]
    if bad:
        return " ".join(_words(one) for one in bad)
    found = {one.what: one.found for one in findings}
    rights = sum(one.what.startswith("right ") for one in findings)
    unsure = [one for one in findings if one.is_unsure]
    granted = f"all {rights} rights are granted" if not any(one.what.startswith("right ") for one in unsure) else ""
    parts = [
        f"kubectl {found['kubectl']} reaches {found['context']}",
        f"the server is {found['server']}",
        f"the namespace is {found['namespace']}",
        *([granted] if granted else []),
    ]
    return ". ".join(["; ".join(parts), *(f"Not sure: {_words(one)}" for one in unsure)]).rstrip(".") + "."


def _words(finding: Finding) -> str:
    """Say one finding, with what to do."""
    said = f"{finding.what}: {finding.found}".rstrip(".")
    return f"{said}. What to do: {finding.advice}" if finding.advice else f"{said}."
