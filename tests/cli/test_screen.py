from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from msgspec.structs import replace
from rich.console import Console

from podium.cli.screen import LiveScreen, PlainScreen
from podium.clock import Millis
from podium.ids import NodePath, RunId
from podium.observe.live import Streams
from podium.observe.view import FactView, NodeStatus, NodeView, Progress
from podium.testing.clock import START, FakeClock


def moved(*nodes: NodeView) -> Progress:
    working = tuple(node for node in nodes if not node.ended_at)
    closed = len(nodes) - len(working)
    return Progress(run=RunId("r0000000000aa"), created_at=START, changed=nodes, working=working, closed=closed)


def node(path: str, status: NodeStatus = "running", *, ms: int = 0, attempts: int = 1, tokens: int = 0) -> NodeView:
    ended = status in {"done", "failed", "skipped"}
    return NodeView(
        path=NodePath(path),
        status=status,
        attempts=attempts,
        output_tokens=tokens,
        started_at=START,
        ended_at=Millis(START + ms) if ended else Millis(0),
        code="EF003" if status == "failed" else "",
    )


def test_without_a_terminal_each_change_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    screen = PlainScreen(clock)
    screen.show(moved(node("themes")), Streams())
    screen.show(moved(node("themes")), Streams())
    clock.advance(timedelta(seconds=2))
    screen.show(moved(node("themes", "done", ms=2000, tokens=1234), node("other", "failed", ms=5)), Streams())

    assert capsys.readouterr().err.splitlines() == [
        "     0ms  themes  running",
        "    2.0s  themes  done  (1 234 tokens, 2.0s)",
        "    2.0s  other  failed  (5ms, EF003)",
    ]


def test_a_retry_is_a_line_with_its_attempt(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(FakeClock())
    screen.show(moved(node("themes", "retrying")), Streams())
    screen.show(moved(node("themes", "running", attempts=2)), Streams())

    assert capsys.readouterr().err.splitlines() == [
        "     0ms  themes  retrying",
        "     0ms  themes  running  (attempt 2)",
    ]


def shown(screen: LiveScreen, text: io.StringIO) -> list[str]:
    """Close it and return the lines that were seen, each once: what is redrawn in place comes several times."""
    screen.close()
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text.getvalue())
    return list(dict.fromkeys(line.strip() for line in plain.replace("\r", "\n").splitlines() if line.strip()))


def test_on_a_terminal_open_nodes_show_what_they_say_and_ended_ones_stay_as_lines() -> None:
    clock, text = FakeClock(), io.StringIO()
    screen = LiveScreen(Console(file=text, force_terminal=True, width=100), clock)
    streams = Streams()
    for word in ("The ", "rain ", "falls"):
        streams.hear(NodePath("write"), word)
    clock.advance(timedelta(seconds=3))

    screen.show(moved(node("read", "done", ms=1000), node("write")), streams)

    lines = shown(screen, text)
    assert lines[0] == "3.0s  read  done  (1.0s)"
    assert re.fullmatch(r"write\s+running\s+3 tokens\s+3\.0s\s+The rain falls", lines[1])
    assert re.fullmatch(r"r0000000000aa\s+1 done\s+3\.0s", lines[2])


def test_a_long_stream_never_takes_the_place_of_the_facts() -> None:
    text = io.StringIO()
    screen = LiveScreen(Console(file=text, force_terminal=True, width=60), FakeClock())
    streams = Streams()
    streams.hear(NodePath("write"), "word " * 50)

    screen.show(moved(node("write")), streams)

    (row, _) = shown(screen, text)
    assert re.match(r"write\s+running\s+1 tokens\s+0ms\s+\w", row)


def test_many_open_nodes_do_not_scroll() -> None:
    text = io.StringIO()
    screen = LiveScreen(Console(file=text, force_terminal=True, width=100, height=50), FakeClock())

    screen.show(moved(*(node(f"all[{index}]/w") for index in range(100))), Streams())

    lines = shown(screen, text)
    assert len(lines) == 18
    assert lines[16].startswith("… and 84 more")


def test_a_crowd_of_items_tells_only_of_those_that_do_not_do_well(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(FakeClock())
    crowd = NodeView(path=NodePath("all"), items=21, started_at=START)
    few = NodeView(path=NodePath("few"), items=20, started_at=START)

    screen.show(moved(crowd, few), Streams())
    screen.show(moved(node("all[0]/w", "done"), node("all[1]/w", "failed"), node("few[0]/w", "done")), Streams())

    told = [line.split()[1] for line in capsys.readouterr().err.splitlines()]
    assert told == ["all", "few", "all[1]/w", "few[0]/w"]


def test_what_is_made_known_and_who_paused_a_run_are_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    screen = PlainScreen(clock)
    fact = FactView(path=NodePath("ship"), fact="notification", name="shipped", at=Millis(START + 500))
    clock.advance(timedelta(seconds=1))

    screen.show(replace(moved(), facts=(fact,)), Streams())
    screen.show(replace(moved(), paused_by="ann"), Streams())
    screen.show(replace(moved(), paused_by="ann"), Streams())
    screen.show(moved(), Streams())

    assert capsys.readouterr().err.splitlines() == [
        "   500ms  ship  notification `shipped`",
        "    1.0s  paused by ann",
        "    1.0s  goes on",
    ]


def test_a_fallback_and_a_person_are_named_beside_the_node(capsys: pytest.CaptureFixture[str]) -> None:
    screen = PlainScreen(FakeClock())
    screen.show(moved(node("draft")), Streams())
    screen.show(moved(replace(node("draft"), fallback=1)), Streams())
    screen.show(moved(replace(node("draft", "done"), fallback=1, overridden_by="ann")), Streams())

    assert capsys.readouterr().err.splitlines() == [
        "     0ms  draft  running",
        "     0ms  draft  running  (fallback 1)",
        "     0ms  draft  done  (fallback 1, by ann, 0ms)",
    ]
