from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podium.graph.order import cycle, topological, upstream

ARCS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda arc: arc[0] != arc[1]), max_size=16)
NAMES = [f"n{number}" for number in range(8)]


def reaches(arcs: list[tuple[int, int]], start: int) -> set[int]:
    """Return what can be reached in at least one step."""
    found: set[int] = set()
    front = [start]
    while front:
        node = front.pop()
        for source, target in arcs:
            if source == node and target not in found:
                found.add(target)
                front.append(target)
    return found


@given(arcs=ARCS)
def test_sources_stand_before_targets_and_only_what_hangs_on_a_cycle_is_left_out(arcs: list[tuple[int, int]]) -> None:
    order = topological(8, arcs, NAMES)

    place = {node: position for position, node in enumerate(order)}
    assert all(place[source] < place[target] for source, target in arcs if source in place and target in place)
    on_cycle = {node for node in range(8) if node in reaches(arcs, node)}
    behind = {node for start in on_cycle for node in reaches(arcs, start)}
    assert set(range(8)) - set(order) == on_cycle | behind


@given(arcs=ARCS)
def test_the_order_does_not_depend_on_how_the_arcs_are_listed(arcs: list[tuple[int, int]]) -> None:
    assert topological(8, arcs, NAMES) == topological(8, list(reversed(arcs)), NAMES)


@given(arcs=ARCS)
def test_a_cycle_is_named_just_when_there_is_one(arcs: list[tuple[int, int]]) -> None:
    found = cycle(8, arcs, NAMES)

    assert bool(found) == any(node in reaches(arcs, node) for node in range(8))
    assert all(arc in arcs for arc in zip(found, [*found[1:], *found[:1]], strict=True))
    assert len(set(found)) == len(found)


@given(arcs=ARCS)
def test_upstream_is_what_reaches_a_node(arcs: list[tuple[int, int]]) -> None:
    arcs = [(min(arc), max(arc)) for arc in arcs]

    found = upstream(range(8), arcs)

    for node in range(8):
        sources = {source for source in range(8) if node in reaches(arcs, source)} | {node}
        assert {source for source in range(8) if found[node] >> source & 1} == sources
