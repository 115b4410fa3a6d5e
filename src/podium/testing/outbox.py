"""An outbox for testing a node type alone: what is prepared in it, and what was decided.

```python
outbox = ScriptedOutbox([Prepared(id=EffectKey("1"), node=NodePath("a"), effect="tool.mail.send", …)])
done = await CommitNode().run(ScriptedContext(outbox=outbox), config, {})
assert outbox.decided == "released"
```
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from podium.errors import EffectDenied
from podium.node.outbox import Demand, Prepared, Refusal

Json = Any


class ScriptedOutbox:
    """See the module's rules.

    Attributes:
        demand: What the gate demands; an error is what it says instead.
    """

    def __init__(
        self,
        prepared: Sequence[Prepared] = (),
        *,
        demand: Demand | EffectDenied = Demand(),  # noqa: B008 - it never changes
        decided: Literal["released"] | Refusal | None = None,
        rehearsing: bool = False,
    ) -> None:
        self._prepared, self.demand = tuple(prepared), demand
        self._decided: Literal["released"] | Refusal | None = decided
        self._rehearsing = rehearsing

    @property
    def rehearsing(self) -> bool:
        """Whether nothing will be released."""
        return self._rehearsing

    @property
    def decided(self) -> Literal["released"] | Refusal | None:
        """What was decided."""
        return self._decided

    async def look(self, nodes: Sequence[str] | None) -> tuple[Prepared, ...]:
        """Return what is prepared by these nodes."""
        return tuple(one for one in self._prepared if nodes is None or one.node in nodes)

    async def weigh(self, prepared: Sequence[Prepared]) -> Demand:  # noqa: ARG002 - the same for all
        """Return what the gate demands, or raise what it says."""
        if isinstance(self.demand, EffectDenied):
            raise self.demand
        return self.demand

    async def release(self, prepared: Sequence[Prepared]) -> tuple[Json, ...]:
        """Decide; every effect answers with its own name."""
        self._decided = "released"
        return tuple(one.effect for one in prepared)

    async def drop(self, prepared: Sequence[Prepared], why: Refusal) -> None:  # noqa: ARG002 - all of them
        """Decide."""
        self._decided = why
