"""The order of keys: as the models list them; in a node its note, its type, its settings, then what all nodes have.

Mappings of names (inputs, tools, nodes) and values of the author's own keep their order. A key that a model does not
name, such as a setting of a Python tool, stays behind the key that it stood behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from pydantic import BaseModel

from podium.spec.format_tree import Entry, Item
from podium.spec.model import NodeConfig, NodeTypes

_COMMON = tuple(name for name in NodeConfig.model_fields if name != "about")


def arrange(item: Item, value: object, node_types: NodeTypes) -> None:
    """Put the keys of a value into order; `value` is the model that it was read as."""
    match value:
        case BaseModel() if isinstance(item.value, dict):
            item.entries = _ordered(item.entries, order_of(type(value), node_types))
            fields = {field.alias or name: name for name, field in type(value).model_fields.items()}
            for entry in item.entries:
                if entry.key in fields:
                    arrange(entry.item, getattr(value, fields[entry.key]), node_types)
        case dict() if isinstance(item.value, dict):
            inner = cast("dict[str, object]", value)
            for entry in item.entries:
                arrange(entry.item, inner.get(str(entry.key)), node_types)
        case list() | tuple() if isinstance(item.value, list):
            values = cast("list[object]", value)
            if len(values) == len(item.entries):
                for entry, one in zip(item.entries, values, strict=True):
                    arrange(entry.item, one, node_types)
        case _:
            return


def order_of(model: type[BaseModel], node_types: NodeTypes) -> list[str]:
    """Return the keys of a model in the order in which they are written."""
    names = list(model.model_fields)
    if issubclass(model, NodeConfig):
        own = [name for name in names if name not in NodeConfig.model_fields]
        names = ["about", *own, *_COMMON]
    keys = [model.model_fields[name].alias or name for name in names]
    type_key = next((key for key, config in node_types.items() if config is model), None)
    if type_key is not None:
        keys.remove(type_key)
        keys.insert(1, type_key)
    return keys


def _ordered(entries: Iterable[Entry], order: list[str]) -> list[Entry]:
    ranked: list[tuple[int, Entry]] = []
    rank = -1
    for entry in entries:
        rank = order.index(entry.key) if entry.key in order else rank
        ranked.append((rank, entry))
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])]
