"""Ledgers that earlier versions wrote are read for ever: they verify, and give the state that they gave then.

Each file of `tests/golden/ledgers/v1` is one run: the closure of its workflow, its records as they were stored, and how
every node stood at the end. Files are only ever added (`PODIUM_GOLDEN=write` writes those that are missing); one that
does not pass any more means that somebody's old evidence cannot be read any more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from podium.engine.control import cancel
from podium.engine.fold import fold
from podium.errors import EffectError, LedgerError
from podium.graph.closure import closure
from podium.graph.model import Graph
from podium.ids import Digest, RunId, SystemIds
from podium.ledger.chain import leaf_hash, unseal
from podium.ledger.record import Record
from podium.ledger.store import StoredRecord
from podium.ledger.verify import Verified, verify_stream
from podium.testing import FakeClock, MemoryStore, ScriptedModel, ScriptedTools
from podium.testing.running import Bench, compile_text

Json = Any
FOLDER = Path(__file__).parents[1] / "golden" / "ledgers" / "v1"
WRITE = os.environ.get("PODIUM_GOLDEN") == "write"

HEAD = """podium: 1
name: golden
inputs: {n: {type: integer, default: 2}}
tools:
  shop: {python: scripted, effect: write, delivery: keyed}
"""
WORKFLOWS = {
    "chain": """nodes:
  draft: {llm: Say something.}
  check: {validate: size(draft.out) > 99, revise: draft, max: 1, on_error: continue}
  notes: {transform: "${inputs.n} notes", after: [check]}
  ask: {human: Publish?, show: notes.out}
  publish: {tool: shop.buy, with: {what: "${notes.out}"}, after: [ask]}
result: publish.out
""",
    "branches": """nodes:
  pick: {switch: [{when: inputs.n > 1, then: many}], else: few}
  many: {map: "[1, 2, 3]", as: x, do: {one: {tool: shop.buy, with: {what: "${x}"}}}, concurrency: 2}
  few: {transform: few}
  all: {join: [many, few], reduce: list}
result: all.out
""",
    "saga": """flows:
  inner: {podium: 1, name: inner, nodes: {line: {transform: inner}}, result: line.out}
nodes:
  hat: {tool: shop.buy, with: {what: hat}, compensate: {tool: shop.undo, with: {what: hat}}}
  trip:
    scope:
      ticket: {tool: shop.buy, with: {what: ticket}, compensate: {tool: shop.undo, with: {what: ticket}}}
      rounds: {loop: {step: {transform: "${last}x"}}, start: "''", until: size(step.out) > 1, max: 3}
      part: {subflow: inner}
      fail: {tool: shop.fail, with: {}, after: [ticket, rounds, part], retry: {max: 1, backoff: 2s, on: [failed]}}
    result: ticket.out
    catch: [{do: {sorry: {transform: "${error.message}"}}}]
    finally: {told: {transform: told}}
    after: [hat]
  other: {tool: shop.fail, with: {}, fallback: [{transform: instead}], after: [trip]}
  ask: {human: Go on?, after: [other]}
result: trip.out
""",
}


def no(_arguments: Mapping[str, Json]) -> Json:
    raise EffectError("EF900", "the tool says no", kind="failed")


async def _record(name: str) -> list[str]:
    """Run a workflow and return the lines of its file."""
    compiled = compile_text(HEAD + WORKFLOWS[name])
    clock = FakeClock(tick_ms=1)
    store = MemoryStore(clock=clock)
    tools = ScriptedTools({"shop.buy": "bought", "shop.undo": None, "shop.fail": no})
    bench = Bench(compiled, store=store, model=ScriptedModel(["short"] * 9), tools=tools, clock=clock, ids=SystemIds())
    run = await bench.start({})
    if name == "saga":
        await bench.settle(run, {})
        await cancel(store, bench.ids, run, by="ada")
    await bench.settle(run, {"*": "approved"})
    stored = await store.stored(run)
    records = [unseal(record) for record in stored]
    await bench.engine.close()
    head = {"closure": closure(compiled.workflow).decode(), "nodes": _nodes(records, compiled.graph)}
    lines = [{"data": record.data.decode(), "hash": record.hash, "key": record.key} for record in stored]
    return [json.dumps(line) for line in (head, *lines)]


def _nodes(records: Sequence[Record], graph: Graph) -> dict[str, Json]:
    """How every node stands after these records."""
    state = fold(records[0].stream, graph, records)
    return {path: [node.status, node.port, node.round] for path, node in sorted(state.nodes.items())}


def read(path: Path) -> tuple[dict[str, Json], list[StoredRecord]]:
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    stream = RunId(json.loads(lines[0]["data"])["stream"])
    stored = [
        StoredRecord(stream=stream, seq=seq, data=line["data"].encode(), hash=Digest(line["hash"]), key=line["key"])
        for seq, line in enumerate(lines, 1)
    ]
    return head, stored


FILES = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.anyio
@pytest.mark.skipif(not WRITE, reason="only when golden files are written")
@pytest.mark.parametrize("name", WORKFLOWS)
async def test_write_what_is_missing(name: str) -> None:
    path = FOLDER / f"{name}.jsonl"
    if not path.exists():
        lines = await _record(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")


def test_there_are_ledgers_to_read() -> None:
    assert {path.stem for path in FILES} >= set(WORKFLOWS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_ledger_verifies(path: Path) -> None:
    _, stored = read(path)

    found = verify_stream(stored)

    assert isinstance(found, Verified)
    assert (found.seq, found.head) == (len(stored), stored[-1].hash)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_old_ledger_gives_the_state_that_it_gave(path: Path) -> None:
    head, stored = read(path)
    graph = compile_text(head["closure"]).graph

    assert _nodes([unseal(record) for record in stored], graph) == head["nodes"]


def test_a_record_of_a_newer_format_is_refused() -> None:
    _, stored = read(FILES[0])
    data = stored[0].data.replace(b'"v":1', b'"v":2')
    newer = StoredRecord(stream=stored[0].stream, seq=1, data=data, hash=leaf_hash(data), key=stored[0].key)

    with pytest.raises(LedgerError, match="format 2 is not known"):
        unseal(newer)
