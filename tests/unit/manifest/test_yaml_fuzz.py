"""Documents by chance are read as the real kubectl reads them; ``make test-yaml-fuzz`` makes 20,000 more."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import given
from yaml.constructor import ConstructorError
from yaml.scanner import Scanner

from kubectl_job_operator.manifest import yaml_nodes, yaml_scalars, yaml_text
from kubectl_job_operator.manifest.yaml_scanner import KubectlScanner
from kubectl_job_operator.manifest.yaml_text import dump_all, load_all
from tests.yaml_fuzz.comparison import ask_kubectl, differences, rewritten
from tests.yaml_fuzz.documents import Document, documents, made
from tests.yaml_fuzz.saved import saved

SEED = 20_250_117


class Asked(NamedTuple):
    """What kubectl was asked, and its answers: ``None`` where it refuses."""

    documents: list[Document]
    answers: list[list[Any] | None]


@pytest.fixture(scope="module")
def by_chance() -> Asked:
    """Let kubectl read 500 documents, which are the same each time."""
    some = made(500, SEED)
    return Asked(some, ask_kubectl(some))


def test_documents_by_chance_are_read_as_kubectl_reads_them(by_chance: Asked) -> None:
    assert [str(one) for one in differences(*by_chance, load_all)] == []
    assert 100 < by_chance.answers.count(None) < 400


def test_documents_by_chance_mean_the_same_to_kubectl_when_we_have_written_them_again(by_chance: Asked) -> None:
    again, meant = rewritten(*by_chance, load_all, dump_all)
    assert len(again) > 100
    assert [str(one) for one in differences(again, ask_kubectl(again), lambda text: meant[text])] == []


def test_what_was_once_read_in_two_ways_is_read_as_kubectl_reads_it() -> None:
    assert [str(one) for one in differences(saved(), ask_kubectl(saved()), load_all)] == []


@given(documents)
def test_a_document_by_chance_is_read_or_refused_with_its_place(document: Document) -> None:
    try:
        read = load_all(document.text)
    except yaml.reader.ReaderError:
        return
    except yaml.MarkedYAMLError as error:
        assert error.problem_mark is not None  # noqa: PT017 - what is not raised was read
        return
    assert load_all(dump_all(read)) == read


def _own_keys_win(self: yaml_nodes.Reading, node: yaml.MappingNode) -> dict[str, Any]:
    merges = [pair for pair in node.value if yaml_nodes.is_merge(pair[0])]
    others = [pair for pair in node.value if not yaml_nodes.is_merge(pair[0])]
    return _MAPPING(self, yaml.MappingNode(node.tag, merges + others, node.start_mark))


def _merged_for_good(self: yaml_nodes.Reading, node: yaml.MappingNode) -> dict[str, Any]:
    merged = [pair for key, value in node.value if yaml_nodes.is_merge(key) for pair in _pairs(value)]
    node.value[:] = merged + [pair for pair in node.value if not yaml_nodes.is_merge(pair[0])]
    return _MAPPING(self, node)


def _pairs(node: yaml.Node) -> list[Any]:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [pair for part in parts for pair in (part.value if isinstance(part, yaml.MappingNode) else [])]


def _no_merge_as_a_value(tag: str, text: str) -> yaml_scalars.Scalar:
    if tag == yaml_scalars.MERGE:
        raise ConstructorError(None, None, "could not determine a constructor for the tag")
    return _TAGGED(tag, text)


def _no_json(text: str) -> list[Any]:
    raise ValueError(text)


_MAPPING = yaml_nodes.Reading._mapping
_TAGGED = yaml_scalars.tagged

FAULTS: dict[str, list[tuple[Any, str, Any]]] = {
    "an anchored mapping merged twice is called given twice": [(yaml_nodes.Reading, "_mapping", _merged_for_good)],
    "a merge after the key does not win": [(yaml_nodes.Reading, "_mapping", _own_keys_win)],
    "a plain << is no value": [(yaml_scalars, "tagged", _no_merge_as_a_value)],
    "JSON with tabs is refused": [
        (yaml_text, "_json_documents", _no_json),
        (KubectlScanner, "scan_to_next_token", Scanner.scan_to_next_token),
    ],
    "a tab before a comment is refused": [(KubectlScanner, "scan_to_next_token", Scanner.scan_to_next_token)],
    "a tab behind a scalar is refused": [(KubectlScanner, "scan_plain", Scanner.scan_plain)],
    "a commit id is infinite": [(yaml_scalars, "_is_too_large", lambda _: False)],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_the_reader_once_had_is_found_among_500_documents(
    by_chance: Asked, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    for owner, name, former in FAULTS[fault]:
        monkeypatch.setattr(owner, name, former)
    assert next(differences(*by_chance, load_all), None) is not None
