"""End: the run ends here, early.

```yaml run="ok"
podium: 1
name: nothing-to-do
inputs:
  changes: {type: integer, default: 0}
nodes:
  any:
    switch:
      - {when: inputs.changes == 0, then: quiet}
    else: report
  quiet: {end: done, reason: Nothing has changed., result: "'no news'"}
  report: {transform: "${inputs.changes} changes"}
result: report.out
```

`done` ends the run with `result`; `failed` ends it as failed, with the reason. What is still at work elsewhere is
cancelled, what has not begun never begins. A run that simply has nothing left to do needs no `end`.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from podium.node.contract import Context, NodeConfig, Stop, Values
from podium.spec.model import Expression, TextTemplate


class EndConfig(NodeConfig):
    """How the run ends."""

    end: Literal["done", "failed"]
    """The status."""

    reason: TextTemplate | None = None
    """Why, for whoever reads the run."""

    result: Expression | None = None
    """What the run gives, in place of the workflow's `result`."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()


class EndNode:
    """Stops the run."""

    type: ClassVar[str] = "end"
    config: ClassVar[type[NodeConfig]] = EndConfig

    async def run(self, ctx: Context, config: EndConfig, values: Values) -> Stop:  # noqa: ARG002 - the contract
        """Stop with the status as written."""
        return Stop(status=config.end, reason=values.get("reason") or "", out=values.get("result"))
