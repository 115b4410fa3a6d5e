"""Async functions as node types: `@node_type` declares, `node_of` reads the declaration.

```python
@node_type
async def shout(text: Annotated[str, Field(description="What to say.")], times: int = 1) -> str:
    \"\"\"Says it louder.\"\"\"
    return " ".join([text.upper()] * times)
```

1. The function stays what it was; the mark is an attribute. Its name is the type key (without a trailing `_`), its
   docstring what people read of it.
2. The first parameter is the main argument and stands under the type key, `loud: {shout: "${draft.out}", times: 2}`;
   the others are settings under their names. Each may hold `${…}`, and arrives as the type that it is annotated with.
3. A parameter annotated `Context` is filled by Podium. It is the only way to the world: what a function does past it
   is neither allowed nor recorded, and is done again after a crash. Code that acts by itself is a tool (`@tool`).
4. What it returns becomes JSON by its return type, which is the type of the node's result.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, NamedTuple, TypeVar, cast, get_type_hints, overload

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from podium.errors import NodeError
from podium.node.contract import Context, Done, Node, NodeConfig, Values
from podium.spec.model import Template, keys_of
from podium.spec.names import RESERVED
from podium.spec.python_type import plain_schema
from podium.spec.types import Type

Json = Any
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

_MARK = "__podium_node__"


class _Setting(NamedTuple):
    """A parameter that stands in the file."""

    parameter: str
    type: TypeAdapter[Any]
    required: bool


@overload
def node_type(function: F, /) -> F: ...
@overload
def node_type(*, type: str) -> Callable[[F], F]: ...
def node_type(function: F | None = None, /, *, type: str = "") -> F | Callable[[F], F]:  # noqa: A002
    """Mark an async function as a node type; see the rules of `podium.node.function`.

    Args:
        type: The type key, when it is not the name of the function.

    Raises:
        TypeError: when it is declared in a way that cannot be a node; says what to change.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, FunctionNode(function, type or function.__name__.rstrip("_")))
        return function

    return mark if function is None else mark(function)


def node_of(declared: object) -> Node:
    """Return the node type that a marked function, a class or an instance stands for.

    Raises:
        TypeError: when it is none.
    """
    marked = getattr(declared, _MARK, None)
    found = marked if marked is not None else declared() if inspect.isclass(declared) else declared
    if not hasattr(found, "type") or not hasattr(found, "config") or not hasattr(found, "run"):
        raise TypeError(f"`{declared!r}` is no node type: expected a function marked `@node_type`, or a class")
    return cast("Node", found)


class FunctionNode:
    """The node type that a function is.

    Attributes:
        function: The function.
    """

    def __init__(self, function: Callable[..., Awaitable[Any]], key: str) -> None:
        self.type = key
        self.function = function
        self._context, parameters = _parameters(function, key)
        hints = _hints(function, key)
        self._settings = {
            (key if number == 0 else name): _Setting(
                name, _adapter(annotation, key), default is inspect.Parameter.empty
            )
            for number, (name, (annotation, default)) in enumerate(parameters.items())
        }
        self._result = _adapter(hints.get("return", Any), key)
        self.config = _config(function, key, self._settings, parameters, self._result)

    async def run(self, ctx: Context, config: NodeConfig, values: Values) -> Done:
        """Call the function with its settings, and return what it gives as JSON."""
        given: dict[str, Any] = {}
        for key, setting in self._settings.items():
            if _set(config, key):
                given[setting.parameter] = self._argument(key, setting, values.get(key))
        if self._context:
            given[self._context] = ctx
        value = await self.function(**given)
        try:
            return Done(self._result.dump_python(self._result.validate_python(value, strict=True), mode="json"))
        except ValueError as error:  # ValidationError and PydanticSerializationError are ValueErrors
            raise NodeError(
                "EN070",
                f"`{self.type}` returned something else than it declares: {_first(error)}",
                kind="internal",
                help="correct the function or its return type",
            ) from None

    def _argument(self, key: str, setting: _Setting, value: Json) -> object:
        try:
            return setting.type.validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            raise NodeError(
                "EN071",
                f"`{key}` of `{self.type}` does not fit: {_first(error)}",
                kind="invalid_input",
                help="look at what the expression gives, and bring it into form with a `transform` before",
            ) from None


def _set(config: NodeConfig, key: str) -> bool:
    return any((type(config).model_fields[name].alias or name) == key for name in config.model_fields_set)


def _hints(function: Callable[..., Any], key: str) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"`{key}` has an annotation that is not defined at run time: {error}") from None


def _parameters(function: Callable[..., Any], key: str) -> tuple[str, dict[str, tuple[Any, Any]]]:
    """Return the name of the parameter for the context, "" without one, and `{parameter: (annotation, default)}`."""
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"`{key}` is no `async def`; a plain function can be a tool, `@podium.tool`")
    if not inspect.getdoc(function):
        raise TypeError(f"`{key}` has no docstring; people choose a node type by it")
    hints, context, found = _hints(function, key), "", dict[str, tuple[Any, Any]]()
    for parameter in inspect.signature(function).parameters.values():
        name = parameter.name
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"`{key}` takes `{parameter}`; settings of a node have names")
        if name not in hints:
            raise TypeError(f"`{key}` takes `{name}` without saying its type")
        if hints[name] is Context:
            context = name
        elif name.rstrip("_") in keys_of(NodeConfig):
            raise TypeError(f"`{key}` takes `{name}`, which is a property of every node; choose another name")
        else:
            found[name] = (hints[name], parameter.default)
    if not found:
        raise TypeError(f"`{key}` takes nothing; its first parameter is what stands under the type key")
    if not key.isidentifier() or key in RESERVED - {"loop", "map", "type", "list"} or key in keys_of(NodeConfig):
        raise TypeError(f'`{key}` cannot be a type key; give another one, `@node_type(type="…")`')
    return context, found


def _adapter(annotation: Any, key: str) -> TypeAdapter[Any]:  # noqa: ANN401 - any type
    try:
        adapter = TypeAdapter[Any](annotation)
        adapter.json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as error:
        raise TypeError(f"`{key}` has a type that JSON has no form for: {error.message}") from None
    return adapter


def _config(
    function: Callable[..., Any],
    key: str,
    settings: Mapping[str, _Setting],
    parameters: Mapping[str, tuple[Any, Any]],
    result: TypeAdapter[Any],
) -> type[NodeConfig]:
    """Return the part of the language that a function adds."""
    out = Type(plain_schema(result.json_schema(mode="serialization")))
    fields: dict[str, Any] = {}
    for name, setting in settings.items():
        annotation, default = parameters[setting.parameter]
        schema = setting.type.json_schema()
        extra: dict[str, Json] = {"anyOf": [schema, {"type": "string", "pattern": r"\$\{"}]}
        about = _about(annotation) or f"`{setting.parameter}` of the function."
        info: Any = Field(... if setting.required else None, alias=name, description=about, json_schema_extra=extra)
        kind: Any = Annotated[Template, AfterValidator(_fits(setting.type))]
        if not setting.required:
            shown = TypeAdapter[Any](annotation).dump_python(default, mode="json")
            info.json_schema_extra = {**extra, "default": shown}
        fields[f"{name}_"] = (kind if setting.required else kind | None, info)

    class FunctionConfig(NodeConfig):
        def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - the same for all
            return out

    made = create_model(
        f"{key.title().replace('_', '')}Config", __base__=FunctionConfig, __module__=function.__module__, **fields
    )
    made.__doc__ = inspect.getdoc(function)
    return made


def _about(annotation: Any) -> str:  # noqa: ANN401 - any type
    """Return what `Annotated` says of a parameter: a pydantic `Field`, or a `Doc`."""
    for said in getattr(annotation, "__metadata__", ()):
        if isinstance(said, FieldInfo) and said.description:
            return said.description
        if isinstance(found := getattr(said, "documentation", None), str):
            return found
    return ""


def _fits(adapter: TypeAdapter[Any]) -> Callable[[Template], Template]:
    """Check what is written without `${…}` when the file is loaded; the rest is checked when it is there."""

    def check(template: Template) -> Template:
        if not any("${" in text for _, text in template.texts()):
            try:
                adapter.validate_json(json.dumps(template.value), strict=True)
            except ValidationError as error:
                kind, message = "setting", "{text}"
                raise PydanticCustomError(kind, message, {"text": _first(error)}) from None
        return template

    return check


def _first(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)[:300]
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"][:1].lower() + first["msg"][1:]
    return f"{where}: {said}" if where else said
