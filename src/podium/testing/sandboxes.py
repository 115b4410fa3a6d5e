"""Code that gives what the test says: a sandbox in which nothing runs.

```python
result = await run_workflow("total.yaml", sandboxes=ScriptedSandboxes({"gross": 29.5, "count": 2}))
```
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from podium.effects.ports import Progress
from podium.node.calls import CodeCall, CodeReply

Json = Any


class ScriptedSandboxes:
    """Implements `podium.effects.ports.Sandboxes`, and the one sandbox that it chooses.

    Attributes:
        calls: What was to be run, in order.
    """

    target = "sandbox/scripted"

    def __init__(self, behaviour: Callable[[CodeCall], Json | CodeReply] | Json = None) -> None:
        """Answer with a value, or with what a function makes of each call; it may raise an `EffectError`."""
        self._behaviour = behaviour
        self.calls: list[CodeCall] = []

    async def choose(self, call: CodeCall) -> ScriptedSandboxes:  # noqa: ARG002 - one for all
        """Return itself."""
        return self

    async def run(self, call: CodeCall, *, timeout_s: float, progress: Progress) -> CodeReply:  # noqa: ARG002 - the port
        """Return what the test said."""
        self.calls.append(call)
        said = cast("Json", self._behaviour(call)) if callable(self._behaviour) else self._behaviour
        return said if isinstance(said, CodeReply) else CodeReply(value=said)

    async def close(self) -> None:
        """Nothing is open."""
