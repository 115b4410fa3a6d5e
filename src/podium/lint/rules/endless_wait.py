"""LI010."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Severity


class EndlessWait:
    """A wait for something from outside, without an end.

    Why is this bad? When the signal or the call never comes, the run waits for years, and nobody is told.

    Wrong:

    ```yaml
    podium: 1
    name: payment
    nodes:
      paid: {wait: {signal: paid}}
    ```

    Right: say how long, and what happens then. A `timeout` around it, or another node that `cancels` it, will do as
    well.

    ```yaml
    podium: 1
    name: payment
    nodes:
      paid: {wait: {signal: paid, expires: 14d}, on_expired: unpaid}
      unpaid: {end: failed, reason: Nobody paid.}
    ```

    People who are asked have a day by default (`podium lint --bounds` shows all bounds).
    """

    code: ClassVar[str] = "LI010"
    name: ClassVar[str] = "endless-wait"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at nodes that wait."""
        for spot in subject.spots:
            waiting = getattr(spot.node.config, "wait", None) if spot.node.type == "wait" else None
            outside = getattr(waiting, "signal", None) or getattr(waiting, "callback", None)
            if outside and getattr(waiting, "expires", None) is None and not _bounded(subject, spot):
                message = f"`{spot.node.id}` may wait for ever"
                yield Remark(message, (*spot.loc, "wait"), "add `expires:` and handle it with `on_expired:`")


def _bounded(subject: Subject, spot: Spot) -> bool:
    """Whether something around it, or beside it, ends the wait."""
    if any(spot.index in node.cancels for node in spot.scope.graph.nodes):
        return True
    if not spot.scope.callers:
        return subject.workflow.timeout is not None
    return all(caller.node.config.timeout is not None or _bounded(subject, caller) for caller in spot.scope.callers)
