"""`podium runs kill RUN`."""

from __future__ import annotations

from podium.cli.options import Reason, RunArgument


def kill(run: RunArgument, reason: Reason = "") -> None:
    """Stop a run at once and undo nothing.

    What it did stands; `podium runs cancel` would undo it.
    """
    from podium.cli.stopping import stop

    stop(run, reason, at_once=True)
