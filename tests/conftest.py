"""A private Airflow for all tests: its own home and DAGs folder, set before anything imports Airflow; and kubectl."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

from tests import client

_HOME = Path(tempfile.mkdtemp(prefix="kubectl-job-operator-tests-"))
_DAGS = _HOME / "dags"
_DAGS.mkdir()
os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(_DAGS),
    AIRFLOW__CORE__LOAD_EXAMPLES="false",
    AIRFLOW__CORE__UNIT_TEST_MODE="false",
    AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS="false",
)

client.put_first()

# Started in the background of a script, or under nohup, the tests would hand this deafness on to the programs that they
# interrupt.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)
