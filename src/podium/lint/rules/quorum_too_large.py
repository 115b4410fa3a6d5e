"""LI007."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Subject
from podium.spec.diagnostic import Severity


class QuorumTooLarge:
    """A join that waits for more branches than it has.

    Why is this bad? It can never start, so everything behind it is skipped.

    Wrong:

    ```yaml
    podium: 1
    name: opinions
    nodes:
      first: {llm: Name a colour.}
      second: {llm: Name a colour.}
      chosen: {join: [first, second], wait: {quorum: 3}}
    ```

    Right:

    ```yaml
    podium: 1
    name: opinions
    nodes:
      first: {llm: Name a colour.}
      second: {llm: Name a colour.}
      chosen: {join: [first, second], wait: {quorum: 2}}
    ```
    """

    code: ClassVar[str] = "LI007"
    name: ClassVar[str] = "quorum-too-large"
    severity: ClassVar[Severity] = "error"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Compare the number needed with the number of sources."""
        for spot in subject.spots:
            rule = spot.node.join
            if rule is not None and rule.need > len(rule.sources):
                message = f"`{spot.node.id}` waits for {rule.need} branches and has {len(rule.sources)}"
                yield Remark(message, (*spot.loc, "wait"), "lower the quorum, or add branches to the join")
