"""The outbox of a run: what was staged, and what has been decided about it. Part of `fold`.

1. A staged effect counts for a commit when the node that staged it is done, and so is everything around it up to the
   commit's own scope: what a failed item or a draft that was sent back had prepared is never released.
2. What a commit decides is one record. From then on the effects in it are that commit's alone.
3. A staged effect is undone only when it was carried out: `compensate` of a node whose effects were all left in the
   outbox has nothing to do.
4. When a commit fails half-way, what it had carried out is undone, the last one first, whoever handles its failure;
   what it had not carried out stays undone, and no other commit takes it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from podium.engine.state import NodeState, RunState, Staged
from podium.engine.undo import undo_of
from podium.ids import EffectKey, NodePath
from podium.ledger.record import EffectOutcome, EffectStaged, OutboxDropped, OutboxReleased


def owner(state: RunState, path: NodePath) -> NodeState | None:
    """Return the node that an effect belongs to; those of a fallback stand at `node.fallback1`."""
    return state.nodes.get(path) or state.nodes.get(NodePath(path.rpartition(".fallback")[0]))


def stage(state: RunState, body: EffectStaged, path: NodePath) -> None:
    """Put an effect into the outbox."""
    state.effect(body.id).staged = True
    state.outbox[body.id] = Staged(body, path)
    node = owner(state, path)
    if node is not None:
        node.staged = (*node.staged, body.id)


def resolve(state: RunState, body: OutboxReleased | OutboxDropped, path: NodePath) -> None:
    """Note what a commit decided."""
    state.decisions[path] = body
    for key in body.ids:
        staged = state.outbox.get(key)
        if staged is None:
            continue
        staged.decided_by = path
        if isinstance(body, OutboxDropped):
            staged.status = "dropped"


def sent(state: RunState, key: EffectKey) -> None:
    """A released effect is about to leave the process: from now on there may be something to undo."""
    staged = state.outbox.get(key)
    if staged is None or staged.status == "sent" or not staged.decided_by:
        return
    staged.status = "sent"
    node = owner(state, staged.path)
    if node is not None:
        node.carried_out += 1
        undo_of(state, node)


def came_of(state: RunState, body: EffectOutcome) -> None:
    """What is known of a released effect: it happened, it certainly did not, or nobody knows."""
    staged = state.outbox.get(body.id)
    if staged is None or staged.status != "sent" or body.status == "unknown":
        return
    landed(state, body.id, happened=body.status == "ok")


def landed(state: RunState, key: EffectKey, *, happened: bool) -> None:
    """It is known now whether a released effect happened."""
    staged = state.outbox.get(key)
    if staged is None or staged.status != "sent":
        return
    staged.status = "done" if happened else "staged"
    node = owner(state, staged.path)
    if node is not None and not happened:
        node.carried_out -= 1


def withdraw_decision(state: RunState, path: NodePath) -> None:
    """A commit begins anew: what it had not carried out can be decided about again."""
    decision = state.decisions.pop(path, None)
    for key in decision.ids if decision is not None else ():
        staged = state.outbox.get(key)
        if staged is not None and staged.decided_by == path and staged.status != "done":
            staged.decided_by = ""
            staged.status = "staged" if staged.status == "dropped" else staged.status


def open_in(state: RunState, commit: NodeState, nodes: Sequence[NodeState] | None) -> list[Staged]:
    """Return what a commit may decide about, in the order in which it is to happen.

    That is the order in which the commit names the nodes, or that of the workflow; inside a node, that of its items and
    then that of the workflow again. It does not depend on which of several nodes was quicker.

    Args:
        commit: The commit.
        nodes: The nodes of its scope that it names, None for all.
    """
    return list(_open(state, commit.scope.nodes if nodes is None else nodes))


def _open(state: RunState, nodes: Iterable[NodeState]) -> Iterator[Staged]:
    for node in nodes:
        if node.status != "done":
            continue
        for item in node.items:
            if not (item.failures or item.late or item.withdrawn):
                yield from _open(state, item.nodes)
        for key in node.staged:
            staged = state.outbox[key]
            wanted = staged.body.because == "staged" and staged.path == node.place
            if wanted and not staged.decided_by and staged.status in ("staged", "sent"):
                yield staged


def unreleased(state: RunState) -> int:
    """Return how many effects were prepared and did not happen."""
    return sum(staged.status != "done" for staged in state.outbox.values())


def to_undo(state: RunState, commit: NodeState) -> Iterator[NodeState]:
    """Yield what undoes the effects that a commit has carried out, in no order."""
    decision = state.decisions.get(commit.path)
    found: dict[NodePath, NodeState] = {}
    for key in decision.ids if decision is not None else ():
        staged = state.outbox.get(key)
        node = owner(state, staged.path) if staged is not None and staged.status in ("sent", "done") else None
        if node is not None and node.undo is not None and not node.undo.ended:
            found[node.path] = node.undo
    yield from found.values()
