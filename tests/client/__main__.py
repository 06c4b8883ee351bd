"""`python -m tests.client MINOR` prints the path of kubectl of that version."""

import argparse
import sys

from tests.client.versions import NEWEST, PACKAGES, kubectl
from tests.cluster.errors import ClusterError


def main() -> int:
    """Print the path; return 1 where there is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.client", description=__doc__)
    parser.add_argument("minor", choices=(*PACKAGES, NEWEST))
    try:
        print(kubectl(parser.parse_args().minor))  # noqa: T201 - a program that prints
    except ClusterError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program that prints
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
