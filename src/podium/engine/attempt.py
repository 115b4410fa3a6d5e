"""One attempt of a node: evaluate, run, and turn what came of it into records.

An attempt writes nothing itself but through the gateway; it returns the entries that say how it ended. It may be
stopped at any await and begun again from the top: what its effects have recorded is not done again.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable
from typing import Any, cast

from podium.effects.effect import Suspended, Unknowable, did_it_land
from podium.engine.context import NodeContext
from podium.engine.endorse import endorsement
from podium.engine.labels import AS_SHOWN
from podium.engine.report import Report
from podium.engine.start import complete_inputs
from podium.engine.state import NodeState, Scope
from podium.engine.surroundings import Surroundings
from podium.errors import ExpressionError, LedgerError, NodeError, StoreError, UsageError
from podium.graph.model import Program
from podium.ids import NodeId
from podium.ledger.record import (
    ApprovalGiven,
    Entry,
    NodeSkipped,
)
from podium.node.contract import (
    Answer,
    Collecting,
    Done,
    Feedback,
    Fork,
    ItemResult,
    Node,
    Outcome,
    Park,
    Port,
    Question,
    Resumable,
)

Json = Any

OUT, UNCLEAR = Port("out"), Port("unclear")

_CAUSE = ("code", "kind", "message", "node")

_STOPPED: Json = {
    "code": "",
    "kind": "cancelled",
    "message": "nothing failed: it was withdrawn, or the run was stopped",
    "node": "",
    "causes": [],
}
"""What a compensation sees as `error` when it answers no failure."""


class Attempt:
    """One try of one node."""

    def __init__(self, run: Surroundings, node: NodeState) -> None:
        self._run = run
        self._node = node
        self._type: Node = run.nodes[node.work.type]
        self._context = NodeContext(run, node)
        self._report = Report(run, node, self._context.heard)

    async def entries(self) -> list[Entry]:
        """Carry the attempt out and return how it ended.

        Raises:
            StoreError: the store or the right to write is gone; nothing more can be recorded.
        """
        try:
            return await self._entries()
        except Suspended as suspended:
            return [self._report.suspended(suspended)]
        except Unknowable:
            return [self._report.entry(NodeSkipped(reason="unknown"), key="done")]
        except NodeError as error:
            return self._report.failed(error)
        except LedgerError as error:
            damage = NodeError(error.code, error.message, kind="internal", help="run `podium ledger verify`")
            return self._report.failed(damage)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the worker's edge: a defect of a node type must not take the run along
            told = "".join(traceback.format_exception(error))[-4000:]
            defect = NodeError(
                "EN001",
                f"node type `{self._node.work.type}` raised {type(error).__name__}: {error}",
                kind="internal",
                help=f"this is a defect of the node type; report it with this trace:\n{told}",
            )
            return self._report.failed(defect)

    async def _entries(self) -> list[Entry]:
        node = self._node
        if node.parked is not None and node.parked.effect and (refusal := self._refused()) is not None:
            return refusal
        fresh = node.parked is None and not node.forked and not node.variant
        if fresh and node.node.when is not None and not await self._when(node.node.when):
            return [self._report.entry(NodeSkipped(reason="when"), key="done")]
        values = await self._values()
        self._context.given = values.get("with")
        late = frozenset[str]().union(*(program.names for program in node.work.late.values()))
        self._context.names = await self._names(late)
        self._context.feedback = await self._feedback()
        outcome = await self._within_time(self._go(values))
        if isinstance(outcome, Done):
            outcome = self._vouched(outcome, values)
        return self._report.ended(outcome)

    def _vouched(self, done: Done, values: dict[str, Json]) -> Done:
        """Let what does not pass a declared check leave by `unclear`; say what a check or a person vouches for."""
        node, answer = self._node, self._node.answer
        if done.port != OUT:
            return done
        if (
            isinstance(answer, ApprovalGiven)
            and answer.verdict == "approved"
            and node.asked
            and node.work.config.vouches() is not None
        ):
            edited = done.out != values.get("show")
            self._report.endorsed = () if edited else (AS_SHOWN,)
        if not node.work.config.endorse:
            return done
        problem = endorsement(self._run.labels, node, done.out, values.get("endorse") or {})
        if problem:
            return Done(done.out, port=UNCLEAR, reason=problem)
        self._report.endorsed = (*self._report.endorsed, *node.work.config.endorse)
        return done

    async def _go(self, values: dict[str, Json]) -> Outcome:
        node, config = self._node, self._node.work.config
        if node.forked:
            items = [await self._item(item) for item in node.items]
            items += [ItemResult(index=index, status="skipped") for index in range(len(items), node.count)]
            return await cast("Collecting", self._type).collect(self._context, config, values, items)
        parked = node.parked
        if parked is not None and parked.reason in ("approval", "signal", "timer") and not parked.effect:
            return await cast("Resumable", self._type).resume(self._context, config, values, await self._answer())
        outcome = await self._type.run(self._context, config, values)
        if isinstance(outcome, Park) and (assumed := self._assumed(outcome.question)) is not None:
            outcome = await cast("Resumable", self._type).resume(self._context, config, values, assumed)
        return self._given(outcome, config.flow()) if isinstance(outcome, Fork) and config.flow() else outcome

    def _assumed(self, question: Question) -> Answer | None:
        """Return what is taken for granted in a run that is not live: people agree; in a dry run, time has passed."""
        mode = self._run.mode
        if mode != "live" and question.kind == "approval":
            return Answer(verdict="approved", at=self._context.now())
        if mode == "dry" and question.kind == "timer":
            return Answer(verdict="expired", at=self._context.now())
        if mode == "dry":
            raise Unknowable(question.signal or question.kind)
        return None

    def _given(self, fork: Fork, flow: str) -> Fork:
        """Return what a sub-workflow is given, with the defaults of its inputs."""
        try:
            return Fork(
                [complete_inputs(self._node.scope.home.graph.flows[flow].inputs, given) for given in fork.items],
                part=fork.part,
            )
        except UsageError as error:
            raise NodeError(error.code, f"`{flow}`: {error.message}", kind="invalid_input", help=error.help) from None

    async def _names(self, wanted: frozenset[str], scope: Scope | None = None) -> dict[str, Json]:
        names = await self._run.values.names(wanted, scope or self._node.scope)
        if "error" in wanted and (failed := self._what_failed()) is not None:
            names["error"] = await self._run.values.error(failed)
        elif "error" in wanted and self._node.undoes is not None:
            names["error"] = _STOPPED
        return names

    def _what_failed(self) -> NodeState | None:
        """Return the failure that a fallback stands in for, or that a compensation answers."""
        node = self._node
        if node.undoes is None:
            return node if node.variant else None
        return node.unwinding.cause if node.unwinding is not None else None

    async def _when(self, program: Program) -> bool:
        verdict = program.eval(await self._names(program.names))
        if not isinstance(verdict, bool):
            raise ExpressionError(f"`when` of `{self._node.path}` gave `{verdict}`", help="make it true or false")
        return verdict

    async def _values(self) -> dict[str, Json]:
        node = self._node
        values: dict[str, Json] = {}
        for name, program in node.work.fields.items():
            values[name] = program.eval(await self._names(program.names))
        if node.work.join is not None:
            # who answers is answered with what they were shown, whatever has arrived since
            shown = node.parked.sources if node.parked is not None else 0
            arrived, nodes = tuple(node.arrived[:shown] if shown else node.arrived), node.scope.nodes
            self._report.sources = len(arrived)
            values[node.work.type] = {
                nodes[index].node.id: (await self._run.values.node(nodes[index])).get("out") for index in arrived
            }
        if node.edits is not None:
            values |= await self._run.values.load(node.edits)
        return values

    async def _feedback(self) -> Feedback | None:
        told = self._node.feedback
        if told is None:
            return None
        reason, previous = told
        load = self._run.values.load
        return Feedback(round=self._node.round, reason=await load(reason), previous=await load(previous))

    async def _item(self, scope: Scope) -> ItemResult:
        if scope.index % 200 == 199:
            await asyncio.sleep(0)  # ten thousand items must not hold the loop
        index, part = scope.index, scope.given.part
        if scope.failures or scope.late:
            error = await self._run.values.error(scope.failures[0] if scope.failures else self._node)
            if not self._report.causes and scope.failures:
                self._report.causes = [{key: error[key] for key in _CAUSE}, *error["causes"]]
            return ItemResult(
                index=index,
                part=part,
                status="failed",
                code=error["code"],
                kind=error["kind"],
                message=error["message"],
                node=error["node"],
                causes=error["causes"],
            )
        program = scope.graph.result
        if scope.open or scope.withdrawn:
            return ItemResult(index=index, part=part, status="skipped")
        if program is None:  # a sub-workflow without a result
            return ItemResult(index=index, part=part, status="ok")
        told = {name: tell.eval(await self._names(tell.names, scope)) for name, tell in scope.graph.tells.items()}
        read = [scope.find(NodeId(name)) for name in program.names - program.guarded]
        if any(node is not None and node.status == "skipped" for node in read):
            return ItemResult(index=index, part=part, status="skipped", told=told)
        value = program.eval(await self._names(program.names, scope))
        return ItemResult(index=index, part=part, status="ok", value=value, told=told)

    async def _answer(self) -> Answer:
        given = self._node.answer
        if given is None:
            return Answer(verdict="expired", at=self._context.now())
        told = self._node.answered_at
        if isinstance(given, ApprovalGiven):
            said: dict[str, Json] = await self._run.values.load(given.answer) or {}
            return Answer(
                verdict="rejected" if given.verdict == "rejected" else "approved",
                by=given.by,
                at=told,
                reason=said.get("reason", ""),
                value=said.get("value"),
            )
        return Answer(verdict="received", by=given.by, at=told, value=await self._run.values.load(given.value))

    def _refused(self) -> list[Entry] | None:
        """The answer to the approval of an effect, when it is not a yes: the node is left by that port."""
        answer, parked = self._node.answer, self._node.parked
        if parked is None or parked.reason != "approval":
            return None
        if answer is None:
            return self._report.done(Done(port=cast("Any", "expired"), reason="nobody answered in time"))
        if isinstance(answer, ApprovalGiven) and answer.verdict == "rejected":
            return self._report.done(Done(port=cast("Any", "rejected"), reason=f"{answer.by} said no"))
        return None

    async def _within_time(self, work: Awaitable[Outcome]) -> Outcome:
        limit = self._node.work.config.timeout
        if limit is None or self._node.work.bodies:  # what is inside has its own, durable one
            return await work
        idle_s = limit.idle.total_seconds() if limit.idle else None
        total, idle = asyncio.timeout(limit.total.total_seconds()), asyncio.timeout(idle_s)
        self._context.idle, self._context.idle_s = (idle, idle_s) if idle_s else (None, 0.0)
        try:
            async with total, idle:
                return await work
        except TimeoutError:
            if not total.expired() and not idle.expired():
                raise
            unknown = self._context.unknown
            if unknown is not None and unknown.delivery == "once":
                raise await did_it_land(unknown) from None
            what = f"took longer than {limit.total}" if total.expired() else f"gave no sign of life for {limit.idle}"
            raise NodeError(
                "EN002",
                f"node `{self._node.path}` {what}",
                kind="timeout",
                help="raise `timeout`, or add `timeout` to `retry.on` when a second try is harmless",
            ) from None
