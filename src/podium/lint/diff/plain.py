"""Configs as plain JSON, with nodes under the names that they have in the other workflow.

Names stand in expressions, which are rewritten at the places where the syntax tree has them, and in the fields that
name nodes. What belongs to nodes inside a node is left out, or written whole, as is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, cast, get_origin

from pydantic import BaseModel

from podium.graph.fields import read
from podium.spec.diagnostic import Loc
from podium.spec.model import Expression, NodeConfig, Template, split_template
from podium.spec.types import Type
from podium.units import format_duration, format_energy

Json = Any
Names = Mapping[str, str]
"""`{name here: name in the other workflow}`, only those that differ."""


def members(model: BaseModel) -> Iterator[tuple[str, object]]:
    """Yield the fields of a model by their keys as written, further keys included."""
    for name, field in type(model).model_fields.items():
        yield field.alias or name, cast("object", getattr(model, name))
    yield from (model.__pydantic_extra__ or {}).items()


def node_names(config: NodeConfig) -> frozenset[str]:
    """Return the names of nodes that stand in a config outside of expressions."""
    rule, revision = config.join_rule(), config.revision()
    return frozenset(
        (
            *config.after,
            *config.cancels,
            *config.handlers().values(),
            *(name for names in config.starts().values() for name in names),
            *(rule.sources if rule else ()),
            *((revision.target,) if revision else ()),
        )
    )


def whole(config: NodeConfig, names: Names) -> dict[str, Json]:
    """Return all of a node, with the nodes inside it."""
    known = {name: names[name] for name in node_names(config) if name in names}
    return {
        key: _plain(value, names, {} if _is_choice(config, key) else known, inside=True)
        for key, value in members(config)
    }


def own(config: NodeConfig, names: Names) -> Iterator[tuple[str, Json]]:
    """Yield the fields of a node that are there, without the nodes inside it."""
    known = {name: names[name] for name in node_names(config) if name in names}
    for key, value in members(config):
        plain = _plain(value, names, {} if _is_choice(config, key) else known, inside=False)
        if plain is not None:
            yield key, plain


def plain(value: object, names: Names | None = None) -> Json:
    """Return a value that holds no names of nodes outside of expressions."""
    return _plain(value, names or {}, {}, inside=False)


def _is_choice(config: NodeConfig, key: str) -> bool:
    """Whether a field takes one of some words, none of which can be the name of a node."""
    for name, field in type(config).model_fields.items():
        if (field.alias or name) == key:
            return get_origin(field.annotation) is Literal
    return False


def _plain(value: object, names: Names, known: Names, *, inside: bool) -> Json:
    match value:
        case Expression():
            return _renamed(value, names)
        case Template():
            return "null" if value.value is None else _texts(value.value, names)
        case Type():
            return value.schema
        case timedelta():
            return format_duration(value)
        case Decimal():
            return format_energy(value)
        case NodeConfig():
            return {"type": type(value).__name__, **whole(value, names)} if inside else None
        case BaseModel():
            return _filled({key: _plain(one, names, known, inside=inside) for key, one in members(value)})
        case dict():
            found = cast("dict[str, object]", value)
            return _filled({key: _plain(one, names, known, inside=inside) for key, one in found.items()}) or None
        case list() | tuple():
            items = [_plain(one, names, known, inside=inside) for one in cast("list[object]", value)]
            return [item for item in items if item is not None] or None
        case str():
            return known.get(value, value) or None
        case _:
            return value


def _filled(found: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in found.items() if value is not None}


def _texts(value: Json, names: Names) -> Json:
    match value:
        case str():
            return _rewritten(value, names)
        case dict():
            return {key: _texts(one, names) for key, one in cast("dict[str, Json]", value).items()}
        case list():
            return [_texts(one, names) for one in cast("list[Json]", value)]
        case _:
            return value


def _rewritten(text: str, names: Names) -> str:
    if not names or "${" not in text:
        return text
    for piece in reversed(split_template(text)):
        if piece.expression:
            end = piece.offset + len(piece.text)
            text = text[: piece.offset] + _renamed(piece.text, names) + text[end:]
    return text


def _renamed(text: str, names: Names) -> str:
    if not names:
        return str(text)
    loc: Loc = ()
    found = {(one.reference.offset, one.reference.name) for one in read(text, loc) if one.reference.name in names}
    for offset, name in sorted(found, reverse=True):
        text = text[:offset] + names[name] + text[offset + len(name) :]
    return str(text)
