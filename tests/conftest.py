"""A private Airflow for each process that runs tests, set before Airflow is imported; and kubectl."""

from __future__ import annotations

import base64
import os
import signal
import tempfile
from pathlib import Path

from tests import client

pytest_plugins = ["tests.turns"]

_RUN = "KUBECTL_JOB_OPERATOR_TEST_RUN"
if _RUN not in os.environ:  # pytest's own process, or the one that has started this one to run tests side by side
    os.environ[_RUN] = tempfile.mkdtemp(prefix="kubectl-job-operator-tests-")
_HOME = Path(tempfile.mkdtemp(prefix="airflow-", dir=os.environ[_RUN]))
_DAGS = _HOME / "dags"
_DAGS.mkdir()
os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(_DAGS),
    # One for all processes: what one of them encrypts, another reads.
    AIRFLOW__CORE__FERNET_KEY=base64.urlsafe_b64encode(os.urandom(32)).decode(),
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
