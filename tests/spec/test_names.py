"""The words that cannot be names are those that the expression language really refuses, no fewer and no more."""

from __future__ import annotations

from typing import Any

import pytest
from cel_expr_python import cel
from pydantic import TypeAdapter, ValidationError

from podium.spec.model import Name, NodeName
from podium.spec.names import CEL_KEYWORDS, OUR_WORDS, RESERVED

CEL: Any = cel
OBJECT = CEL.Type.Map(CEL.Type.STRING, CEL.Type.DYN)
NODE_NAME: TypeAdapter[str] = TypeAdapter(NodeName)
NAME: TypeAdapter[str] = TypeAdapter(Name)
COMMON = (
    *("size", "contains", "matches", "filter", "exists", "all", "timestamp", "duration", "optional", "result"),
    *("item", "write", "check", "to", "not", "and", "or", "is", "name"),
)


def value_of(expression: str, names: dict[str, Any]) -> object:
    env = CEL.NewEnv(variables=dict.fromkeys(names, OBJECT))
    return env.compile(expression).eval(data=names).plain_value()


@pytest.mark.parametrize("word", sorted(RESERVED - OUR_WORDS - {"has"}))
def test_a_reserved_word_cannot_begin_an_expression(word: str) -> None:
    with pytest.raises(RuntimeError):
        value_of(f"{word}.out", {word: {"out": 1}})


@pytest.mark.parametrize("word", COMMON)
def test_other_words_can(word: str) -> None:
    assert value_of(f"{word}.out", {word: {"out": 1}}) == 1
    assert NODE_NAME.validate_python(word) == word


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_inputs_are_barred_only_from_words_that_cannot_follow_a_dot(word: str) -> None:
    if word in CEL_KEYWORDS:
        with pytest.raises(RuntimeError):
            value_of(f"inputs.{word}", {"inputs": {word: 1}})
        with pytest.raises(ValidationError, match="word of the expression language"):
            NAME.validate_python(word)
    else:
        assert value_of(f"inputs.{word}", {"inputs": {word: 1}}) == 1
        assert NAME.validate_python(word) == word


@pytest.mark.parametrize("name", ["", "1a", "Über", "a-b", "a b", "_a", "A", "a" * 65, "a\n"])
def test_names_are_small_letters_digits_and_underscores(name: str) -> None:
    with pytest.raises(ValidationError):
        NODE_NAME.validate_python(name)
