"""What the autonomy of a workflow demands of its tool calls, beside all that grants, labels and policies demand.

| autonomy | a call that writes | one that cannot be taken back |
|---|---|---|
| `suggest` | stands in the outbox, and asks before it is released | likewise |
| `supervised` | asks | asks |
| `bounded` | happens | asks |
| `autonomous` | happens | happens |
"""

from __future__ import annotations

from podium.gate.decision import Obligation
from podium.spec.autonomy import Autonomy
from podium.spec.tool import EffectClass

_READING = frozenset({"none", "read"})


def demanded(autonomy: Autonomy | None, effect: EffectClass) -> tuple[Obligation, ...]:
    """Return what must be done before a tool call of this effect class may happen."""
    if autonomy in (None, "autonomous") or effect in _READING or (autonomy == "bounded" and effect == "write"):
        return ()
    reason = f"autonomy:{autonomy}"
    asks = Obligation(kind="approval", reason=reason, about=f"the workflow is `{autonomy}`, and this changes something")
    return (asks, Obligation(kind="stage", reason=reason)) if autonomy == "suggest" else (asks,)
