"""`podium approve RUN [NODE]`: say yes to what a run asks."""

from __future__ import annotations

from podium.cli.options import OptionalNode, Reason, RunArgument


def approve(run: RunArgument, node: OptionalNode = "", reason: Reason = "") -> None:
    """Approve what a run asks.

    Exactly what was shown is approved.
    """
    from podium.cli.waits import decide

    decide(run, node, "approved", reason)
