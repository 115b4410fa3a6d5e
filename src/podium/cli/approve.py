"""`podium approve RUN [NODE]`: say yes to what a run asks, or whatever else there is to say to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.options import OptionalNode, Reason, RunArgument, Seen

if TYPE_CHECKING:
    from podium.gate.approval import Verdict

Json = Any


def approve(
    run: RunArgument,
    node: OptionalNode = "",
    reason: Reason = "",
    value: Annotated[
        str,
        typer.Option(
            "--value", metavar="JSON", help="Approve this in place of what is shown, or give what is asked for."
        ),
    ] = "",
    ask: Annotated[str, typer.Option("--ask", metavar="TEXT", help="Ask back; the run waits on.")] = "",
    told: Annotated[str, typer.Option("--info", metavar="TEXT", help="Answer a question back.")] = "",
    delegate: Annotated[
        str, typer.Option("--delegate", metavar="PERSON", help="Leave it to somebody else who may decide.")
    ] = "",
    bounds: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="BOUND", help="Agree to later calls as well: `run`, `uses=5`, `recipient=…`, …"),
    ] = None,
    retract: Annotated[
        bool, typer.Option("--retract", help="Take back what you said, while it is still open.")
    ] = False,
    seen: Seen = "",
) -> None:
    """Approve what a run asks.

    Exactly what was shown is approved. A changed call (`--value '{"arguments": {…}}'`) is decided about anew.
    """
    from podium.cli.waits import decide

    given: dict[Verdict, object] = {"asked": ask, "told": told, "delegated": delegate, "retracted": retract}
    chosen: list[Verdict] = [verdict for verdict, said in given.items() if said]
    _one(chosen, value or (bounds or [""])[0])
    verdict: Verdict = chosen[0] if chosen else "approved"
    decide(run, node, verdict, ask or told or reason, value=_read(value), to=delegate, bounds=bounds or (), seen=seen)


def _one(chosen: list[Verdict], value: str) -> None:
    from podium.errors import UsageError

    if len(chosen) + bool(value) > 1:
        raise UsageError(
            "AP020",
            "expected one thing to say, got several",
            help="say one of `--value`, `--for`, `--ask`, `--info`, `--delegate`, `--retract`, or none for a plain yes",
        )


def _read(text: str) -> Json:
    from podium.errors import UsageError

    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        help_ = f"{error}; text stands in quotes: '\"approved\"'"
        raise UsageError("AP004", f"expected JSON, got `{text}`", help=help_) from None
