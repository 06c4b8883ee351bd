"""`python3 -m tests.cluster up|down|status|kubeconfig|image`."""

import argparse
import signal
import sys
import time

from . import choice
from .errors import ClusterError, MissingError
from .progress import duration, say


def main() -> int:
    """Do what the command line says; return the exit code: 2 where something is missing, 1 where something failed."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start the cluster, or repair it; does nothing where it is up")
    commands.add_parser("down", help="take the cluster down and leave nothing behind but the built binaries")
    commands.add_parser("status", help="tell which cluster is up")
    commands.add_parser("kubeconfig", help="print the path of the kubeconfig of the cluster that is up")
    commands.add_parser("image", help="build the image of kind's nodes, where none can be pulled; kept once built")
    command = parser.parse_args().command
    # Asked to end, clean up as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        {"up": _up, "down": _down, "status": _status, "kubeconfig": _kubeconfig, "image": _image}[command]()
    except KeyboardInterrupt:
        say("Interrupted; the next `make cluster` clears away what is half done.")
        return 130
    except MissingError as error:
        say(str(error))
        return 2
    except ClusterError as error:
        say(str(error))
        return 1
    return 0


def _up() -> None:
    started = time.monotonic()
    cluster = choice.ensure()
    say(f"The cluster is up ({cluster.kind}, {duration(time.monotonic() - started)}).")
    say(f"  kubectl --kubeconfig {cluster.kubeconfig} --context {cluster.context} get nodes")


def _down() -> None:
    started = time.monotonic()
    if choice.down():
        say(f"The cluster is down ({duration(time.monotonic() - started)}).")
    else:
        say("No cluster of ours was up.")


def _status() -> None:
    cluster = choice.current()
    print(f"kind: {cluster.kind}\nkubeconfig: {cluster.kubeconfig}\ncontext: {cluster.context}")


def _kubeconfig() -> None:
    print(choice.current().kubeconfig)


def _image() -> None:
    print(choice.image())


sys.exit(main())
