"""What policies look at, told from their text: only that has to be found out, and only that tells two calls apart.

A look that cannot be told in advance (an argument whose name is computed) counts as a look at everything of its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

from podium.gate.policy.arguments import DERIVED, Reading
from podium.gate.policy.rule import Rule

Json = Any

_BY_TAG = ("arguments", "numbers")
_ALL = Reading(None, None, DERIVED)


class Reads(NamedTuple):
    """What some of the policies look at.

    Attributes:
        minute: At the time, to the minute; `exactly`: beyond that.
        attempt: At which try of the node it is.
    """

    arguments: Reading = Reading()
    minute: bool = False
    exactly: bool = False
    attempt: bool = False

    def also(self, other: Reads) -> Reads:
        """Return what one of both looks at."""
        return Reads(
            self.arguments.also(other.arguments),
            self.minute or other.minute,
            self.exactly or other.exactly,
            self.attempt or other.attempt,
        )


_EVERYTHING = Reads(_ALL, minute=True, exactly=True, attempt=True)


def reads(rules: Iterable[Rule]) -> Reads:
    """Return what these policies look at."""
    found = Reads()
    for rule in rules:
        for condition in rule.form["conditions"]:
            for one in _looks(condition["body"]):
                found = found.also(one)
    return found


def _looks(body: Json) -> Iterator[Reads]:
    """Yield each look at the facts in an expression."""
    if isinstance(body, list):
        for part in cast("list[Json]", body):
            yield from _looks(part)
    elif isinstance(body, dict):
        ((operator, operands),) = cast("dict[str, Json]", body).items()
        if operator == "Var":
            yield _EVERYTHING if operands == "context" else Reads()
        elif operator in {".", "has"} and operands.get("left") == {"Var": "context"}:
            yield _attribute(operands["attr"])
        elif operator in {"getTag", "hasTag"} and (kind := _tagged(operands["left"])):
            yield _tag(kind, operands["right"])
            yield from _looks(operands["right"])
        elif operator != "Value":
            parts = cast("dict[str, Json]", operands).values() if isinstance(operands, dict) else operands
            for part in parts:
                if isinstance(part, dict) or operator != "like":  # the pattern of a `like` is no expression
                    yield from _looks(part)


def _tagged(body: Json) -> str:
    operands: dict[str, Json] = body.get(".", {})
    attribute: str = operands.get("attr", "")
    return attribute if operands.get("left") == {"Var": "context"} and attribute in _BY_TAG else ""


def _tag(kind: str, name: Json) -> Reads:
    text = name.get("Value")
    names = frozenset({text}) if isinstance(text, str) else None
    return Reads(Reading(tags=names)) if kind == "arguments" else Reads(Reading(numbers=names))


def _attribute(name: str) -> Reads:
    match name:
        case "arguments":
            return Reads(Reading(tags=None))
        case "numbers":
            return Reads(Reading(numbers=None))
        case "minute" | "weekday":
            return Reads(minute=True)
        case "time":
            return Reads(minute=True, exactly=True)
        case "attempt":
            return Reads(attempt=True)
        case _ if name in DERIVED:
            return Reads(Reading(derived=frozenset({name})))
        case _:
            return Reads()
