"""LI013."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class MadeUpAnswer:
    """A change of the world with a `default` for its answer.

    Why is this bad? When the call fails, everything after it reads a made-up answer of something that never happened,
    or of which nobody knows whether it did.

    Wrong:

    ```yaml
    podium: 1
    name: order
    tools:
      shop: {mcp: [shop-server], effect: write, delivery: keyed, approval: required}
    nodes:
      order: {tool: shop.order, default: {number: 0}}
      told: {llm: "Tell the customer that order ${order.out.number} is placed."}
    ```

    Right: let it fail, handle the error, or ask a person with `on_error: ask`.

    ```yaml
    podium: 1
    name: order
    tools:
      shop: {mcp: [shop-server], effect: write, delivery: keyed, approval: required}
    nodes:
      order: {tool: shop.order, on_error: sorry}
      told: {llm: "Tell the customer that order ${order.out.number} is placed."}
      sorry: {llm: "Tell the customer that it did not work: ${order.error.message}"}
    ```

    `on_error: continue` is not found by this rule: there the result is null, and the error can be asked for.
    """

    code: ClassVar[str] = "LI013"
    name: ClassVar[str] = "made-up-answer"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the defaults of calls that change the world."""
        for call in subject.calls:
            if call.changes and call.spot.node.config.default is not None:
                message = f"when `{call.name}` fails, what comes after it reads an answer that nobody gave"
                yield Remark(message, (*call.spot.loc, "default"), "handle it with `on_error:` instead", on_key=True)
