"""LI014."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Scope, Spot, Subject
from podium.spec.diagnostic import Severity


class LonelyLock:
    """A lock that only one node has.

    Why is this bad? A lock keeps nodes of a run apart that have the same one. With one node there is nothing to keep
    apart: the name is misspelled, or it was meant to hold between runs (that is `concurrency:` of the workflow).

    Wrong:

    ```yaml
    podium: 1
    name: readings
    nodes:
      first: {llm: Read the first page., lock: desk}
      second: {llm: Read the second page., lock: desc}
      third: {llm: Read the third page., lock: desk}
    ```

    Right:

    ```yaml
    podium: 1
    name: readings
    nodes:
      first: {llm: Read the first page., lock: desk}
      second: {llm: Read the second page., lock: desk}
      third: {llm: Read the third page., lock: desk}
    ```

    One node inside a `map` that works at several items at once is many.
    """

    code: ClassVar[str] = "LI014"
    name: ClassVar[str] = "lonely-lock"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Count the nodes of each lock."""
        holders: defaultdict[str, list[Spot]] = defaultdict(list)
        for spot in subject.spots:
            if spot.node.config.lock is not None:
                holders[spot.node.config.lock].append(spot)
        for lock, spots in holders.items():
            if len(spots) == 1 and not _many(spots[0].scope):
                help_ = "give it to the others, too, or delete it"
                yield Remark(f"no other node has the lock `{lock}`", (*spots[0].loc, "lock"), help_)


def _many(scope: Scope) -> bool:
    """Whether the nodes of a scope may run beside themselves."""
    several = len(scope.callers) > 1 or scope.graph.concurrency > 1
    return several or any(_many(caller.scope) for caller in scope.callers)
