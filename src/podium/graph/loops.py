"""Loops of expressions, over the items of a list or the keys of an object: `map`, `filter`, `all`, `exists`, ….

`all` and `exists` decide by the item that decides, also when the condition fails for another item.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from podium.errors import ExpressionError
from podium.graph.shape import article, word_of
from podium.graph.steps import Names, Step, truth
from podium.graph.work import TooMuchWork, Work

Json = Any


@dataclass(frozen=True, slots=True)
class Loop:
    """What the macros share: a list, and a name for its items."""

    items: Step
    variable: str

    def rounds(self, names: Names, work: Work) -> list[Json]:
        """Return the items; those of an object are its keys."""
        items = self.items.eval(names, work)
        if not isinstance(items, list | dict):
            raise ExpressionError(f"expected a list to go through, got {article(word_of(items))}")
        found = list(cast("list[Json] | dict[str, Json]", items))
        work.spend(len(found))
        return found


@dataclass(frozen=True, slots=True)
class Map:
    """`list.map(x, body)`, `list.map(x, condition, body)`, `list.filter(x, condition)`."""

    loop: Loop
    condition: Step | None
    body: Step

    def eval(self, names: Names, work: Work) -> list[Json]:
        made: list[Json] = []
        inner = dict(names)
        for item in self.loop.rounds(names, work):
            inner[self.loop.variable] = item
            if self.condition is None or truth(self.condition, inner, work):
                made.append(self.body.eval(inner, work))
        return made


@dataclass(frozen=True, slots=True)
class Quantifier:
    """`list.all(x, condition)` (decided by false) or `list.exists(x, condition)` (decided by true)."""

    loop: Loop
    condition: Step
    decided_by: bool

    def eval(self, names: Names, work: Work) -> bool:
        failure: ExpressionError | None = None
        inner = dict(names)
        for item in self.loop.rounds(names, work):
            inner[self.loop.variable] = item
            try:
                if truth(self.condition, inner, work) is self.decided_by:
                    return self.decided_by
            except TooMuchWork:
                raise
            except ExpressionError as error:
                failure = failure or error
        if failure is not None:
            raise failure
        return not self.decided_by


@dataclass(frozen=True, slots=True)
class ExistsOne:
    """`list.exists_one(x, condition)`."""

    loop: Loop
    condition: Step

    def eval(self, names: Names, work: Work) -> bool:
        inner = dict(names)
        count = 0
        for item in self.loop.rounds(names, work):
            inner[self.loop.variable] = item
            count += truth(self.condition, inner, work)
        return count == 1
