"""Expressions and templates: text in, a program that can be evaluated again and again out.

`check` takes a bare CEL expression, `check_template` a JSON value with `${…}` in its texts. Both know the types of the
names in scope and find at load what can be found; what is left can only fail at run time with `ExpressionError`.

Rendering in a text: text as it is; a list of texts one a line; everything else as compact JSON (`true`, `3`, `null`,
`{"a":1}`). A text that is one `${x}` and nothing else is not rendered but keeps the value, unless text is wanted.

```python
program = check("size(write.out) < 900", {"write": node_type(TEXT)}, want=BOOLEAN)
program.eval({"write": {"out": "…"}})
```
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from podium.errors import ExpressionError
from podium.graph.checker import Checker, Typed
from podium.graph.problem import Problem
from podium.graph.references import Reference, references
from podium.graph.shape import TEXT, article, common, fits, kind_of, type_of_value, word
from podium.graph.steps import Constant, MakeList, MakeObject, Names, Step
from podium.graph.syntax import parse
from podium.graph.work import TooMuchWork, Work
from podium.spec.diagnostic import Loc
from podium.spec.model import split_template
from podium.spec.types import Type

Json = Any

_SHOWN = 80


@dataclass(frozen=True, eq=False, slots=True)
class Checked:
    """A checked expression, template or tree of them; a `podium.graph.model.Program`.

    Attributes:
        type: The type of its value.
        references: What it reads, each occurrence; places count in the text of their own expression.
        names: The names in `references`.
        parts: Of an object that is written out, what each of its keys reads; {} for anything else.
    """

    step: Step
    type: Type
    references: tuple[Reference, ...]
    names: frozenset[str]
    parts: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict[str, "tuple[Reference, ...]"])

    @property
    def guarded(self) -> frozenset[str]:
        """The names that stand inside a `has(…)` somewhere in it."""
        return frozenset(reference.name for reference in self.references if reference.guarded)

    def eval(self, names: Names) -> Json:
        """Return its value; see `podium.graph.model.Program.eval`."""
        try:
            return self.step.eval(names, Work())
        except RecursionError:
            raise ExpressionError("a value is nested too deeply", help="check what it was made by") from None


def check(text: str, scope: Mapping[str, Type], *, want: Type | None = None) -> Checked | list[Problem]:
    """Return the program of a bare CEL expression, or all that is wrong with it.

    Args:
        text: The expression.
        scope: The types of the names that it may read; of a node it is `podium.graph.shape.node_type`.
        want: The type that its value must have; a value of a wrong type at run time is not looked for.
    """
    tree = parse(text)
    if isinstance(tree, Problem):
        return [tree]
    checker = Checker(text, scope)
    typed = checker.json(tree)
    if not checker.problems and want is not None and not fits(typed.type, want):
        checker.problems.append(_unwanted(text, typed.type, want))
    if checker.problems:
        return checker.problems
    read = tuple(reference for reference in references(text, tree) if reference.name in scope)
    return program(Typed(Named(typed.step, text), typed.type), read)


def _unwanted(text: str, got: Type, want: Type) -> Problem:
    if kind_of(got) == kind_of(want):
        message = f"expected {want}, got {got}"
    elif kind_of(want) == "boolean":
        message = f"expected true or false, got {article(word(got))}"
    else:
        message = f"expected {article(word(want))}, got {article(word(got))}"
    start = len(text) - len(text.lstrip())
    return Problem(code="EX005", message=message, offset=start, length=len(text.strip()))


def program(
    typed: Typed, read: tuple[Reference, ...], parts: Mapping[str, tuple[Reference, ...]] | None = None
) -> Checked:
    """Return the program of a step that reads these names."""
    return Checked(typed.step, typed.type, read, frozenset(reference.name for reference in read), parts or {})


@dataclass(frozen=True, slots=True)
class Named:
    """A whole expression: its failures name it."""

    step: Step
    text: str

    def eval(self, names: Names, work: Work) -> Json:
        try:
            return self.step.eval(names, work)
        except ExpressionError as error:
            text = " ".join(self.text.split())
            shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
            kind = TooMuchWork if isinstance(error, TooMuchWork) else ExpressionError
            raise kind(f"`{shown}` failed: {error.message}", help=error.help) from None


@dataclass(frozen=True, slots=True)
class Text:
    """Pieces of a text, rendered and put together."""

    pieces: tuple[Step, ...]

    def eval(self, names: Names, work: Work) -> str:
        return "".join(render(piece.eval(names, work)) for piece in self.pieces)


def render(value: Json) -> str:
    """Return a value as it stands in a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        items = cast("list[Json]", value)
        if all(isinstance(item, str) for item in items):
            return "\n".join(items)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def check_template(value: Json, scope: Mapping[str, Type], *, text: bool = False) -> Checked | list[Problem]:
    """Return the program of a JSON value with `${…}` in its texts, or all that is wrong with it.

    Args:
        value: Text, or lists and objects of text and other values.
        scope: As for `check`.
        text: The value must be text; a whole-value `${x}` is rendered too.
    """
    builder = _Builder(scope)
    typed = builder.build(value, (), text=text)
    if builder.problems:
        return builder.problems
    return program(typed, tuple(builder.references), builder.parts)


class _Builder:
    """Walks a value, checks every expression in it, and gathers what they read."""

    def __init__(self, scope: Mapping[str, Type]) -> None:
        self.problems: list[Problem] = []
        self.references: list[Reference] = []
        self.parts: dict[str, tuple[Reference, ...]] = {}
        self._scope = scope

    def build(self, value: Json, loc: Loc, *, text: bool = False) -> Typed:
        match value:
            case str():
                return self._text(value, loc, text=text)
            case list():
                items = [self.build(item, (*loc, index)) for index, item in enumerate(cast("list[Json]", value))]
                return list_of(items)
            case dict():
                fields = cast("dict[str, Json]", value).items()
                return object_of({key: self._member(key, inner, loc) for key, inner in fields})
            case _:
                return Typed(Constant(value), type_of_value(value))

    def _member(self, key: str, value: Json, loc: Loc) -> Typed:
        before = len(self.references)
        typed = self.build(value, (*loc, key))
        if not loc:
            self.parts[key] = tuple(self.references[before:])
        return typed

    def _text(self, value: str, loc: Loc, *, text: bool) -> Typed:
        pieces = split_template(value)
        if len(pieces) == 1 and not pieces[0].expression:
            return Typed(Constant(pieces[0].text), TEXT)
        steps = [
            self._piece(piece.text, piece.offset, loc) if piece.expression else Typed(Constant(piece.text), TEXT)
            for piece in pieces
        ]
        if len(steps) == 1 and not text:
            return steps[0]
        return Typed(Text(tuple(typed.step for typed in steps)), TEXT)

    def _piece(self, text: str, offset: int, loc: Loc) -> Typed:
        checked = check(text, self._scope)
        if isinstance(checked, list):
            self.problems += [problem.moved(loc, offset) for problem in checked]
            return Typed(Constant(None), TEXT)
        self.references += checked.references
        return Typed(checked.step, checked.type)


def list_of(items: list[Typed]) -> Typed:
    """Return the list of several values; a constant when all of them are."""
    type_ = Type.list_of(common(item.type for item in items))
    constants = [item.step for item in items]
    if all(isinstance(step, Constant) for step in constants):
        return Typed(Constant([cast("Constant", step).value for step in constants]), type_)
    return Typed(MakeList(tuple(constants)), type_)


def object_of(fields: Mapping[str, Typed]) -> Typed:
    """Return the object of several values; a constant when all of them are."""
    type_ = Type.object_of({key: typed.type for key, typed in fields.items()})
    if all(isinstance(typed.step, Constant) for typed in fields.values()):
        return Typed(Constant({key: cast("Constant", typed.step).value for key, typed in fields.items()}), type_)
    return Typed(MakeObject(tuple((Constant(key), typed.step) for key, typed in fields.items())), type_)
