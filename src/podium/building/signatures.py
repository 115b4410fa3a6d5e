"""Writes `podium/building/make.py`: one typed function per shipped node type, out of the types' configs.

The text is checked in, so that editors and type checkers read plain Python; a test compares it with what this module
writes, so a setting that is added to a node type cannot be missing in Python.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from podium.building.types import node_types
from podium.graph.fields import type_key_of
from podium.spec.model import Expression, Name, NodeConfig, Template, TextTemplate, Timeout
from podium.spec.types import Type

HEAD = '''"""Nodes without a name, one function per node type; `Workflow` has a method for each that names it.

Written by `podium.building.signatures` from the configs of the node types; `make golden` writes it anew.

```python
publish = wf.tool("publish", "files.write", with_=..., compensate=make.tool("files.restore", with_=...))
```
"""
# ruff: noqa: A002, E501 - the words of the language, and help texts as they stand there

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypedDict, Unpack

from podium.building.made import Made
from podium.building.making import Bodies, Expr, Json, Target, Text, TypeLike, made, node

'''

_WORD = re.compile(r"(?<!\[)\bstr\b")
_SHADOWED = {"map"}
"""Type keys that are also names one would miss."""


def method(key: str) -> str:
    """Return the name of the function for a type key."""
    return f"{key}_" if keyword.iskeyword(key) or key in _SHADOWED else key


def shipped() -> dict[str, type[NodeConfig]]:
    """Return the configs of the node types that Podium brings, in the order of their names."""
    types = node_types()
    return {key: types[key].config for key in sorted(types) if types[key].config.__module__.startswith("podium.nodes.")}


def written() -> str:
    """Return the text of `make.py`."""
    blocks = ["\n".join(_properties()), *("\n".join(_function(key, config)) for key, config in shipped().items())]
    exported = sorted([*(method(key) for key in shipped()), "Made", "Properties", "node"])
    names = "__all__ = [\n" + "".join(f'    "{name}",\n' for name in exported) + "]\n"
    return HEAD + names + "\n\n" + "\n\n\n".join(blocks) + "\n"


def _properties() -> Iterator[str]:
    yield "class Properties(TypedDict, total=False):"
    yield '    """What every node may carry, whatever its type."""'
    for name, field in NodeConfig.model_fields.items():
        yield ""
        # who handles a port is a node, also where only text is asked for
        annotation = _WORD.sub("Target", _annotation(field)) if name.startswith("on_") else _annotation(field)
        yield f"    {name}: {annotation}"
        yield f'    """{_help(field)}"""'


def _function(key: str, config: type[NodeConfig]) -> Iterator[str]:
    main_key = type_key_of(config)
    own = {name: field for name, field in config.model_fields.items() if name not in NodeConfig.model_fields}
    main_name, main = next((name, field) for name, field in own.items() if (field.alias or name) == main_key)
    rest = {name: field for name, field in own.items() if name != main_name}
    body = _is_body(main)
    yield f"def {method(key)}("
    yield f"    {main_name}: {_main(key, main)}{' = None' if body else ''},"
    yield "    /,"
    if rest:
        yield "    *,"
    for name, field in rest.items():
        default = _default(field)
        optional = " | None" if default == "None" and "None" not in _annotation(field) else ""
        yield f"    {name}: {_annotation(field)}{optional}{'' if default is None else f' = {default}'},"
    yield "    **properties: Unpack[Properties],"
    yield ") -> Made:"
    yield f'    """{_title(config)}'
    yield ""
    yield "    Args:"
    for name, field in own.items():
        yield f"        {name}: {_help(field)}"
    yield "        properties: What every node may carry."
    yield '    """'
    pairs = ", ".join(f'"{field.alias or name}": {name}' for name, field in own.items())
    yield f"    settings: dict[str, object] = {{{pairs}}}"
    yield f'    return made("{key}", settings, properties)'


def _title(config: type[NodeConfig]) -> str:
    return (sys.modules[config.__module__].__doc__ or "").strip().splitlines()[0]


def _help(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    return text.replace("\\", "\\\\") + ("" if text.endswith(".") else ".")


def _is_body(field: FieldInfo) -> bool:
    return _annotation(field).startswith("Bodies")


def _default(field: FieldInfo) -> str | None:
    """Return the default as Python text; None for a setting that must be given."""
    if field.is_required():
        return "None" if _is_body(field) else None
    value: object = field.get_default(call_default_factory=True)
    if isinstance(value, str) and type(value) is str:
        return json.dumps(value)
    return repr(value) if type(value) in {bool, int, float} else "None"


def _main(key: str, field: FieldInfo) -> str:
    """Return the annotation of a main argument; a workflow of this program can be given where one is named."""
    return "Target" if key == "subflow" else _annotation(field)


def _annotation(field: FieldInfo) -> str:
    for metadata in field.metadata:
        if (accepted := _accepted(metadata)) is not None:
            return _joined(_texts(accepted))
    # pydantic takes the outermost annotations apart
    return _joined(_texts(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation))


def _accepted(metadata: object) -> object | None:
    """Return what a validator says that it takes, when it takes more than the annotation."""
    found: Any = getattr(metadata, "json_schema_input_type", PydanticUndefined)
    return None if found is PydanticUndefined or found is Any else found


def _joined(texts: list[str]) -> str:
    unique = list(dict.fromkeys(texts))
    return " | ".join([text for text in unique if text != "None"] + (["None"] if "None" in unique else []))


def _texts(annotation: object) -> list[str]:
    """Return the members of a union as they are written in Python."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        accepted = next((found for metadata in args[1:] if (found := _accepted(metadata)) is not None), None)
        if annotation == Name:
            return ["Target"]
        return _texts(args[0] if accepted is None else accepted)
    if origin in {Union, UnionType}:
        return [text for part in args for text in _texts(part)]
    if origin is Literal:
        return [f"Literal[{', '.join(json.dumps(arg) for arg in args)}]"]
    if origin is tuple:
        return [f"Sequence[{_joined(_texts(args[0]))}]"]
    if origin is dict:
        inner = _joined(_texts(args[1]))
        return ["Bodies"] if inner == "Made" else [f"Mapping[str, {inner}]"]
    return [_text(annotation)]


def _text(annotation: object) -> str:
    if annotation is NoneType:
        return "None"
    if annotation is timedelta:
        return "str | timedelta"
    if annotation is bool or annotation is int or annotation is float:
        return annotation.__name__
    if annotation is str:
        return "str"
    if not isinstance(annotation, type):  # a forward reference to NodeConfig
        return "Made"
    for kind, text in ((Expression, "Expr"), (TextTemplate, "Text"), (Template, "Json"), (Type, "TypeLike")):
        if issubclass(annotation, kind):
            return text
    if issubclass(annotation, NodeConfig):
        return "Made"
    if issubclass(annotation, Timeout):
        return "str | timedelta | Mapping[str, Json]"
    return "Mapping[str, Json]" if issubclass(annotation, BaseModel) else "Json"
