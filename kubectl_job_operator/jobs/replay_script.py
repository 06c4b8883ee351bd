"""``replay.sh``: a program that runs a Job again without Airflow. Pure text."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

_SELECTOR = (
    '{{$and := ""}}{{range $key, $value := .spec.selector.matchLabels}}{{$and}}{{$key}}={{$value}}{{$and = ","}}{{end}}'
)
_SCRIPT = r"""#!/usr/bin/env bash
# Runs Job @job@ again, by hand.
# It was @what@.
#
#   ./replay.sh                                in the namespace of the task
#   NAMESPACE=other ./replay.sh                in another one
#   KUBECONFIG=FILE CONTEXT=NAME ./replay.sh   on another cluster; an empty CONTEXT= is the current one
#
# The logs go to stdout, all else to stderr.
# Exit code: 0 the Job is Complete, 1 it is Failed, 2 it was not started, 3 its verdict is not known.
#
# What stands in single quotes is meant as it is:
# shellcheck disable=SC2016
set -u

job=@job_word@
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

# Prints the Job's uid and the types of its true conditions, a blank after each; nothing if there is no Job.
look() {
  kubectl "$@" get "job/$job" --ignore-not-found \
    -o 'jsonpath={.metadata.uid}{" "}{range .status.conditions[?(@.status=="True")]}{.type}{" "}{end}'
}

found=$(look "$@") || exit 3
case $found in
  '') ;;
  *' Complete '* | *' Failed '*)
    say "Job $job in namespace $namespace has ended; it is deleted, to be run anew."
    kubectl "$@" delete "job/$job" --cascade=foreground --timeout=300s >&2 || exit 2
    ;;
  *)
    say "Job $job in namespace $namespace has not ended, so it is not touched. Choose another: NAMESPACE=... $0"
    exit 2
    ;;
esac
@checks@
say "Creating what is in manifest.yaml in namespace $namespace; what exists there already is used as it is."
created=$(kubectl "$@" create -f "$folder/manifest.yaml" -o name)
if ! printf '%s\n' "$created" | grep -qxF "job.batch/$job"; then
  say "Job $job was not created."
  exit 2
fi
found=$(look "$@")
uid=${found%% *}

complete='' failed=''
stop_waiting() {
  # Without quotes: one that is empty is no argument.
  # shellcheck disable=SC2086
  kill $complete $failed 2> /dev/null
  wait
}
trap stop_waiting EXIT
trap 'exit 130' INT TERM

verdict=''
while [ -z "$verdict" ]; do
  found=$(look "$@") || sleep 5
  case $found in
    "$uid"*' Complete '*) verdict=Complete ;;
    "$uid"*' Failed '*) verdict=Failed ;;
    "$uid "*)
      kubectl "$@" wait "job/$job" --for=condition=complete --timeout=60s > /dev/null 2>&1 &
      complete=$!
      kubectl "$@" wait "job/$job" --for=condition=failed --timeout=60s > /dev/null 2>&1 &
      failed=$!
      # Whichever returns first says: look again.
      while kill -0 "$complete" 2> /dev/null && kill -0 "$failed" 2> /dev/null; do
        sleep 1
      done
      stop_waiting
      ;;
    *)
      if look "$@" > /dev/null; then
        say "Job $job was deleted or replaced before its end."
        exit 3
      fi
      ;;
  esac
done

pods=$(kubectl "$@" get "job/$job" -o 'go-template=@selector@')
say "The logs:"
kubectl "$@" logs -l "$pods" --all-containers --prefix --ignore-errors --tail=-1
say "The status:"
kubectl "$@" get "job/$job" -o wide >&2
kubectl "$@" get pods -l "$pods" -o wide >&2
why=$(kubectl "$@" get "job/$job" \
  -o 'jsonpath={range .status.conditions[?(@.type=="Failed")]}: {.reason} ({.message}){end}')
say "Job $job in namespace $namespace is $verdict$why."
say "To delete what this has made: kubectl$(printf ' %q' "$@") delete $(printf '%s' "$created" | tr '\n' ' ')"
[ "$verdict" = Complete ]
"""

_CHECK_OF_SECRETS = r"""
for secret in @secrets@; do
  if ! kubectl "$@" get secret "$secret" -o name > /dev/null; then
    say "The Job needs Secret $secret in namespace $namespace. What it holds is not kept; create it first: its keys are"
    say "in the comments of manifest.yaml."
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

    def text(self) -> str:
        """Return the program."""
        checks = _CHECK_OF_MASKS if self.has_masked_values else ""
        if self.secrets:
            checks += _CHECK_OF_SECRETS.replace("@secrets@", " ".join(map(shlex.quote, self.secrets)))
        values = {
            "job": _one_line(self.job),
            "what": _one_line(self.what),
            "job_word": shlex.quote(self.job),
            "namespace": shlex.quote(self.namespace),
            "context": shlex.quote(self.context),
            "kubeconfig": self._kubeconfig(),
            "flags": " --insecure-skip-tls-verify" if self.skip_tls_verify else "",
            "checks": checks,
            "selector": _SELECTOR,
        }
        return re.sub(f"@({'|'.join(values)})@", lambda name: values[name[1]], _SCRIPT)

    def _kubeconfig(self) -> str:
        if self.is_kubeconfig_lost:
            return _KUBECONFIG_IS_NOT_KEPT
        if not self.kubeconfig:
            return ""
        files = [os.path.abspath(file) for file in self.kubeconfig.split(os.pathsep) if file]  # noqa: PTH100
        words = shlex.quote(os.pathsep.join(files))
        return f'default_kubeconfig={words}\nexport KUBECONFIG="${{KUBECONFIG:-$default_kubeconfig}}"\n'


def _one_line(text: str) -> str:
    return " ".join(text.split())
