"""What the functions of `make` share: the types that a setting takes, and how a node comes of what was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from podium.building.made import Made
from podium.building.plain import Named
from podium.building.reference import Ref
from podium.building.types import node_types
from podium.errors import UsageError
from podium.graph.fields import type_key_of
from podium.node.contract import NodeConfig
from podium.node.function import node_of
from podium.spec.suggest import did_you_mean

Json = object
"""Any JSON value, with references anywhere in it."""

Expr = Ref | Named | str | bool | int | float
"""An expression: a reference, a node (its result), a literal, or CEL text in which `${x}` stands for `x`."""

Text = str | Ref | Named
"""Text with `${…}` in it, as an f-string leaves them."""

Target = str | Named
"""A node, or the name of one; a name of another kind where the setting says so."""

TypeLike = object
"""A type: in Python (`list[int]`, a TypedDict, a dataclass, a pydantic model), in the shorthand, or as JSON Schema."""

Bodies = Mapping[str, Made] | None
"""Nodes inside a node, by name; may be left out, and added to the node's `do`."""


def made(key: str, settings: Mapping[str, object], properties: Mapping[str, object]) -> Made:
    """Return a node of a shipped type, without the settings that were not given."""
    config = node_types()[key].config
    defaults = {
        field.alias or name: field.get_default(call_default_factory=True)
        for name, field in config.model_fields.items()
        if not field.is_required()
    }
    main = type_key_of(config)
    given = {
        name: value
        for name, value in settings.items()
        if (value is not None or name == main) and not _same(value, defaults.get(name))
    }
    return Made(type=key, settings={**given, **known(properties, config.model_fields)})


def node(kind: str | Callable[..., object], main: Json, /, **settings: Json) -> Made:
    """Return a node of any type: a plug-in by its type key, or a function marked `@podium.node_type`.

    Args:
        kind: The type key, or the function.
        main: The main argument, which stands under the type key.
        settings: The other settings and what every node may carry, by the keys of a file; a trailing `_` is cut off.

    Raises:
        UsageError: AP050 for a type that is not installed, AP051 for a setting that it does not have.
    """
    declared = None if isinstance(kind, str) else node_of(kind)
    key = kind if isinstance(kind, str) else node_of(kind).type
    types = node_types()
    if declared is None and key not in types:
        help_ = did_you_mean(key, types) or "install the package that brings it, or give the function itself"
        raise UsageError("AP050", f"node type `{key}` is not installed", help=help_)
    config = (declared or types[key]).config
    names = names_of(config)
    written = {as_written(name, names): value for name, value in settings.items()}
    return Made(type=key, settings={key: main, **known(written, names)}, node_type=declared)


def names_of(config: type[NodeConfig]) -> dict[str, str]:
    """Return the settings of a node type, `{key in a file: name in the config}`."""
    return {field.alias or name: name for name, field in config.model_fields.items()}


def as_written(name: str, names: Mapping[str, str]) -> str:
    """Return the key in a file for a name in Python, where a word of the language ends with `_`."""
    return name if name in names else name.removesuffix("_")


def known(settings: Mapping[str, object], names: Mapping[str, object]) -> dict[str, object]:
    """Return the settings.

    Raises:
        UsageError: AP051 when one is not among the names.
    """
    for name in settings:
        if name not in names:
            raise UsageError("AP051", f"setting `{name}` is not known here", help=did_you_mean(name, names))
    return dict(settings)


def _same(value: object, default: object) -> bool:
    """Whether a setting was left as it is; references compare to nothing."""
    return value is default or (
        type(value) is type(default) and not isinstance(value, Ref) and cast("Any", value) == default
    )
