from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from podium.graph.model import Edge
from podium.graph.order import upstream
from podium.graph.spans import with_spans


class Case(NamedTuple):
    """Nodes `0…size-1` in an order, edges along it, and validators with the nodes that they send back."""

    size: int
    edges: list[Edge]
    targets: dict[int, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    count = draw(st.integers(2, 8))
    pairs = draw(st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=16))
    edges = [Edge(source, "out", target, "data") for source, target in sorted(pairs) if source < target]
    reaching = upstream(range(count), ((edge.source, edge.target) for edge in edges))
    targets = {
        node: draw(st.sampled_from(before))
        for node in range(count)
        if (before := [source for source in range(node) if reaching[node] >> source & 1]) and draw(st.booleans())
    }
    return Case(count, edges, targets)


@given(case=cases())
def test_nobody_waits_for_ever_and_every_validator_is_passed(case: Case) -> None:
    edges, _ = with_spans(case.size, case.edges, case.targets)

    done: set[int] = set()
    while ready := [
        node
        for node in range(case.size)
        if node not in done
        and all(
            edge.source in done and (edge.held_by < 0 or edge.held_by in done) for edge in edges if edge.target == node
        )
    ]:
        done.update(ready)

    assert done == set(range(case.size))


@given(case=cases())
def test_a_span_is_every_way_from_the_target_to_the_validator(case: Case) -> None:
    edges, spans = with_spans(case.size, case.edges, case.targets)

    reaching = upstream(range(case.size), ((edge.source, edge.target) for edge in edges))
    assert spans == {
        validator: tuple(
            node for node in range(case.size) if reaching[node] >> target & 1 and reaching[validator] >> node & 1
        )
        for validator, target in case.targets.items()
    }


@given(case=cases())
def test_what_leaves_a_span_is_held_and_nothing_else(case: Case) -> None:
    edges, spans = with_spans(case.size, case.edges, case.targets)

    for edge in edges:
        left = [
            validator
            for validator, span in spans.items()
            if edge.source in span and edge.target not in span and edge.source != validator
        ]
        assert edge.held_by == max(left, default=-1)


@given(case=cases())
def test_edges_are_only_added_between_validators_and_along_the_order(case: Case) -> None:
    edges, _ = with_spans(case.size, case.edges, case.targets)

    before = {(edge.source, edge.target) for edge in case.edges}
    added = [edge for edge in edges if (edge.source, edge.target) not in before]
    assert all(edge.source in case.targets and edge.target in case.targets for edge in added)
    assert all(edge.source < edge.target and edge.kind == "after" for edge in added)


@given(case=cases())
def test_who_uses_a_draft_has_passed_every_check_of_it(case: Case) -> None:
    """Not only the last: the validators whose spans an edge leaves are ordered, so the last one is after the others."""
    edges, spans = with_spans(case.size, case.edges, case.targets)

    arcs = [(edge.source, edge.target) for edge in edges]
    arcs += [(edge.held_by, edge.target) for edge in edges if edge.held_by >= 0]
    waits = {node: {source for source, target in arcs if target == node} for node in range(case.size)}
    for edge in edges:
        before, front = set[int](), [edge.target]
        while front:
            new = waits[front.pop()] - before
            before |= new
            front += new
        for validator, span in spans.items():
            if edge.source in span and edge.target not in span and edge.source != validator:
                assert validator in before
