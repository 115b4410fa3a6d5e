"""`podium runs cancel RUN`."""

from __future__ import annotations

from podium.cli.options import Reason, RunArgument


def cancel(run: RunArgument, reason: Reason = "") -> None:
    """Stop a run for good and undo what it did.

    Whoever drives it stops what is under way, records what was there, and runs the compensations of what was done.
    """
    from podium.cli.stopping import stop

    stop(run, reason, at_once=False)
