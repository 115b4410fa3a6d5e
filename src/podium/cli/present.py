"""Pieces of text and tables about runs that several commands show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from podium.cli.words import count, styled, took

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from podium.app.overview import Ask, Fault, Told
    from podium.clock import Millis
    from podium.observe.groups import NodeGroup
    from podium.observe.view import NodeView, RunView


USUAL_PRIORITY = 5

MODES = {"shadow": "a shadow run: nothing was written", "dry": "a dry run: nothing has left"}


def node_table(nodes: Iterable[NodeView], now: Millis, *, every: bool = False) -> Table:
    """Return one row a node; the items of a map share theirs, unless `every` one is wanted."""
    from rich.markup import escape
    from rich.table import Table

    from podium.observe.groups import grouped

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("node", "status", "model"):
        table.add_column(name, no_wrap=name != "status", overflow="fold")
    for name in ("attempts", "tokens in", "out", "time"):
        table.add_column(name, justify="right", no_wrap=True)
    for group in grouped(nodes, now, every=every):
        table.add_row(
            escape(group.path),
            _label(group),
            escape(group.model),
            str(group.attempts),
            count(group.input_tokens),
            count(group.output_tokens),
            took(group.ms),
        )
    return table


def _label(group: NodeGroup) -> str:
    return styled(group.status) if len(group.statuses) == 1 else group.status


def standing_lines(view: RunView) -> list[str]:
    """Return what else is to be said of how a run stands and where it comes from, a line each."""
    told = [
        MODES.get(view.mode, ""),
        f"goes on from run {view.fork.run} at record {view.fork.seq}" if view.fork else "",
        f"started by run {view.parent}" if view.parent else "",
        f"priority {view.priority}" if view.priority != USUAL_PRIORITY else "",
        f"paused by {view.paused_by}" if view.paused_by and not view.ended else "",
        f"will end `{view.ending}` once what it did is undone" if view.ending else "",
        f"{view.not_undone} of its effects could not be undone" if view.not_undone else "",
        f"{view.unreleased} of its effects were prepared and never released" if _left(view) else "",
        f"dropped by {view.dropped_by}" if view.dropped_by else "",
    ]
    return [line for line in told if line]


def _left(view: RunView) -> bool:
    return view.unreleased > 0 and view.mode == "live"


def fault_text(fault: Fault) -> str:
    """Return an error with its place and the next step."""
    where = f" at `{fault.node}`" if fault.node else ""
    code = f"{fault.code}: " if fault.code else ""
    help_text = f"\n    {fault.help}" if fault.help else ""
    return f"  {code}{fault.message}{where}{help_text}"


def wait_text(ask: Ask) -> str:
    """Return what a node waits for, in one line."""
    wait = ask.node.wait
    match wait.reason if wait else "":
        case "approval":
            return f"`{ask.path}` asks: {' '.join(ask.text.split())}"
        case "signal" if _is_callback(ask):
            return f"`{ask.path}` for the call of whoever holds its token"
        case "signal":
            return f"`{ask.path}` for the signal `{wait.signal if wait else ''}`"
        case "ask":
            return f"{' '.join(ask.text.split())}; what now?"
        case "doubt":
            return f"`{ask.path}`: it is not known whether `{ask.effect}` happened"
        case _:
            return f"`{ask.path}` for time to pass"


def _is_callback(ask: Ask) -> bool:
    return ask.node.wait is not None and ask.node.wait.signal.startswith("callback:")


def told_text(told: Told) -> str:
    """Return something that a node made known, in one line."""
    text = told.value if isinstance(told.value, str) else json.dumps(told.value, ensure_ascii=False)
    value = "" if told.value is None else f": {' '.join(text.split())}"
    return f"{told.fact.fact} `{told.fact.name}` from `{told.fact.path}`{value}"


def how_to_answer(ask: Ask, run: str) -> list[str]:
    """Return the commands that end a wait; none when only time does."""
    wait = ask.node.wait
    match wait.reason if wait else "":
        case "approval":
            return [f"podium approve {run} {ask.path}", f"podium reject {run} {ask.path} --reason '…'"]
        case "signal" if _is_callback(ask):
            return ["podium signal --callback TOKEN"]
        case "signal":
            return [f"podium signal {run} {wait.signal if wait else ''}"]
        case "ask":
            override = f"podium runs override {run} {ask.path}"
            return [f"{override} --retry", f"{override} --output JSON", f"{override} --skip", f"{override} --abort"]
        case "doubt":
            return [
                f"podium runs resume {run} --landed {ask.path}",
                f"podium runs resume {run} --not-landed {ask.path}",
            ]
        case _:
            return []
