"""The documentation's site is built without a warning, leads nowhere in vain, and finds what people look for."""

from __future__ import annotations

import html
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from kubectl_job_operator import KubernetesJobOperator, errors
from kubectl_job_operator.airflow.defaults import OPTIONS
from kubectl_job_operator.airflow.elsewhere import ELSEWHERE
from kubectl_job_operator.airflow.shorthand import ShorthandOperator
from tests.unit.cli.test_main import COMMANDS
from tests.unit.test_reference import parameters

DOCS = Path(__file__).parents[2] / "docs"
SOURCES = [page for kind in ("md", "rst") for page in DOCS.rglob(f"*.{kind}") if "_build" not in page.parts]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    built = subprocess.run([*command, str(DOCS), str(folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, str]:
    """Return the text of every page."""
    return {page: page.read_text() for page in site.rglob("*.html")}


def test_every_source_is_a_page(site: Path) -> None:
    missing = [source for source in SOURCES if not (site / source.relative_to(DOCS)).with_suffix(".html").is_file()]
    assert missing == []


def dead_links(page: Path, pages: dict[Path, str]) -> Iterator[str]:
    for link in re.findall(r'<a [^>]*href="([^"]+)"', pages[page]):
        if "://" in link or link.startswith("mailto:"):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.is_file() or (anchor and target in pages and f'id="{anchor}"' not in pages[target]):
            yield link


def test_every_link_leads_to_a_page_and_a_place_in_it(pages: dict[Path, str]) -> None:
    assert {str(page): dead for page in pages if (dead := list(dead_links(page, pages)))} == {}


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("oomkil", "troubleshooting"),
        ("imagepullbackoff", "troubleshooting"),
        ("startup_timeout_second", "reference/arguments"),
        ("body_filepath", "migration/lamaani"),
        ("teardown", "examples"),
    ],
)
def test_the_search_finds_what_people_look_for(site: Path, word: str, page: str) -> None:
    text = (site / "searchindex.js").read_text()
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    found = index["terms"][word]
    names = [index["docnames"][number] for number in (found if isinstance(found, list) else [found])]
    assert page in names


def test_every_argument_option_error_and_command_has_a_place_of_its_own(pages: dict[Path, str]) -> None:
    text = "".join(pages.values())
    arguments = {name for owner in (KubernetesJobOperator, ShorthandOperator) for name in parameters(owner)}
    places = {f"argument-{name}" for name in arguments}
    places |= {f"confval-{option.name}" for option in OPTIONS}
    places |= {
        f"{one.__module__}.{name}"
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if issubclass(one, errors.KubectlJobOperatorError)
    }
    places |= {f"kubectl-job-operator-{name}" for name in COMMANDS}
    assert [place for place in sorted(places) if f'id="{place}"' not in text] == []


def test_every_option_and_every_argument_from_elsewhere_is_there_with_its_words(pages: dict[Path, str]) -> None:
    text = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", "".join(pages.values()))))
    assert [one.name for one in OPTIONS if one.description not in text] == []
    rows = [row for rows in ELSEWHERE.values() for row in rows]
    assert [row.there for row in rows if row.note.replace("``", "") not in text] == []
