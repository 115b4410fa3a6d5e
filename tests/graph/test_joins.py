"""The incremental decision against a reading of the rules in `podium.graph.model` over whole lists of edges."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.graph.joins import EdgeState, Tally, Verdict, ended, let_through, ready, skipped
from podium.graph.model import Edge, GraphNode
from podium.ids import NodeId
from podium.spec.model import HANDLED_PORTS, JoinRule, NodeConfig

KINDS: tuple[Literal["control", "data", "after"], ...] = ("control", "data", "after")
STATES: tuple[EdgeState, ...] = ("fired", "not_chosen", "blocked")


def node(
    *,
    incoming: tuple[Edge, ...] = (),
    outgoing: tuple[Edge, ...] = (),
    join: JoinRule | None = None,
    handlers: dict[str, int] | None = None,
) -> GraphNode:
    return GraphNode(
        index=0,
        id=NodeId("n"),
        type="step",
        config=NodeConfig(),
        incoming=incoming,
        outgoing=outgoing,
        join=join,
        handlers=handlers or {},
    )


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[GraphNode, list[tuple[Edge, EdgeState]]]:
    """A node and how its edges end, one after the other."""
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=6))
    edges = tuple(Edge(number, "out", 0, kind) for number, kind in enumerate(kinds))
    sources = tuple(NodeId(f"s{number}") for number, kind in enumerate(kinds) if kind == "data")
    join = None
    if sources and draw(st.booleans()):
        join = JoinRule(sources, draw(st.integers(0, len(sources) + 1)), None)
    order = draw(st.permutations(edges))
    return node(incoming=edges, join=join), [(edge, draw(st.sampled_from(STATES))) for edge in order]


def by_the_rules(target: GraphNode, states: dict[Edge, EdgeState | None], *, due: bool = False) -> Verdict:
    sources = [states[edge] for edge in target.incoming if target.join and edge.kind == "data"]
    others = [edge for edge in target.incoming if not (target.join and edge.kind == "data")]
    control = [states[edge] for edge in others if edge.kind == "control"]
    built_on = [states[edge] for edge in others if edge.kind != "control"]
    if None in control or None in built_on:
        return "wait"
    if "blocked" in built_on:
        return "skip_blocked"
    if control and "fired" not in control:
        return "skip_blocked" if "blocked" in control else "skip_not_chosen"
    if target.join is None:
        nothing = not control and built_on and "fired" not in built_on
        return "skip_not_chosen" if nothing else "start"
    fired, pending = sources.count("fired"), sources.count(None)
    needed = target.join.need
    if (due and fired) or (fired >= needed if needed else not pending and fired):
        return "start"
    if not pending:
        return "skip_blocked" if "blocked" in sources else "skip_not_chosen"
    return "wait"


@given(case=arrivals(), due=st.booleans())
def test_counting_decides_as_reading_all_edges_does(
    case: tuple[GraphNode, list[tuple[Edge, EdgeState]]], *, due: bool
) -> None:
    target, events = case
    states: dict[Edge, EdgeState | None] = dict.fromkeys(target.incoming)
    tally = Tally.of(target)
    verdicts = [ready(target, tally, due=due)]

    for edge, state in events:
        assert verdicts[-1] == by_the_rules(target, states, due=due)
        states[edge] = state
        tally.add(edge, state, join=target.join is not None)
        verdicts.append(ready(target, tally, due=due))

    assert verdicts[-1] == by_the_rules(target, states, due=due)
    assert verdicts[-1] != "wait"
    if not due:
        assert len({verdict.partition("_")[0] for verdict in verdicts} - {"wait"}) == 1, "a decision stands"


def test_a_node_without_edges_starts() -> None:
    alone = node()

    assert ready(alone, Tally.of(alone)) == "start"


def test_a_join_with_a_deadline_goes_on_with_what_is_there_once_it_is_due() -> None:
    edges = (Edge(0, "out", 2, "data"), Edge(1, "out", 2, "data"))
    join = node(incoming=edges, join=JoinRule((NodeId("a"), NodeId("b")), 0, timedelta(seconds=5)))
    tally = Tally.of(join)

    assert ready(join, tally, due=True) == "wait"
    tally.add(edges[0], "fired", join=True)
    assert (ready(join, tally), ready(join, tally, due=True)) == ("wait", "start")


OUT_EDGE, AFTER_EDGE = Edge(0, "out", 1, "data"), Edge(0, "out", 2, "after")
CASE_EDGES = (Edge(0, "case_1", 3, "control"), Edge(0, "else", 4, "control"))
HANDLER_EDGES = (Edge(0, "error", 5, "control"), Edge(0, "rejected", 6, "control"))


@pytest.mark.parametrize(
    ("port", "expected"),
    [
        ("out", ["fired", "fired", "not_chosen", "not_chosen", "not_chosen", "not_chosen"]),
        ("case_1", ["fired", "fired", "fired", "not_chosen", "not_chosen", "not_chosen"]),
        ("none_of_them", ["fired", "fired", "not_chosen", "not_chosen", "not_chosen", "not_chosen"]),
        ("error", ["blocked", "blocked", "blocked", "blocked", "fired", "not_chosen"]),
        ("rejected", ["blocked", "blocked", "blocked", "blocked", "not_chosen", "fired"]),
    ],
)
def test_the_port_by_which_a_node_is_left_decides_its_edges(port: str, expected: list[str]) -> None:
    source = node(outgoing=(OUT_EDGE, AFTER_EDGE, *CASE_EDGES, *HANDLER_EDGES))

    assert [state for _, state in ended(source, port)] == expected


def test_an_error_that_is_let_pass_fires_what_success_would_have_fired() -> None:
    source = GraphNode(
        index=0,
        id=NodeId("n"),
        type="step",
        config=NodeConfig(),
        outgoing=(OUT_EDGE, HANDLER_EDGES[1]),
        handlers={"error": "continue"},
    )

    assert list(ended(source, "error")) == [(OUT_EDGE, "fired"), (HANDLER_EDGES[1], "not_chosen")]


@pytest.mark.parametrize("blocked", [True, False])
def test_a_skip_goes_on_along_every_edge(*, blocked: bool) -> None:
    edges = (OUT_EDGE, *CASE_EDGES, *HANDLER_EDGES)

    found = list(skipped(node(outgoing=edges), blocked=blocked))

    assert found == [(edge, "blocked" if blocked else "not_chosen") for edge in edges]


@pytest.mark.parametrize("port", HANDLED_PORTS)
def test_what_did_not_hold_is_used_by_the_node_that_handles_it_and_by_nobody_else(port: str) -> None:
    validator = node(handlers={port: 7})

    assert let_through(validator, port, Edge(1, "out", 7, "data"))
    assert not let_through(validator, port, Edge(1, "out", 8, "data"))
    assert let_through(validator, "out", Edge(1, "out", 8, "data"))
