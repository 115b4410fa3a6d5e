"""Values of a run: payloads, decoded, for expressions and nodes.

Decoded values are kept up to a bound, newest first out last; what has been let go is read again from the store.
Values are shared between nodes and never changed in place.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec

from podium.engine.state import NodeState, RunState, Scope
from podium.errors import LedgerError
from podium.graph.joins import handled
from podium.graph.model import CONTINUE
from podium.ids import Digest, IdSource, NodeId, NodePath
from podium.ledger.payload import payload
from podium.ledger.record import Payload, PayloadRef
from podium.ledger.store import RunStore

Json = Any

CACHE_BYTES = 64 * 1024 * 1024
"""Encoded size of the values that one run keeps decoded."""


class Values:
    """The payloads of one run, and of the runs that it goes on from."""

    def __init__(self, store: RunStore, state: RunState, ids: IdSource, *, tokens: Callable[[NodePath], str]) -> None:
        self._store = store
        self._state = state
        self._ids = ids
        self._tokens = tokens
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
        value = msgspec.json.decode(await self._read(ref))
        self._keep(ref, value)
        return value

    async def _read(self, ref: PayloadRef) -> bytes:
        """Read a payload; what was found before this run began stands with the run that found it."""
        for earlier in self._state.earlier:
            try:
                return await self._store.payload(earlier, ref)
            except LedgerError as error:
                if error.code != "LE006":
                    raise
        return await self._store.payload(self._state.run, ref)

    def _keep(self, ref: PayloadRef, value: Json) -> None:
        self._kept[ref.digest] = (ref.size, value)
        self._bytes += ref.size
        while self._bytes > CACHE_BYTES and len(self._kept) > 1:
            _, (size, _) = self._kept.popitem(last=False)
            self._bytes -= size

    async def names(self, wanted: frozenset[str], scope: Scope) -> dict[str, Json]:
        """Return the names that a program reads, as `Program.eval` wants them.

        Names that nobody in scope has are left out: late programs bring their own.
        """
        found: dict[str, Json] = {}
        for name in wanted:
            if name == "inputs":
                found[name] = await self._inputs(scope)
            elif name == "run":
                assert self._state.created is not None
                found[name] = {"id": self._state.run, "workflow": self._state.created.workflow}
            elif name == "callback":
                found[name] = self._callbacks(scope)
            elif (item := _item_of(name, scope)) is not None:
                found[name] = await self.given(item)
            elif (node := scope.find(NodeId(name))) is not None:
                found[name] = await self.node(node)
        return found

    async def given(self, item: Scope) -> Json:
        """Return what an item of a body is for."""
        value = await self.load(item.given.value)
        return value if item.given.at < 0 else value[item.given.at]

    async def node(self, node: NodeState) -> dict[str, Json]:
        """Return what expressions see of a node: `{"out"}`, `{"error"}`, both, or {} when it was skipped."""
        if node.status == "done":
            return {"out": await self.load(node.out)}
        if node.status != "failed" or node.failure is None:
            return {}
        error = await self.error(node)
        if node.node.handlers.get(handled(node.node, "error", node.failure.error_kind)) != CONTINUE:
            return {"error": error}
        default = node.node.default
        out = default.eval(await self.names(default.names, node.scope)) if default is not None else None
        return {"out": out, "error": error}

    async def error(self, node: NodeState) -> Json:
        """Return the last failure of a node as expressions see it."""
        failure = node.failure
        if failure is None:
            message = f"left by `{node.port}`"
            return {"code": "EN007", "kind": "failed", "message": message, "node": node.path, "causes": []}
        told = await self.load(failure.error)
        return {
            "code": failure.code,
            "kind": failure.error_kind,
            "message": told["message"],
            "node": node.path,
            "causes": told.get("causes", []),
        }

    async def _inputs(self, scope: Scope) -> Json:
        if scope.home.parent is not None:
            return await self.given(scope.home)
        assert self._state.created is not None
        return await self.load(self._state.created.inputs)

    def _callbacks(self, scope: Scope) -> dict[str, str]:
        tokens: dict[str, str] = {}
        for around in scope.around():
            for node in around.nodes:
                if node.node.config.callback():
                    tokens.setdefault(node.node.id, self._tokens(node.path))
        return tokens


def _item_of(name: str, scope: Scope) -> Scope | None:
    """Return the item whose variable is `name`, innermost first."""
    return next((item for item in scope.around() if item.parent is not None and item.graph.variable == name), None)
