"""Sphinx builds the documentation's site from this folder and from the code: `make docs`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE.parent), str(_HERE / "_ext")]
# Importing the operator imports Airflow, which makes itself at home somewhere.
_HOME = tempfile.TemporaryDirectory(prefix="kubectl-job-operator-docs-")
os.environ["AIRFLOW_HOME"] = _HOME.name
# The help of the command line is as wide and as plain here whatever terminal this runs in.
os.environ |= {"COLUMNS": "100", "NO_COLOR": "1"}

from kubectl_job_operator.version import __version__  # noqa: E402 - the path is set above

project = "kubectl-job-operator"
author = "The kubectl_job_operator authors"
copyright = f"Apache License 2.0, {author}"  # noqa: A001 - Sphinx wants this name
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "from_code"]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Quotes are those of the texts, so that what is copied from a page works.
smartquotes = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"{project} {release}"
html_show_sphinx = False
html_copy_source = False
