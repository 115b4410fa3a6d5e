"""Grants of functions of this program as tools.

A run outlives the process that started it, and what it may call must be found by whoever goes on with it. So a grant
names a module and functions in it, never an object: functions of one module, at its top level, under their own names.
Lambdas, functions inside functions and functions of the script that was started are refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

from podium.effects.function import Function, function_of
from podium.errors import UsageError
from podium.spec.tool import Delivery, EffectClass, FunctionSpec, ToolSpec

EFFECTS: tuple[EffectClass, ...] = ("none", "read", "write", "irreversible")
DELIVERIES: tuple[Delivery, ...] = ("repeatable", "keyed", "once")


def grant(
    *functions: Callable[..., Any],
    trust: Literal["trusted", "untrusted"] = "untrusted",
    approval: Literal["never", "required"] | Mapping[str, Any] = "never",
    timeout: str | timedelta = "2m",
    critical: Mapping[str, Sequence[str]] | None = None,
    **settings: object,
) -> ToolSpec:
    """Return a grant of functions marked `@podium.tool`, all of one module; what they do to the world is their mark's.

    Args:
        functions: What may be called; nothing else of the module may.
        trust: Whether what they return may be believed.
        approval: Whether people must approve each call, and who: `{"roles": ["finance"], "count": 2}`.
        timeout: The longest a call may take.
        critical: By function, the arguments that decide who or what is affected: `{"send": ["to"]}`.
        settings: Any other key of a grant (`clearance`, `region`, `sees`, `returns`, `staged`, `twin`, `cost`, …), and
            the `ToolSettings` of the module.

    Raises:
        UsageError: AP054 when a later process could not find a function, or it is no tool.
    """
    if not functions:
        raise UsageError("AP054", "expected at least one function to grant")
    known = [_known(function) for function in functions]
    homes = list(dict.fromkeys(function.__module__ for function in functions))
    if len(homes) > 1:
        message = f"expected functions of one module, got some of `{'` and `'.join(homes)}`"
        raise UsageError("AP054", message, help="make one grant a module, each under a name of its own")
    if strange := [name for name in critical or {} if name not in {function.info.name for function in known}]:
        raise UsageError("AP054", f"`critical` names `{strange[0]}`, which is not among what is granted")
    effects: list[EffectClass] = [function.info.effect or "none" for function in known]
    deliveries: list[Delivery] = [function.info.delivery or "once" for function in known]
    effect, delivery = max(effects, key=EFFECTS.index), max(deliveries, key=DELIVERIES.index)
    special = {
        function.info.name: found
        for function in known
        if (found := _special(function, effect, delivery, critical or {})) != FunctionSpec()
    }
    said: dict[str, object] = {
        "python": homes[0],
        "effect": effect,
        "delivery": delivery,
        "only": [function.info.name for function in known],
        **({"functions": special} if special else {}),
        **({"trust": trust} if trust != "untrusted" else {}),
        **({"approval": approval if isinstance(approval, str) else dict(approval)} if approval != "never" else {}),
        **({"timeout": timeout} if timeout != "2m" else {}),
        **settings,
    }
    return ToolSpec.model_validate(said)


def _special(
    function: Function, effect: EffectClass, delivery: Delivery, critical: Mapping[str, Sequence[str]]
) -> FunctionSpec:
    """Return what is to be said of one function besides what is said of all."""
    info = function.info
    said: dict[str, object] = {}
    if (info.effect, info.delivery) != (effect, delivery):
        said = {"effect": info.effect, "delivery": info.delivery}
    if info.name in critical:
        said["critical"] = list(critical[info.name])
    return FunctionSpec.model_validate(said)


def _known(function: Callable[..., Any]) -> Function:
    name, home = getattr(function, "__qualname__", ""), getattr(function, "__module__", "")
    if home == "__main__":
        message = f"`{name}` stands in the script that was started, where no later process finds it"
        raise UsageError("AP054", message, help="move it into a module of its own, and import it")
    if not name.isidentifier() or getattr(sys.modules.get(home), name, None) is not function:
        message = f"`{name or function!r}` cannot be found by a later process"
        raise UsageError("AP054", message, help="define it with `def` at the top level of a module, under its own name")
    try:
        return function_of(function)
    except TypeError as error:
        raise UsageError("AP054", f"{error}", help="mark it with `@podium.tool(effect=…, delivery=…)`") from None
