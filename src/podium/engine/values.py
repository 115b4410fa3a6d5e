"""Values of a run: payloads, decoded, for expressions and nodes.

Decoded values are kept up to a bound, newest first out last; what has been let go is read again from the store.
Values are shared between nodes and never changed in place.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import msgspec

from podium.engine.state import NodeState, Scope
from podium.ids import Digest, IdSource, NodeId, RunId
from podium.ledger.payload import payload
from podium.ledger.record import Payload, PayloadRef
from podium.ledger.store import RunStore

Json = Any

CACHE_BYTES = 64 * 1024 * 1024
"""Encoded size of the values that one run keeps decoded."""


class Values:
    """The payloads of one run."""

    def __init__(self, store: RunStore, run: RunId, ids: IdSource) -> None:
        self._store = store
        self._run = run
        self._ids = ids
        self._kept: OrderedDict[Digest, tuple[int, Json]] = OrderedDict()
        self._bytes = 0

    def encode(self, value: Json) -> Payload:
        """Return a value as a new payload and keep it decoded."""
        try:
            data = msgspec.json.encode(value)
        except OverflowError:  # integers beyond 64 bits: slower, and as exact
            data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        stored = payload(data, self._ids)
        self._keep(stored.ref, value)
        return stored

    async def load(self, ref: PayloadRef | None) -> Json:
        """Return the value of a payload, None for no payload.

        Raises:
            LedgerError: when it is missing or damaged.
        """
        if ref is None:
            return None
        kept = self._kept.get(ref.digest)
        if kept is not None:
            self._kept.move_to_end(ref.digest)
            return kept[1]
        value = msgspec.json.decode(await self._store.payload(self._run, ref))
        self._keep(ref, value)
        return value

    def _keep(self, ref: PayloadRef, value: Json) -> None:
        self._kept[ref.digest] = (ref.size, value)
        self._bytes += ref.size
        while self._bytes > CACHE_BYTES and len(self._kept) > 1:
            _, (size, _) = self._kept.popitem(last=False)
            self._bytes -= size

    async def names(self, wanted: frozenset[str], scope: Scope, inputs: PayloadRef) -> dict[str, Json]:
        """Return the names that a program reads, as `Program.eval` wants them.

        Names that nobody in scope has are left out: late programs bring their own.
        """
        found: dict[str, Json] = {}
        for name in wanted:
            if name == "inputs":
                found[name] = await self.load(inputs)
            elif (item := _item_of(name, scope)) is not None and item.parent is not None:
                found[name] = (await self.load(item.parent.list_))[item.index]
            elif (node := scope.find(NodeId(name))) is not None:
                found[name] = await self.node(node)
        return found

    async def node(self, node: NodeState) -> dict[str, Json]:
        """Return what expressions see of a node: `{"out"}`, `{"error"}`, both, or {} when it was skipped."""
        if node.status == "failed" and node.failure is not None:
            told = await self.load(node.failure.error)
            error = {"code": node.failure.code, "kind": node.failure.error_kind, "message": told["message"]}
            handled = node.node.handlers.get("error") == "continue"
            return {"out": None, "error": error} if handled else {"error": error}
        return {"out": await self.load(node.out)} if node.status == "done" else {}


def _item_of(name: str, scope: Scope) -> Scope | None:
    """Return the item whose variable is `name`, innermost first."""
    current: Scope | None = scope
    while current is not None:
        if current.parent is not None and current.graph.variable == name:
            return current
        current = current.parent.scope if current.parent else None
    return None
