"""Nothing secret is kept for people to read, and what is kept can still be applied."""

from __future__ import annotations

import pytest

from kubectl_job_operator.manifest.masking import hides_something, masked_values, masked_yaml, masks_nothing
from kubectl_job_operator.manifest.yaml_text import load_all

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "keys"},
    "stringData": {"token": "very-secret\nin two lines"},
}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "x"}}


def mask(text: str) -> str:
    return text.replace('hunter"2\n', "***").replace("hunter2", "***")


def test_strings_are_masked_wherever_they_stand_also_where_a_dump_would_spell_them_otherwise() -> None:
    assert masked_values({"a": [{"b": 'hunter"2\n'}, 1, None, True], "c": ("hunter2",)}, mask) == {
        "a": [{"b": "***"}, 1, None, True],
        "c": ["***"],
    }


@pytest.mark.parametrize("documents", [[SECRET], [CONFIG, SECRET], [SECRET, CONFIG], [CONFIG, SECRET, CONFIG]])
def test_a_secret_is_a_comment_that_tells_its_keys_so_that_the_rest_can_be_applied(
    documents: list[dict[str, object]],
) -> None:
    text = masked_yaml(documents, masks_nothing)
    assert "very-secret" not in text
    assert "in two lines" not in text
    assert "#   token: '***'\n" in text
    assert "# Secret keys is a comment, for its values are masked (***):" in text
    assert [one for one in load_all(text) if one is not None] == [one for one in documents if one is not SECRET]


@pytest.mark.parametrize(
    ("documents", "hides"),
    [
        ([CONFIG], False),
        ([{**CONFIG, "data": {"a": "say hunter2"}}], True),
        ([{**CONFIG, "data": {"a": 'hunter"2\n'}}], True),
        ([{**CONFIG, "data": {"a": "***"}}], False),
        ([SECRET], True),
        ([{key: value for key, value in SECRET.items() if key != "stringData"}], False),
    ],
)
def test_it_is_known_whether_anything_is_secret(documents: list[dict[str, object]], hides: bool) -> None:
    assert hides_something(documents, mask) is hides
