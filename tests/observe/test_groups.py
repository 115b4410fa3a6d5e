from __future__ import annotations

from podium.clock import Millis
from podium.ids import NodePath
from podium.observe.groups import NodeGroup, grouped
from podium.observe.view import NodeStatus, NodeView

NOW = Millis(10_000)


def node(path: str, status: NodeStatus = "done", *, start: int = 0, end: int = 1000, tokens: int = 0) -> NodeView:
    return NodeView(
        path=NodePath(path),
        status=status,
        model="m1" if tokens else "",
        output_tokens=tokens,
        started_at=Millis(start),
        ended_at=Millis(end),
    )


def test_the_items_of_a_map_are_one_line_with_counts_sums_and_the_whole_span() -> None:
    nodes = [
        node("drafts"),
        node("drafts[0]/write", start=0, end=2000, tokens=7),
        node("drafts[1]/write", "failed", start=1000, end=5000, tokens=3),
        node("drafts[2]/write", start=1000, end=3000),
    ]

    assert grouped(nodes, NOW) == (
        NodeGroup(
            path="drafts",
            statuses={"done": 1},
            attempts=1,
            model="",
            input_tokens=0,
            output_tokens=0,
            ms=1000,
        ),
        NodeGroup(
            path="drafts[*]/write",
            statuses={"done": 2, "failed": 1},
            attempts=3,
            model="m1",
            input_tokens=0,
            output_tokens=10,
            ms=5000,
        ),
    )
    assert [group.status for group in grouped(nodes, NOW)] == ["done", "2 done, 1 failed"]


def test_each_item_has_its_own_line_when_every_one_is_wanted() -> None:
    nodes = [node("drafts[0]/write"), node("drafts[1]/write")]

    assert [group.path for group in grouped(nodes, NOW, every=True)] == ["drafts[0]/write", "drafts[1]/write"]


def test_what_is_open_lasts_until_now() -> None:
    assert [group.ms for group in grouped([node("a", "running", start=4000, end=0)], NOW)] == [6000]
