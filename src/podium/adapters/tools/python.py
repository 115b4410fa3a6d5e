"""Python modules as tools: `python: package.module` grants the functions that the module marks `@tool`.

- The module is imported when it is first used. Nothing but marked functions can be called.
- Further keys of the grant are its settings: the model is the `ToolSettings` type that its functions take. A key that
  the model does not know is refused (EF013), and so is any key when no function takes settings.
- Arguments are checked before the function starts (EF010), its value is checked against the declared return type
  afterwards (EF020) and must stay within a size (EF019).
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import msgspec
from pydantic import ValidationError

from podium.adapters.tools.threads import Threads
from podium.effects.function import Function, ToolSettings, functions_of
from podium.effects.ports import FunctionInfo, Progress
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.node.calls import ToolReply

Json = Any
MAX_RESULT = 10_000_000
"""Bytes of a result as JSON."""


@dataclass(frozen=True, slots=True)
class _Module:
    functions: Mapping[str, Function]
    settings: ToolSettings | None


class PythonTool:
    """The `ToolPort` of one module with one set of settings."""

    def __init__(
        self, module: str, settings: Mapping[str, Json], *, threads: Threads, max_result: int = MAX_RESULT
    ) -> None:
        self._name = module
        self._given = dict(settings)
        self._threads = threads
        self._max_result = max_result
        self._loaded: _Module | None = None

    @property
    def target(self) -> str:
        return self._name

    async def functions(self) -> Mapping[str, FunctionInfo]:
        module = await self._module()
        return {name: function.info for name, function in module.functions.items()}

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        module = await self._module()
        found = module.functions.get(function)
        if found is None:
            raise EffectError(
                "EF011",
                f"`{self._name}` has no function `{function}`",
                kind="invalid_input",
                help=f"it has {_names(module.functions)}; only functions marked `@podium.tool` can be called",
            )
        loop = asyncio.get_running_loop()
        alive = progress if found.asynchronous else partial(_soon, loop, progress)
        try:
            bound = found.bind(arguments, key=key, progress=alive, settings=module.settings)
        except ValidationError as error:
            raise EffectError(
                "EF010", f"`{function}` was not called: {_first(error)}", kind="invalid_input", help=_signature(found)
            ) from None
        value = await self._run(found, bound, timeout_s)
        return ToolReply(value=await self._checked(found, value))

    async def close(self) -> None:
        """Nothing is held: threads that are left behind end with their function or the process."""

    async def _module(self) -> _Module:
        if self._loaded is None:
            self._loaded = await asyncio.to_thread(_load, self._name, self._given)
        return self._loaded

    async def _run(self, function: Function, bound: dict[str, Any], timeout_s: float) -> object:
        name = function.info.name
        landed: Literal["no", "unknown"] = "unknown" if function.may_change else "no"
        scope = asyncio.timeout(timeout_s)
        try:
            async with scope:
                if function.asynchronous:
                    return await function.run(**bound)
                return await self._threads.run(partial(function.run, **bound), name=name)
        except EffectError:
            raise
        except (Exception, SystemExit) as error:  # foreign code may raise anything
            if isinstance(error, TimeoutError) and scope.expired():
                raise EffectError(
                    "EF016",
                    f"`{name}` did not return within {timeout_s:g} s",
                    kind="timeout",
                    landed=landed,
                    help="raise `timeout` of the tool or of the node, or give it less to do",
                ) from None
            raise EffectError(
                "EF023",
                f"`{name}` raised {type(error).__name__}: {_bounded(str(error))}",
                kind="failed",
                landed=landed,
                help="raise `podium.EffectError` where it is certain that nothing happened",
            ) from error

    async def _checked(self, function: Function, value: object) -> Json:
        """Return the value as JSON, in the form that its declared type gives it."""
        name = function.info.name
        landed: Literal["no", "unknown"] = "unknown" if function.may_change else "no"
        try:
            plain = function.result.dump_python(function.result.validate_python(value, strict=True), mode="json")
            size = len(msgspec.json.encode(plain))
        except (ValueError, TypeError) as error:  # ValidationError and PydanticSerializationError are ValueErrors
            found = _first(error) if isinstance(error, ValidationError) else _bounded(str(error))
            raise EffectError(
                "EF020",
                f"`{name}` returned something else than it declares: {found}",
                kind="invalid_output",
                landed=landed,
                help="correct the function or its return type",
            ) from None
        if size > self._max_result:
            raise EffectError(
                "EF019",
                f"`{name}` returned {size} bytes, more than the {self._max_result} that are allowed",
                kind="invalid_output",
                landed=landed,
                help="let it return less, or a reference to a file",
            )
        return plain


def _load(name: str, given: dict[str, Json]) -> _Module:
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an import runs foreign code
        missing = isinstance(error, ModuleNotFoundError) and name.startswith(error.name or "?")
        reason = "is not installed here" if missing else f"cannot be imported: {type(error).__name__}: {error}"
        raise EffectError(
            "EF012",
            f"module `{name}` {reason}",
            kind="invalid_input",
            help="install its package into Podium's environment, or correct `python:`",
        ) from None
    try:
        functions = functions_of(vars(module))
    except TypeError as error:
        raise EffectError("EF012", f"module `{name}` is no tool: {error}", kind="invalid_input") from None
    if not functions:
        raise EffectError(
            "EF012",
            f"module `{name}` marks no function",
            kind="invalid_input",
            help="put `@podium.tool(effect=…, delivery=…)` above what workflows may call",
        )
    return _Module(functions, _settings(name, functions, given))


def _settings(name: str, functions: Mapping[str, Function], given: dict[str, Json]) -> ToolSettings | None:
    declared = {function.settings_type for function in functions.values()} - {None}
    if len(declared) > 1:
        raise EffectError(
            "EF012", f"module `{name}` is no tool: its functions take different settings", kind="invalid_input"
        )
    model = declared.pop() if declared else None
    if model is None:
        if given:
            raise EffectError(
                "EF013", f"unknown setting `{next(iter(given))}`: `{name}` takes none", kind="invalid_input"
            )
        return None
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise EffectError(
            "EF013",
            f"the settings of `{name}` are wrong: {_first(error)}",
            kind="invalid_input",
            help=f"it takes {_names(model.model_fields)}",
        ) from None


def _soon(loop: asyncio.AbstractEventLoop, progress: Progress, text: str) -> None:
    """Pass a sign of life from a thread to the loop; after the loop's end nobody listens."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(progress, text)


def _first(error: ValidationError) -> str:
    """Return the first finding such as `count: Input should be a valid integer`."""
    finding = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in finding["loc"])
    return f"`{where}`: {finding['msg']}" if where else finding["msg"]


def _signature(function: Function) -> str:
    return f"it takes {_names(function.info.parameters.get('properties', {}))}"


def _names(names: Mapping[str, object]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nothing"


def _bounded(text: str) -> str:
    return text if len(text) <= 500 else text[:500] + "…"
