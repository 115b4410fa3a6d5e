"""Formulas: the operators and functions of an expression, run by CEL with the values that they read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from cel_expr_python import cel

from podium.errors import ExpressionError
from podium.graph.cel import run
from podium.graph.shape import Coercion, article, word, word_of
from podium.graph.steps import Names, Step
from podium.graph.work import Work
from podium.spec.types import Type

Json = Any

_INT64 = range(-(1 << 63), 1 << 63)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that a formula reads.

    Attributes:
        code: The CEL type as which it goes in (`podium.graph.cel.code_of`).
    """

    step: Step
    type: Type
    code: str
    coerce: Coercion | None

    def eval(self, names: Names, work: Work) -> Json:
        value = self.step.eval(names, work)
        if self.coerce is not None:
            value = self.coerce(value)
        if not _is(self.code, value):
            raise ExpressionError(
                f"expected {article(word(self.type))}, got {_shown(value)}", help="declare its type as it is"
            )
        work.spend(_weight(value))
        return value


def _is(code: str, value: Json) -> bool:
    """Whether a value can go in as this CEL type; what is inside lists and objects is CEL's to judge."""
    match code[0]:
        case "s":
            return isinstance(value, str)
        case "i":
            return type(value) is int and value in _INT64
        case "d":
            return isinstance(value, float)
        case "b":
            return isinstance(value, bool)
        case "[":
            return isinstance(value, list)
        case "m":
            return isinstance(value, dict)
        case "n":
            return value is None
        case _:
            return True


def _shown(value: Json) -> str:
    return (
        f"the integer {value}, which is out of range"
        if type(value) is int and abs(value) > 1 << 53
        else article(word_of(value))
    )


def _weight(value: Json) -> int:
    """Return what it costs to copy a value, nested parts roughly."""
    match value:
        case str():
            return len(value) >> 12
        case list():
            items = cast("list[Json]", value)
            return len(items) + sum(_weight(item) for item in items[:10]) * len(items) // 10 if items else 0
        case dict():
            fields = cast("dict[str, Json]", value)
            return len(fields) + sum(_weight(inner) for inner in fields.values())
        case _:
            return 0


@dataclass(frozen=True, slots=True)
class Formula:
    """A text for CEL over its leaves, `_0`, `_1`, …."""

    expression: cel.Expression
    leaves: tuple[Leaf, ...]

    def eval(self, names: Names, work: Work) -> Json:
        return run(self.expression, {f"_{number}": leaf.eval(names, work) for number, leaf in enumerate(self.leaves)})
