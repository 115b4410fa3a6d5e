"""The checks by which a node's result becomes trusted in part (`podium.spec.endorse`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from podium.engine.labels import Labels
from podium.engine.state import NodeState
from podium.errors import EffectDenied
from podium.graph.model import Use
from podium.spec.endorse import Endorse, EndorseSpec, is_choice
from podium.spec.types import Type

Json = Any

WHOLE = "out"
"""Names the result as a whole."""


def endorsement(labels: Labels, node: NodeState, out: Json, values: Mapping[str, Json]) -> str:
    """Return why a result does not pass the checks of its node, "" when it does.

    Args:
        values: The checks with their lists evaluated; {} when none of them has one.

    Raises:
        EffectDenied: GA008 when a list that is to vouch for it is itself not trusted.
    """
    program = node.work.fields.get("endorse")
    for field, spec in node.work.config.endorse.items():
        for found in program.parts.get(field, ()) if program is not None else ():
            label = labels.of(Use(found.name, found.port, found.path), node)
            if not label.trusted:
                raise EffectDenied(
                    "GA008",
                    f"`endorse` of `{node.path}` trusts a list that comes from {', '.join(label.sources)}",
                    help="take the list from an input, a trusted tool, or what a person has approved",
                )
        value = _value(out, field)
        allowed = values[field]["in"] if isinstance(spec, EndorseSpec) and spec.in_ is not None else None
        problem = _problem(spec, value, _type_of(node.work.out, field), allowed)
        if problem:
            return f"`{field}` {problem}"
    return ""


def _value(out: Json, field: str) -> Json:
    if field == WHOLE:
        return out
    return cast("dict[str, Json]", out).get(field) if isinstance(out, dict) else None


def _type_of(out: Type, field: str) -> Type:
    return out if field == WHOLE else out.fields().get(field, Type.any())


def _problem(spec: Endorse, value: Json, type_: Type, allowed: Json) -> str:
    if not isinstance(spec, EndorseSpec):
        # a type that names no values would vouch for anything; lint says so before the run
        return "; ".join(type_.problems(value)) if is_choice(type_) else "is of a type that names no values"
    if spec.in_ is not None:
        listed = isinstance(allowed, list) and not isinstance(value, list | dict)
        return "" if listed and value in cast("list[Json]", allowed) else "is not in the trusted list"
    if spec.origin:
        return "" if _origin(value) in spec.origin else "has none of the allowed origins"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    assert spec.min is not None
    assert spec.max is not None
    return "" if number and spec.min <= value <= spec.max else f"is no number from {spec.min:g} to {spec.max:g}"


def _origin(value: Json) -> str:
    """Return the origin of a URL without user or password, "" when it is none."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        port = parts.port if parts is not None else None
    except ValueError:
        return ""
    if parts is None or not parts.hostname or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.hostname}{f':{port}' if port else ''}"
