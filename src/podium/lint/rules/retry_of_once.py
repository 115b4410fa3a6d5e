"""LI003."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class RetryOfOnce:
    """A retry after a timeout of a call that must not be made twice.

    Why is this bad? After a timeout nobody knows whether the call did its work. A tool with `delivery: once` may do it
    a second time: two refunds, two letters. Podium never repeats such a call blindly; it asks a person.

    Wrong:

    ```yaml
    podium: 1
    name: refund
    tools:
      bank: {mcp: [bank-server], effect: irreversible, delivery: once, approval: required}
    nodes:
      pay:
        tool: bank.transfer
        with: {amount: 10}
        retry: {on: [unavailable, timeout]}
    ```

    Right: retry only what certainly did not happen, or let the tool take a key and declare `delivery: keyed`.

    ```yaml
    podium: 1
    name: refund
    tools:
      bank: {mcp: [bank-server], effect: irreversible, delivery: once, approval: required}
    nodes:
      pay:
        tool: bank.transfer
        with: {amount: 10}
        retry: {on: [unavailable]}
    ```
    """

    code: ClassVar[str] = "LI003"
    name: ClassVar[str] = "retry-of-once"
    severity: ClassVar[Severity] = "error"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Look at the retries of nodes that call a tool, fallbacks and compensations too."""
        for call in subject.calls:
            retry, tool = call.tool.retry, call.tool
            if retry is None or "timeout" not in retry.on or call.grant is None:
                continue
            if call.grant.delivery_of(tool.function) == "once":
                message = f"`{call.name}` must not be called twice, and is retried on a timeout"
                loc = (*call.spot.loc, "retry", "on", retry.on.index("timeout"))
                yield Remark(message, loc, "take `timeout` out; a person is asked whether the call landed")
