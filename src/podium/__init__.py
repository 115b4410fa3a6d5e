"""Podium: orchestration for AI agents under governance.

What a tool's author needs is here: `tool` and what its functions may take and raise. It is loaded when it is first
asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.effects.function import ToolSettings, tool
    from podium.effects.ports import Progress
    from podium.errors import EffectError
    from podium.ids import EffectKey

__all__ = ["EffectError", "EffectKey", "Progress", "ToolSettings", "tool"]

_HOMES = {
    "EffectError": "podium.errors",
    "EffectKey": "podium.ids",
    "Progress": "podium.effects.ports",
    "ToolSettings": "podium.effects.function",
    "tool": "podium.effects.function",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module `podium` has no attribute `{name}`")
    return getattr(import_module(_HOMES[name]), name)
