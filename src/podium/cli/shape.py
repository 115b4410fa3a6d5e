"""The JSON of runs, as `-o json` and `-o yaml` print it; scripts build on these keys, so they only ever grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.amounts import usage_json
from podium.cli.words import row_label, status_label, when

if TYPE_CHECKING:
    from podium.app.overview import Ask, Fault, Overview, Told
    from podium.clock import Millis
    from podium.ledger.store import RunRow
    from podium.observe.view import NodeView

Json = Any


def row_json(row: RunRow) -> dict[str, Json]:
    """Return a run of a list."""
    return {
        "run": row.id,
        "workflow": row.workflow,
        "version": row.version,
        "status": row_label(row),
        "priority": row.priority,
        "parent": row.parent,
        "mode": row.mode,
        "turns_with": row.slot,
        "created_at": when(row.created_at),
        "updated_at": when(row.updated_at),
        "records": row.seq,
    }


def overview_label(overview: Overview) -> str:
    """Return how a run stands; `queued` while it waits for its turn."""
    return "queued" if overview.queued and overview.status == "running" else status_label(overview.status)


def run_json(overview: Overview, now: Millis) -> dict[str, Json]:
    """Return a run with its nodes."""
    view = overview.view
    return {
        "run": view.run,
        "workflow": view.workflow,
        "version": view.version,
        "status": overview_label(overview),
        "principal": view.principal,
        "created_at": when(view.created_at),
        "updated_at": when(view.updated_at),
        "records": view.seq,
        "priority": view.priority,
        "parent": view.parent,
        "fork": {"run": view.fork.run, "record": view.fork.seq, "again": list(view.fork.again)} if view.fork else None,
        "paused_by": view.paused_by,
        "ending": view.ending or "",
        "not_undone": view.not_undone,
        "mode": view.mode,
        "unreleased": view.unreleased,
        "result": overview.result,
        "error": fault_json(overview.fault),
        "waiting": [ask_json(ask) for ask in overview.asks],
        "told": [told_json(told) for told in overview.told],
        "used": usage_json(overview.usage),
        "nodes": [node_json(node, now) for node in view.nodes],
    }


def told_json(told: Told) -> dict[str, Json]:
    """Return something that a node made known."""
    fact = told.fact
    return {"at": when(fact.at), "node": fact.path, "as": fact.fact, "name": fact.name, "value": told.value}


def fault_json(fault: Fault | None) -> dict[str, Json] | None:
    """Return an error."""
    if fault is None:
        return None
    return {"code": fault.code, "message": fault.message, "help": fault.help, "node": fault.node}


def ask_json(ask: Ask) -> dict[str, Json]:
    """Return an open wait."""
    wait = ask.node.wait
    return {
        "node": ask.path,
        "reason": wait.reason if wait else "",
        "text": ask.text,
        "show": ask.show,
        "signal": wait.signal if wait else "",
        "roles": list(wait.roles) if wait else [],
        "effect": ask.effect,
        "due": when(wait.due) if wait else "",
    }


def node_json(node: NodeView, now: Millis) -> dict[str, Json]:
    """Return a node."""
    return {
        "path": node.path,
        "status": node.status,
        "port": node.port,
        "attempts": node.attempts,
        "model": node.model,
        "input_tokens": node.input_tokens,
        "output_tokens": node.output_tokens,
        "ms": node.ms(now),
        "code": node.code,
    }
