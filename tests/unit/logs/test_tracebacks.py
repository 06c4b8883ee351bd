"""A program's traceback has the level of an error from its first line to its last, and what follows has its own."""

from __future__ import annotations

import pytest

from kubectl_job_operator.logs.levels import ERROR, INFO, Levels

PYTHON = """\
Traceback (most recent call last):
  File "/app/load.py", line 12, in <module>
    main()
    ~~~~^^
ValueError: bad

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/load.py", line 9, in main
psycopg.OperationalError: connection failed
\tIs the server running?"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/load.py", line 12, in <module>
  | ExceptionGroup: two of them (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/load.py", line 3, in one
    | KeyError: 'a'
    +------------------------------------"""
JAVA = """\
Exception in thread "main" java.lang.IllegalStateException: no disk
\tat com.example.Main.main(Main.java:5)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tSuppressed: java.io.IOException: closed
\t\tat com.example.Main.close(Main.java:9)
Caused by: java.io.IOException: full
\t... 12 more"""
SPRING = """\
org.example.SomeException: bad
\tat org.example.Foo.bar(Foo.java:5) ~[app.jar:1.0]
\tat org.example.Foo$1.run(Unknown Source)"""
GO = """\
panic: runtime error: index out of range [3] with length 2
\tpanic: again
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x0]

goroutine 1 [running]:
main.(*Loader).load(0xc000012345, {0x1, 0x2})
\t/src/main.go:10 +0x1d
created by main.main in goroutine 1
\t/src/main.go:5 +0x25
exit status 2"""
FATAL = """\
fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
\t/src/main.go:6 +0x2c"""
TRACEBACKS = {"python": PYTHON, "group": GROUP, "java": JAVA, "spring": SPRING, "go": GO, "fatal": FATAL}


@pytest.mark.parametrize("name", TRACEBACKS)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_traceback_is_an_error_from_its_first_line_to_its_last(name: str, size: int) -> None:
    traceback = TRACEBACKS[name].split("\n")
    lines = ["it begins", *traceback, "it goes on"]
    levels = Levels()
    parts = [lines[start : start + size] for start in range(0, len(lines), size)]
    found = [(line, level) for part in parts for level, run in levels.runs("\n".join(part)) for line in run]
    assert found == [("it begins", INFO), *((line, ERROR) for line in traceback), ("it goes on", INFO)]


@pytest.mark.parametrize(
    "line",
    [
        "Error handling is on",
        "no exception was thrown",
        "  look at the docs (there are some)",
        "don't panic: it is only a word",
        "an Exception in thread means this",
        "Errors: 0",
        "    at least (so they say)",
    ],
)
def test_who_only_speaks_of_errors_shows_no_traceback(line: str) -> None:
    assert list(Levels().runs(line)) == [(INFO, [line])]


def test_one_containers_traceback_is_not_anothers() -> None:
    one, other = Levels(), Levels()
    assert list(one.runs("\n".join(PYTHON.split("\n")[:2]))) == [(ERROR, PYTHON.split("\n")[:2])]
    assert list(other.runs("  indented")) == [(INFO, ["  indented"])]
    assert list(one.runs("  indented")) == [(ERROR, ["  indented"])]
