"""LI023."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Call, Subject
from podium.spec.diagnostic import Severity


class SameWriteTwice:
    """The same change of the world, made by two nodes at the same time.

    Why is this bad? Two branches that run side by side call the same function with the same arguments: it happens
    twice, or the second one writes over the first, and which is first depends on the day.

    Wrong:

    ```yaml
    podium: 1
    name: log
    tools:
      log: {mcp: [log-server], effect: write, delivery: keyed, approval: required}
    nodes:
      first: {llm: Name a colour.}
      second: {llm: Name a fruit.}
      told: {tool: log.add, with: {line: done}, after: [first]}
      again: {tool: log.add, with: {line: done}, after: [second]}
    ```

    Right: one after the other, once, or with the same `lock`.

    ```yaml
    podium: 1
    name: log
    tools:
      log: {mcp: [log-server], effect: write, delivery: keyed, approval: required}
    nodes:
      first: {llm: Name a colour.}
      second: {llm: Name a fruit.}
      told: {tool: log.add, with: {line: done}, after: [first, second]}
    ```
    """

    code: ClassVar[str] = "LI023"
    name: ClassVar[str] = "same-write-twice"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare the calls of each scope with each other."""
        found: dict[tuple[int, str, str], list[Call]] = {}
        for call in subject.calls:
            if call.changes and call.spot.role == "node":
                arguments = repr(getattr(call.spot.node.config, "with_", None))
                found.setdefault((id(call.spot.scope), call.name, arguments), []).append(call)
        for calls in found.values():
            for first, second in combinations(calls[:20], 2):
                locks = {first.spot.node.config.lock, second.spot.node.config.lock}
                kept_apart = len(locks) == 1 and None not in locks
                if not kept_apart and first.spot.scope.outcomes.together(first.spot.index, second.spot.index):
                    message = f"`{first.spot.node.id}` calls `{second.name}` with the same arguments at the same time"
                    loc = (*second.spot.loc, second.spot.node.type)
                    yield Remark(message, loc, "call it once, one after the other, or under one `lock:`")
