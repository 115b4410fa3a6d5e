"""Podium: orchestration for AI agents under governance.

```python
import podium

wf = podium.Workflow("announce", inputs={"topic": str})
draft = wf.llm("draft", f"Announce {wf.inputs.topic} in three sentences.")
wf.result = draft.out

result = await podium.run(wf, {"topic": "our new search"})
```

| | |
|---|---|
| `Workflow`, `make`, `cel`, `Ref` | a workflow in code: the same model as in a file |
| `run`, `start`, `attach`, `Handle`, `Result`, `sync` | to run one here |
| `tool`, `grant`, `ToolSettings`, `EffectKey`, `Progress`, `EffectError` | functions that act on the world, and how a workflow may use them |
| `node_type` | an async function as a node type |

Each is loaded when it is first asked for, so that importing the package costs nothing.
"""  # noqa: E501 - a table

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podium.api import sync
    from podium.api.handle import Handle
    from podium.api.result import Result
    from podium.api.run import attach, run, start
    from podium.building import make
    from podium.building.grant import grant
    from podium.building.reference import Ref, cel
    from podium.building.workflow import Workflow
    from podium.effects.function import ToolSettings, tool
    from podium.effects.ports import Progress
    from podium.errors import EffectError
    from podium.ids import EffectKey
    from podium.node.function import node_type

__all__ = [
    "EffectError",
    "EffectKey",
    "Handle",
    "Progress",
    "Ref",
    "Result",
    "ToolSettings",
    "Workflow",
    "attach",
    "cel",
    "grant",
    "make",
    "node_type",
    "run",
    "start",
    "sync",
    "tool",
]

_HOMES = {
    "podium.api": ("sync",),
    "podium.api.handle": ("Handle",),
    "podium.api.result": ("Result",),
    "podium.api.run": ("attach", "run", "start"),
    "podium.building": ("make",),
    "podium.building.grant": ("grant",),
    "podium.building.reference": ("Ref", "cel"),
    "podium.building.workflow": ("Workflow",),
    "podium.effects.function": ("ToolSettings", "tool"),
    "podium.effects.ports": ("Progress",),
    "podium.errors": ("EffectError",),
    "podium.ids": ("EffectKey",),
    "podium.node.function": ("node_type",),
}


def __getattr__(name: str) -> object:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module `podium` has no attribute `{name}`")
    if name in {"make", "sync"}:  # modules
        return import_module(f"{home}.{name}")
    return getattr(import_module(home), name)
