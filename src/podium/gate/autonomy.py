"""What the autonomy of a workflow demands of its tool calls, beside all that grants, labels and policies demand.

| autonomy | a call that writes | one that cannot be taken back |
|---|---|---|
| `suggest` | stands in the outbox, and asks before it is released | likewise |
| `supervised` | asks | asks |
| `bounded` | happens | asks |
| `autonomous` | happens | happens |

How far a call may go is the least of what is said of all in whose names it is made: in the files of the workflows that
it stands in, in those of the runs that started its run, and by the installation (`podium autonomy`).
"""

from __future__ import annotations

from typing import get_args

from podium.gate.decision import Obligation
from podium.spec.autonomy import Autonomy
from podium.spec.tool import EffectClass

LEVELS: tuple[Autonomy, ...] = get_args(Autonomy)
"""From the shortest leash to the longest."""

READING = frozenset({"none", "read"})
"""Effect classes for which autonomy demands nothing."""


def least(*levels: Autonomy | None) -> Autonomy | None:
    """Return the shortest leash; None where nothing is said by anybody."""
    return next((level for level in LEVELS if level in levels), None)


def demanded(autonomy: Autonomy | None, effect: EffectClass) -> tuple[Obligation, ...]:
    """Return what must be done before a tool call of this effect class may happen."""
    if autonomy in (None, "autonomous") or effect in READING or (autonomy == "bounded" and effect == "write"):
        return ()
    reason = f"autonomy:{autonomy}"
    asks = Obligation(kind="approval", reason=reason, about=f"the workflow is `{autonomy}`, and this changes something")
    return (asks, Obligation(kind="stage", reason=reason)) if autonomy == "suggest" else (asks,)
