"""The lower floors give advice in the operator's arguments; here the same advice is given in options."""

from __future__ import annotations

import re

from kubectl_job_operator.attempt.groups import BEGIN, END

_OPTIONS = {
    "The task was told to stop": "The run was told to stop",
    'on_kill_action="keep"': "--keep",
    "unique_name=True": "--unique-name",
    "set it in yaml_template_fields": "give it by --set NAME=VALUE or in a file by --values",
    "set config_file or cluster_context, or the variable KUBECONFIG where the task runs": (
        "give --kubeconfig or --context, or set the variable KUBECONFIG"
    ),
    "set config_file": "set --kubeconfig",
    "config_file": "--kubeconfig",
    "cluster_context": "--context",
    "in_cluster=True": "--in-cluster",
    "in_cluster": "--in-cluster",
    "choose another namespace": "choose another by --namespace",
    "[kubectl_job_operator] kubectl in Airflow's configuration": "--kubectl",
    "'kubectl-job-operator[kubectl]'": "'kubectl-job-operator-cli[kubectl]'",
    "startup_timeout_seconds": "--startup-timeout-seconds",
}
_ARGUMENT = re.compile("|".join(map(re.escape, _OPTIONS)))
_ADVICE = re.compile(r"^(?:What to do: |The task was told to stop|in_cluster=True, but ).*$", re.MULTILINE)


def in_options(message: str) -> str:
    """Name options instead of arguments in the lines that give advice; the words of others stay as they are."""
    return _ADVICE.sub(lambda line: _ARGUMENT.sub(lambda argument: _OPTIONS[argument[0]], line[0]), message)


def unfolded(message: str) -> str | None:
    """Return a message as a terminal shows it, where nothing can be folded; ``None`` for what only ends a group."""
    if message == END:
        return None
    return f"# {message.removeprefix(BEGIN)}" if message.startswith(BEGIN) else message


def advice_in_options(advice: str) -> str:
    """Name options instead of arguments in what is all advice."""
    return _ARGUMENT.sub(lambda argument: _OPTIONS[argument[0]], advice)
