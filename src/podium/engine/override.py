"""What a person wants done with one node of a run: checked here, posted, and carried out by the run's owner.

1. The node must be there and not have ended; one that has ended is done anew in a fork (`podium runs rerun`).
2. A doubt is settled first: whoever lets a node run again, or puts something in the place of its result, must know
   whether its effect happened.
3. What is supplied must be of the node's type, as far as that is known, because what comes after it was checked
   against that type.
4. The key binds the request to what its author saw of the node, so two people cannot override it twice by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Protocol, cast

from podium.engine.control import LIVE
from podium.engine.state import NodeState, RunState, is_alive
from podium.errors import Rejected, UsageError
from podium.ids import IdSource, NodePath, RunId
from podium.ledger.payload import json_payload
from podium.ledger.record import EffectIntent, Entry, OverrideRequested, Record
from podium.ledger.store import RunStore
from podium.spec.suggest import did_you_mean

Json = Any
Action = Literal["retry", "input", "output", "skip", "abort"]


class Standings(Protocol):
    """Knows where runs stand: `podium.engine.runtime.Engine`."""

    async def standing(self, run: RunId) -> RunState:
        """Return where a run stands; ST004 when there is none."""
        ...


async def override(
    standings: Standings,
    store: RunStore,
    ids: IdSource,
    run: RunId,
    path: NodePath,
    *,
    action: Action,
    by: str,
    value: Json = None,
    reason: str = "",
) -> Record:
    """Say what shall be done with a node that asks, waits, works or has not begun.

    Args:
        standings: Who knows where the run stands.
        store: Where it is posted.
        ids: For the salts of what is stored.
        run: The run.
        path: The node.
        action: `retry` it; retry it with other `input`s; take an `output` as its own; `skip` it; or `abort` it, which
            lets it fail for good.
        by: Who says so.
        value: For `input` the values that replace its own, by the name of the setting; for `output` its result.
        reason: Why.

    Raises:
        UsageError: there is no such node (EN020), it has ended (EN021), it is in doubt (EN022), the value does not fit
            (EN023), or somebody else was quicker (EN029).
        Rejected: the run has ended.
    """
    state = await standings.standing(run)
    node = _node(state, path)
    records = await _records(store, run)
    _check_doubt(state, node, records, action)
    _check_value(node, action, value)
    supplied = json_payload(value, ids) if action in ("input", "output") else None
    told = json_payload(reason, ids) if reason else None
    body = OverrideRequested(
        action=action, by=by, value=supplied.ref if supplied else None, reason=told.ref if told else None
    )
    seen = max((record.seq for record in records if record.path == path), default=0)
    payloads = tuple(stored for stored in (supplied, told) if stored is not None)
    try:
        entry = Entry(body=body, path=path, key=f"override:{path}:{seen}", payloads=payloads)
        return await store.post(run, entry, when=LIVE)
    except Rejected as error:
        if error.code != "ST006":
            raise
        help_ = f"look at it with `podium runs show {run}` before trying again"
        raise UsageError("EN029", f"somebody has just decided about `{path}`", help=help_) from None


async def _records(store: RunStore, run: RunId) -> list[Record]:
    records: list[Record] = []
    while page := await store.records(run, after=records[-1].seq if records else 0):
        records += page
    return records


def _node(state: RunState, path: NodePath) -> NodeState:
    node = state.nodes.get(path)
    if node is None or node.undoes is not None:
        near = did_you_mean(path, state.nodes)
        raise UsageError(
            "EN020",
            f"run `{state.run}` has no node at `{path}`",
            help=near or f"`podium runs show {state.run} --all` lists those that have begun",
        )
    if node.ended or state.ended is not None or state.ending is not None or not is_alive(node):
        how = node.status if node.ended else "stopped"
        raise UsageError(
            "EN021",
            f"`{path}` of run `{state.run}` has ended: {how}",
            help=f"do it anew in a run of its own: `podium runs rerun {state.run} --from {path}`",
        )
    return node


def _check_doubt(state: RunState, node: NodeState, records: list[Record], action: Action) -> None:
    """Refuse while an effect may have happened: one that the node asks about; to run it again, any `once` effect."""
    asks = node.parked is not None and node.parked.reason == "doubt" and node.status == "waiting"
    again = action in ("retry", "input")
    if asks or (again and any(state.effects[intent.id].doubt for intent in _once_in(node, records))):
        raise UsageError(
            "EN022",
            f"an effect of `{node.path}` may have happened; nobody knows yet",
            help=f"settle that first: `podium runs resume {state.run} --landed {node.path}` or `--not-landed`",
        )


def _once_in(node: NodeState, records: list[Record]) -> Iterator[EffectIntent]:
    inside = tuple(node.path + mark for mark in "/[.")
    for record in records:
        body = record.body
        here = record.path == node.path or record.path.startswith(inside)
        if here and isinstance(body, EffectIntent) and body.delivery == "once":
            yield body


def _check_value(node: NodeState, action: Action, value: Json) -> None:
    problems: list[str] = []
    if action == "output":
        problems = node.node.out.problems(value)
    elif action == "input":
        problems = list(_wrong_inputs(node, value))
    if problems:
        raise UsageError("EN023", f"that does not fit `{node.path}`: {problems[0]}", help=_what_fits(node, action))


def _wrong_inputs(node: NodeState, value: Json) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"expected an object of settings by name, got {type(value).__name__}"
        return
    fields = node.work.fields
    for name, given in cast("Mapping[str, Json]", value).items():
        if name not in fields:
            yield f"it has no value `{name}`"
        else:
            yield from (f"`{name}`: {problem}" for problem in fields[name].type.problems(given))


def _what_fits(node: NodeState, action: Action) -> str:
    if action == "output":
        return f"its result is {node.node.out}"
    known = ", ".join(f"`{name}` ({program.type})" for name, program in node.work.fields.items())
    return f"its values: {known}" if known else "it is worked out from no values; use `--retry`"
