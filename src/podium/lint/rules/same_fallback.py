"""LI018."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity
from podium.spec.model import NodeConfig


class SameFallback:
    """A fallback that does once more what has just failed.

    Why is this bad? A fallback is another way. To try the same again there is `retry`, which waits in between and
    looks at the kind of the error.

    Wrong:

    ```yaml
    podium: 1
    name: rates
    tools:
      bank: {mcp: [bank-server], effect: read, delivery: repeatable}
    nodes:
      rate:
        tool: bank.rate
        with: {currency: EUR}
        fallback:
          - {tool: bank.rate, with: {currency: EUR}}
    ```

    Right:

    ```yaml
    podium: 1
    name: rates
    tools:
      bank: {mcp: [bank-server], effect: read, delivery: repeatable}
    nodes:
      rate:
        tool: bank.rate
        with: {currency: EUR}
        retry: {max: 3, on: [unavailable]}
        fallback:
          - {tool: bank.rate_of_yesterday, with: {currency: EUR}}
    ```
    """

    code: ClassVar[str] = "LI018"
    name: ClassVar[str] = "same-fallback"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare each fallback with what is tried before it."""
        for spot in subject.spots:
            tried = [_work(spot.node.config)]
            for number, fallback in enumerate(spot.node.config.fallback):
                work = _work(fallback)
                if work in tried:
                    message = f"this does the same as {'another fallback' if tried[0] != work else f'`{spot.node.id}`'}"
                    yield Remark(message, (*spot.loc, "fallback", number), "name another way, or use `retry:`")
                tried.append(work)


def _work(config: NodeConfig) -> tuple[type[NodeConfig], dict[str, Any]]:
    """Return what a node does, without what is said about it: how often it is tried, who handles it."""
    about = set(NodeConfig.model_fields)
    return type(config), config.model_dump(exclude=about)
