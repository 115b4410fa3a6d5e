from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from podium.effects.answer import read_answer
from podium.errors import EffectError

THEMES = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "commits": {"type": "array", "items": {"type": "integer"}}},
    "required": ["title", "commits"],
    "additionalProperties": False,
}
VALUE = {"title": "Speed", "commits": [1, 2]}
ANSWER = json.dumps(VALUE)


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        f"\n  {ANSWER}\n",
        f"```json\n{ANSWER}\n```",
        f"```\n{ANSWER}\n```",
        f"Here you are:\n```json\n{ANSWER}\n```\nAnything else?",
        f"Sure! {ANSWER} I hope that helps.",
        f"<think>maybe {{}} or [1]?</think>{ANSWER}",
        f"Smile :] and }} then {ANSWER}",
        f"The form is {{title, commits}}, so: {ANSWER}",
        f'First {{"title": "draft"}}, better {ANSWER}',
    ],
)
def test_a_value_is_found_among_whatever_stands_around_it(text: str) -> None:
    assert read_answer(text, THEMES) == VALUE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the answer is empty"),
        (" \n", "the answer is empty"),
        ("I cannot do that.", "expected JSON, got `I cannot do that.`"),
        ('{"title": NaN, "commits": []}', 'expected JSON, got `{"title": NaN, "commits": []}`'),
        ('{"title": 3, "commits": []}', "the answer does not fit: title: 3 is not of type 'string'"),
        ('{"title": "a"}', "the answer does not fit: 'commits' is a required property"),
    ],
)
def test_an_answer_that_does_not_fit_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(EffectError) as caught:
        read_answer(text, THEMES)

    assert (caught.value.code, caught.value.kind, caught.value.message) == ("EF007", "invalid_output", message)


def test_a_cut_off_answer_says_so_instead_of_complaining_of_json() -> None:
    with pytest.raises(EffectError) as caught:
        read_answer('{"title": "Spe', THEMES, finish="length")

    assert (caught.value.message, caught.value.help) == snapshot(
        ("the answer was cut off before its JSON was complete", "raise `max_tokens` or ask for less")
    )


@pytest.mark.parametrize("text", ['{"a": {"b": 1}, "c', '{"a": {"b": 1}, "c": NaN}', "Here: {'a': {}}"])
def test_a_part_of_a_broken_answer_is_no_answer(text: str) -> None:
    with pytest.raises(EffectError, match="expected JSON"):
        read_answer(text, {"type": "object"})


def test_nothing_is_converted_to_fit() -> None:
    with pytest.raises(EffectError):
        read_answer('"3"', {"type": "integer"})


def test_deep_nesting_is_an_invalid_answer_not_a_crash() -> None:
    with pytest.raises(EffectError, match="expected JSON"):
        read_answer("[" * 100_000, {"type": "array"})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=st.lists(_JSON) | st.dictionaries(st.text(), _JSON), before=st.text(alphabet="abc \n.,:"))
def test_any_value_survives_words_around_it(value: Any, before: str) -> None:
    assert read_answer(f"{before}{json.dumps(value)} .", {"type": ["array", "object"]}) == value


@given(st.text())
def test_any_text_gives_a_value_or_an_invalid_answer(text: str) -> None:
    try:
        value = read_answer(text, {"type": "object"})
    except EffectError as error:
        assert error.kind == "invalid_output"  # noqa: PT017 - both ends are allowed
    else:
        assert isinstance(value, dict)
