"""From a model's text to a value: every adapter of the model port reads answers by the same rules.

1. Text alone is repaired, never meaning: a value may stand in a fence, after reasoning, or among other words.
2. The first value found that satisfies the schema is taken; nothing is filled in, renamed or converted.
3. When nothing fits, the error lists the findings, so that the model can be asked again with them.
4. JSON is strict: no NaN, no comments. Big integers and their digits survive.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NoReturn

from podium.errors import EffectError
from podium.spec.types import Type

Json = Any

MAX_ANSWER_CHARS = 4_000_000
"""The longest answer that is looked at; a model that says more than that has lost its way."""

_MAX_STARTS = 200
"""Opening brackets at which a value is looked for."""

_OPENING = re.compile(r"[{\[]")
_BRACKET = re.compile(r"[{}\[\]]")
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n(.*?)```", re.DOTALL)


def read_answer(
    text: str, schema: Mapping[str, Json], *, finish: Literal["stop", "length", "refused"] = "stop"
) -> Json:
    """Return the value that `text` gives for `schema`.

    Raises:
        EffectError: EF007, kind `invalid_output`, with at most five findings in the message.
    """
    wanted, findings = Type(schema), list[str]()
    if not text.strip():
        raise invalid_answer("the answer is empty")
    for value in _values(text):
        problems = wanted.problems(value)
        if not problems:
            return value
        findings = findings or problems
    if finish == "length":
        raise invalid_answer(
            "the answer was cut off before its JSON was complete", help="raise `max_tokens` or ask for less"
        )
    if findings:
        raise invalid_answer("the answer does not fit: " + "; ".join(findings))
    raise invalid_answer(f"expected JSON, got `{_shortened(text)}`")


def invalid_answer(message: str, *, help: str = "") -> EffectError:  # noqa: A002 - as in PodiumError
    """Return the error for an answer that came and is not what was asked for."""
    return EffectError(
        "EF007",
        message,
        kind="invalid_output",
        help=help or "ask again, ask for less, or choose a stronger model",
    )


def _values(text: str) -> Iterator[Json]:
    """Yield the JSON values in the text, the likeliest first."""
    decoder = json.JSONDecoder(parse_constant=_no_constant)
    text = text[:MAX_ANSWER_CHARS]
    after_reasoning = text.rpartition("</think>")[2]
    for candidate in (text, after_reasoning, *_FENCE.findall(text)):
        try:
            yield decoder.decode(candidate.strip())
        except (ValueError, RecursionError):
            continue
    yield from _among_words(decoder, after_reasoning)


def _among_words(decoder: json.JSONDecoder, text: str) -> Iterator[Json]:
    """Yield objects and lists that stand among other words, in their order, none inside another."""
    position = 0
    for _ in range(_MAX_STARTS):
        start = _OPENING.search(text, position)
        if start is None:
            return
        try:
            value, position = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            # A part of something broken is no answer: skip to where it closes, and end when it never does.
            position = _closing(text, start.start())
        else:
            yield value


def _closing(text: str, start: int) -> int:
    """Return the place after the bracket that closes the one at `start`, the text's end when none does."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        depth += 1 if bracket[0] in "{[" else -1
        if depth == 0:
            return bracket.end()
    return len(text)


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:80] + "…"
