"""Writes a formula down again for CEL: operators and functions as they are, everything else as variables.

The text is new, so each piece remembers the expression that it came from; a complaint of CEL's checker is reported
there. An integer beside a number is written as a number (`score > 1` as `_0 > 1.0`): CEL does not mix the two, and
people do not tell 1 from 1.0.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from typing import NamedTuple, Protocol

from cel_expr_python import cel

from podium.graph.cel import FUNCTIONS, Complaint, code_of, compile_formula, result_type
from podium.graph.formula import Leaf
from podium.graph.places import call_span
from podium.graph.problem import Problem
from podium.graph.shape import ANY, BOOLEAN, INTEGER, NUMBER, TEXT, coercion, common, foreign, foreign_name, kind_of
from podium.graph.steps import Chain, Name, Step
from podium.graph.syntax import Call, Const, Expr, Ident, ListOf, UInt
from podium.spec.types import Type

_RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER = range(1, 6)
_BINARY = {
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_", "@in"), _RELATION),
    **dict.fromkeys(("_+_", "_-_"), _SUM),
    **dict.fromkeys(("_*_", "_/_", "_%_"), _PRODUCT),
}
_STEPS = frozenset({"_&&_", "_||_", "!_", "_?_:_", "_[_]"})
"""What runs as steps of our own."""

_GIVES = {
    **dict.fromkeys(("contains", "startsWith", "endsWith", "matches", "bool"), BOOLEAN),
    **{name: INTEGER for name in FUNCTIONS if name.startswith("get")},
    **{name: foreign(name) for name in ("timestamp", "duration", "bytes", "type")},
    "double": NUMBER,
    "int": INTEGER,
    "size": INTEGER,
    "string": TEXT,
    "uint": foreign("unsigned integer"),
}
_EXACT = 1 << 53
"""Integers up to here are numbers without loss."""


class Typed(Protocol):
    """A step and its type."""

    @property
    def step(self) -> Step:
        """What it runs as."""
        ...

    @property
    def type(self) -> Type:
        """The type of its value."""
        ...


class Checks(Protocol):
    """What checks those parts of a formula that run as steps."""

    def check(self, expr: Expr) -> Typed:
        """Return step and type."""
        ...

    def json(self, expr: Expr) -> Typed:
        """Return step and type of what must be JSON."""
        ...

    def callable(self, expr: Call) -> bool:
        """Whether there is such a function; reports it when not."""
        ...


class Compiled(NamedTuple):
    """A formula that CEL accepts."""

    expression: cel.Expression
    leaves: tuple[Leaf, ...]
    type: Type


class Notation:
    """The text of one formula, its variables, and where its pieces came from."""

    def __init__(self, checks: Checks, formula: Call) -> None:
        self._checks = checks
        self._text = ""
        self._starts: list[int] = []
        self._origins: list[Expr] = []
        self._leaves: list[Leaf] = []
        self._write(formula, 0)

    def compiled(self) -> Compiled | Problem:
        """Return what CEL makes of it, or its first complaint at its place in the author's text."""
        made = compile_formula(self._text, tuple(leaf.code for leaf in self._leaves))
        if isinstance(made, Complaint):
            return self._problem(made)
        return Compiled(made, tuple(self._leaves), result_type(made))

    def _problem(self, complaint: Complaint) -> Problem:
        origin = self._origins[max(0, bisect_right(self._starts, complaint.offset) - 1)]
        start, end = call_span(origin) if isinstance(origin, Call) else (origin.offset, origin.offset + 1)
        if complaint.unknown:
            message = f"`{complaint.unknown}` cannot be called like this"
            return Problem(code="EX006", message=message, offset=start, length=end - start)
        code = "EX007" if complaint.too_deep else "EX005"
        return Problem(code=code, message=complaint.message, help=complaint.help, offset=start, length=end - start)

    def _put(self, text: str, origin: Expr) -> None:
        self._starts.append(len(self._text))
        self._origins.append(origin)
        self._text += text

    def _write(self, expr: Expr, rank: int) -> None:
        """Write an expression where only operators that bind tighter than `rank` may stand without brackets."""
        match expr:
            case Const(value=value):
                bare = rank < _UNARY or not isinstance(value, int | float) or value >= 0
                self._put(_literal(expr) if bare else f"({_literal(expr)})", expr)
            case Ident(name=name) if foreign_name(self._checks.check(expr).type):
                self._put(name, expr)
            case ListOf(items=items):
                self._list(expr, "[", items, "]")
            case Call(function="size", args=(value,)) if not foreign_name(self._type(value)):
                self._leaf(expr)
            case Call(function=function) if function not in _STEPS:
                self._call(expr, rank)
            case _:
                self._leaf(expr)

    def _call(self, expr: Call, rank: int) -> None:
        if not self._checks.callable(expr):
            return
        own = _UNARY if expr.function == "-_" else _BINARY.get(expr.function)
        if own is None:
            self._function(expr)
            return
        if own <= rank:
            self._put("(", expr)
        if own == _UNARY:
            self._put("-", expr)
            self._write(expr.args[0], _UNARY)
        else:
            self._operator(expr, own)
        if own <= rank:
            self._put(")", expr)

    def _operator(self, expr: Call, own: int) -> None:
        left, right = expr.args
        sign = "in" if expr.function == "@in" else expr.function[1:-1]
        kinds = [kind_of(self._type(operand)) for operand in expr.args]
        mixed = set(kinds) == {"integer", "number"} and expr.function != "_%_"
        if expr.function == "@in":
            self._write_as(left, own - 1, number=kinds[0] == "integer" and self._numbers(right))
            self._put(f" {sign} ", expr)
            if kinds[0] == "number" and isinstance(right, ListOf):
                self._list(right, "[", right.items, "]", number=True)
            else:
                self._write(right, own)
            return
        self._write_as(left, own - 1, number=mixed and kinds[0] == "integer")
        self._put(f" {sign} ", expr)
        self._write_as(right, own, number=mixed and kinds[1] == "integer")

    def _numbers(self, expr: Expr) -> bool:
        return kind_of(self._type(expr).item() or ANY) == "number"

    def _write_as(self, expr: Expr, rank: int, *, number: bool) -> None:
        """Write an expression, an integer as a number when `number`."""
        if not number:
            self._write(expr, rank)
        elif isinstance(expr, Const) and isinstance(expr.value, int) and abs(expr.value) <= _EXACT:
            self._write(Const(expr.offset, float(expr.value)), rank)
        else:
            self._put("double(", expr)
            self._write(expr, 0)
            self._put(")", expr)

    def _function(self, expr: Call) -> None:
        args = expr.args
        if expr.method:
            self._write(args[0], _MEMBER)
            self._put(".", expr)
            args = args[1:]
        self._list(expr, f"{expr.function}(", args, ")")

    def _list(self, expr: Expr, start: str, items: tuple[Expr, ...], end: str, *, number: bool = False) -> None:
        self._put(start, expr)
        for position, item in enumerate(items):
            if position:
                self._put(", ", expr)
            self._write_as(item, 0, number=number and kind_of(self._type(item)) == "integer")
        self._put(end, expr)

    def _leaf(self, expr: Expr) -> None:
        typed = self._checks.json(expr)
        leaf = Leaf(typed.step, typed.type, code_of(typed.type), coercion(typed.type))
        number = len(self._leaves)
        if isinstance(leaf.step, Chain | Name):
            same = (place for place, known in enumerate(self._leaves) if known.step == leaf.step)
            number = next(same, number)
        if number == len(self._leaves):
            self._leaves.append(leaf)
        self._put(f"_{number}", expr)

    def _type(self, expr: Expr) -> Type:
        """Return the type of a part before CEL has seen the whole; `any` where only CEL knows."""
        match expr:
            case ListOf(items=items):
                return Type.list_of(common(self._type(item) for item in items))
            case Call(function=function) if function in _GIVES:
                return _GIVES[function]
            case Call(function="-_", args=(operand,)):
                return self._type(operand)
            case Call(function=function, args=args) if function in _BINARY:
                return BOOLEAN if _BINARY[function] == _RELATION else _sum([self._type(arg) for arg in args])
            case Call(function=function) if function not in _STEPS:
                return ANY
            case _:
                return self._checks.check(expr).type


def _sum(operands: list[Type]) -> Type:
    """Return the type of an arithmetic operator's result."""
    type_ = common(operands)
    return type_ if kind_of(type_) in ("integer", "number", "string", "array") else ANY


def _literal(const: Const) -> str:
    match const.value:
        case None:
            return "null"
        case bool():
            return "true" if const.value else "false"
        case str():
            return json.dumps(const.value, ensure_ascii=False)
        case bytes():
            return 'b"' + "".join(f"\\x{byte:02x}" for byte in const.value) + '"'
        case UInt():
            return f"{int(const.value)}u"
        case _:
            return repr(const.value)
