"""Joins and skips as the engine carries them out, against a reading of the rules that knows nothing of the engine.

The reference below takes the rules of `docs/adr/0007` at their word: it looks at all edges of a node, once, after
everything before it is over. It has no order, no counters, no records. Random graphs of plain nodes, switches, joins,
conditions, failures and their handlers must end the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from podium.errors import EffectError
from podium.ledger.record import NodeDone, NodeFailed, NodeSkipped
from podium.testing import run_workflow

pytestmark = pytest.mark.anyio

Json = Any
Kind = Literal["ok", "fails", "switch", "join"]
State = Literal["fired", "not_chosen", "blocked"]

HEAD = """podium: 1
name: random
tools:
  say: {python: scripted, effect: read, delivery: repeatable}
nodes:
"""


@dataclass
class Node:
    """A node of a random graph; names are `n0`, `n1`, … and edges go from lower to higher numbers.

    Attributes:
        after: Nodes that it stands after; those of `data` it reads as well.
        then, other: For a switch: what its case and its `else` start. `first`: whether the case holds.
        need: For a join over `sources`: how many must come, 0 for all.
        on_error: For one that fails: `continue`, or the node that handles it.
    """

    kind: Kind = "ok"
    skipped: bool = False
    after: list[int] = field(default_factory=list[int])
    data: list[int] = field(default_factory=list[int])
    then: int = -1
    other: int = -1
    first: bool = True
    sources: list[int] = field(default_factory=list[int])
    need: int = 0
    on_error: str | int = "continue"

    def yaml(self) -> str:
        parts: list[str] = []
        match self.kind:
            case "ok":
                text = " ".join(f"${{has(n{number}.out)}}" for number in self.data)
                parts.append(f'transform: "x {text}"')
            case "fails":
                parts.append("tool: say.no, with: {}")
                handler = self.on_error if isinstance(self.on_error, str) else f"n{self.on_error}"
                parts.append(f"on_error: {handler}")
            case "switch":
                parts.append(f"switch: [{{when: '{str(self.first).lower()}', then: n{self.then}}}]")
                if self.other >= 0:
                    parts.append(f"else: n{self.other}")
            case "join":
                wait = f"{{quorum: {self.need}}}" if self.need else "all"
                parts.append(f"join: [{', '.join(f'n{number}' for number in self.sources)}], wait: {wait}")
        if self.after:
            parts.append(f"after: [{', '.join(f'n{number}' for number in self.after)}]")
        if self.skipped:
            parts.append("when: 'false'")
        return ", ".join(parts)


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    count = draw(st.integers(2, 9))
    nodes: list[Node] = []
    for number in range(count):
        earlier, later = list(range(number)), list(range(number + 1, count))
        kinds: list[Kind] = ["ok", "ok", "fails"]
        if number > 1:
            kinds += ("join", "join")
        if later:
            kinds.append("switch")
        node = Node(kind=draw(st.sampled_from(kinds)), skipped=draw(st.integers(0, 6)) == 0)
        some = st.lists(st.sampled_from(earlier), max_size=2, unique=True) if earlier else st.just(list[int]())
        node.after = draw(some)
        if node.kind == "ok":
            node.data = draw(some)
        elif node.kind == "fails" and later and draw(st.booleans()):
            node.on_error = draw(st.sampled_from(later))
        elif node.kind == "switch":
            node.then, node.first = draw(st.sampled_from(later)), draw(st.booleans())
            node.other = draw(st.sampled_from([-1, *later]))
        elif node.kind == "join":
            node.sources = draw(st.lists(st.sampled_from(earlier), min_size=1, max_size=4, unique=True))
            node.need = draw(st.integers(0, len(node.sources)))
            node.after = [other for other in node.after if other not in node.sources]
        nodes.append(node)
    for number, node in enumerate(nodes):  # a handler cannot also wait for the success of what it handles
        if isinstance(node.on_error, int):
            handler = nodes[node.on_error]
            handler.after = [other for other in handler.after if other != number]
            handler.data = [other for other in handler.data if other != number]
            handler.sources = [other for other in handler.sources if other != number]
            handler.need = min(handler.need, len(handler.sources))
            if handler.kind == "join" and not handler.sources:
                handler.kind = "ok"
    return nodes


def reference(nodes: list[Node]) -> dict[int, str]:
    """Return how each node ends: `done`, `failed`, `not_chosen`, `blocked` or `when`."""
    ends: dict[int, str] = {}
    for number, node in enumerate(nodes):
        ends[number] = _end(nodes, ends, number, node)
    return ends


def _end(nodes: list[Node], ends: Mapping[int, str], number: int, node: Node) -> str:
    control = [state for source in range(number) for state in _control(nodes[source], ends[source], number)]
    built_on = [_out(nodes[source], ends[source]) for source in {*node.after, *node.data}]
    if "blocked" in built_on:
        return "blocked"
    if control and "fired" not in control:
        return "blocked" if "blocked" in control else "not_chosen"
    if node.kind == "join":
        came = [_out(nodes[source], ends[source]) for source in node.sources]
        if came.count("fired") < max(node.need, 1):
            return "blocked" if "blocked" in came else "not_chosen"
    elif built_on and not control and "fired" not in built_on:
        return "not_chosen"
    if node.skipped:
        return "when"
    return "failed" if node.kind == "fails" else "done"


def _out(source: Node, end: str) -> State:
    """In which state an edge ends that waits for a node's success."""
    if end == "failed":
        return "fired" if source.on_error == "continue" else "blocked"
    if end == "done":
        return "fired"
    return "blocked" if end == "blocked" else "not_chosen"


def _control(source: Node, end: str, target: int) -> list[State]:
    """In which states the edges end by which a node starts another one."""
    if source.kind == "fails" and source.on_error == target:
        return ["fired" if end == "failed" else "blocked" if end == "blocked" else "not_chosen"]
    if source.kind != "switch":
        return []
    found: list[State] = []
    for started, chosen in ((source.then, source.first), (source.other, not source.first)):
        if started == target:
            alive: State = "fired" if chosen else "not_chosen"
            found.append(alive if end == "done" else "blocked" if end == "blocked" else "not_chosen")
    return found


def no(_arguments: Mapping[str, Json]) -> Json:
    raise EffectError("EF900", "the tool says no", kind="failed")


@settings(deadline=None)
@given(nodes=graphs())
async def test_every_graph_ends_as_the_rules_say(nodes: list[Node]) -> None:
    text = HEAD + "".join(f"  n{number}: {{{node.yaml()}}}\n" for number, node in enumerate(nodes))
    note(text)

    result = await run_workflow(text, tools={"say.no": no})

    ended: dict[int, str] = {}
    for record in result.records:
        match record.body:
            case NodeDone():
                ended[int(record.path[1:])] = "done"
            case NodeFailed(final=True):
                ended[int(record.path[1:])] = "failed"
            case NodeSkipped(reason=reason):
                ended[int(record.path[1:])] = reason
            case _:
                continue
    assert ended == reference(nodes)
    assert result.status == ("done_with_errors" if _tolerated(nodes, ended) else "done")


def _tolerated(nodes: list[Node], ended: Mapping[int, str]) -> bool:
    return any(end == "failed" and nodes[number].on_error == "continue" for number, end in ended.items())
