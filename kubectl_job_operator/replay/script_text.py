"""The text of ``replay.sh``; what stands between two ``@`` is filled in by ``replay_script``."""

from __future__ import annotations

SCRIPT = r"""#!/usr/bin/env bash
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
@checks@
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

say "Creating what is in manifest.yaml in namespace $namespace; what exists there already is used as it is."
created=$(kubectl "$@" create -f "$folder/manifest.yaml" -o name)
if ! printf '%s\n' "$created" | grep -qxF @created@; then
  say "$kind $job was not created."
  exit 2
fi

@stop@

verdict='' uid=''
while [ -z "$verdict" ]; do
  # A look that was not answered says nothing.
  if ! found=$(look "$@"); then
    sleep 5
    continue
  fi
  uid=${uid:-${found%% *}}
  case $found in
    "$uid"*' Complete '*) verdict=Complete ;;
    "$uid"*' Failed '*) verdict=Failed ;;
    "$uid "*)
@wait@
      ;;
    *)
      say "$kind $job was deleted or replaced before its end."
      exit 3
      ;;
  esac
done

@show@
say "$kind $job in namespace $namespace is $verdict$why."
say "To delete what this has made: kubectl$(printf ' %q' "$@") delete $(printf '%s' "$created" | tr '\n' ' ')"
[ "$verdict" = Complete ]
"""

# What differs between a Job and other kinds.
OF_JOB = {
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
OF_OTHER_KIND = {
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

CHECK_OF_SECRETS = r"""
for secret in @secrets@; do
  if ! kubectl "$@" get secret "$secret" -o name > /dev/null; then
    say "The $kind needs Secret $secret in namespace $namespace. What it holds is not kept; create it first: its keys"
    say "are in the comments of manifest.yaml."
    exit 2
  fi
done
"""
KUBECONFIG_IS_NOT_KEPT = (
    ': "${KUBECONFIG:?set it to a file with the kubeconfig of the Airflow connection, which is not kept}"\n'
)


def check_of_masks(file: str, said: str) -> str:
    """Return what stops where values in a file are masked, before they take the place of the real ones.

    A Secret stands there as a comment, which changes nothing.

    :param file: where it is, as a word of the shell; likewise what is said then.
    """
    return f"""
if grep -v '^#' {file} | grep -qF -- '***'; then
  printf '%s\\n' {said} >&2
  exit 2
fi
"""
