"""Python functions as tools: `@tool` declares, `function_of` reads the declaration.

```python
class Settings(ToolSettings):
    account: str

@tool(effect="write", delivery="keyed")
async def post(text: str, *, key: EffectKey, progress: Progress, settings: Settings) -> Posted:
    \"\"\"Post a message.\"\"\"
```

1. The function stays what it was; the mark is an attribute. Its name is the tool function's name (without a trailing
   `_`, for names such as `list_`), its docstring what models and people read of it, its annotations the JSON Schemas
   of arguments and result.
2. A parameter annotated `EffectKey`, `Progress` or a subclass of `ToolSettings` is filled by Podium and is not part of
   the arguments. It is the annotation that counts, not the name.
3. Arguments are strict JSON: `"3"` is no integer. Unknown names are refused.
4. A function that raises `EffectError` says itself whether the effect may have happened. Any other exception of a
   `write` or `irreversible` function leaves that unknown, because it may have come after the act.
5. Plain functions run in a thread. One that does not return in time is left behind: Python cannot stop it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, Required, TypeVar, cast, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, with_config
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from podium.effects.ports import FunctionInfo, Progress
from podium.ids import EffectKey
from podium.spec.model import Delivery, EffectClass
from podium.spec.types import Type

Json = Any
AnyFunction = Callable[..., Any]
F = TypeVar("F", bound=AnyFunction)

_MARK = "__podium_tool__"


class ToolSettings(BaseModel):
    """Base of the settings of a Python tool: what stands beside `python:` in the workflow. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True)
class _Mark:
    effect: EffectClass
    delivery: Delivery


def tool(*, effect: EffectClass, delivery: Delivery) -> Callable[[F], F]:
    """Mark a function as a tool.

    Args:
        effect: What it does to the world.
        delivery: What a second call means. `keyed` promises that a second call with the same `EffectKey` does nothing
            and returns the first result, so such a function must take the key.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, _Mark(effect, delivery))
        return function

    return mark


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A marked function, ready to be called.

    Attributes:
        run: The function itself.
        asynchronous: Whether `run` returns a coroutine; otherwise it belongs into a thread.
        arguments: Validates the arguments object.
        result: Validates the return value and turns it into JSON.
        key, progress, settings: The names of the parameters that Podium fills, "" where there is none.
        settings_type: The declared settings, or None.
    """

    info: FunctionInfo
    run: AnyFunction
    asynchronous: bool
    arguments: TypeAdapter[dict[str, Any]]
    result: TypeAdapter[Any]
    key: str = ""
    progress: str = ""
    settings: str = ""
    settings_type: type[ToolSettings] | None = None

    @property
    def may_change(self) -> bool:
        """Whether it changes the world, so that an unknown end is doubt."""
        return self.info.effect in ("write", "irreversible")

    def bind(
        self, arguments: Mapping[str, Json], *, key: EffectKey, progress: Progress, settings: ToolSettings | None
    ) -> dict[str, Any]:
        """Return the keyword arguments of a call.

        Raises:
            pydantic.ValidationError: when the arguments do not fit.
        """
        given = self.arguments.validate_json(json.dumps(dict(arguments)), strict=True)
        filled = ((self.key, key), (self.progress, progress), (self.settings, settings))
        return given | {name: value for name, value in filled if name}


def functions_of(namespace: Mapping[str, object]) -> dict[str, Function]:
    """Return the marked functions of a module, `{name: function}`.

    Raises:
        TypeError: when one is declared in a way that cannot be a tool; says what to change.
    """
    marked = [value for value in namespace.values() if isinstance(getattr(value, _MARK, None), _Mark)]
    found = [function_of(cast("AnyFunction", value)) for value in marked]
    return {function.info.name: function for function in found}


def function_of(function: AnyFunction) -> Function:
    """Return what a marked function declares.

    Raises:
        TypeError: as `functions_of`.
    """
    mark = getattr(function, _MARK, None)
    name = getattr(function, "__name__", repr(function)).rstrip("_")
    if not isinstance(mark, _Mark):
        raise TypeError(f"`{name}` is not marked `@tool`")
    about = inspect.getdoc(function)
    if not about:
        raise TypeError(f"`{name}` has no docstring; models choose a tool by it")
    hints = _hints(function, name)
    places, injected = _parameters(function, name, hints)
    if mark.delivery == "keyed" and "key" not in injected:
        raise TypeError(f"`{name}` is declared keyed but takes no parameter of type `EffectKey`")
    try:
        arguments = TypeAdapter[dict[str, Any]](_arguments_type(name, places))
        result = TypeAdapter[Any](hints.get("return", Any))
        schemas = _arguments_schema(arguments, places), result.json_schema(mode="serialization")
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError) as error:
        raise TypeError(f"`{name}` has a type that JSON has no form for: {error.message}") from None
    info = FunctionInfo(
        name=name,
        about=about,
        parameters=schemas[0],
        result=Type(schemas[1]),
        effect=mark.effect,
        delivery=mark.delivery,
    )
    return Function(
        info=info,
        run=function,
        asynchronous=inspect.iscoroutinefunction(function),
        arguments=arguments,
        result=result,
        key=injected.get("key", ""),
        progress=injected.get("progress", ""),
        settings=injected.get("settings", ""),
        settings_type=hints[injected["settings"]] if "settings" in injected else None,
    )


def _hints(function: AnyFunction, name: str) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise TypeError(f"`{name}` has an annotation that is not defined at run time: {error}") from None


def _parameters(
    function: AnyFunction, name: str, hints: Mapping[str, Any]
) -> tuple[dict[str, tuple[Any, Any]], dict[str, str]]:
    """Return `{argument: (annotation, default)}` and `{role: parameter that Podium fills}`."""
    places: dict[str, tuple[Any, Any]] = {}
    injected: dict[str, str] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise TypeError(f"`{name}` takes `{parameter}`; arguments of a tool have names")
        if parameter.name not in hints:
            raise TypeError(f"`{name}` takes `{parameter.name}` without saying its type")
        annotation = hints[parameter.name]
        role = _role(annotation)
        if role is None:
            places[parameter.name] = (annotation, parameter.default)
        elif role in injected:
            raise TypeError(f"`{name}` takes two parameters for its {role}")
        else:
            injected[role] = parameter.name
    return places, injected


def _role(annotation: object) -> Literal["key", "progress", "settings"] | None:
    if annotation is EffectKey:
        return "key"
    if annotation == Progress:
        return "progress"
    return "settings" if isinstance(annotation, type) and issubclass(annotation, ToolSettings) else None


def _arguments_type(name: str, places: Mapping[str, tuple[Any, Any]]) -> Any:  # noqa: ANN401 - a type made at run time
    # A TypedDict, not a model: a parameter may be called `schema` or `copy`, and defaults stay the function's own.
    fields = {
        key: Required[annotation] if default is inspect.Parameter.empty else NotRequired[annotation]
        for key, (annotation, default) in places.items()
    }
    made = cast("type[Any]", cast("Any", TypedDict)(f"{name}_arguments", fields))
    return with_config(ConfigDict(extra="forbid"))(made)


def _arguments_schema(arguments: TypeAdapter[dict[str, Any]], places: Mapping[str, tuple[Any, Any]]) -> dict[str, Json]:
    schema = arguments.json_schema()
    schema.pop("title", None)
    for name, (annotation, default) in places.items():
        if default is not inspect.Parameter.empty:
            schema["properties"][name]["default"] = TypeAdapter[Any](annotation).dump_python(default, mode="json")
    return schema
