"""Joins and skips: what becomes of a node once its incoming edges end (the rules of `podium.graph.model`).

Two pure questions, both answered in constant time per edge, so that a map of 10,000 items costs no more than its
edges:

- `ended(node, port)`: in which state does each outgoing edge of a node end that left by `port`?
- `ready(node, tally)`: given how many incoming edges ended in which state, does the node start, wait, or skip?

A join has two kinds of incoming edges. Its sources (kind `data`) are counted by its rule; everything else that it
refers to or stands `after` is a gate as for any other node, and must have ended before the rule is asked.

```python
tally = Tally.of(node)
tally.add(edge, "fired")
ready(node, tally)            # "start"
```
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Literal

from podium.graph.model import CONTINUE, Edge, GraphNode
from podium.spec.model import HANDLED_PORTS, port_of

EdgeState = Literal["fired", "not_chosen", "blocked"]
"""How an edge ended; before that it is pending."""

Verdict = Literal["wait", "start", "skip_blocked", "skip_not_chosen"]

OUT = "out"


@dataclass(slots=True)
class Tally:
    """How a node's incoming edges stand; counters only, changed by `add`.

    Attributes:
        pending: Edges that must end before anything is decided: all of a plain node, all but the sources of a join.
        control_fired, control_blocked: Ended control edges.
        fired, blocked: Ended `data` and `after` edges of a plain node, `after` edges of a join.
        source_pending, source_fired, source_blocked: The sources of a join.
    """

    pending: int = 0
    control_fired: int = 0
    control_blocked: int = 0
    fired: int = 0
    blocked: int = 0
    source_pending: int = 0
    source_fired: int = 0
    source_blocked: int = 0

    @classmethod
    def of(cls, node: GraphNode) -> Tally:
        """Return the tally of a node none of whose edges has ended."""
        sources = sum(edge.kind == "data" for edge in node.incoming) if node.join else 0
        return cls(pending=len(node.incoming) - sources, source_pending=sources)

    def add(self, edge: Edge, state: EdgeState, *, join: bool) -> None:
        """Count one incoming edge that has ended; `join` says whether its target is a join."""
        if join and edge.kind == "data":
            self.source_pending -= 1
            self.source_fired += state == "fired"
            self.source_blocked += state == "blocked"
            return
        self.pending -= 1
        if edge.kind == "control":
            self.control_fired += state == "fired"
            self.control_blocked += state == "blocked"
        else:
            self.fired += state == "fired"
            self.blocked += state == "blocked"


def handled(node: GraphNode, port: str, kind: str = "") -> str:
    """Return the port by which a node is left that leaves by `port`: `error.timeout` where that is told apart."""
    special = f"{port}.{kind}"
    return special if kind and special in node.handlers else port


def ended(node: GraphNode, port: str, also: Container[str] = ()) -> Iterator[tuple[Edge, EdgeState]]:
    """Yield each outgoing edge of a node that left by `port`, with the state it ends in.

    The node's `data` and `after` edges on `out` fire also when it leaves by a port of its own (switch): whoever
    waits for a switch waits for its being done, not for one of its cases. `also` are further ports of its own.
    """
    if node.handlers.get(port) == CONTINUE:
        port = OUT
    base = port_of(port)
    failed = base in HANDLED_PORTS
    for edge in node.outgoing:
        # whoever reads `x.error`, without being the handler of one kind, is given every error that is handled
        if edge.port == port or edge.port in also or (edge.port == base and edge.kind != "control"):
            yield edge, "fired"
        elif port_of(edge.port) in HANDLED_PORTS:
            yield edge, "not_chosen"
        elif failed:
            yield edge, "blocked"
        else:
            yield edge, "fired" if edge.port == OUT else "not_chosen"


def let_through(validator: GraphNode, port: str, edge: Edge) -> bool:
    """Whether an edge held by a validator that left by `port` ends as its source says; otherwise it is blocked.

    What did not hold may only be used by the node that handles just that; `on_error: continue` lets nothing through.
    """
    return port == OUT or validator.handlers.get(port) == edge.target


def skipped(node: GraphNode, *, blocked: bool) -> Iterator[tuple[Edge, EdgeState]]:
    """Yield each outgoing edge of a node that was skipped: the skip goes on along all of them."""
    state: EdgeState = "blocked" if blocked else "not_chosen"
    for edge in node.outgoing:
        yield edge, state


def ready(node: GraphNode, tally: Tally, *, due: bool = False, need: int = 0) -> Verdict:
    """Return what the node does now; the answer never changes back once it is not `wait`.

    Args:
        node: Its join rule and whether it has control edges are read.
        tally: How its edges stand.
        due: For a join with a deadline: it has passed.
        need: For a join that asked for more sources: how many it wants at least; it takes fewer when no more can come.
    """
    if tally.pending:
        return "wait"
    if tally.blocked:
        return "skip_blocked"
    if node.control and not tally.control_fired:
        return _skip(tally.control_blocked)
    if node.join is not None:
        if need and not tally.source_pending and tally.source_fired:
            return "start"
        return _join(need or node.join.need, tally, due=due)
    if node.incoming and not node.control and not tally.fired:
        return "skip_not_chosen"
    return "start"


def _join(need: int, tally: Tally, *, due: bool) -> Verdict:
    if due and tally.source_fired:
        return "start"
    if need and tally.source_fired >= need:
        return "start"
    if tally.source_pending:
        return "wait"  # also when it cannot be met any more: as what it is skipped must not depend on who was first
    return "start" if tally.source_fired and not need else _skip(tally.source_blocked)


def _skip(blocked: int) -> Verdict:
    return "skip_blocked" if blocked else "skip_not_chosen"
