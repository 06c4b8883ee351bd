"""Of what a program said last, the line that tells why it ended is told, and not a place in its code."""

from __future__ import annotations

import pytest

from kubectl_job_operator.status.last_words import last_words

GO = [
    "reading orders",
    "panic: runtime error: index out of range [3] with length 3",
    "",
    "goroutine 1 [running]:",
    "main.load(0xc000012345, 0x3)",
    "\t/src/main.go:12 +0x1d",
    "main.main()",
    "\t/src/main.go:7 +0x1d",
]
JAVA = [
    "starting",
    'Exception in thread "main" java.lang.IllegalStateException: no orders',
    "\tat com.example.Load.main(Load.java:7)",
    "Caused by: java.net.NoRouteToHostException: No route to host",
    "\tat com.example.Database.connect(Database.java:41)",
    "\t... 1 more",
]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (GO, "panic: runtime error: index out of range [3] with length 3"),
        ([*GO, "exit status 2"], "panic: runtime error: index out of range [3] with length 3"),
        ([*GO, "uploading what there is", "no disk"], "no disk"),
        (GO[2:], "/src/main.go:7 +0x1d"),
        (["panic: at the disco", "\tindented"], "indented"),
        (JAVA, "Caused by: java.net.NoRouteToHostException: No route to host"),
        (JAVA[:3], 'Exception in thread "main" java.lang.IllegalStateException: no orders'),
        (["com.example.Lost: gone", "  at com.example.Load.main(Load.java:7)"], "com.example.Lost: gone"),
        (["we meet", "  at noon"], "at noon"),
        (["  at noon"], "at noon"),
        (["Traceback (most recent call last):", '  File "x.py", line 1', "KeyError: 'a'", ""], "KeyError: 'a'"),
        (["10 %\r90 %\r\x1b[31mdisk  full\x1b[0m\n", "", "  "], "disk full"),
        ([], ""),
    ],
)
def test_the_line_that_tells_why(lines: list[str], said: str) -> None:
    assert last_words(lines) == said
