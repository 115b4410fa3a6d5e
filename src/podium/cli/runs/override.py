"""`podium runs override RUN NODE`: a person decides what becomes of a node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import say
from podium.cli.options import Reason, RunArgument

if TYPE_CHECKING:
    from podium.app.installation import Installation
    from podium.engine.override import Action

Json = Any


def override(
    run: RunArgument,
    node: Annotated[str, typer.Argument(metavar="NODE", help="Path of the node.")],
    retry: Annotated[bool, typer.Option("--retry", help="Run it again.")] = False,
    values: Annotated[
        str, typer.Option("--input", metavar="JSON", help="Run it again with these settings, by name.")
    ] = "",
    out: Annotated[str, typer.Option("--output", metavar="JSON", help="Take this as its result.")] = "",
    skip: Annotated[bool, typer.Option("--skip", help="Go on as if it had not been chosen.")] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Let it fail for good.")] = False,
    reason: Reason = "",
) -> None:
    """Decide what becomes of a node.

    It failed and asks (`on_error: ask`), or it waits, works or has not begun. What you supply is checked against the
    node's type and recorded as yours.
    """
    from podium.cli.session import within
    from podium.cli.waits import say_if_nobody_drives
    from podium.engine.override import override as ask_to_override
    from podium.ids import NodePath

    flags: dict[Action, bool] = {
        "retry": retry,
        "input": bool(values),
        "output": bool(out),
        "skip": skip,
        "abort": abort,
    }
    action = _only(flags)
    value = _value(values or out) if values or out else None

    async def work(installation: Installation) -> None:
        found = await installation.find_run(run)
        engine = await installation.engine()
        await ask_to_override(
            engine,
            installation.store,
            installation.ids,
            found,
            NodePath(node),
            action=action,
            by=installation.principal,
            value=value,
            reason=reason,
        )
        say(f"{action} of `{node}` in run {found}, as {installation.principal}")
        await say_if_nobody_drives(installation, found)

    within(work)


def _only(flags: dict[Action, bool]) -> Action:
    """Return the one thing that was asked for.

    Raises:
        UsageError: AP020 when it is none, or several.
    """
    from podium.errors import UsageError

    chosen: list[Action] = [action for action, given in flags.items() if given]
    if len(chosen) != 1:
        known = ", ".join(f"`--{action}`" for action in flags)
        got = " and ".join(f"`--{action}`" for action in chosen) or "none"
        raise UsageError("AP020", f"expected one decision, got {got}", help=f"one of {known}")
    return chosen[0]


def _value(text: str) -> Json:
    from podium.errors import UsageError

    try:
        return json.loads(text)
    except ValueError as error:
        help_ = f"{error}; text stands in quotes: '\"approved\"'"
        raise UsageError("AP004", f"expected JSON, got `{text}`", help=help_) from None
