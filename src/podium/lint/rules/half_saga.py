"""LI011."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class HalfSaga:
    """A change of the world that would stay when the others beside it are undone.

    Why is this bad? When something fails, what has a `compensate` is undone, and this is not: the hotel is cancelled,
    the flight stays booked.

    Wrong:

    ```yaml
    podium: 1
    name: trip
    tools:
      shop: {mcp: [shop-server], effect: write, delivery: keyed, approval: required}
    nodes:
      hotel:
        tool: shop.book_hotel
        compensate: {tool: shop.cancel_hotel, with: {booking: "${hotel.out}"}}
      flight: {tool: shop.book_flight, after: [hotel]}
      car:
        tool: shop.book_car
        after: [flight]
        compensate: {tool: shop.cancel_car, with: {booking: "${car.out}"}}
    ```

    Right:

    ```yaml
    podium: 1
    name: trip
    tools:
      shop: {mcp: [shop-server], effect: write, delivery: keyed, approval: required}
    nodes:
      hotel:
        tool: shop.book_hotel
        compensate: {tool: shop.cancel_hotel, with: {booking: "${hotel.out}"}}
      flight:
        tool: shop.book_flight
        after: [hotel]
        compensate: {tool: shop.cancel_flight, with: {booking: "${flight.out}"}}
      car:
        tool: shop.book_car
        after: [flight]
        compensate: {tool: shop.cancel_car, with: {booking: "${car.out}"}}
    ```

    The last step of all may go without: when it fails it did nothing, and nothing after it can fail.
    """

    code: ClassVar[str] = "LI011"
    name: ClassVar[str] = "half-a-saga"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the scopes in which something is undone."""
        for scope in subject.scopes:
            nodes = scope.graph.nodes
            if not any(node.compensation for node in nodes):
                continue
            for call in subject.calls:
                node, last = call.spot.node, len(nodes) - 1
                if call.spot.scope is not scope or call.spot.role != "node" or not call.changes or node.compensation:
                    continue
                if len(scope.outcomes.before[node.index]) == last:
                    continue
                message = f"`{call.name}` would not be undone, and others beside it would"
                yield Remark(message, (*call.spot.loc, node.type), "say what undoes it with `compensate:`")
