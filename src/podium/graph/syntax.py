"""The syntax tree of an expression, as CEL parses it, with every part's place in the text.

CEL expands its macros (`has`, `all`, `exists`, `exists_one`, `map`, `filter`) while parsing. Here they become one node
each again, because they are checked and run by themselves: CEL's own loop over a list takes quadratic time for `map`
and stops at 10,000 items.

`parse` accepts at most 8 KiB of text; CEL itself refuses what is nested deeper than 32.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from cel_expr_python import cel

from podium.graph.problem import Problem
from podium.graph.wire import Fields

MAX_LENGTH = 8 * 1024
"""Characters in one expression."""

_EXPR, _SOURCE_INFO, _POSITIONS = 2, 3, 4
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_TOO_DEEP = re.compile("recursion")

MacroKind = Literal["all", "exists", "exists_one", "map"]


class UInt(int):
    """An unsigned CEL literal such as `3u`."""


@dataclass(frozen=True, slots=True)
class Const:
    """A literal."""

    offset: int
    value: bool | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Ident:
    """A name."""

    offset: int
    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`operand.field`, or `has(operand.field)` when `test`; `offset` is that of the dot."""

    offset: int
    operand: Expr
    field: str
    test: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator (`_+_`, `_[_]`, `_?_:_`, …); `method` when the first argument stands before a dot."""

    offset: int
    function: str
    args: tuple[Expr, ...]
    method: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`."""

    offset: int
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{"a": b}`; `message` is the type's name when it is a protobuf message."""

    offset: int
    entries: tuple[tuple[Expr, Expr], ...]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Each:
    """A macro over a list.

    Attributes:
        kind: `map` also for `filter`, whose `body` is the variable.
        condition: What an item must fulfil; None for `map` without a filter.
        body: What an item gives; None except for `map`.
    """

    offset: int
    kind: MacroKind
    items: Expr
    variable: str
    condition: Expr | None
    body: Expr | None


Expr = Const | Ident | Select | Call | ListOf | MapOf | Each


@lru_cache(maxsize=1)
def _bare() -> cel.Env:
    return cel.NewEnv()


@lru_cache(maxsize=2048)
def parse(text: str) -> Expr | Problem:
    """Return the syntax tree, or the first problem."""
    if len(text) > MAX_LENGTH:
        message = f"the expression has {len(text)} characters, more than {MAX_LENGTH}"
        return Problem(code="EX007", message=message, help="split it over several `transform` nodes")
    try:
        serialized = _bare().compile(text, disable_check=True).serialize()
    except RuntimeError as error:  # the only way in which the library says no
        return _syntax_problem(text, str(error))
    parsed = Fields(serialized).message(2)
    positions = {entry.integer(1): entry.integer(2) for entry in parsed.message(_SOURCE_INFO).messages(_POSITIONS)}
    return _Reader(positions).read(parsed.message(_EXPR))


class _Reader:
    """Turns `cel.expr.Expr` messages (cel-spec, syntax.proto) into our tree."""

    def __init__(self, positions: dict[int, int]) -> None:
        self._positions = positions

    def read(self, expr: Fields) -> Expr:
        """Return one expression; the fields are those of `Expr.expr_kind`."""
        offset = self._positions.get(expr.integer(2), 0)
        if 3 in expr.present:
            return Const(offset, _constant(expr.message(3)))
        if 4 in expr.present:
            return Ident(offset, expr.message(4).text(1))
        if 5 in expr.present:
            select = expr.message(5)
            return Select(offset, self.read(select.message(1)), select.text(2), bool(select.integer(3)))
        if 6 in expr.present:
            return self._call(offset, expr.message(6))
        if 7 in expr.present:
            return ListOf(offset, tuple(self.read(item) for item in expr.message(7).messages(1)))
        if 8 in expr.present:
            struct = expr.message(8)
            entries = tuple(
                (
                    self.read(entry.message(3)) if 3 in entry.present else Const(offset, entry.text(2)),
                    self.read(entry.message(4)),
                )
                for entry in struct.messages(2)
            )
            return MapOf(offset, entries, struct.text(1))
        return self._each(offset, expr.message(9))

    def _call(self, offset: int, call: Fields) -> Call:
        method = 1 in call.present
        target = (self.read(call.message(1)),) if method else ()
        return Call(offset, call.text(2), (*target, *(self.read(arg) for arg in call.messages(3))), method)

    def _each(self, offset: int, loop: Fields) -> Each:
        """Fold a comprehension back into the macro that it came from; CEL makes no others."""
        items, variable = self.read(loop.message(2)), loop.text(1)
        start, step = self.read(loop.message(4)), self.read(loop.message(6))
        assert isinstance(step, Call)
        if isinstance(start, ListOf):
            condition = None
            if step.function == "_?_:_":
                condition, step = step.args[0], step.args[1]
            assert isinstance(step, Call)
            added = step.args[1]
            assert isinstance(added, ListOf)
            return Each(offset, "map", items, variable, condition, added.items[0])
        if step.function == "_?_:_":
            return Each(offset, "exists_one", items, variable, step.args[0], None)
        kind = "all" if step.function == "_&&_" else "exists"
        return Each(offset, kind, items, variable, step.args[1], None)


def _constant(constant: Fields) -> bool | float | str | bytes | None:
    """Read `cel.expr.Constant`."""
    if 2 in constant.present:
        return bool(constant.integer(2))
    if 3 in constant.present:
        return constant.signed(3)
    if 4 in constant.present:
        return UInt(constant.integer(4))
    if 5 in constant.present:
        return constant.double(5)
    if 6 in constant.present:
        return constant.text(6)
    return constant.raw(7) if 7 in constant.present else None


def _syntax_problem(text: str, told: str) -> Problem:
    if _TOO_DEEP.search(told):
        message = "the expression is nested too deeply"
        return Problem(code="EX007", message=message, help="split it over several `transform` nodes", length=len(text))
    found = _ERROR.search(told)
    if found is None:
        return Problem(code="EX002", message=f"not an expression: {told.splitlines()[0]}", length=len(text))
    offset = offset_of(text, int(found[1]), int(found[2]))
    message, help_ = _in_our_words(text, offset, found[3].removesuffix(" [INVALID_ARGUMENT]"))
    offset = min(offset, max(0, len(text) - 1))
    return Problem(code="EX002", message=message, help=help_, offset=offset, length=_word_at(text, offset))


def offset_of(text: str, line: int, column: int) -> int:
    """Return the offset of a line and column that count from 1."""
    lines = text.split("\n")
    return sum(len(before) + 1 for before in lines[: line - 1]) + column - 1


def _word_at(text: str, offset: int) -> int:
    found = re.compile(r"\w+|.", re.DOTALL).match(text, offset)
    return len(found[0]) if found else 1


_PYTHON = {"and": "&&", "or": "||", "not": "!", "is": "==", "if": "condition ? a : b"}


def _in_our_words(text: str, offset: int, told: str) -> tuple[str, str]:
    """Return message and help for what the parser said."""
    word = re.compile(r"\w+|.", re.DOTALL).match(text, offset)
    found = word[0] if word else ""
    if "'<EOF>' expecting" in told or not found:
        return "the expression ends too early", "an operand or a closing bracket is missing"
    if found == "$" or text.startswith("${", max(0, offset - 1)):
        return "`${…}` cannot stand here", "this is an expression already: write it without `${` and `}`"
    if text.startswith("=", offset) and not text.startswith("==", offset):
        return "`=` is no operator", "compare with `==`"
    if found in _PYTHON and "reserved" not in told:
        return f"unexpected `{found}`", f"write `{_PYTHON[found]}`"
    if "reserved identifier" in told:
        return f"`{found}` is a reserved word", "it cannot be used as a name"
    if negation := re.search(r"\bnot\s+$", text[:offset]):
        return f"unexpected `{found}` after `{negation[0].strip()}`", f"write `!{found}`"
    if "no viable alternative" in told and (member := re.search(r"\.\s*(in|true|false|null)\b", text[offset - 1 :])):
        return f"`.{member[1]}` cannot be written with a dot", f"write `['{member[1]}']`"
    if found in "\"'":
        return "the text is not closed", f"add the missing `{found}`"
    if "has() argument" in told:
        return "`has()` asks for a field", "write `has(node.out)` or `has(node.out.field)`"
    if "variable name must be" in told:
        return "expected the name of a variable", "write `list.map(item, item.field)`"
    if "unsupported syntax" in told:
        return "this syntax is not available", "test with `has(…)` first"
    if "invalid" in told:
        return told.lower(), "whole numbers reach from -9223372036854775808 to 9223372036854775807"
    return f"unexpected `{found}`", ""
