"""Which cluster, as whom: the flags and the environment that lead kubectl there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kubectl_job_operator.errors import AccessError
from kubectl_job_operator.kubectl import program
from kubectl_job_operator.kubectl.kubeconfig_paths import joined_paths, kubeconfig_paths
from kubectl_job_operator.printable import quoted

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_SETTINGS = ("KUBECONFIG", "KUBERC", "KUBECACHEDIR")
# Neither kubectl nor a credential plugin needs them, and what a worker knows of secrets is among them.
_KEPT_FROM_CHILDREN = ("AIRFLOW_CONN_", "AIRFLOW_VAR_", "AIRFLOW__")
_NO_CONFIG_FILE = "/dev/null"
# Over a silent connection kubectl asks whether the server still lives; left alone, it notices an end after 45 s.
_HEARTBEAT = {"HTTP2_READ_IDLE_TIMEOUT_SECONDS": "5", "HTTP2_PING_TIMEOUT_SECONDS": "5"}
_MISSING = "does not exist"
_DURATION = re.compile(r"(\d+(ms|s|m|h))+")


@dataclass(frozen=True)
class Access:
    """A way into a cluster. Without any argument kubectl finds its own: ``KUBECONFIG``, ``~/.kube/config``, the pod's.

    :param config_file: path of a kubeconfig, or several with ``:`` between them, which kubectl merges; ``~`` and
        ``$VAR`` stand for what they stand for in a shell.
    :param context: a context of the kubeconfig; ``None`` is its current one.
    :param config_content: the text of a kubeconfig, where there is no file; whoever runs kubectl writes it to one.
    :param skip_tls_verify: do not check the server's certificate.
    :param in_cluster: use the service account of the pod that this runs in. kubectl reads the mounted token file
        itself, at each start, so that the token is on no command line and a rotated one is used.
    :param as_user: whom kubectl impersonates, if the account may; shown in every command.
    :param as_groups: groups that this one is taken to be in.
    :param tls_server_name: the name that the server's certificate is checked for, where it is not that of its address.
    :param request_timeout: how long a single request may take, as ``30s``; not for what is meant to last, as a watch.
    :param named_kubectl: which kubectl takes it: a path, or a name on PATH; ``None`` is to look for kubectl.
    """

    config_file: str | None = None
    context: str | None = None
    in_cluster: bool = False
    config_content: str | None = field(default=None, repr=False)
    skip_tls_verify: bool = False
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    tls_server_name: str | None = None
    request_timeout: str | None = None
    named_kubectl: str | None = None

    def check(self) -> None:
        """Refuse what cannot work, before anything is run.

        :raises AccessError: if a kubeconfig cannot be read, this is not a pod with a service account, or a flag would
            be refused.
        :raises KubectlMissingError: if there is no kubectl.
        """
        self.kubectl_path()
        self._check_flags()
        if self.in_cluster:
            _check_service_account()
        if self.config_file is not None:
            _check_config_files(self.config_file, self.config_files())

    def _check_flags(self) -> None:
        """Refuse here what kubectl would refuse in each command."""
        if self.as_groups and self.as_user is None:
            raise AccessError(
                f"The connection impersonates groups ({', '.join(self.as_groups)}), but nobody who is in them.\n"
                "What to do: give as_user too."
            )
        if self.in_cluster and (names := self._names_that_need_a_kubeconfig()):
            raise AccessError(
                f"{names} cannot be used with the pod's service account: given such a flag, kubectl takes a kubeconfig "
                "and nothing else (kubernetes/kubernetes#93474).\n"
                "What to do: leave it out, or instead of in_cluster name a kubeconfig with the API server's address, "
                f"certificate-authority: {_SERVICE_ACCOUNT}/ca.crt and tokenFile: {_SERVICE_ACCOUNT}/token."
            )
        if self.request_timeout is not None and not _DURATION.fullmatch(self.request_timeout):
            raise AccessError(
                f"request_timeout must be a number with a unit, as 30s or 2m, but is {self.request_timeout!r}.\n"
                "What to do: mend it in the connection."
            )

    def _names_that_need_a_kubeconfig(self) -> str:
        given = {"as_user": self.as_user, "request_timeout": self.request_timeout}
        return " and ".join(name for name, value in given.items() if value is not None)

    def kubectl(self) -> str:
        """Return the word by which every command begins."""
        return program.program(self.named_kubectl)

    def kubectl_path(self) -> str:
        """Return the whole path of kubectl.

        :raises KubectlMissingError: if there is none.
        """
        return program.check(self.named_kubectl)

    def config_files(self) -> tuple[str, ...]:
        """Return the kubeconfigs by their whole paths; none where kubectl is to find its own."""
        return () if self.config_file is None else kubeconfig_paths(self.config_file)

    def flags(self) -> tuple[str, ...]:
        """Return the flags that every kubectl command of this access begins with."""
        if self.in_cluster:
            # Without any configuration kubectl takes the pod's service account; an empty file keeps others out.
            flags: tuple[str, ...] = ("--kubeconfig", _NO_CONFIG_FILE)
        elif len(self.config_files()) == 1:
            flags = ("--kubeconfig", *self.config_files())
        else:
            # Several can only be named in the environment.
            flags = ()
        if self.context is not None:
            flags += ("--context", self.context)
        return (*flags, *self.flags_beside_config())

    def flags_beside_config(self) -> tuple[str, ...]:
        """Return those of them that hold beside any kubeconfig: as whom, and how the server is known."""
        flags: tuple[str, ...] = ()
        if self.skip_tls_verify:
            flags += ("--insecure-skip-tls-verify",)
        if self.tls_server_name is not None:
            flags += (f"--tls-server-name={self.tls_server_name}",)
        if self.as_user is not None:
            flags += (f"--as={self.as_user}",)
        return (*flags, *(f"--as-group={group}" for group in self.as_groups))

    def flags_for(self, arguments: Sequence[str]) -> tuple[str, ...]:
        """Return the flags for a command: one that is meant to last has no limit for its requests.

        :param arguments: its words, from the subcommand on.
        """
        if self.request_timeout is None or _is_lasting(arguments):
            return self.flags()
        return (*self.flags(), f"--request-timeout={self.request_timeout}")

    def environment(self, inherited: Mapping[str, str], spare_folder: Path) -> dict[str, str]:
        """Return kubectl's environment: the inherited one, without Airflow's, and without preferences of kubectl's.

        :param inherited: the environment of this process.
        :param spare_folder: where kubectl may keep its cache if the home folder cannot be written.
        """
        environment = {name: value for name, value in inherited.items() if not name.startswith(_KEPT_FROM_CHILDREN)}
        environment["KUBERC"] = "off"
        for name, seconds in _HEARTBEAT.items():
            environment.setdefault(name, seconds)
        if len(self.config_files()) > 1:
            environment["KUBECONFIG"] = joined_paths(self.config_files())
        elif any(sign in environment.get("KUBECONFIG", "") for sign in "~$"):
            # Where no shell has set it, nobody has read these.
            environment["KUBECONFIG"] = joined_paths(kubeconfig_paths(environment["KUBECONFIG"]))
        if "KUBECACHEDIR" not in environment and not _can_write(Path(environment.get("HOME", "/"), ".kube", "cache")):
            environment["KUBECACHEDIR"] = str(spare_folder / "cache")
        return environment

    def pod_namespace(self) -> str | None:
        """Return the namespace of the pod that this runs in; ``None`` outside of a pod."""
        file = _SERVICE_ACCOUNT / "namespace"
        return file.read_text().strip() if file.is_file() else None


def settings_in(environment: Mapping[str, str]) -> str:
    """Show what of an environment changes where kubectl goes, for a person who pastes its commands elsewhere."""
    return " ".join(f"{name}={quoted(value)}" for name, value in settings_of(environment).items())


def settings_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment changes where kubectl goes."""
    return {name: environment[name] for name in _SETTINGS if name in environment}


def _is_lasting(arguments: Sequence[str]) -> bool:
    """Whether a command goes on until something happens: the limit of a request would cut it off."""
    waits_for_end = arguments[0] == "delete" and {"--wait=false", "--raw"}.isdisjoint(arguments)
    return waits_for_end or arguments[0] == "wait" or not {"--watch", "--follow"}.isdisjoint(arguments)


def _check_service_account() -> None:
    token = _SERVICE_ACCOUNT / "token"
    if "KUBERNETES_SERVICE_HOST" not in os.environ or not token.is_file():
        raise AccessError(
            f"in_cluster=True, but this does not run in a pod with a service account: "
            f"KUBERNETES_SERVICE_HOST is {'set' if 'KUBERNETES_SERVICE_HOST' in os.environ else 'not set'}, "
            f"{token} {'exists' if token.is_file() else 'does not exist'}.\n"
            "What to do: leave in_cluster out and give config_file or cluster_context, or run Airflow in the cluster."
        )


def _check_config_files(given: str, files: Sequence[str]) -> None:
    """Refuse what cannot be read; of several, as to kubectl, all but one may be missing."""
    problems = {file: _problem_of(Path(file)) for file in files}
    missing = [file for file, problem in problems.items() if problem == _MISSING]
    wrong = (
        missing if len(missing) == len(files) else [file for file in files if problems[file] not in (None, _MISSING)]
    )
    if wrong or not files:
        file = wrong[0] if wrong else given
        said = "" if given == file else f" (given as {given!r})"
        raise AccessError(
            f"The kubeconfig {file!r}{said} {problems.get(file) or 'is no path'}.\n"
            "What to do: set config_file to a kubeconfig on the machine where the task runs."
        )


def _problem_of(file: Path) -> str | None:
    # os.path and not pathlib: where a folder above may not be entered, the latter raises before Python 3.14.
    if not os.access(file, os.R_OK):
        is_there = os.path.lexists(file) or not _can_look_into(file.parent)
        return "cannot be read by this user" if is_there else _MISSING
    return None if os.path.isfile(file) else "is not a file"  # noqa: PTH113


def _can_write(folder: Path) -> bool:
    """Whether the folder, or the nearest one above it that exists, can be written."""
    return os.access(_nearest(folder), os.W_OK | os.X_OK)


def _can_look_into(folder: Path) -> bool:
    """Whether this user may know what is in the folder."""
    return os.access(_nearest(folder), os.X_OK)


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it, that is known to exist."""
    return next(place for place in (folder, *folder.parents) if os.path.exists(place))  # noqa: PTH110
