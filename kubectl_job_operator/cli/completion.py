"""``kubectl-job-operator completion``, and the program that kubectl asks for the same."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from kubectl_job_operator.cli.exit_code import ExitCode
from kubectl_job_operator.cli.options import Options

OPERANDS = "SHELL "
SUMMARY = "Print what lets a shell complete commands and options"
DESCRIPTION = """\
Print a script that lets a shell complete commands, options and files; it needs pip install
'kubectl-job-operator-cli[completion]'.

Called as kubectl's plugin, kubectl job operator ..., kubectl itself completes, by the program
kubectl_complete-job-operator, which is installed beside this one.

Examples:
  # For this bash, and for each to come
  source <(kubectl-job-operator completion bash)
  kubectl-job-operator completion bash > ~/.local/share/bash-completion/completions/kubectl-job-operator

  # For zsh: a folder of fpath
  kubectl-job-operator completion zsh > ~/.zfunc/_kubectl-job-operator"""
_FILES_TOO, _NO_FILES = 0, 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be given."""
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "tcsh"), help="bash, zsh or tcsh")


def run(options: Options) -> ExitCode:
    """Print the script.

    :raises InputError: if what makes it is not installed.
    """
    from kubectl_job_operator.cli.streams import say
    from kubectl_job_operator.errors import InputError

    try:
        import shtab
    except ImportError:
        raise InputError(
            "The library shtab, which makes the script, is not installed.\n"
            "What to do: pip install 'kubectl-job-operator-cli[completion]'"
        ) from None
    parser = options.make_parser()
    paths = {"TEMPLATE": shtab.FILE, "FILE": shtab.FILE, "FOLDER": shtab.DIRECTORY}
    for command in _commands(parser).values():
        for action in command._actions:  # noqa: SLF001 - shtab wants it there
            if action.metavar in paths:
                action.complete = paths[action.metavar]  # type: ignore[attr-defined]
    say(shtab.complete(parser, shell=options.shell).rstrip())
    return ExitCode.COMPLETE


def for_kubectl(parser: argparse.ArgumentParser, given: Sequence[str]) -> ExitCode:
    """Print what may stand for the last argument, as kubectl wants it of a plugin's helper.

    :param parser: the program's.
    :param given: the arguments, of which the last one is being written.
    """
    words = list(_candidates(parser, *given) if given else _candidates(parser, ""))
    sys.stdout.write("".join(f"{word}\n" for word in (*words, f":{_NO_FILES if words else _FILES_TOO}")))
    return ExitCode.COMPLETE


def _candidates(parser: argparse.ArgumentParser, *given: str) -> Iterator[str]:
    """Yield the commands, options or choices that the last argument may become."""
    commands = _commands(parser)
    *before, begun = given
    command = next((word for word in before if word in commands), None)
    if command is not None:
        parser = commands[command]
    elif not begun.startswith("-"):
        yield from (name for name in commands if name.startswith(begun))
        return
    options = {name: action for action in parser._actions for name in action.option_strings}  # noqa: SLF001
    last = options.get(before[-1]) if before else None
    if last is not None and last.nargs != 0:
        yield from (str(choice) for choice in last.choices or () if str(choice).startswith(begun))
    elif begun.startswith("-"):
        yield from (name for name in options if name.startswith(begun) and name.startswith("--"))


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to its subcommands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            return dict(action.choices)
    return {}
