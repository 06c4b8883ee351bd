"""``replay.sh``: a program that runs a Job again without Airflow. Pure text."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SCRIPT = r"""#!/usr/bin/env bash
# Runs @kind@ @job@ again, by hand.
# It was @what@.
#
#   ./replay.sh                                in the namespace of the task
#   NAMESPACE=other ./replay.sh                in another one
#   KUBECONFIG=FILE CONTEXT=NAME ./replay.sh   on another cluster; an empty CONTEXT= is the current one
#
# The logs go to stdout, all else to stderr.
# Exit code: 0 the @kind@ is Complete, 1 it is Failed, 2 it was not started, 3 its verdict is not known.
#
# What stands in single quotes is meant as it is:
# shellcheck disable=SC2016
set -u

kind=@kind_word@
job=@job_word@
target=@target@
default_namespace=@namespace@
default_context=@context@

folder=$(cd "$(dirname "$0")" && pwd) || exit 2
namespace=${NAMESPACE:-$default_namespace}
context=${CONTEXT-$default_context}
export KUBERC=off
@kubeconfig@
# What every kubectl command begins with.
set -- -n "$namespace"@flags@
if [ -n "$context" ]; then
  set -- --context "$context" "$@"
fi

say() {
  printf '%s\n' "$*" >&2
}

@look@

found=$(look "$@") || exit 3
case $found in
  '') ;;
  *' Complete '* | *' Failed '*)
    say "$kind $job in namespace $namespace has ended; it is deleted, to be run anew."
    kubectl "$@" delete "$target" --cascade=foreground --timeout=300s >&2 || exit 2
    ;;
  *)
    say "$kind $job in namespace $namespace has not ended, so it is not touched. Choose another: NAMESPACE=... $0"
    exit 2
    ;;
esac
@checks@
say "Creating what is in manifest.yaml in namespace $namespace; what exists there already is used as it is."
created=$(kubectl "$@" create -f "$folder/manifest.yaml" -o name)
if ! printf '%s\n' "$created" | grep -qxF @created@; then
  say "$kind $job was not created."
  exit 2
fi
found=$(look "$@")
uid=${found%% *}

@stop@

verdict=''
while [ -z "$verdict" ]; do
  found=$(look "$@") || sleep 5
  case $found in
    "$uid"*' Complete '*) verdict=Complete ;;
    "$uid"*' Failed '*) verdict=Failed ;;
    "$uid "*)
@wait@
      ;;
    *)
      if look "$@" > /dev/null; then
        say "$kind $job was deleted or replaced before its end."
        exit 3
      fi
      ;;
  esac
done

@show@
say "$kind $job in namespace $namespace is $verdict$why."
say "To delete what this has made: kubectl$(printf ' %q' "$@") delete $(printf '%s' "$created" | tr '\n' ' ')"
[ "$verdict" = Complete ]
"""

# What differs between a Job and other kinds.
_OF_JOB = {
    "look": r"""
# Prints the Job's uid and the types of its true conditions, a blank after each; nothing if there is no Job.
look() {
  kubectl "$@" get "$target" --ignore-not-found \
    -o 'jsonpath={.metadata.uid}{" "}{range .status.conditions[?(@.status=="True")]}{.type}{" "}{end}'
}
""",
    "stop": r"""
complete='' failed=''
stop_waiting() {
  # Without quotes: one that is empty is no argument.
  # shellcheck disable=SC2086
  kill $complete $failed 2> /dev/null
  wait
}
trap stop_waiting EXIT
trap 'exit 130' INT TERM
""",
    "wait": r"""
      kubectl "$@" wait "$target" --for=condition=complete --timeout=60s > /dev/null 2>&1 &
      complete=$!
      kubectl "$@" wait "$target" --for=condition=failed --timeout=60s > /dev/null 2>&1 &
      failed=$!
      # Whichever returns first says: look again.
      while kill -0 "$complete" 2> /dev/null && kill -0 "$failed" 2> /dev/null; do
        sleep 1
      done
      stop_waiting
""",
    "show": r"""
pods=$(kubectl "$@" get "$target" -o 'go-template=@selector@')
say "The logs:"
kubectl "$@" logs -l "$pods" --all-containers --prefix --ignore-errors --tail=-1
say "The status:"
kubectl "$@" get "$target" -o wide >&2
kubectl "$@" get pods -l "$pods" -o wide >&2
why=$(kubectl "$@" get "$target" \
  -o 'jsonpath={range .status.conditions[?(@.type=="Failed")]}: {.reason} ({.message}){end}')
""".replace(
        "@selector@",
        '{{$and := ""}}{{range $key, $value := .spec.selector.matchLabels}}'
        '{{$and}}{{$key}}={{$value}}{{$and = ","}}{{end}}'
        "{{range .spec.selector.matchExpressions}}{{$and}}"
        '{{if eq .operator "DoesNotExist"}}!{{end}}{{.key}}'
        '{{if .values}} {{if eq .operator "In"}}in{{else}}notin{{end}} ('
        '{{range $index, $value := .values}}{{if $index}},{{end}}{{$value}}{{end}}){{end}}{{$and = ","}}{{end}}',
    ),
}
_OF_OTHER_KIND = {
    "look": r"""
# Whether one of the rules holds: $1 is how many there are, before the flags.
holds() {
  local count=$1 rule
  shift
  for rule in "${@:1:count}"; do
    if kubectl "${@:count+1}" wait "$target" --for="$rule" --timeout=0s > /dev/null 2>&1; then
      return 0
    fi
  done
  return 1
}

# Prints the object's uid, and Complete or Failed if it has ended, a blank after each; nothing if there is none.
look() {
  local uid
  uid=$(kubectl "$@" get "$target" --ignore-not-found -o 'jsonpath={.metadata.uid}') || return
  if [ -z "$uid" ]; then
    return 0
  fi
  printf '%s ' "$uid"
  if holds @failure@ "$@"; then
    printf 'Failed '
  elif holds @success@ "$@"; then
    printf 'Complete '
  fi
}
""",
    "stop": "",
    "wait": "      sleep 2",
    "show": r"""
say "The logs:"
kubectl "$@" logs @pods@ --all-containers --prefix --ignore-errors --tail=-1
say "The status:"
kubectl "$@" get "$target" -o yaml >&2
why=''
""",
    "show nothing": r"""
say "Which pods are its own is not known, for pod_selector was not given, so no logs are shown."
say "The status:"
kubectl "$@" get "$target" -o yaml >&2
why=''
""",
}

_CHECK_OF_SECRETS = r"""
for secret in @secrets@; do
  if ! kubectl "$@" get secret "$secret" -o name > /dev/null; then
    say "The $kind needs Secret $secret in namespace $namespace. What it holds is not kept; create it first: its keys"
    say "are in the comments of manifest.yaml."
    exit 2
  fi
done
"""
_CHECK_OF_MASKS = r"""
if grep -v '^#' "$folder/manifest.yaml" | grep -qF -- '***'; then
  say "Values in $folder/manifest.yaml are masked (***), for they are secret: put the real ones in first."
  exit 2
fi
"""
_KUBECONFIG_IS_NOT_KEPT = (
    ': "${KUBECONFIG:?set it to a file with the kubeconfig of the Airflow connection, which is not kept}"\n'
)


@dataclass(frozen=True)
class Target:
    """What a ``replay.sh`` runs, if that is no Job.

    :param kind: its kind, for people.
    :param target: what kubectl calls it, as ``widget.v1.example.com/NAME``.
    :param created: what ``kubectl create -o name`` prints for it.
    :param success: what ``kubectl wait --for`` takes; any of these holds when it did its work.
    :param failure: the same for when it failed.
    :param pods: what ``kubectl logs`` takes for its pods; empty if they are not known.
    """

    kind: str
    target: str
    created: str
    success: Sequence[str]
    failure: Sequence[str]
    pods: Sequence[str] = ()


@dataclass(frozen=True)
class Script:
    """What a ``replay.sh`` must know.

    :param job: the Job's name.
    :param what: which try of which task it was, for people.
    :param namespace: where it runs unless ``NAMESPACE`` is set.
    :param context: the context unless ``CONTEXT`` is set; empty for the current one.
    :param kubeconfig: ``KUBECONFIG`` unless it is set; empty where kubectl finds its configuration by itself.
    :param is_kubeconfig_lost: whether the kubeconfig of the try is not kept, so that ``KUBECONFIG`` must be set.
    :param skip_tls_verify: do not check the server's certificate.
    :param secrets: the names of the Secrets that must be there before.
    :param has_masked_values: whether the manifest cannot be used before the masked values are put in.
    :param other: what runs instead of a Job; ``None`` for a Job.
    """

    job: str
    what: str
    namespace: str
    context: str = ""
    kubeconfig: str = ""
    is_kubeconfig_lost: bool = False
    skip_tls_verify: bool = False
    secrets: Sequence[str] = ()
    has_masked_values: bool = False
    other: Target | None = None

    def text(self) -> str:
        """Return the program."""
        checks = _CHECK_OF_MASKS if self.has_masked_values else ""
        if self.secrets:
            checks += _CHECK_OF_SECRETS.replace("@secrets@", " ".join(map(shlex.quote, self.secrets)))
        other = self.other
        values = {
            **_parts_of(other),
            "kind": _one_line(other.kind) if other else "Job",
            "kind_word": shlex.quote(other.kind if other else "Job"),
            "target": shlex.quote(other.target if other else f"job/{self.job}"),
            "created": shlex.quote(other.created if other else f"job.batch/{self.job}"),
            "job": _one_line(self.job),
            "what": _one_line(self.what),
            "job_word": shlex.quote(self.job),
            "namespace": shlex.quote(self.namespace),
            "context": shlex.quote(self.context),
            "kubeconfig": self._kubeconfig(),
            "flags": " --insecure-skip-tls-verify" if self.skip_tls_verify else "",
            "checks": checks,
        }
        return _filled(_SCRIPT, values)

    def _kubeconfig(self) -> str:
        if self.is_kubeconfig_lost:
            return _KUBECONFIG_IS_NOT_KEPT
        if not self.kubeconfig:
            return ""
        files = [os.path.abspath(file) for file in self.kubeconfig.split(os.pathsep) if file]  # noqa: PTH100
        words = shlex.quote(os.pathsep.join(files))
        return f'default_kubeconfig={words}\nexport KUBECONFIG="${{KUBECONFIG:-$default_kubeconfig}}"\n'


def _parts_of(other: Target | None) -> dict[str, str]:
    """Return what differs between a Job and other kinds."""
    if other is None:
        return {name: part.strip("\n") for name, part in _OF_JOB.items()}
    values = {
        "failure": _counted(other.failure),
        "success": _counted(other.success),
        "pods": shlex.join(other.pods),
    }
    parts = {**_OF_OTHER_KIND, "show": _OF_OTHER_KIND["show" if other.pods else "show nothing"]}
    return {name: _filled(part.strip("\n"), values) for name, part in parts.items()}


def _counted(words: Sequence[str]) -> str:
    return shlex.join([str(len(words)), *words])


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put the values in where their names stand between two ``@``."""
    return re.sub(f"@({'|'.join(values)})@", lambda name: values[name[1]], text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
