"""Checks a syntax tree against the types of the names in scope, and turns it into steps.

Types are exact along names, fields, constant indices, literals, loops and conditions; operators and functions are
judged by CEL's own checker, over variables of exactly those types (`podium.graph.notation`). What is reported:

- EX003 a name that is not known, EX004 a field that no value of the type can have (both with "did you mean");
- EX005 an operand or a result of the wrong type;
- EX006 a function or a form that does not exist here, EX007 loops nested deeper than three.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from podium.graph.cel import FUNCTIONS
from podium.graph.formula import Formula
from podium.graph.loops import ExistsOne, Loop, Map, Quantifier
from podium.graph.notation import Notation
from podium.graph.places import Span, call_span, field_span, start_of, word_at
from podium.graph.problem import Problem
from podium.graph.shape import (
    ANY,
    BOOLEAN,
    INTEGER,
    OBJECT,
    TEXT,
    article,
    common,
    field_type,
    foreign,
    foreign_name,
    is_node,
    kind_of,
    type_of_value,
    word,
)
from podium.graph.steps import Chain, Choice, Constant, Either, Has, Index, MakeList, MakeObject, Name, Not, Size, Step
from podium.graph.syntax import Call, Const, Each, Expr, Ident, ListOf, MapOf, Select, UInt
from podium.spec.suggest import closest, did_you_mean
from podium.spec.types import Type

if TYPE_CHECKING:
    from collections.abc import Generator

INPUTS = "inputs"
"""The name of what the run was started with."""

MAX_LOOPS = 3
"""Loops within loops."""

_TYPE_NAMES = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"})
_MACROS = frozenset({"has", "all", "exists", "exists_one", "map", "filter"})
_OTHER_LANGUAGES = {"True": "true", "False": "false", "None": "null", "len": "size", "str": "string", "float": "double"}


class Typed(NamedTuple):
    """A step and the type of its value."""

    step: Step
    type: Type


UNKNOWN = Typed(Constant(None), ANY)
"""Stands for what has been reported."""


class Checker:
    """One check of one expression; its findings are `problems`."""

    def __init__(self, text: str, scope: Mapping[str, Type]) -> None:
        self.text = text
        self.problems: list[Problem] = []
        self._scope = scope
        self._variables: list[str] = []
        self._known: dict[int, Typed] = {}

    def check(self, expr: Expr) -> Typed:
        """Return the step of an expression; each is visited once, however often it is asked for."""
        known = self._known.get(id(expr))
        if known is None:
            known = self._known[id(expr)] = self._visit(expr)
        return known

    def json(self, expr: Expr) -> Typed:
        """Return the step of an expression that must give JSON."""
        typed = self.check(expr)
        if name := foreign_name(typed.type):
            self.report(
                "EX005", f"expected a value, got {article(name)}", self._place(expr), "make it text: `string(…)`"
            )
        return typed

    def condition(self, expr: Expr) -> Step:
        """Return the step of an expression that must give true or false."""
        typed = self.check(expr)
        if kind_of(typed.type) not in (None, "boolean") or foreign_name(typed.type):
            message = f"expected true or false, got {article(word(typed.type))}"
            self.report("EX005", message, self._place(expr), "compare it with something")
        return typed.step

    def report(self, code: str, message: str, place: Span, help_: str = "", name: str = "") -> None:
        """Add a problem."""
        length = max(1, place.end - place.start)
        self.problems.append(
            Problem(code=code, message=message, help=help_, offset=place.start, length=length, name=name)
        )

    def callable(self, expr: Call) -> bool:
        """Whether there is such a function; if not, say so rather than what its arguments then look like."""
        if not expr.function.isidentifier() or (expr.function in FUNCTIONS and expr.function not in _MACROS):
            return True
        if expr.function in _MACROS:
            message, help_ = f"`{expr.function}` is not written like this", "write `list.map(item, item.field)`"
        else:
            message, help_ = f"there is no function `{expr.function}`", _meant(expr.function, FUNCTIONS)
        self.report("EX006", message, call_span(expr), help_)
        return False

    def _visit(self, expr: Expr) -> Typed:
        match expr:
            case Const(value=UInt() | bytes() as value):
                return Typed(Constant(None), foreign("bytes" if isinstance(value, bytes) else "unsigned integer"))
            case Const(value=value):
                return Typed(Constant(value), type_of_value(value))
            case Ident():
                return self._name(expr)
            case Select():
                return self._select(expr)
            case Each():
                return self._each(expr)
            case ListOf(items=items):
                typed = [self.json(item) for item in items]
                return Typed(MakeList(tuple(item.step for item in typed)), Type.list_of(common(t.type for t in typed)))
            case MapOf():
                return self._object(expr)
            case Call():
                return self._call(expr)

    def _place(self, expr: Expr) -> Span:
        start = start_of(expr)
        return Span(start, start + word_at(self.text, start))

    def _name(self, expr: Ident) -> Typed:
        place = Span(expr.offset, expr.offset + len(expr.name))
        type_ = self._scope.get(expr.name)
        if type_ is None:
            if expr.name in _TYPE_NAMES:
                return Typed(Constant(None), foreign("type"))
            help_ = _meant(expr.name, self._scope)
            self.report("EX003", f"`{expr.name}` is not defined", place, help_, name=expr.name)
            return UNKNOWN
        if is_node(type_) and expr.name not in self._variables:
            self.report("EX005", f"`{expr.name}` is a node, not a value", place, f"write `{expr.name}.out`")
            return UNKNOWN
        return Typed(Name(expr.name), type_)

    def _select(self, expr: Select) -> Typed:
        typed = self._member(expr.operand, expr.field, field_span(self.text, expr))
        if not expr.test:
            return typed
        return Typed(Has(typed.step), BOOLEAN) if isinstance(typed.step, Chain) else Typed(typed.step, BOOLEAN)

    def _member(self, operand: Expr, key: str | int, place: Span) -> Typed:
        """Return `operand.key` or `operand[key]` with a constant key."""
        if isinstance(operand, Ident) and operand.name not in self._variables:
            type_ = self._scope.get(operand.name, ANY)
            if is_node(type_):
                return self._of_node(operand, type_, str(key), place)
        base = self.check(operand)
        noun = "input" if isinstance(base.step, Name) and base.step.name == INPUTS else "field"
        type_ = ANY if base is UNKNOWN else self._member_type(base.type, key, place, noun)
        if isinstance(base.step, Chain):
            return Typed(Chain(base.step.base, (*base.step.keys, key), base.step.node), type_)
        return Typed(Chain(base.step, (key,)), type_)

    def _of_node(self, node: Ident, type_: Type, key: str, place: Span) -> Typed:
        found = field_type(type_, key)
        if found is None:
            meant = closest(key, (field_type(type_, "out") or ANY).fields())
            help_ = f"did you mean `{node.name}.out{f'.{meant}' if meant else ''}`?"
            message = f"the node `{node.name}` has no `{key}`, only `out` and `error`"
            self.report("EX004", message, place, help_)
            return UNKNOWN
        return Typed(Chain(Name(node.name), (key,), node=node.name), found)

    def _member_type(self, base: Type, key: str | int, place: Span, noun: str) -> Type:
        kind = kind_of(base)
        if kind is None and not foreign_name(base):
            return ANY
        if kind == "array" and isinstance(key, int):
            return base.item() or ANY
        if kind == "object" and isinstance(key, str):
            found = field_type(base, key)
            if found is None:
                fields = list(base.fields())
                help_ = did_you_mean(key, fields) or _listed(fields)
                self.report("EX004", f"there is no {noun} `{key}`", place, help_)
            return found or ANY
        wanted = f"field `{key}`" if isinstance(key, str) else f"item `[{key}]`"
        help_ = "go through its items: `list.map(item, item.field)`" if kind == "array" else ""
        self.report("EX004", f"this is {article(word(base))}, which has no {wanted}", place, help_)
        return ANY

    def _call(self, expr: Call) -> Typed:
        match expr.function, expr.args:
            case "_&&_" | "_||_", (left, right):
                operands = (self.condition(left), self.condition(right))
                return Typed(Either(operands, decided_by=expr.function == "_||_"), BOOLEAN)
            case "!_", (operand,):
                return Typed(Not(self.condition(operand)), BOOLEAN)
            case "_?_:_", (test, yes, no):
                chosen = (self.json(yes), self.json(no))
                step = Choice(self.condition(test), chosen[0].step, chosen[1].step)
                return Typed(step, common(typed.type for typed in chosen))
            case "_[_]", (base, key):
                return self._index(expr, base, key)
            case "size", (value,) if not foreign_name(self.check(value).type):
                return self._size(expr, self.check(value))
            case _:
                return self._formula(expr)

    def _index(self, expr: Call, base: Expr, key: Expr) -> Typed:
        place = Span(expr.offset, expr.offset + 1)
        if isinstance(key, Const):
            if isinstance(key.value, str):
                return self._member(base, key.value, place)
            if type(key.value) is int and key.value >= 0:
                return self._member(base, key.value, place)
            if type(key.value) is int:
                self.report("EX005", "an index counts from 0", place, "the last item is `x[size(x) - 1]`")
        typed, key_typed = self.check(base), self.json(key)
        kind, key_kind = kind_of(typed.type), kind_of(key_typed.type)
        wanted = {"array": "integer", "object": "string"}.get(kind or "", key_kind)
        if kind not in (None, "array", "object") or (key_kind is not None and key_kind != wanted):
            self.report("EX005", f"`[…]` does not work on {word(typed.type)} and {word(key_typed.type)}", place)
        item = typed.type.item() if kind == "array" else None
        start = start_of(base)
        written = self.text[start : expr.offset] if start < expr.offset else "(…)"
        return Typed(Index(typed.step, key_typed.step, written), item or ANY)

    def _size(self, expr: Call, value: Typed) -> Typed:
        if kind_of(value.type) not in (None, "string", "array", "object"):
            self.report("EX005", f"`size()` does not work on {word(value.type)}", call_span(expr))
        return Typed(Size(value.step), INTEGER)

    def _object(self, expr: MapOf) -> Typed:
        if expr.message:
            place = Span(expr.offset, expr.offset + len(expr.message))
            self.report("EX006", f"there is no type `{expr.message}`", place, 'write an object: `{"name": value}`')
        entries = [(self.json(key), self.json(value)) for key, value in expr.entries]
        fields: dict[str, Type] = {}
        for (key, _), (key_typed, value_typed) in zip(expr.entries, entries, strict=True):
            if kind_of(key_typed.type) not in (None, "string"):
                self.report("EX005", f"a key must be text, got {article(word(key_typed.type))}", self._place(key))
            if isinstance(key, Const) and isinstance(key.value, str):
                fields[key.value] = value_typed.type
        type_ = Type.object_of(fields) if len(fields) == len(entries) else OBJECT
        return Typed(MakeObject(tuple((key.step, value.step) for key, value in entries)), type_)

    def _each(self, expr: Each) -> Typed:
        items = self.check(expr.items)
        kind = kind_of(items.type)
        if kind not in (None, "array", "object") or foreign_name(items.type):
            message = f"expected a list to go through, got {article(word(items.type))}"
            self.report("EX005", message, self._place(expr.items))
        if len(self._variables) == MAX_LOOPS:
            message = f"loops are nested deeper than {MAX_LOOPS}"
            self.report("EX007", message, call_span(expr), "use a `map` node for the outer one")
        with self._variable(expr.variable, TEXT if kind == "object" else items.type.item() or ANY):
            condition = None if expr.condition is None else self.condition(expr.condition)
            body = None if expr.body is None else self.json(expr.body)
        return _loop(expr, Loop(items.step, expr.variable), condition, body)

    @contextmanager
    def _variable(self, name: str, type_: Type) -> Generator[None]:
        outer, self._scope = self._scope, {**self._scope, name: type_}
        self._variables.append(name)
        yield
        self._variables.pop()
        self._scope = outer

    def _formula(self, expr: Call) -> Typed:
        before = len(self.problems)
        notation = Notation(self, expr)
        if len(self.problems) > before:
            return UNKNOWN
        made = notation.compiled()
        if isinstance(made, Problem):
            self.problems.append(made)
            return UNKNOWN
        return Typed(Formula(made.expression, made.leaves), made.type)


def _meant(name: str, known: Mapping[str, Type] | tuple[str, ...]) -> str:
    meant = _OTHER_LANGUAGES.get(name)
    return f"did you mean `{meant}`?" if meant else did_you_mean(name, known)


def _listed(fields: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in fields[:8])
    return f"there is {shown}{', …' if len(fields) > 8 else ''}" if fields else "there are none"


def _loop(expr: Each, loop: Loop, condition: Step | None, body: Typed | None) -> Typed:
    if body is not None:
        return Typed(Map(loop, condition, body.step), Type.list_of(body.type))
    assert condition is not None
    if expr.kind == "exists_one":
        return Typed(ExistsOne(loop, condition), BOOLEAN)
    return Typed(Quantifier(loop, condition, decided_by=expr.kind == "exists"), BOOLEAN)
