"""What a person wants done with a node, as records of the run's owner."""

from __future__ import annotations

from podium.engine.report import Report
from podium.engine.state import NodeState, Request
from podium.engine.surroundings import Surroundings
from podium.errors import NodeError
from podium.ledger.record import Entry, NodeDone, NodeOverridden, NodeSkipped


def overridden(run: Surroundings, node: NodeState, request: Request) -> list[Entry]:
    """Return the records that carry a request out; the node is not at work."""
    report, body = Report(run, node), request.body
    match body.action:
        case "output":
            return [report.entry(NodeDone(out=body.value, override=request.key), key="done")]
        case "skip":
            return [report.entry(NodeSkipped(reason="override", override=request.key), key="done")]
        case "retry" | "input":
            again = NodeOverridden(round=node.round + 1, override=request.key, values=body.value)
            return [report.entry(again, key="done")]
        case "abort":
            error = NodeError(
                "EN014",
                f"{body.by} let `{node.path}` fail",
                kind="cancelled",
                help="`podium runs retry` runs it again",
            )
            return report.failed(error, last=True)
