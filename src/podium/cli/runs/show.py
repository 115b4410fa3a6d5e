"""`podium runs show RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from podium.cli.console import Format, emit
from podium.cli.options import Output, RunArgument

if TYPE_CHECKING:
    from rich.console import Group

    from podium.app.installation import Installation
    from podium.app.overview import Ask, Overview
    from podium.clock import Millis


def show(
    run: RunArgument,
    every: Annotated[bool, typer.Option("--all", help="Each item of a map in a row of its own.")] = False,
    output: Output = Format.table,
) -> None:
    """Show how a run stands.

    Its nodes, what it waits for, its result or its error.
    """
    from podium.app.overview import read_overview
    from podium.cli.session import within
    from podium.cli.shape import run_json

    async def work(installation: Installation) -> tuple[Overview, Millis]:
        found = await installation.find_run(run)
        return await read_overview(installation.store, found), installation.clock.now()

    overview, now = within(work)
    emit(run_json(overview, now), output, lambda: _page(overview, now, every=every))


def _page(overview: Overview, now: Millis, *, every: bool) -> Group:
    from rich.console import Group
    from rich.text import Text

    from podium.cli.ask import shown
    from podium.cli.present import fault_text, node_table, standing_lines, told_text
    from podium.cli.shape import overview_label
    from podium.cli.words import style, when

    view, status = overview.view, overview_label(overview)
    parts = [
        Text.assemble(f"run {view.run}: ", (status, style(status))),
        Text(f"workflow {view.workflow}, version {view.version[:12]}"),
        Text(f"started by {view.principal} {when(view.created_at)}"),
        *(Text(line) for line in standing_lines(view)),
        Text(""),
        node_table(view.nodes, now, every=every),
    ]
    if overview.told:
        parts += [Text(""), *(Text(told_text(told)) for told in overview.told)]
    if overview.result is not None:
        parts += [Text(""), Text(shown(overview.result))]
    if overview.fault:
        parts += [Text(""), Text(fault_text(overview.fault))]
    for ask in overview.asks:
        parts += [Text(""), Text(_asked(ask, view.run))]
    return Group(*parts)


def _asked(ask: Ask, run: str) -> str:
    from podium.cli.ask import shown
    from podium.cli.present import how_to_answer, wait_text

    lines = [f"waits: {wait_text(ask)}"]
    if ask.show is not None:
        lines += [f"  | {line}" for line in shown(ask.show).splitlines()]
    return "\n".join([*lines, *(f"  {step}" for step in how_to_answer(ask, run))])
