"""The fields of a connection of type ``kubectl``, for the form in Airflow's UI."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

CONNECTION_TYPE = "kubectl"
HOOK_NAME = "kubectl"
# What its name calls a secret, Airflow masks in its UI, its API and its logs.
KUBECONFIG = "secret_kubeconfig"
TLS_SERVER_NAME = "tls_server_name"
AS_USER = "as_user"
AS_GROUP = "as_group"
REQUEST_TIMEOUT = "request_timeout"


@dataclass(frozen=True)
class Field:
    """One field; it stands in the connection's extras.

    :param name: its key there, as Airflow's own Kubernetes provider has it.
    :param label: what the form calls it.
    :param help: what the form says of it.
    :param is_flag: whether it is true or false, and not text.
    :param has_lines: whether its text has lines.
    """

    name: str
    label: str
    help: str
    is_flag: bool = False
    has_lines: bool = False


FIELDS = (
    Field(
        "kube_config_path",
        "Kubeconfig path",
        "A file on every worker, and on the triggerer's machine for deferrable tasks. With no way into a cluster here, "
        "kubectl finds its own: KUBECONFIG, ~/.kube/config, the pod's service account.",
    ),
    Field(KUBECONFIG, "Kubeconfig", "Or the kubeconfig itself, as YAML or JSON.", has_lines=True),
    Field("in_cluster", "In cluster", "Or the service account of the pod that the task runs in.", is_flag=True),
    Field("cluster_context", "Context", "A context of the kubeconfig. By default its current one."),
    Field("namespace", "Namespace", "Where Jobs run if neither the task nor its YAML names a namespace."),
    Field(
        "disable_verify_ssl",
        "Do not verify TLS",
        "Take any certificate of the server; for a test cluster only.",
        is_flag=True,
    ),
    Field(
        TLS_SERVER_NAME,
        "TLS server name",
        "The name that the server's certificate is checked for, where it is not that of its address "
        "(--tls-server-name).",
    ),
    Field(AS_USER, "Impersonate user", "Whom kubectl impersonates, if the account may (--as)."),
    Field(AS_GROUP, "Impersonate groups", "Groups of that user, with commas between them (--as-group)."),
    Field(
        REQUEST_TIMEOUT,
        "Request timeout",
        "How long a single request may take, as 30s (--request-timeout); a watch, a wait and a followed log last.",
    ),
)
# What a connection of Airflow is made of besides, and this one has no use for.
_HIDDEN = ("host", "schema", "login", "password", "port", "extra")


def connection_type() -> dict[str, Any]:
    """Describe the connection type to Airflow: 3.2 and later make the form of this."""
    return {
        "connection-type": CONNECTION_TYPE,
        "hook-class-name": "kubectl_job_operator.airflow.hooks.KubectlHook",
        "hook-name": HOOK_NAME,
        "ui-field-behaviour": {"hidden-fields": list(_HIDDEN), "relabeling": {}, "placeholders": {}},
        "conn-fields": {
            one.name: {"label": one.label, "description": one.help, "schema": _schema(one)} for one in FIELDS
        },
    }


def form_widgets() -> dict[str, Any]:
    """Return the same as the widgets that Airflow before 3.2 makes its form of."""
    home = importlib.import_module("flask_appbuilder.fieldwidgets")
    forms = importlib.import_module("wtforms")
    widgets = {}
    for one in FIELDS:
        if one.is_flag:
            widgets[one.name] = forms.BooleanField(one.label, description=one.help)
        else:
            widget = home.BS3TextAreaFieldWidget() if one.has_lines else home.BS3TextFieldWidget()
            widgets[one.name] = forms.StringField(one.label, description=one.help, widget=widget)
    return widgets


def field_behaviour() -> dict[str, Any]:
    """Return which of Airflow's own fields the form before 3.2 leaves out."""
    return {"hidden_fields": list(_HIDDEN), "relabeling": {}, "placeholders": {}}


def _schema(field: Field) -> dict[str, Any]:
    if field.is_flag:
        return {"type": ["boolean", "null"], "default": False}
    return {"type": ["string", "null"], **({"format": "multiline"} if field.has_lines else {})}
