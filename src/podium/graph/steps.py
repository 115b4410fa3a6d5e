"""What a checked expression runs as: a tree of small steps over plain Python values.

Names, fields, conditions and literals run here, loops in `podium.graph.loops`; `podium.graph.formula` hands operators
and functions to CEL with the few values that they read. So `themes.out.themes` costs three lookups however large the
value is, and a loop over a list takes linear time.

Rules, as in CEL:
- `&&` and `||` decide by the operand that decides, also when the other one fails; `all` and `exists` likewise.
- Everything else fails when a part of it fails. Nothing turns a failure into true.
- `has(a.b.c)` is false when any part of the chain is missing (CEL: only the last).

Each evaluation has a bound on its work (`Work`): loop rounds, and the size of what is handed to CEL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from podium.errors import ExpressionError
from podium.graph.shape import article, word_of
from podium.graph.work import TooMuchWork, Work
from podium.spec.suggest import did_you_mean

Json = Any
Names = Mapping[str, Json]


class Missing(ExpressionError):
    """A part of a chain is not there; `has()` turns this into false."""


class Step(Protocol):
    """A part of an expression."""

    def eval(self, names: Names, work: Work) -> Json:
        """Return its value.

        Raises:
            ExpressionError: when it has none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal."""

    value: Json

    def eval(self, names: Names, work: Work) -> Json:  # noqa: ARG002 - the protocol
        return self.value


@dataclass(frozen=True, slots=True)
class Name:
    """A name in scope."""

    name: str

    def eval(self, names: Names, work: Work) -> Json:  # noqa: ARG002 - the protocol
        try:
            return names[self.name]
        except KeyError:
            raise ExpressionError(f"`{self.name}` has no value here") from None


@dataclass(frozen=True, slots=True)
class Chain:
    """`base.field[0].field`, with constant keys.

    Attributes:
        node: The name of the node that it begins with, "" when it does not.
    """

    base: Step
    keys: tuple[str | int, ...]
    node: str = ""

    def eval(self, names: Names, work: Work) -> Json:
        value = self.base.eval(names, work)
        for position, key in enumerate(self.keys):
            if isinstance(value, dict) and key in value:
                value = cast("dict[str | int, Json]", value)[key]
            elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(cast("list[Json]", value)):
                value = cast("list[Json]", value)[key]
            else:
                raise self._missing(value, position)
        return value

    def _missing(self, value: Json, position: int) -> ExpressionError:
        if self.node and position == 0:
            return self._no_node_value(cast("dict[str, Json]", value))
        before = written(self.base, self.keys[:position])
        return no_member(before, value, self.keys[position])

    def _no_node_value(self, value: dict[str, Json]) -> Missing:
        chain = f"{self.node}.{self.keys[0]}"
        if not value:
            message, next_step = f"`{self.node}` was skipped, so there is no `{chain}`", "test with"
        elif "error" in value:
            message, next_step = f"`{self.node}` failed, so there is no `{chain}`", "test with"
        else:
            message, next_step = f"`{self.node}` did not fail, so there is no `{chain}`", "test with"
        return Missing(message, help=f"{next_step} `has({chain})`")


def written(base: Step, keys: Sequence[str | int]) -> str:
    """Return a chain as people write it."""
    start = base.name if isinstance(base, Name) else "(…)"
    return start + "".join(_key(key) for key in keys)


def _key(key: Json) -> str:
    if isinstance(key, str):
        return f".{key}" if key.isidentifier() else f"['{key}']"
    return f"[{key}]"


def no_member(before: str, value: Json, key: Json) -> ExpressionError:
    """Return why `value`, written as `before`, has no member `key`."""
    match value:
        case None:
            return Missing(f"`{before}` is null", help=f"test it first: `{before} != null`")
        case list() if type(key) in (int, float):
            length = len(cast("list[Json]", value))
            return Missing(f"`{before}` has {length} items, so there is no `[{key}]`", help="test `size(…)` first")
        case dict():
            fields = [str(field) for field in cast("dict[str, Json]", value)][:50]
            help_ = did_you_mean(str(key), fields) or f"test with `has({before}{_key(str(key))})`"
            return Missing(f"`{before}` has no `{key}`", help=help_)
        case _:
            return ExpressionError(
                f"`{before}` is {article(word_of(value))}, which has no `{_key(key).removeprefix('.')}`"
            )


@dataclass(frozen=True, slots=True)
class Has:
    """Whether a chain leads somewhere."""

    chain: Chain

    def eval(self, names: Names, work: Work) -> bool:
        try:
            self.chain.eval(names, work)
        except Missing:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Index:
    """`base[key]` with a computed key."""

    base: Step
    key: Step
    text: str

    def eval(self, names: Names, work: Work) -> Json:
        value, key = self.base.eval(names, work), self.key.eval(names, work)
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        if isinstance(value, dict) and isinstance(key, str) and key in value:
            return cast("dict[str, Json]", value)[key]
        if isinstance(value, list) and type(key) is int and 0 <= key < len(cast("list[Json]", value)):
            return cast("list[Json]", value)[key]
        raise no_member(self.text, value, key)


@dataclass(frozen=True, slots=True)
class Size:
    """Characters of a text, items of a list, fields of an object."""

    value: Step

    def eval(self, names: Names, work: Work) -> int:
        value = self.value.eval(names, work)
        if not isinstance(value, str | list | dict):
            raise ExpressionError(f"`size()` does not work on {word_of(value)}")
        return len(cast("str | list[Json] | dict[str, Json]", value))


def truth(step: Step, names: Names, work: Work) -> bool:
    """Return the value of a condition.

    Raises:
        ExpressionError: when it is anything but true or false.
    """
    value = step.eval(names, work)
    if not isinstance(value, bool):
        raise ExpressionError(f"expected true or false, got {article(word_of(value))}", help="compare it: `… == …`")
    return value


@dataclass(frozen=True, slots=True)
class Not:
    """`!a`."""

    operand: Step

    def eval(self, names: Names, work: Work) -> bool:
        return not truth(self.operand, names, work)


@dataclass(frozen=True, slots=True)
class Either:
    """`a && b` (decided by false) or `a || b` (decided by true)."""

    operands: tuple[Step, ...]
    decided_by: bool

    def eval(self, names: Names, work: Work) -> bool:
        failure: ExpressionError | None = None
        for operand in self.operands:
            try:
                if truth(operand, names, work) is self.decided_by:
                    return self.decided_by
            except TooMuchWork:
                raise
            except ExpressionError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not self.decided_by


@dataclass(frozen=True, slots=True)
class Choice:
    """`test ? yes : no`."""

    test: Step
    yes: Step
    no: Step

    def eval(self, names: Names, work: Work) -> Json:
        return (self.yes if truth(self.test, names, work) else self.no).eval(names, work)


@dataclass(frozen=True, slots=True)
class MakeList:
    """`[a, b]`."""

    items: tuple[Step, ...]

    def eval(self, names: Names, work: Work) -> list[Json]:
        return [item.eval(names, work) for item in self.items]


@dataclass(frozen=True, slots=True)
class MakeObject:
    """`{"a": b}`."""

    entries: tuple[tuple[Step, Step], ...]

    def eval(self, names: Names, work: Work) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key_step, value in self.entries:
            key = key_step.eval(names, work)
            if not isinstance(key, str) or key in made:
                raise ExpressionError(f"expected each key to be text and to come once, got `{key}`")
            made[key] = value.eval(names, work)
        return made
