"""Which keys could stand at a place of a file, and what they are for: found by walking the models along the keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, cast, get_args, get_origin

from pydantic import BaseModel

from podium.spec.diagnostic import Loc
from podium.spec.model import NodeConfig, NodeTypes, Workflow, keys_of

Json = Any
MISSING: Json = object()


class Key(NamedTuple):
    """A key that may stand somewhere.

    Attributes:
        about: What it is for, as one sentence, or "".
        choices: Its values, when they can be listed.
    """

    about: str
    choices: tuple[str, ...]


def keys_at(loc: Loc, root: Json, node_types: NodeTypes, *, top: object = Workflow) -> dict[str, Key]:
    """Return the keys that a mapping at `loc` may have, {} where any are allowed or none; `top` is the file's type."""
    models = _models(top, root, node_types)
    here: Json = root
    for part in loc:
        here = child(here, part)
        annotations = [annotation for model in models for annotation in _below(model, part)]
        models = [model for annotation in annotations for model in _models(annotation, here, node_types)]
    return {key: _key(model, key) for model in models if isinstance(model, type) for key in sorted(keys_of(model))}


def child(value: Json, part: str | int) -> Json:
    """Return what stands at a key or index, `MISSING` where nothing does."""
    if isinstance(value, dict):
        return cast("dict[str | int, Json]", value).get(part, MISSING)
    items = cast("list[Json]", value) if isinstance(value, list) else []
    return items[part] if isinstance(part, int) and part < len(items) else MISSING


def _models(annotation: object, value: Json, node_types: NodeTypes) -> list[Any]:
    """Return the models, and the generic collections, that an annotation allows for a value."""
    if annotation is NodeConfig:
        found = (
            [node_types[key] for key in cast("dict[str, Json]", value) if key in node_types]
            if isinstance(value, dict)
            else []
        )
        return found or [NodeConfig]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    origin = get_origin(annotation)
    if origin is Annotated:
        return _models(get_args(annotation)[0], value, node_types)
    if origin in {Union, UnionType}:
        return [model for part in get_args(annotation) for model in _models(part, value, node_types)]
    return [annotation] if origin in {dict, tuple, list} else []


def _below(model: Any, part: str | int) -> list[object]:  # noqa: ANN401 - a class or a generic alias
    """Return the annotations of what stands below `part` in a model or a collection."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        fields = model.model_fields.items()
        return [field.annotation for name, field in fields if part == (field.alias or name)]
    arguments = get_args(model)
    return [arguments[1]] if get_origin(model) is dict else [arguments[0]] if arguments else []


def _key(model: type[BaseModel], key: str) -> Key:
    field = next(field for name, field in model.model_fields.items() if key == (field.alias or name))
    about = (field.description or "").partition("\n")[0].strip()
    annotation: object = field.annotation
    choices = tuple(str(choice) for choice in get_args(annotation)) if get_origin(annotation) is Literal else ()
    return Key(about, choices)


def known_keys(keys: Mapping[str, Key], *, limit: int = 12) -> str:
    """Return the keys as a sentence's end, "" when there are too many to be of help."""
    return ", ".join(f"`{key}`" for key in sorted(keys)) if 0 < len(keys) <= limit else ""
