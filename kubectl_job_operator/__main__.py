"""``python -m kubectl_job_operator``: the command line."""

from __future__ import annotations

import sys

from kubectl_job_operator.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
