"""LI012."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Severity


class UndoingOnce:
    """A compensation that cannot be tried again.

    Why is this bad? Undoing happens when things already go wrong. When its answer is lost, nobody knows whether it
    happened; what must not be done twice then waits for a person, and everything else that is to be undone waits with
    it.

    Wrong:

    ```yaml
    podium: 1
    name: trip
    tools:
      shop:
        mcp: [shop-server]
        effect: write
        delivery: keyed
        approval: required
        functions: {refund: {delivery: once}}
    nodes:
      pay:
        tool: shop.pay
        compensate: {tool: shop.refund, with: {payment: "${pay.out}"}}
    ```

    Right: undo with a function that takes a key, or that may be called twice.

    ```yaml
    podium: 1
    name: trip
    tools:
      shop: {mcp: [shop-server], effect: write, delivery: keyed, approval: required}
    nodes:
      pay:
        tool: shop.pay
        compensate: {tool: shop.refund, with: {payment: "${pay.out}"}}
    ```
    """

    code: ClassVar[str] = "LI012"
    name: ClassVar[str] = "undoing-that-may-hang"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at what compensations call, themselves or by what is inside them."""
        for call in subject.calls:
            if call.grant is None or not _undoes(call.spot):
                continue
            if call.grant.delivery_of(call.tool.function) == "once":
                message = f"`{call.name}` undoes something and must not be called twice"
                loc = (*call.spot.loc, call.spot.node.type)
                yield Remark(message, loc, "undo with a function whose `delivery` is `keyed` or `repeatable`")


def _undoes(spot: Spot) -> bool:
    if spot.role == "compensation":
        return True
    return bool(spot.scope.callers) and all(_undoes(caller) for caller in spot.scope.callers)
