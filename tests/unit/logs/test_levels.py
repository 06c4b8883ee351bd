"""A line is logged at the level that it claims; a line that only speaks of errors claims nothing."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_job_operator.logs.levels import CRITICAL, ERROR, INFO, WARNING, Levels, level_of, without_colours

CLAIMS = {
    # a bare word
    "ERROR: disk full": ERROR,
    "ERROR disk full": ERROR,
    "ERROR": ERROR,
    "  WARN - slow": WARNING,
    "WARNING: deprecated": WARNING,
    "[ERROR] disk full": ERROR,
    "<WARN> slow": WARNING,
    "[CRITICAL] no disk": CRITICAL,
    "FATAL: out of memory": CRITICAL,
    "PANIC:  could not write": CRITICAL,
    # Python's logging, with basicConfig, with the usual formats, of uvicorn, gunicorn, celery, loguru, structlog
    "ERROR:root:disk full": ERROR,
    "WARNING:urllib3.connectionpool:Retrying": WARNING,
    "CRITICAL:app:gone": CRITICAL,
    "2026-11-20 19:25:02,123 - my.app - ERROR - disk full": ERROR,
    "2026-11-20 19:25:02,123 - WARNING - slow": WARNING,
    "2026-11-20 19:25:02,123 ERROR disk full": ERROR,
    "2026-11-20 19:25:02,123 myapp ERROR disk full": ERROR,
    "2026-11-20 19:25:02.123 1234 ERROR nova.compute [-] disk full": ERROR,
    "[2026-11-20T19:25:02.123+0000] {taskinstance.py:12} ERROR - disk full": ERROR,
    "[2026-11-20 19:25:02 +0000] [12] [CRITICAL] WORKER TIMEOUT": CRITICAL,
    "[2026-11-20 19:25:02,123: ERROR/MainProcess] disk full": ERROR,
    "2026-11-20 19:25:02.123 | ERROR    | mod:func:1 - disk full": ERROR,
    "2026-11-20 19:25:02 [warning  ] slow   key=1": WARNING,
    "ERROR:    Exception in ASGI application": ERROR,
    # log4j, logback, Spring Boot, Spark
    "2026-11-20 19:25:02,123 ERROR [main] com.example.Foo - disk full": ERROR,
    "2026-11-20 19:25:02,123 [main] ERROR com.example.Foo - disk full": ERROR,
    "2026-11-20 19:25:02,123 [pool-1 thread-2] WARN  c.e.Foo - slow": WARNING,
    "19:25:02.123 [main] WARN  c.e.Foo - slow": WARNING,
    "2026-11-20T19:25:02.123+01:00 ERROR 1 --- [main] c.e.Foo : disk full": ERROR,
    "26/11/20 19:25:02 WARN Utils: slow": WARNING,
    # klog
    "E1120 19:25:02.614761    5005 memcache.go:265] Unhandled": ERROR,
    "W1120 19:25:02.614761       1 client.go:1] slow": WARNING,
    "F1120 19:25:02.614761       1 main.go:1] gone": CRITICAL,
    # logfmt
    "level=error msg=disk": ERROR,
    'time="2026-11-20T19:25:02Z" level=warning msg="slow disk"': WARNING,
    'ts=2026-11-20T19:25:02Z caller=main.go:12 level="crit" err=full': CRITICAL,
    "2026-11-20T19:25:02Z level=error msg=disk": ERROR,
    # JSON
    '{"level": "error", "msg": "disk full"}': ERROR,
    '{"ts":1,"level":"warn","msg":"slow"}': WARNING,
    '{"severity":"CRITICAL","message":"gone"}': CRITICAL,
    '{"asctime": "x", "levelname": "WARNING"}': WARNING,
    '{"@timestamp":"x","log.level":"ERROR"}': ERROR,
    "{'level': 'error', 'event': 'disk full'}": ERROR,
    # nginx, PostgreSQL, MySQL, Go's zap, Rust's env_logger
    "2026/11/20 19:25:02 [error] 12#12: *1 open() failed": ERROR,
    "2026/11/20 19:25:02 [emerg] 12#12: bind() failed": CRITICAL,
    "2026-11-20 19:25:02.123 UTC [12] ERROR:  no such relation": ERROR,
    "2026-11-20 19:25:02.123 CEST [12] FATAL:  no such role": CRITICAL,
    "2026-11-20T19:25:02.123456Z 0 [ERROR] [MY-010119] Aborting": ERROR,
    "2026-11-20T19:25:02.123Z\tERROR\tmain.go:12\tdisk full": ERROR,
    "[2026-11-20T19:25:02Z WARN foo] slow": WARNING,
    # in colours
    "\x1b[31mERROR\x1b[0m:    Exception in ASGI application": ERROR,
    "\x1b[2m2026-11-20T19:25:02.123Z\x1b[0m \x1b[33m WARN\x1b[0m foo: slow": WARNING,
}

NO_CLAIMS = (
    "",
    "all is well",
    "INFO no ERROR here",
    "INFO: ERROR is only a word",
    "DEBUG WARN is one of the levels",
    "0 ERRORS",
    "ERRORS: 0",
    "no ERROR at all",
    "WARNINGS found: 3",
    "FATALITIES 0",
    "ERROR_COUNT=0",
    "ERRORLEVEL 0",
    "the level=error option is set",
    "INFO set level=error for module x",
    "loglevel=error",
    "--level=error",
    'INFO body is {"level": "error"}',
    'posted {"severity": "CRITICAL"}',
    '{"level": "info", "request": {"level": "error"}}',
    '{"request": {"level": "error"}, "level": "info"}',
    r'{"level":"info","msg":"got \"level\":\"error\""}',
    '{"level": "debug"}',
    '{"level": 50}',
    "level=info msg=ERROR",
    "level=debug",
    'time="2026-11-20T19:25:02Z" level=info msg="level=error is wrong"',
    "2026-11-20 19:25:02 INFO found 3 ERROR lines",
    "2026-11-20 19:25:02,123 - my.app - INFO - ERROR is only a word",
    "2026-11-20 19:25:02,123 INFO ERROR is only a word",
    "2026-11-20 19:25:02 [INFO] ERROR is only a word",
    "2026-11-20 19:25:02 [info] [ERROR] is only a word",
    "2026-11-20 19:25:02 found an ERROR in a file",
    "2026-11-20 19:25:02 0 ERROR lines",
    "2026-11-20 0 ERROR lines",
    "[2026-11-20T19:25:02.123+0000] {x.py:1} INFO - [ERROR] is only a word",
    "[2026-11-20 19:25:02,123: INFO/MainProcess] ERROR is only a word",
    '10.0.0.1 - - [20/Nov/2026:19:25:02 +0000] "GET /ERROR HTTP/1.1" 200 [error]',
    "E1120 is a food additive",
    "I1120 19:25:02.614761       1 main.go:1] ERROR is only a word",
    "Error handling is on",
    "error: a compiler says this of each thing",
    "ValueError: it may be caught",
    "x" * 500 + " ERROR: too far behind",
)


@pytest.mark.parametrize("line", CLAIMS)
def test_a_claim_is_believed(line: str) -> None:
    assert level_of(line) == CLAIMS[line]
    assert [level for level, _ in Levels().runs(f"nothing\n{line}")][-1] == CLAIMS[line]


@pytest.mark.parametrize("line", NO_CLAIMS)
def test_a_line_that_only_speaks_of_levels_is_information(line: str) -> None:
    assert level_of(line) == INFO


def test_runs_of_one_level_stay_together_and_in_order() -> None:
    lines = ["a", "b", "ERROR c", "ERROR d", "WARN e", "f"]
    assert list(Levels().runs("\n".join(lines))) == [
        (INFO, ["a", "b"]),
        (ERROR, ["ERROR c", "ERROR d"]),
        (WARNING, ["WARN e"]),
        (INFO, ["f"]),
    ]


@given(st.lists(st.sampled_from([*CLAIMS, *NO_CLAIMS]), min_size=1, max_size=8))
def test_parting_by_level_loses_and_changes_no_line(lines: list[str]) -> None:
    runs = list(Levels().runs("\n".join(lines)))
    assert [line for _, run in runs for line in run] == lines
    assert all(level_of(line) == level for level, run in runs for line in run)
    assert all(one != other for (one, _), (other, _) in itertools.pairwise(runs))


@pytest.mark.parametrize(
    "awkward",
    [
        'a="b" ' * 5_000,
        'a="b\\' * 5_000,
        "2026-11-20 19:25:02 " + "- a " * 5_000,
        "2026-11-20 19:25:02 " + "[" * 5_000,
        "12:34:56" * 5_000,
        "[" * 5_000 + "ERROR",
        '{"level"' * 5_000,
        " " * 5_000 + "ERROR",
        "\x1b[" * 5_000,
        "\x1b[1;" + "1;" * 5_000,
    ],
)
def test_no_line_takes_long(awkward: str) -> None:
    began = time.process_time()
    for _ in range(20):
        level_of(awkward)
    assert time.process_time() - began < 2.0


def test_colours_are_left_out_and_nothing_else() -> None:
    assert without_colours("\x1b[1;31mred\x1b[0m [31m \x1b[2K\x1b[?25lx") == "red [31m x"
    assert without_colours("plain [0m") == "plain [0m"
