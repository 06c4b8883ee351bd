"""Read documents by chance with our reader and with the real kubectl: ``python -m tests.yaml_fuzz --count 20000``."""

from __future__ import annotations

import argparse
import secrets
import sys

from kubectl_job_operator.manifest.yaml_text import dump_all, load_all
from tests.yaml_fuzz.comparison import Difference, ask_kubectl, differences, rewritten
from tests.yaml_fuzz.documents import made
from tests.yaml_fuzz.reduction import smallest
from tests.yaml_fuzz.saved import save, saved

_SHOWN = 10


def main() -> int:
    """Show where they differ, in the shortest text that does, and keep that text for the tests."""
    parser = argparse.ArgumentParser(prog="python -m tests.yaml_fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="how many documents (20000)")
    parser.add_argument("--seed", type=int, default=None, help="makes the same documents again (by chance)")
    parser.add_argument("--kubectl", default="kubectl", help="the kubectl to ask (kubectl)")
    chosen = parser.parse_args()
    seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    documents = [*saved(), *made(chosen.count, seed)]
    answers = ask_kubectl(documents, chosen.kubectl)
    found = list(differences(documents, answers, load_all))
    again, meant = rewritten(documents, answers, load_all, dump_all)
    changed = list(differences(again, ask_kubectl(again, chosen.kubectl), lambda text: meant[text]))
    refused = sum(answer is None for answer in answers)
    _say(f"seed {seed}: {len(documents)} texts, of which kubectl refuses {refused}")
    _say(f"{len(found)} are read in two ways, {len(changed)} mean something else when they are written again")
    for one in sorted(found, key=_length)[:_SHOWN]:
        shortest = smallest(one, load_all, chosen.kubectl)
        save([shortest.document])
        _say(shortest)
    for one in sorted(changed, key=_length)[:_SHOWN]:
        _say(one)
    return 1 if found or changed else 0


def _say(line: object) -> None:
    sys.stdout.write(f"{line}\n")


def _length(difference: Difference) -> int:
    return len(difference.document.text)


if __name__ == "__main__":
    sys.exit(main())
