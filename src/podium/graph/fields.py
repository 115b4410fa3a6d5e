"""The fields of a node's config that hold expressions: found without knowing any node type.

A field is one program however deep its expressions stand: a tuple gives a list, a model or a mapping an object under
its keys as written, an expression its value, a text with `${…}` its text. What belongs to the nodes inside a node
(the body of a map, and the body's result) is not the node's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from podium.graph.checker import Typed
from podium.graph.expression import Checked, check, check_template, list_of, object_of, program
from podium.graph.problem import Problem
from podium.graph.references import Reference, references
from podium.graph.shape import type_of_value
from podium.graph.steps import Constant
from podium.graph.syntax import parse
from podium.spec.diagnostic import Loc
from podium.spec.model import Expression, NodeConfig, Template, TextTemplate, expressions, split_template
from podium.spec.types import Type

Json = Any
Scope = Mapping[str, Type]


class Field(NamedTuple):
    """A field of a node with an expression somewhere in it."""

    key: str
    value: object


class Read(NamedTuple):
    """A name that a config reads, and where: keys below the node, offset of the expression in the text there."""

    loc: Loc
    offset: int
    reference: Reference


def type_key(config: NodeConfig) -> str:
    """Return the key that makes the node what it is."""
    return type_key_of(type(config))


def type_key_of(model: type[NodeConfig]) -> str:
    """Return the key that makes a node one of this type.

    The registry knows it; a config that nobody registered has it as the first field that the class itself adds.
    """
    if registered := vars(model).get("type_key"):
        return str(registered)
    for kind in model.__mro__:
        if issubclass(kind, NodeConfig) and kind is not NodeConfig:
            inherited = {name for base in kind.__bases__ for name in getattr(base, "model_fields", {})}
            for name, field in kind.model_fields.items():
                if name not in inherited:
                    return field.alias or name
    raise TypeError(f"`{model.__name__}` adds no setting to those of every node")


def fields(config: NodeConfig) -> Iterator[Field]:
    """Yield the node's own fields that hold expressions, `when` and `default` excluded."""
    inside = inner_keys(config)
    for name, field in type(config).model_fields.items():
        value, key = cast("object", getattr(config, name)), field.alias or name
        if name not in ("when", "default") and key not in inside and _holds_expression(value):
            yield Field(key, value)


def inner_keys(config: NodeConfig) -> frozenset[str]:
    """Return the keys of a config that belong to the nodes inside it: their own, their results, what they tell."""
    locs = [loc for body in config.bodies().values() for loc in (body.loc, *(inner.loc for inner in body.inner()))]
    return frozenset(str(loc[0]) for loc in locs)


def written_at(config: NodeConfig, text: str) -> Loc:
    """Return the keys in a config at which a name stands, in what its type adds."""
    for name, field_ in type(config).model_fields.items():
        if name not in NodeConfig.model_fields:
            loc = _search(getattr(config, name), text)
            if loc is not None:
                return (field_.alias or name, *loc)
    return ()


def _search(value: object, text: str) -> Loc | None:
    match value:
        case str():
            return () if value == text else None
        case BaseModel() if not isinstance(value, NodeConfig):
            members = [(field.alias or name, getattr(value, name)) for name, field in type(value).model_fields.items()]
        case list() | tuple():
            members = list(enumerate(cast("Sequence[object]", value)))
        case _:
            return None
    for key, inner in members:
        if (found := _search(inner, text)) is not None:
            return (key, *found)
    return None


def _holds_expression(value: object) -> bool:
    match value:
        case Expression() | Template():
            return True
        case NodeConfig():
            return False
        case BaseModel():
            return any(True for _ in expressions(value))
        case dict():
            return any(_holds_expression(inner) for inner in cast("dict[str, object]", value).values())
        case list() | tuple():
            return any(_holds_expression(inner) for inner in cast("list[object]", value))
        case _:
            return False


def reads(config: NodeConfig) -> Iterator[Read]:
    """Yield every name that a node's own expressions and its fallbacks read; what does not parse reads nothing."""
    inside = inner_keys(config)
    for loc, found in expressions(config):
        if loc[0] in inside:
            continue
        if isinstance(found, Expression):
            yield from read(found, loc)
            continue
        for inner, text in found.texts():
            for piece in split_template(text):
                if piece.expression:
                    yield from read(piece.text, (*loc, *inner), piece.offset)
    for number, fallback in enumerate(config.fallback):
        yield from (found._replace(loc=("fallback", number, *found.loc)) for found in reads(fallback))


def read(text: str, loc: Loc, offset: int = 0) -> Iterator[Read]:
    """Yield the names that one expression reads."""
    tree = parse(text)
    if not isinstance(tree, Problem):
        for reference in references(text, tree):
            yield Read(loc, offset, reference)


def check_field(field: Field, scope: Scope) -> Checked | list[Problem]:
    """Return the program of a field, or all that is wrong with it; problems carry keys below the node."""
    builder = _Builder(scope)
    typed = builder.build(field.value, (field.key,))
    return builder.problems or program(typed, tuple(builder.references), builder.parts)


class _Builder:
    """Walks the value of a field and puts its program together."""

    def __init__(self, scope: Scope) -> None:
        self.problems: list[Problem] = []
        self.references: list[Reference] = []
        self.parts: dict[str, tuple[Reference, ...]] = {}
        self._scope = scope

    def build(self, value: object, loc: Loc) -> Typed:
        match value:
            case Expression():
                return self._checked(check(value, self._scope, want=value.wants), loc)
            case Template():
                text = isinstance(value, TextTemplate)
                return self._checked(check_template(value.value, self._scope, text=text), loc)
            case BaseModel():
                return object_of(dict(self._members(value, loc)))
            case dict():
                members = cast("dict[str, object]", value).items()
                return object_of({key: self._member(key, inner, loc) for key, inner in members})
            case list() | tuple():
                items = enumerate(cast("list[object]", value))
                return list_of([self.build(item, (*loc, index)) for index, item in items])
            case _:
                constant: Json = to_jsonable_python(value)
                return Typed(Constant(constant), type_of_value(constant))

    def _member(self, key: str, value: object, loc: Loc) -> Typed:
        before = len(self.references)
        typed = self.build(value, (*loc, key))
        if len(loc) == 1:
            self.parts[key] = tuple(self.references[before:])
        return typed

    def _members(self, model: BaseModel, loc: Loc) -> Iterator[tuple[str, Typed]]:
        for name, field in type(model).model_fields.items():
            value = cast("object", getattr(model, name))
            if value is not None:
                key = field.alias or name
                yield key, self.build(value, (*loc, key))

    def _checked(self, checked: Checked | list[Problem], loc: Loc) -> Typed:
        if isinstance(checked, list):
            self.problems += [problem.moved((*loc, *problem.loc), 0) for problem in checked]
            return Typed(Constant(None), Type.any())
        self.references += checked.references
        if len(loc) == 1:
            self.parts |= checked.parts
        return Typed(checked.step, checked.type)
