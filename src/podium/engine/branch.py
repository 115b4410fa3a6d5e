"""Going on from another run: the state in which a fork begins.

What the other run had found by then stands, in its records; nothing is copied. What is named is done anew with
everything that builds on it, and so is what was not finished. No approval is inherited: a node that asked a person is
done anew when anything that comes after it is. A node inside another one is done anew with that one, but for the items
of a map: there the other items are kept.
"""

from __future__ import annotations

from collections.abc import Iterable

from podium.engine.flow import look
from podium.engine.rounds import again
from podium.engine.state import NodeState, RunState, Scope
from podium.errors import UsageError
from podium.graph.model import CONTINUE, Graph, GraphNode
from podium.graph.wiring import reads_of
from podium.ids import NodePath, RunId
from podium.spec.model import port_of

_ASKS = "human"


def branch(state: RunState, run: RunId, paths: Iterable[str]) -> RunState:
    """Turn the state of another run at the point where it is left into the beginning of `run`.

    Raises:
        UsageError: EN017 when there is no such node, EN018 when there is nothing to do.
    """
    root = state.root
    anew, items = set[int](), list[Scope]()
    for path in paths:
        node, item = _find(state, path)
        if item is None:
            anew.add(node.node.index)
        else:
            items.append(item)
    anew |= {node.node.index for node in root.nodes if not _is_kept(node)}
    if not anew and not items:
        raise UsageError(
            "EN018",
            f"nothing of run `{state.run}` would be done anew",
            help="name a node with `--from`, or change an input that a node reads",
        )
    begun = RunState(run=run, graph=state.graph, root=root, nodes=state.nodes)
    begun.earlier = (*state.earlier, state.run)
    root.failures, root.closed = [], False
    opened = {item.parent.node.index for item in items if item.parent is not None} - anew
    behind = {edge.target for index in opened for edge in root.graph.nodes[index].outgoing}
    for item in items:
        if item.parent is not None and item.parent.node.index in opened:
            _reopen_item(begun, item.parent, item)
    again(begun, root, anew | behind | _approvals(root, anew | behind))
    begun.tolerated = sum(_tolerated(node) for node in root.nodes)
    return begun


def _find(state: RunState, path: str) -> tuple[NodeState, Scope | None]:
    """Return the node of the workflow that a path stands in, and the item of it, if it is one of a map."""
    first = path.partition("/")[0]
    name, _, index = first.rstrip("]").partition("[")
    node = state.nodes.get(NodePath(name))
    if node is None or (index and not (index.isdecimal() and int(index) < len(node.items))):
        raise UsageError(
            "EN017", f"run `{state.run}` has no node at `{path}`", help=f"`podium runs show {state.run}` lists them"
        )
    many = index and node.work.bodies[""].concurrency > 1 and node.status == "done"
    return node, node.items[int(index)] if many else None


def _is_kept(node: NodeState) -> bool:
    if _holds_back(node):
        return False
    if node.status == "failed":
        return node not in node.scope.failures and not node.undone
    return node.ended and not node.undone and node.port != "withdrawn"


def _holds_back(node: NodeState) -> bool:
    """Whether a node, or one inside it, has staged what was not carried out; an outbox is not inherited."""
    return len(node.staged) > node.carried_out or any(_holds_back(inner) for item in node.items for inner in item.nodes)


def _approvals(scope: Scope, indices: set[int]) -> set[int]:
    """Return the nodes that asked a person for something that comes before what is done anew."""
    wanted, found = set(indices), set[int]()
    for node in scope.graph.nodes:  # a topological order
        if any(edge.source in wanted for edge in node.incoming):
            wanted.add(node.index)
    for node in reversed(scope.graph.nodes):
        if any(edge.target in wanted for edge in node.outgoing):
            wanted.add(node.index)
            if scope.nodes[node.index].status == "done" and _asks(node):
                found.add(node.index)
    return found


def _asks(node: GraphNode) -> bool:
    return node.type == _ASKS or any(_asks(inner) for graph in node.bodies.values() for inner in graph.nodes)


def _reopen_item(state: RunState, node: NodeState, item: Scope) -> None:
    """Do one item of a map anew and let the map collect again; its other items are kept."""
    if node.status == "done":
        node.status, node.port, node.out = "forked", "", None
        node.open_items = 0
        node.scope.open += 1
    node.failed_items -= bool(item.failures)
    node.ok_items -= not item.failures
    node.open_items += 1
    fresh = Scope.again(item)
    node.items[item.index] = fresh
    for inner in fresh.nodes:
        state.nodes[inner.path] = inner
    for inner in fresh.nodes:
        look(state, inner)


def _tolerated(node: NodeState) -> int:
    failed = node.status == "failed" and CONTINUE in (
        handler for port, handler in node.node.handlers.items() if port_of(port) == "error"
    )
    return failed + (node.failed_items if node.status == "done" else 0)


def readers(graph: Graph, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the nodes of a workflow that read one of these inputs, themselves or by what is inside them."""
    names = set(changed)
    return tuple(node.id for node in graph.nodes if _reads(node, names))


def _reads(node: GraphNode, inputs: set[str]) -> bool:
    read = (found.reference for found in reads_of(node.config))
    return any(reference.name == "inputs" and reference.port in {*inputs, ""} for reference in read)
