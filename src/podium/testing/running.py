"""Run a workflow in a test, with scripted models and tools and a store in memory.

```python
result = await run_workflow("hello.yaml", model=ScriptedModel(["Hello."]), inputs={"name": "Ada"})
assert (result.status, result.value) == ("done", "Hello.")
```

It is the real loader, compiler, lint and engine; only the outside is scripted. Waits are answered by `answers`, and
timers are due at once, so a run comes back ended or waiting for a person. A workflow built in Python
(`podium.Workflow`) is run as it is, with the node types that its program declares.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import msgspec

from podium.building.types import node_types, with_declared
from podium.building.workflow import Workflow as Builder
from podium.clock import Clock
from podium.effects.ports import Models, Sandboxes, Tools
from podium.effects.safeguards import Safeguards
from podium.engine.control import answer, open_questions
from podium.engine.runtime import Engine
from podium.gate.price import Price
from podium.graph.closure import closure, version
from podium.graph.compile import compile_workflow
from podium.graph.model import Compiled
from podium.ids import IdSource, NodePath, RunId, SystemIds, WorkerId, WorkflowVersion, new_worker_id
from podium.ledger.record import NodeDone, NodeParked, Record, RunEnded, RunMode
from podium.ledger.store import RowStatus, RunStore, WorkflowSource
from podium.lint.check import check_text
from podium.node.contract import Node
from podium.node.registry import Registry
from podium.spec.diagnostic import Diagnostic, SpecError
from podium.spec.load import load
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import Behaviour, ScriptedTools

Json = Any
MAX_ADVANCES = 1_000
"""Claims of one test run; more means that it never comes to rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """How a run came to rest.

    Attributes:
        value: Its result, None while it waits.
        outs: The result of every node that left by `out`, by path.
        ports: The port by which each node left, by path.
        records: All of them.
        remarks: What lint remarked, as `podium run` prints it; nothing for a workflow that came compiled.
    """

    run: RunId
    status: RowStatus
    value: Json
    outs: Mapping[str, Json]
    ports: Mapping[str, str]
    records: tuple[Record, ...]
    store: RunStore
    remarks: tuple[Diagnostic, ...] = ()


def compile_text(text: str, *, file: str = "workflow.yaml", nodes: Registry | None = None) -> Compiled:
    """Load and compile a workflow.

    Raises:
        SpecError: with its diagnostics.
    """
    nodes = nodes or all_nodes()
    loaded = load(text, file=file, node_types=nodes.configs())
    if loaded.workflow is None:
        raise SpecError(loaded.diagnostics, texts={file: text})
    compiled, found = compile_workflow(loaded.workflow, file=file, positions=loaded.positions)
    if compiled is None:
        raise SpecError(found, texts={file: text})
    return compiled


def all_nodes() -> Registry:
    """Return the shipped node types and those of installed plug-ins."""
    return node_types()


async def run_workflow(
    workflow: str | Path | Compiled | Builder,
    *,
    inputs: Mapping[str, Json] | None = None,
    model: Models | None = None,
    tools: Tools | Mapping[str, Behaviour | Json] | None = None,
    sandboxes: Sandboxes | None = None,
    answers: Mapping[str, Literal["approved", "rejected"]] | None = None,
    store: RunStore | None = None,
    clock: Clock | None = None,
    ids: IdSource | None = None,
    mode: RunMode = "live",
    safeguards: Safeguards | None = None,
) -> RunResult:
    """Run a workflow until it ends or waits for somebody who has no answer.

    Args:
        workflow: Its text, its file, as it is built in Python, or compiled.
        model: What answers; by default a small valid answer to everything.
        tools: The world behind the grants, `{"grant.function": value or function}`.
        sandboxes: Where the code of `code` nodes runs, such as `ScriptedSandboxes`; by default nowhere.
        answers: What people say, by node path; `*` for every node.
        store: Where it is recorded; by default in memory.
        mode: `shadow` reads for real and writes nothing; in a `dry` run nothing leaves at all.
        safeguards: What the installation has decided about its gate; by default nothing, and models cost no money.

    Raises:
        SpecError: the workflow has errors.
        UsageError: the inputs do not fit.
    """
    compiled, remarks, declared = await asyncio.to_thread(_checked, workflow)
    clock = clock or FakeClock(tick_ms=1)
    bench = Bench(
        compiled,
        store=store or MemoryStore(clock=clock),
        model=model or ScriptedModel(),
        tools=_tools(tools),
        sandboxes=sandboxes,
        clock=clock,
        ids=ids or SystemIds(),
        declared=declared,
        safeguards=safeguards,
    )
    try:
        run = await bench.start(inputs or {}, mode=mode)
        status = await bench.settle(run, answers or {})
        return replace(await bench.result(run, status), remarks=remarks)
    finally:
        await bench.engine.close()


class Bench:
    """An engine for one workflow, wired for a test."""

    def __init__(
        self,
        compiled: Compiled,
        *,
        store: RunStore,
        model: Models,
        tools: Tools,
        sandboxes: Sandboxes | None = None,
        clock: Clock,
        ids: IdSource,
        worker: WorkerId | None = None,
        declared: Sequence[Node] = (),
        safeguards: Safeguards | None = None,
    ) -> None:
        self.compiled, self.store, self.clock, self.ids = compiled, store, clock, ids
        self.worker = worker or new_worker_id(ids)
        self._closure = closure(compiled.workflow)
        self.version = version(self._closure)
        self.engine = Engine(
            store=store,
            nodes=with_declared(declared),
            models=model,
            tools=tools,
            sandboxes=sandboxes,
            workflows=self._compiled,
            clock=clock,
            ids=ids,
            worker=self.worker,
            secret=b"for tests",
            # a scripted model costs nothing, which is not the same as that nobody knows what it costs
            safeguards=safeguards or Safeguards(price=lambda _: Price()),
        )

    async def _compiled(self, _version: WorkflowVersion) -> Compiled:
        return self.compiled

    async def start(self, inputs: Mapping[str, Json], *, run: RunId | None = None, mode: RunMode = "live") -> RunId:
        """Publish the workflow and create a run of it."""
        await self.store.alive(self.worker)
        source = WorkflowSource(
            version=self.version, name=self.compiled.workflow.name, closure=self._closure, source="", file=""
        )
        await self.store.publish(source)
        return await self.engine.start(
            self.compiled, version=self.version, inputs=inputs, principal="tester", run=run, mode=mode
        )

    async def settle(self, run: RunId, answers: Mapping[str, Literal["approved", "rejected"]]) -> RowStatus:
        """Drive a run, answer what it asks, let its timers come, until it rests."""
        for _ in range(MAX_ADVANCES):
            status = await self.engine.advance(run)
            row = await self.store.row(run)
            assert row is not None
            if status is None and row.status not in ("timer", "running"):
                return row.status
            if row.status == "timer":
                await self.clock.sleep(max(0, row.next_timer_at - self.clock.now()) / 1000)
            elif row.status == "approval":
                if not await self._answer(run, answers):
                    return row.status
            elif row.status != "running":
                return row.status
        msg = f"run `{run}` did not come to rest in {MAX_ADVANCES} claims"
        raise AssertionError(msg)

    async def _answer(self, run: RunId, answers: Mapping[str, Literal["approved", "rejected"]]) -> bool:
        answered = False
        for path, asked in (await open_questions(self.store, run)).items():
            verdict = answers.get(path) or answers.get("*")
            if verdict is not None and isinstance(asked.body, NodeParked) and asked.body.reason == "approval":
                answered = True
                await answer(self.store, self.ids, run, NodePath(path), verdict=verdict, by="tester", channel="test")
        return answered

    async def history(self, run: RunId) -> tuple[Record, ...]:
        """Return all records of a run."""
        records: tuple[Record, ...] = ()
        while page := await self.store.records(run, after=len(records)):
            records += page
        return records

    async def result(self, run: RunId, status: RowStatus) -> RunResult:
        """Read what the run has come to."""
        records = await self.history(run)
        outs: dict[str, Json] = {}
        ports: dict[str, str] = {}
        value: Json = None
        for record in records:
            match record.body:
                case NodeDone(out=out, port=port):
                    ports[record.path] = port
                    outs[record.path] = msgspec.json.decode(await self.store.payload(run, out)) if out else None
                case RunEnded(result=ref) if ref is not None:
                    value = msgspec.json.decode(await self.store.payload(run, ref))
                case _:
                    continue
        return RunResult(run=run, status=status, value=value, outs=outs, ports=ports, records=records, store=self.store)


def _checked(workflow: str | Path | Compiled | Builder) -> tuple[Compiled, tuple[Diagnostic, ...], Sequence[Node]]:
    """Return what can be run, what lint remarked, and the node types that are declared in the program.

    Raises:
        SpecError: as `podium run` refuses it.
    """
    match workflow:
        case Compiled():
            return workflow, (), ()
        case Builder():
            checked, file, declared = workflow.checked(), workflow.file, workflow.declared
        case _:
            file, declared = "workflow.yaml", ()
            checked = check_text(_text(workflow), file=file, node_types=all_nodes().configs())
    if checked.compiled is None:
        raise SpecError(checked.diagnostics, texts={file: checked.text})
    return checked.compiled, checked.diagnostics, declared


def _text(workflow: str | Path) -> str:
    if isinstance(workflow, Path):
        return workflow.read_text(encoding="utf-8")
    return workflow if "\n" in workflow else Path(workflow).read_text(encoding="utf-8")


def _tools(tools: Tools | Mapping[str, Behaviour | Json] | None) -> Tools:
    if tools is None or isinstance(tools, Mapping):
        return ScriptedTools(tools)
    return tools
