"""Undoing: what was completed is compensated in the reverse order of completion (sagas, Garcia-Molina 1987).

A node with `compensate` may have something to undo from its first intent on: when an effect was sent and no answer
came, it counts as done, because nobody knows. Undoing begins when a scope fails, or a node fails with something inside
it that was completed, or the run is stopped; it waits until nothing runs there any more. One compensation runs at a
time. One that fails for good is counted and reported, and the others run all the same.

A node that is done speaks for what is inside it: with a `compensate` of its own, that alone undoes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from podium.engine.flow import resume
from podium.engine.state import NodeState, RunState, Scope, Unwinding
from podium.graph.joins import Tally
from podium.ids import NodePath


def undo_of(state: RunState, node: NodeState) -> None:
    """Note that a node may have something to undo; when it is done, that it was the last to be completed."""
    compensation = node.node.compensation
    if compensation is None or node.undoes is not None:
        return
    if node.undo is None:
        path = NodePath(f"{node.path}.compensate")
        node.undo = NodeState(compensation, node.scope, path, Tally(), undoes=node)
        state.nodes[path] = node.undo
    state.completed += 1
    node.undo.order = state.completed
    if node.scope.closed and node.undo.unwinding is None:
        _add_late(state, node.undo)


def _add_late(state: RunState, undo: NodeState) -> None:
    """What was under way when its scope failed may have come to something all the same."""
    found = next((unwinding for unwinding in state.unwindings if undo.scope.within(unwinding.owner)), None)
    if found is None:
        if not _failed(state, undo.scope):
            return
        found = Unwinding(undo.scope, [], None, late=True)
        undo.scope.unwinding = found
        state.unwindings.append(found)
    undo.unwinding = found
    found.stack.append(undo)
    _next(state, found)


def _failed(state: RunState, scope: Scope) -> bool:
    """Whether a scope that is closed has failed, or one around it; what is only withdrawn is not undone."""
    around: Scope | None = scope
    while around is not None:
        if around.failures or around.late:
            return True
        around = around.parent.scope if around.parent is not None else None
    return state.ending is not None and state.ending.status != "done"


def something_to_undo(scope: Scope) -> bool:
    """Whether anything was done in a scope that can be undone."""
    return next(undoable(scope), None) is not None


def unwind(
    state: RunState, owner: Scope | NodeState, *, cause: NodeState | None, also: Iterable[NodeState] = ()
) -> Unwinding | None:
    """Begin to undo what was done inside `owner`; None when there is nothing. Undoing inside it becomes part of it.

    `also` is undone with it: what a commit had carried out.
    """
    scopes = [owner] if isinstance(owner, Scope) else owner.items
    inside = (undo for scope in scopes for undo in undoable(scope))
    stack = sorted((*inside, *also), key=lambda undo: undo.order)
    if not stack:
        return None
    unwinding = Unwinding(owner, stack, cause)
    owner.unwinding = unwinding
    absorbed = {id(undo.unwinding) for undo in stack if undo.unwinding is not None}
    for other in state.unwindings:
        if id(other) in absorbed:
            other.owner.unwinding = None
    state.unwindings = [other for other in state.unwindings if id(other) not in absorbed]
    state.unwindings.append(unwinding)
    for undo in stack:
        undo.unwinding = unwinding
    _next(state, unwinding)
    return unwinding


def undoable(scope: Scope) -> Iterator[NodeState]:
    """Yield what has not been undone inside a scope, in no order."""
    for node in scope.nodes:
        if node.undo is not None and not node.undo.ended:
            yield node.undo
        if node.undo is None or node.status != "done":
            for item in node.items:
                yield from undoable(item)


def _next(state: RunState, unwinding: Unwinding) -> None:
    top = unwinding.stack[-1]
    if top.status == "pending":
        resume(state, top)


def undone_by(state: RunState, undo: NodeState) -> Unwinding | None:
    """A compensation has ended: go on with the one before it. Return the undoing when it was the last."""
    unwinding = undo.unwinding
    if unwinding is None:
        return None
    unwinding.stack.remove(undo)
    if unwinding.stack:
        _next(state, unwinding)
        return None
    state.unwindings.remove(unwinding)
    unwinding.owner.unwinding = None
    return unwinding


def may_begin(state: RunState, undo: NodeState) -> bool:
    """Whether nothing runs any more where something is to be undone."""
    unwinding = undo.unwinding
    if unwinding is None:
        return True
    return not any(node is not undo and node.scope.within(unwinding.owner) for node in state.running.values())


def may_collect(state: RunState, node: NodeState) -> bool:
    """Whether nothing inside a node is at work or being undone any more, though all its items are closed."""
    still = any(other.scope.within(node) for other in state.running.values())
    return not still and not any(_owner_scope(unwinding).within(node) for unwinding in state.unwindings)


def _owner_scope(unwinding: Unwinding) -> Scope:
    return unwinding.owner if isinstance(unwinding.owner, Scope) else unwinding.owner.scope


def is_needed(state: RunState, undo: NodeState) -> bool:
    """Whether there is something to undo: the node is done and not only prepared, or an effect is in doubt."""
    node = undo.undoes
    assert node is not None
    only_prepared = bool(node.staged) and node.carried_out == 0
    return (node.status == "done" and not only_prepared) or bool(state.doubts.get(node.path))
