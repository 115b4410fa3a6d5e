"""What a Python program gives for a setting, as what a file would say at that place.

The annotation of the setting decides: where an expression is taken a reference is bare CEL, elsewhere `${…}`; where a
node is named, a node is its id; where a type is taken, a Python type is its schema. Text stays as it is, but for
expressions, in which an f-string has left `${x}` for `x`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel

from podium.building.made import Made
from podium.building.reference import Ref, text_of, unwrapped
from podium.building.types import node_types
from podium.node.contract import Node as NodeType
from podium.spec.model import Expression, Template
from podium.spec.python_type import is_python_type, schema_of
from podium.spec.types import Type

Leaf = TypeVar("Leaf")


class Named(ABC):
    """Something with a name in a workflow: a node, or a workflow that another one runs."""

    __slots__ = ()

    @abstractmethod
    def podium_name(self) -> str:
        """Return the name."""


class Plain:
    """Turns values into what a file says.

    Attributes:
        node_types: The node types, declared in this program, of the nodes that it came across.
        named: What was named.
    """

    def __init__(self) -> None:
        self.node_types: dict[str, NodeType] = {}
        self.named: list[Named] = []

    def settings(self, model: type[BaseModel], given: Mapping[str, object]) -> dict[str, object]:
        """Return the settings of a model, by the keys of a file."""
        annotations = _annotations(model)
        return {key: self.value(value, annotations.get(key, Any)) for key, value in given.items()}

    def learn(self, node: Made) -> type[BaseModel]:
        """Remember the type of a node when it is declared in this program; return its config."""
        if node.node_type is not None:
            self.node_types[node.type] = node.node_type
            return node.node_type.config
        return node_types()[node.type].config

    def value(self, value: object, annotation: object) -> object:
        """Return a value at a place with this annotation."""
        leaves = _leaves(annotation)
        expression = _has(leaves, Expression)
        match value:
            case Ref():
                return text_of(value) if expression else format(value)
            case Named():
                return self._name(value, leaves)
            case Made():
                return self.settings(self.learn(value), value.settings)
            case str():
                return unwrapped(value) if expression else str(value)
            case PurePath():
                return str(value)
            case _ if Type in leaves and is_python_type(value):
                return schema_of(value)
            case Mapping():
                return self._mapping(cast("Mapping[str, object]", value), annotation, leaves)
            case Sequence() if not isinstance(value, bytes | bytearray):
                item = _item(leaves) or annotation
                return [self.value(inner, item) for inner in cast("Sequence[object]", value)]
            case _:
                return value

    def _name(self, named: Named, leaves: Sequence[object]) -> str:
        self.named.append(named)
        name = named.podium_name()
        if _has(leaves, Expression):
            return f"{name}.out"
        return f"${{{name}.out}}" if _has(leaves, Template) else name

    def _mapping(self, value: Mapping[str, object], annotation: object, leaves: Sequence[object]) -> dict[str, object]:
        model = next((leaf for leaf in leaves if isinstance(leaf, type) and issubclass(leaf, BaseModel)), None)
        if model is not None:
            return self.settings(model, value)
        inner = next((get_args(leaf)[1] for leaf in leaves if get_origin(leaf) in {dict, Mapping}), annotation)
        return {key: self.value(each, inner) for key, each in value.items()}


def _annotations(model: type[BaseModel]) -> dict[str, object]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _leaves(annotation: object) -> list[object]:
    """Return what a union is made of, without annotations."""
    if get_origin(annotation) is Annotated:
        return _leaves(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [leaf for part in get_args(annotation) for leaf in _leaves(part)]
    return [annotation]


def _has(leaves: Sequence[object], kind: type) -> bool:
    return any(isinstance(leaf, type) and issubclass(leaf, kind) for leaf in leaves)


def _item(leaves: Sequence[object]) -> object | None:
    found = (get_args(leaf)[0] for leaf in leaves if get_origin(leaf) in {list, tuple, Sequence})
    return next(found, None)
