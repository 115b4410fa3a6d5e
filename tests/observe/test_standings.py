from __future__ import annotations

from podium.graph.picture.scene import Standing
from podium.ids import NodePath
from podium.observe.standings import standings
from podium.observe.view import NodeStatus, NodeView


def node(path: str, status: NodeStatus = "done", port: str = "") -> NodeView:
    return NodeView(path=NodePath(path), status=status, port=port)


def test_items_are_counted_and_a_failure_gives_the_colour() -> None:
    nodes = [
        node("drafts", "running"),
        *(node(f"drafts[{n}]/write") for n in range(3)),
        node("drafts[3]/write", "failed"),
    ]

    assert standings(nodes) == {
        "drafts": Standing("running", "running"),
        "drafts/write": Standing("failed", "3 done, 1 failed"),
    }


def test_of_the_rounds_the_last_one_counts() -> None:
    nodes = [node("write"), node("check", port="revise"), node("write~1"), node("check~1", "running")]

    assert standings(nodes) == {"write": Standing("done", "done"), "check": Standing("running", "running")}


def test_a_node_that_waits_is_told_before_one_that_works() -> None:
    nodes = [node("each[0]/ask"), node("each[1]/ask", "running"), node("each[2]/ask", "waiting")]

    assert standings(nodes)["each/ask"].status == "waiting"


def test_parts_of_a_node_keep_their_names() -> None:
    assert standings([node("pay.catch1/note", "skipped")]) == {"pay.catch1/note": Standing("skipped", "skipped")}
