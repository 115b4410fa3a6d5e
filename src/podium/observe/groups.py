"""Nodes as people want to read them: the items of a map as one line each node, with counts.

`drafts[0]/write` and `drafts[1]/write` become `drafts[*]/write`, two nodes. Everything else stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from podium.clock import Millis
from podium.observe.view import NodeView

_INDEX = re.compile(r"\[\d+\]")


class NodeGroup(Struct, frozen=True, kw_only=True):
    """Nodes of one place in the workflow.

    Attributes:
        path: With `[*]` for any item.
        statuses: `{label: nodes}`, never empty.
        model: Names of all models that answered, joined by commas.
        ms: From the first start to the last end.
    """

    path: str
    statuses: Mapping[str, int]
    attempts: int
    model: str
    input_tokens: int
    output_tokens: int
    ms: int

    @property
    def status(self) -> str:
        """Return `done`, or for several nodes such as `4 done, 1 failed`."""
        if sum(self.statuses.values()) == 1:
            return next(iter(self.statuses))
        return ", ".join(f"{count} {status}" for status, count in self.statuses.items())


def grouped(nodes: Iterable[NodeView], now: Millis, *, every: bool = False) -> tuple[NodeGroup, ...]:
    """Return the groups in the order in which their first nodes appeared; `now` ends what is still open.

    With `every` each node is a group of its own.
    """
    members: dict[str, list[NodeView]] = {}
    for node in nodes:
        name = node.path if every else _INDEX.sub("[*]", node.path)
        members.setdefault(name, []).append(node)
    return tuple(_group(path, group, now) for path, group in members.items())


def _group(path: str, nodes: list[NodeView], now: Millis) -> NodeGroup:
    start = min(node.started_at for node in nodes)
    end = max(node.ended_at or now for node in nodes)
    return NodeGroup(
        path=path,
        statuses=dict(Counter(node.label for node in nodes)),
        attempts=sum(node.attempts for node in nodes),
        model=", ".join(sorted({node.model for node in nodes if node.model})),
        input_tokens=sum(node.input_tokens for node in nodes),
        output_tokens=sum(node.output_tokens for node in nodes),
        ms=max(0, end - start),
    )
