"""LI009."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from podium.lint.rule import Remark
from podium.lint.subject import Spot, Subject
from podium.spec.diagnostic import Severity


class NeverRuns:
    """A node that cannot run, or a join that cannot get what it waits for.

    Why is this bad? It is skipped in every run, and so is everything behind it. A join of branches that exclude each
    other never has two of them; a node that handles a no does not come to it when it also waits for the yes.

    Wrong:

    ```yaml
    podium: 1
    name: opinions
    inputs:
      pages: {type: integer, default: 3}
    nodes:
      size: {switch: [{when: inputs.pages > 10, then: skim}], else: read}
      skim: {llm: Read the headings.}
      read: {llm: Read all of it.}
      both: {join: [skim, read], wait: {quorum: 2}}
    ```

    Right:

    ```yaml
    podium: 1
    name: opinions
    inputs:
      pages: {type: integer, default: 3}
    nodes:
      size: {switch: [{when: inputs.pages > 10, then: skim}], else: read}
      skim: {llm: Read the headings.}
      read: {llm: Read all of it.}
      either: {join: [skim, read], wait: any}
    ```

    Every combination of what the nodes before it may do is tried; where there are too many, nothing is claimed.
    """

    code: ClassVar[str] = "LI009"
    name: ClassVar[str] = "never-runs"
    severity: ClassVar[Severity] = "warning"

    def check(self, subject: Subject) -> Iterator[Remark]:
        """Ask of each node whether there is a way to it; what only stands behind such a node is not named."""
        for scope in subject.scopes:
            never = {node.index for node in scope.graph.nodes if scope.outcomes.never(node.index)}
            for node in scope.graph.nodes:
                behind = never & {edge.source for edge in node.incoming}
                too_many = node.join is not None and node.join.need > len(node.join.sources)  # LI007 says so
                if node.index in never and not behind and not too_many:
                    yield _remark(Spot(node, scope, (*scope.loc, node.id), node.index))


def _remark(spot: Spot) -> Remark:
    node, rule = spot.node, spot.node.join
    if rule is not None:
        message = f"none of the sources of `{node.id}` ever comes"
        if rule.need:
            message = f"`{node.id}` waits for {rule.need} branches, and so many of its sources never come together"
        help_ = "lower the quorum: of branches that exclude each other only one comes"
        return Remark(message, spot.loc, help_, on_key=True)
    if node.config.when == "false":
        return Remark(f"`{node.id}` never runs", (*spot.loc, "when"), "delete it, or say when it runs")
    message = f"`{node.id}` never runs: what it waits for and what starts it exclude each other"
    return Remark(
        message, spot.loc, "look at what it reads and at its `after:`; one of the two is too much", on_key=True
    )
