"""What the arguments of operators elsewhere are called here, for whoever comes from one of them."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Elsewhere:
    """An argument of another operator.

    :param there: its name there.
    :param here: the argument that does the same here; empty for none.
    :param note: what is different; empty for nothing.
    """

    there: str
    here: str = ""
    note: str = ""


_SAME_IN_ALL = tuple(Elsewhere(name, name) for name in ("in_cluster", "config_file", "cluster_context"))

ELSEWHERE: Mapping[str, tuple[Elsewhere, ...]] = {
    "LamaAni": (
        Elsewhere("body", "job_yaml"),
        Elsewhere("body_filepath", "yaml_file_name", "looked for beside the DAG's file and in template_searchpath"),
        Elsewhere("jinja_job_args", "yaml_template_fields", "seen by their own names, without ``job.``"),
        Elsewhere("enable_jinja", "", "a template is always rendered"),
        Elsewhere("validate_body_on_init", "", "``kubectl-job-operator validate`` checks in CI"),
        Elsewhere("command", "cmds"),
        Elsewhere("arguments", "arguments"),
        Elsewhere("image", "image"),
        Elsewhere("image_pull_policy", "image_pull_policy"),
        Elsewhere("envs", "env_vars"),
        Elsewhere("namespace", "namespace"),
        *_SAME_IN_ALL,
        Elsewhere("delete_policy", "delete_policy", "``IfFailed`` too"),
        Elsewhere("get_logs", "get_logs"),
        Elsewhere("startup_timeout_seconds", "startup_timeout_seconds", "600 by default"),
        Elsewhere("on_kube_api_event", "", "the log tells what happens; ``log_formatter`` sees each line"),
        Elsewhere("parse_xcom_event", "", 'its line is read, as JSON: ``do_xcom_push=True``, ``xcom_from="logs"``'),
    ),
    "EliMor": (
        Elsewhere("yaml_file_name", "yaml_file_name", "also looked for beside the DAG's file"),
        Elsewhere("yaml_template_fields", "yaml_template_fields", "the template sees Airflow's own names beside them"),
        Elsewhere("yaml_write_path", "yaml_write_path", "made if it is missing"),
        Elsewhere("yaml_write_filename", "yaml_write_filename"),
        Elsewhere("log_yaml", "log_yaml"),
        *_SAME_IN_ALL,
        Elsewhere("tail_logs", "tail_logs", "without any of these every line is shown as it comes"),
        Elsewhere("tail_logs_every", "tail_logs_every"),
        Elsewhere("tail_logs_line_count", "tail_logs_line_count"),
        Elsewhere("tail_logs_only_at_end", "tail_logs_only_at_end"),
        Elsewhere("delete_completed_job", "delete_completed_job", "True by default here; False keeps every Job"),
        Elsewhere("kube_launcher", "", "tests put another kubectl first on PATH"),
    ),
    "Airflow": (
        Elsewhere("job_template_file", "yaml_file_name", "a Jinja template"),
        Elsewhere("full_job_spec", "job_yaml", "a dict; as YAML has it"),
        Elsewhere("backoff_limit", "backoff_limit", "by default the task's ``retries``, not 6"),
        Elsewhere("parallelism", "parallelism"),
        Elsewhere("completions", "completions"),
        Elsewhere("completion_mode", "completion_mode"),
        Elsewhere("suspend", "suspend"),
        Elsewhere("ttl_seconds_after_finished", "ttl_seconds_after_finished"),
        Elsewhere("selector", "", "write it into the YAML; Kubernetes makes one by itself"),
        Elsewhere("manual_selector", "", "write it into the YAML"),
        Elsewhere("wait_until_job_complete", "", "every Job is waited for"),
        Elsewhere("job_poll_interval", "", "nothing is asked at intervals: kubectl watches"),
        Elsewhere("on_kill_propagation_policy", "", "the pods go with their Job, in the background"),
        Elsewhere("deferrable", "deferrable"),
    ),
}
_ALIKE = 0.8


def check_names(given: Iterable[str], operator: type) -> None:
    """Refuse an argument that nobody takes, if it can be said which one was meant; of others Airflow itself speaks.

    :param given: the names that are left for Airflow's own operator.
    :param operator: the operator that they were given to.
    :raises TypeError: naming the argument that was meant.
    """
    for name in given:
        hint = "" if name in _parameters(operator) else _of_others(name) or _alike(name, _parameters(operator))
        if hint:
            raise TypeError(f"There is no argument {name}: {hint}.")


def _of_others(name: str) -> str:
    rows = [row for rows in ELSEWHERE.values() for row in rows if row.there == name and row.here != name]
    if not rows:
        return ""
    row = rows[0]
    called = f"it is called {row.here} here" if row.here else "leave it out"
    return (called + (f"; {row.note}" if row.note else "")).replace("``", "")


def _alike(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=_ALIKE)
    return f"perhaps {found[0]} was meant" if found else ""


@functools.cache
def _parameters(operator: type) -> frozenset[str]:
    """Return the names of all arguments of an operator and of what it is made of."""
    makers = [vars(one)["__init__"] for one in operator.__mro__ if "__init__" in vars(one) and one is not object]
    return frozenset(name for maker in makers for name in inspect.signature(inspect.unwrap(maker)).parameters)
