"""`podium reject RUN [NODE]`: say no to what a run asks."""

from __future__ import annotations

from podium.cli.options import OptionalNode, Reason, RunArgument, Seen


def reject(run: RunArgument, node: OptionalNode = "", reason: Reason = "", seen: Seen = "") -> None:
    """Reject what a run asks.

    Unless the workflow handles it, the run ends denied.
    """
    from podium.cli.waits import decide

    decide(run, node, "rejected", reason, seen=seen)
