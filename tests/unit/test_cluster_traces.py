"""What Docker leaves in iptables is removed as far as it is new, and what was there before stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.kind.traces import back_to, cgroup

if TYPE_CHECKING:
    import pytest

BEFORE = """\
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:THEIRS - [0:0]
-A POSTROUTING -s 10.213.0.0/16 -j MASQUERADE
COMMIT
"""
AFTER = """\
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:THEIRS - [0:0]
:DOCKER - [0:0]
:KUBE-SERVICES - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A PREROUTING -j KUBE-SERVICES
-A POSTROUTING -s 10.213.0.0/16 -j MASQUERADE
-A POSTROUTING -s 10.215.0.0/24 ! -o br-72456d7ede3a -j MASQUERADE
-A DOCKER -i br-72456d7ede3a -j RETURN
COMMIT
"""
FILTER = "*filter\n:FORWARD {} [0:0]\nCOMMIT\n"


def test_only_dockers_new_rules_and_chains_are_removed() -> None:
    assert back_to("nat", BEFORE, AFTER).splitlines() == [
        "*nat",
        "-D PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
        "-D POSTROUTING -s 10.215.0.0/24 ! -o br-72456d7ede3a -j MASQUERADE",
        "-F DOCKER",
        "-X DOCKER",
        "COMMIT",
    ]


def test_another_engines_chains_that_were_there_before_stay() -> None:
    assert back_to("nat", AFTER, AFTER) == ""


def test_a_policy_that_docker_changed_is_set_back_also_where_the_table_was_not_there_before() -> None:
    closed = FILTER.format("DROP")
    assert back_to("filter", FILTER.format("ACCEPT"), closed) == "*filter\n-P FORWARD ACCEPT\nCOMMIT\n"
    assert back_to("filter", "", closed) == "*filter\n-P FORWARD ACCEPT\nCOMMIT\n"
    assert back_to("filter", closed, closed) == ""


def test_two_caches_have_two_control_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/one")
    one = cgroup()
    monkeypatch.setenv("XDG_CACHE_HOME", "/two")
    assert cgroup() != one
