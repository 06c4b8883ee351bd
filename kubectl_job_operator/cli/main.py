"""The program ``kubectl-job-operator``. Light on purpose: what a subcommand needs is imported when it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from kubectl_job_operator.cli import completion, doctor, render, replay, run, validate
from kubectl_job_operator.cli.exit_code import ExitCode, exit_code_of
from kubectl_job_operator.cli.help import help_formatter
from kubectl_job_operator.cli.streams import complain
from kubectl_job_operator.cli.wording import in_options
from kubectl_job_operator.errors import KubectlJobOperatorError, TaskKilledError
from kubectl_job_operator.version import __version__

_PROGRAM = "kubectl-job-operator"
_DESCRIPTION = """\
kubectl-job-operator runs Kubernetes Jobs from Jinja YAML templates, as the Airflow operator of the same name does, but
without Airflow: for writing templates, and for running again what failed."""
_EPILOG = f"""\
Exit codes:
  0    the Job is Complete, or all is well
  1    the Job is Failed, or did not start, or is gone
  2    bad input: the template, the options, the kubeconfig or the account's rights
  3    the cluster cannot be reached
  130  interrupted

Use "{_PROGRAM} COMMAND --help" for more about a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code.

    :param arguments: those of the command line; default is this process's.
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return ExitCode.COMPLETE
    try:
        return int(options.command(options))
    except (KeyboardInterrupt, TaskKilledError):
        complain("error: interrupted.")
        return ExitCode.INTERRUPTED
    except KubectlJobOperatorError as error:
        reason, newline, rest = str(error).partition("\n")
        complain(f"error: {in_options(reason if error.is_told else f'{reason}{newline}{rest}')}")
        return exit_code_of(error)


def complete() -> int:
    """Tell kubectl what may stand for the last argument: the program ``kubectl_complete-job-operator``."""
    return completion.for_kubectl(make_parser(), sys.argv[1:])


def make_parser() -> argparse.ArgumentParser:
    """Say what can be given on the command line."""
    parser = argparse.ArgumentParser(
        prog=_PROGRAM, description=_DESCRIPTION, epilog=_EPILOG, formatter_class=help_formatter
    )
    parser.add_argument("--version", action="version", version=f"{_PROGRAM} {__version__}")
    parser.set_defaults(command=None, make_parser=make_parser)
    commands = parser.add_subparsers(title="Commands", metavar="COMMAND")
    for module in (render, validate, run, replay, doctor, completion):
        name = module.__name__.rpartition(".")[2]
        command = commands.add_parser(
            name,
            usage=f"{_PROGRAM} {name} {module.OPERANDS}[options]",
            help=module.SUMMARY,
            description=module.DESCRIPTION,
            formatter_class=help_formatter,
        )
        module.add_arguments(command)
        command.set_defaults(command=module.run)
    return parser
