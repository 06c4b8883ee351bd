"""apt's own lists, in both of their styles, become lists of source packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.debian.sources import sources_from_list, sources_from_stanzas, write_source_lists

if TYPE_CHECKING:
    from pathlib import Path

KEY = "/usr/share/keyrings/example.gpg"


def test_a_one_line_source_keeps_its_mirror_suite_and_components() -> None:
    text = "deb http://mirror.example/debian bookworm main contrib  # ours\n"
    assert sources_from_list(text) == "deb-src http://mirror.example/debian bookworm main contrib\n"


def test_a_one_line_source_keeps_its_key_and_loses_its_architecture() -> None:
    text = f"deb [arch=amd64 signed-by={KEY}] http://mirror.example/debian bookworm main\n"
    assert sources_from_list(text) == f"deb-src [signed-by={KEY}] http://mirror.example/debian bookworm main\n"


def test_a_one_line_source_that_is_switched_off_stays_off_and_none_is_listed_twice() -> None:
    text = (
        "# deb http://off.example/debian bookworm main\n"
        "deb http://mirror.example/debian bookworm main\n"
        "deb-src http://mirror.example/debian bookworm main\n"
    )
    assert sources_from_list(text) == "deb-src http://mirror.example/debian bookworm main\n"


def test_a_stanza_keeps_everything_but_its_type_and_architecture() -> None:
    text = (
        "Types: deb\n"
        "# a comment inside\n"
        "URIs: http://mirror.example/debian\n"
        "Suites: bookworm bookworm-updates\n"
        "Components: main\n"
        "Architectures: amd64\n"
        f"Signed-By: {KEY}\n"
    )
    assert sources_from_stanzas(text) == (
        "Types: deb-src\n"
        "URIs: http://mirror.example/debian\n"
        "Suites: bookworm bookworm-updates\n"
        "Components: main\n"
        f"Signed-By: {KEY}\n"
    )


def test_a_key_written_into_a_stanza_keeps_its_lines() -> None:
    text = (
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEYCQ\n -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    assert sources_from_stanzas(text).endswith(
        "Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEYCQ\n -----END PGP PUBLIC KEY BLOCK-----\n"
    )


def test_stanzas_are_kept_apart_and_those_switched_off_are_left_out() -> None:
    text = (
        "Types: deb\nURIs: http://one.example\nSuites: a\nComponents: main\n"
        "\n"
        "Types: deb\nURIs: http://off.example\nSuites: b\nComponents: main\nEnabled: no\n"
        "\n"
        "Types: deb deb-src\nURIs: http://two.example\nSuites: c\nComponents: main\n"
    )
    assert sources_from_stanzas(text) == (
        "Types: deb-src\nURIs: http://one.example\nSuites: a\nComponents: main\n"
        "\n"
        "Types: deb-src\nURIs: http://two.example\nSuites: c\nComponents: main\n"
    )


def test_every_list_of_apts_folder_has_its_counterpart(tmp_path: Path) -> None:
    apt, target = tmp_path / "apt", tmp_path / "sources"
    (apt / "sources.list.d").mkdir(parents=True)
    (apt / "sources.list").write_text("deb http://one.example bookworm main\n")
    (apt / "sources.list.d" / "two.list").write_text("deb http://two.example bookworm main\n")
    (apt / "sources.list.d" / "three.sources").write_text("Types: deb\nURIs: http://three.example\nSuites: a\n")
    (apt / "sources.list.d" / "off.list.disabled").write_text("deb http://off.example bookworm main\n")
    write_source_lists(apt, target)
    assert {path.name: path.read_text() for path in target.iterdir()} == {
        "sources.list": "deb-src http://one.example bookworm main\n",
        "two.list": "deb-src http://two.example bookworm main\n",
        "three.sources": "Types: deb-src\nURIs: http://three.example\nSuites: a\n",
    }
