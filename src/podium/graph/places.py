"""Where the parts of an expression stand in its text.

CEL tells one offset for each part: of a name its start, of a field its dot, of an operator the operator, of a call the
opening bracket.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from podium.graph.cel import OPERATORS
from podium.graph.syntax import Call, Each, Expr, Select

_WORD = re.compile(r"\w+|.", re.DOTALL)


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of the expression's text."""

    start: int
    end: int


def word_at(text: str, offset: int) -> int:
    """Return the length of the word, or of the one character, at `offset`."""
    found = _WORD.match(text, offset)
    return len(found[0]) if found else 1


def start_of(expr: Expr) -> int:
    """Return the offset of the first character of an expression; brackets around it are not part of it."""
    match expr:
        case Select(operand=operand, test=False):
            return start_of(operand)
        case Select(offset=offset):
            return max(0, offset - len("has"))
        case Call(args=(first, *_), method=method, function=function) if method or not function.isidentifier():
            return min(expr.offset, start_of(first))
        case Call():
            return call_span(expr).start
        case Each(items=items):
            return start_of(items)
        case _:
            return expr.offset


def call_span(expr: Call | Each) -> Span:
    """Return where an operator or the name of a function stands."""
    name = expr.kind if isinstance(expr, Each) else expr.function
    if name in OPERATORS:
        symbol = OPERATORS[name]
        return Span(expr.offset, expr.offset + (1 if "…" in symbol or ":" in symbol else len(symbol)))
    return Span(max(0, expr.offset - len(name)), max(1, expr.offset))


def field_span(text: str, expr: Select) -> Span:
    """Return where the field of a selection stands."""
    start = expr.offset if not expr.test else expr.operand.offset
    found = re.compile(rf"\.\s*`?({re.escape(expr.field)})(?!\w)").search(text, start)
    return Span(found.start(1), found.end(1)) if found else Span(expr.offset, expr.offset + 1)
