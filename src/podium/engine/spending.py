"""What a run spends: which budgets count for a node, and what records change in them.

A call counts against the budget of its node, of what the node stands in, and of the workflow. A reservation whose
effect has no known outcome is charged, and so is what a dead worker left open: others need not wait for what nobody
will ever tell.
"""

from __future__ import annotations

from podium.engine.state import NodeState, RunState, Scope
from podium.engine.worktime import left_ms
from podium.gate.budget import Meter
from podium.graph.model import GraphNode
from podium.ids import EffectKey
from podium.ledger.record import EffectIntent, EffectOutcome, Reservation, RunCreated, SharedBudget
from podium.node.contract import BudgetLeft
from podium.spec.amounts import Unit
from podium.spec.budget import BudgetSpec

_ONE_CALL = Reservation()


def meters_of(node: NodeState) -> tuple[Meter, ...]:
    """Return the budgets that count for a node, the innermost first."""
    found = list(_own(node))
    scope: Scope | None = node.scope
    while scope is not None:
        if scope.meter is not None:
            found.append(scope.meter)
        if scope.parent is not None:
            found += _own(scope.parent)
        scope = scope.parent.scope if scope.parent is not None else None
    return tuple(found)


def _own(node: NodeState) -> list[Meter]:
    """Return the meters of a node itself: of the node as a whole, and of the fallback that is tried."""
    if node.spending is None:
        node.spending = {}
    found: list[Meter] = []
    for variant in {0, node.variant}:
        if variant not in node.spending:
            node.spending[variant] = Meter.of(budget_of(node.node.fallbacks[variant - 1] if variant else node.node))
        if (meter := node.spending[variant]) is not None:
            found.append(meter)
    return found


def left_for(state: RunState, node: NodeState, now: int) -> BudgetLeft:
    """Return what the budgets of the workflow still leave a node."""
    left: dict[Unit, int] = {}
    for meter in meters_of(node) if state.metered else ():
        for unit, amount in meter.limits.left(meter.used + meter.open).items():
            left[unit] = min(amount, left.get(unit, amount))
    return BudgetLeft(
        tokens=left.get("tokens"),
        nano_usd=left.get("nano_usd"),
        calls=left.get("calls"),
        micro_wh=left.get("micro_wh"),
        work_ms=left_ms(state, node, now) if state.timed else None,
    )


def reserved(state: RunState, body: EffectIntent, node: NodeState) -> None:
    """An intent is durable."""
    effect = state.effect(body.id)
    effect.reservation = body.reservation or _ONE_CALL
    for meter in meters_of(node):
        meter.reserve(body.id, effect.reservation.most, recorded=True)


def settled(state: RunState, body: EffectOutcome, node: NodeState) -> None:
    """An outcome is recorded; when it is unknown, the most that it can be is charged."""
    held = state.effect(body.id).reservation or _ONE_CALL
    for meter in meters_of(node):
        if body.status == "unknown":
            meter.charge(body.id)
        else:
            meter.settle(body.id, body.used, reserved=held.most)


def released(key: EffectKey, node: NodeState) -> None:
    """A person said that an effect did not happen."""
    for meter in meters_of(node):
        meter.release(key)


def interrupted(state: RunState) -> None:
    """Another worker takes the run: what was open is charged."""
    for path, keys in state.doubts.items():
        if (node := state.nodes.get(path)) is not None:
            for meter in meters_of(node):
                for key in keys:
                    meter.charge(key)


def shared_by(state: RunState, created: RunCreated) -> tuple[SharedBudget, ...]:
    """Return the budgets beyond the run that all that it does counts against: its parent's, and its own if declared."""
    budget = state.graph.budget
    if budget is None or not budget.detached:
        return created.budgets
    own = SharedBudget(id=f"run/{state.run}", limits=budget.limits, allow_unknown=budget.unknown_price == "allow")
    return (*created.budgets, own)


def budget_of(node: GraphNode) -> BudgetSpec | None:
    """Return the budget of a node as a whole; that of a `scope` is for the nodes inside, and kept with them."""
    budget = node.config.budget
    return None if any(body.budget is budget for body in node.bodies.values()) else budget
