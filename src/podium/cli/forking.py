"""Going on from another run: what `runs fork`, `runs rerun` and `runs revise` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from podium.cli.console import Format, say

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.engine.state import NodeState
    from podium.ids import RunId


async def fork_and_drive(
    installation: Installation,
    origin: RunId,
    *,
    again: Sequence[str],
    pairs: Sequence[str] = (),
    until: int | None = None,
    output: Format,
) -> None:
    """Create the new run, drive it here and leave with its exit code; `pairs` are inputs as `name=value`."""
    from podium.app.inputs import gather_inputs
    from podium.cli.finish import drive_and_report, leave_with

    row = await installation.store.row(origin)
    assert row is not None, "it has been found"
    declared = (await installation.workflow(row.version)).inputs
    inputs = await gather_inputs(installation.store, declared, pairs, {})
    run = await installation.fork(origin, again=again, inputs=inputs, until=until)
    say(f"run {run} goes on from run {origin}")
    leave_with(await drive_and_report(installation, run, form=output), output)


async def answered_node(installation: Installation, run: RunId, node: str) -> NodeState:
    """Return a node in which a person has answered.

    Raises:
        UsageError: EN020 when there is no such node; AP021 when it asks nobody, or has not been answered.
    """
    from podium.errors import UsageError
    from podium.ids import NodePath
    from podium.spec.suggest import did_you_mean

    state = await (await installation.engine()).standing(run)
    found = state.nodes.get(NodePath(node))
    if found is None:
        help_ = did_you_mean(node, state.nodes) or f"`podium runs show {run} --all` lists them"
        raise UsageError("EN020", f"run `{run}` has no node at `{node}`", help=help_)
    if found.node.type != "human":
        help_ = f"do any node anew with `podium runs rerun {run} --from {node}`"
        raise UsageError("AP021", f"`{node}` is no question to a person", help=help_)
    if found.status != "done":
        help_ = f"answer it: `podium approve {run} {node}` or `podium reject {run} {node}`"
        raise UsageError("AP021", f"`{node}` has not been answered yet", help=help_ if found.parked else "")
    return found
