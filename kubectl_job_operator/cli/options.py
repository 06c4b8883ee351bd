"""Options that several subcommands share, and what they mean to the lower floors."""

from __future__ import annotations

import argparse
import datetime
import secrets
from typing import TYPE_CHECKING

from kubectl_job_operator.cli.variables import assignment, string_assignment

if TYPE_CHECKING:
    from kubectl_job_operator.attempt.identity import Identity
    from kubectl_job_operator.kubectl.access import Access
    from kubectl_job_operator.manifest.manifest import Manifest

Options = argparse.Namespace

DAG_ID = "command-line"


def add_template_options(parser: argparse.ArgumentParser) -> None:
    """Add what a template needs to be rendered."""
    group = parser.add_argument_group("Variables of the template")
    group.add_argument(
        "--set",
        dest="assignments",
        metavar="NAME=VALUE",
        type=assignment,
        action="append",
        default=[],
        help="a variable, or by NAME.KEY=VALUE a key in one. true, false, null and numbers are read as such; all else "
        "is text. Can be given again. The command line is seen by others on this machine: give what is secret by "
        "--values",
    )
    group.add_argument(
        "--set-string",
        dest="assignments",
        metavar="NAME=VALUE",
        type=string_assignment,
        action="append",
        default=[],
        help="the same, where every value is text",
    )
    group.add_argument(
        "-f",
        "--values",
        dest="values_files",
        metavar="FILE",
        action="append",
        default=[],
        help="a YAML file with one mapping of names to values; - is stdin. Can be given again, the later one wins; "
        "--set wins over all",
    )
    group.add_argument(
        "--search-path",
        metavar="FOLDER",
        action="append",
        default=[],
        help="where {%% extends %%}, {%% include %%} and {%% import %%} look, as a DAG's template_searchpath. By "
        "default the template's own folder. Can be given again",
    )


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add which cluster, as whom, where."""
    group = parser.add_argument_group("Cluster")
    group.add_argument("-n", "--namespace", metavar="NAME", help="by default the context's")
    group.add_argument("--context", metavar="NAME", help="a context of the kubeconfig; by default its current one")
    group.add_argument("--kubeconfig", metavar="FILE", help="by default kubectl finds its own")
    group.add_argument(
        "--kubectl",
        metavar="PROGRAM",
        help="the kubectl to run: a path, or a name on PATH; by default that on PATH, else that beside this Python",
    )
    group.add_argument(
        "--in-cluster",
        action="store_true",
        help="use the service account of the pod that this runs in, and nothing else",
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add how a Job is run, as the operator's arguments of the same names."""
    group = parser.add_argument_group("Run")
    group.add_argument(
        "--unique-name", action="store_true", help="append a suffix to the Job's name that is another for each run"
    )
    group.add_argument(
        "--delete-policy",
        choices=("Always", "IfSucceeded", "IfFailed", "Never"),
        help="when a Job that has ended is deleted, with its companions (default: IfSucceeded, with --keep Never)",
    )
    group.add_argument("--keep", action="store_true", help="leave the Job in the cluster, also after Ctrl-C")
    group.add_argument(
        "--tail",
        metavar="LINES",
        type=_count,
        help="show only so many last lines of each container's log, once the Job has ended; 0 for none. By default "
        "every line is shown as it comes",
    )
    group.add_argument(
        "--startup-timeout-seconds",
        metavar="SECONDS",
        type=_count,
        default=600,
        help="how long it may take until the first container runs; 0 is without limit (default: %(default)s)",
    )
    group.add_argument(
        "--outage-tolerance-seconds",
        metavar="SECONDS",
        type=_count,
        default=600,
        help="how long the cluster may be away while the Job is waited for (default: %(default)s)",
    )
    group.add_argument(
        "--timeline", metavar="FILE", help="write a picture of the pods and containers over time there, as SVG"
    )
    group.add_argument("--no-log-yaml", action="store_true", help="do not show the rendered YAML")
    group.add_argument(
        "--plain", action="store_true", help="no live view, only lines; so it is anyway where stdout is no terminal"
    )


def add_kind_options(parser: argparse.ArgumentParser) -> None:
    """Add when an object that is no Job has come to its end, as the operator's arguments of the same names."""
    group = parser.add_argument_group("When it has ended, if not by the conditions of a Job")
    for name, what in (("success-when", "did its work"), ("failure-when", "failed")):
        group.add_argument(
            f"--{name}",
            metavar="RULE",
            action="append",
            default=[],
            help=f"when it {what}, as kubectl wait --for takes it: Complete, Ready=False, "
            "{.status.phase}=Succeeded. Can be given again; any of them will do",
        )
    group.add_argument("--pod-selector", metavar="LABELS", help="the label selector of its pods")
    group.add_argument(
        "--main-container",
        metavar="NAME",
        help="the container of a Pod, or of a Job of one pod, that decides; what else runs in the pod is ended then",
    )


def add_output_option(parser: argparse.ArgumentParser, *formats: str) -> None:
    """Add in which form the answer is given; the first one is the default."""
    parser.add_argument("-o", "--output", choices=formats, default=formats[0], help="the form of what is printed")


def rules_of(options: Options) -> dict[str, str]:
    """Return the annotations that say when the object has come to its end.

    :raises ManifestError: if one of the rules is none.
    """
    from kubectl_job_operator.errors import ManifestError
    from kubectl_job_operator.manifest import kinds, main_container

    try:
        return {
            **kinds.annotations_of(options.success_when, options.failure_when, options.pod_selector),
            **main_container.annotation(options.main_container),
        }
    except ValueError as error:
        raise ManifestError(f"--success-when or --failure-when: {error}.\nWhat to do: mend the rule.") from None


def access_of(options: Options) -> Access:
    """Return the way into the cluster.

    :raises AccessError: if the options contradict each other.
    """
    from kubectl_job_operator.errors import AccessError
    from kubectl_job_operator.kubectl.access import Access

    if options.in_cluster and (options.kubeconfig or options.context):
        other = "--kubeconfig" if options.kubeconfig else "--context"
        raise AccessError(f"--in-cluster and {other} contradict each other.\nWhat to do: give one of them.")
    return Access(
        config_file=options.kubeconfig,
        context=options.context,
        in_cluster=options.in_cluster,
        named_kubectl=options.kubectl,
    )


def kubectl_of(options: Options) -> Access:
    """Return the kubectl to run where no cluster is asked; some subcommands have no option for it."""
    from kubectl_job_operator.kubectl.access import Access

    return Access(named_kubectl=getattr(options, "kubectl", None))


def namespace_of(manifest: Manifest, options: Options) -> str | None:
    """Return the namespace to work in; ``None`` for the one that kubectl itself would use.

    :raises ManifestError: if the manifest names another one than the options: kubectl refuses that too.
    """
    from kubectl_job_operator.errors import ManifestError

    named, given = manifest.namespace, options.namespace
    if named and given and named != given:
        raise ManifestError(
            f"The manifest from {manifest.source} names namespace {named}, but --namespace is {given}.\n"
            "What to do: leave out one of the two, or write the namespace as a variable of the template."
        )
    return named or given


def new_identity(task_id: str, now: datetime.datetime) -> Identity:
    """Make the identity of one run by hand: no task's, and no other run's.

    :param task_id: what is run.
    :param now: when, in UTC.
    """
    from kubectl_job_operator.attempt.identity import Identity

    return Identity(DAG_ID, task_id, f"manual__{now.isoformat()}__{secrets.token_hex(4)}")


def _count(text: str) -> int:
    """Read a number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)
