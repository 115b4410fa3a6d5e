"""`podium grants list`: what people have agreed to beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.words import when

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.installation import Installation
    from podium.app.standing import Standing

Json = Any


def list_grants(
    every: Annotated[bool, typer.Option("--all", help="Also what is used up, over, or was taken back.")] = False,
    output: Output = Format.table,
) -> None:
    """List standing approvals.

    They are what people have agreed to beforehand, with `podium approve --for`.
    """
    from podium.cli.session import within

    async def work(installation: Installation) -> None:
        now = installation.clock.now()
        found = [await _told(installation, one, now) for one in (await installation.standing.all()).values()]
        rows = [row for row in found if every or row["state"] == "live"]
        if output is Format.table and not rows:
            say("nobody has agreed to anything beforehand that still counts; `--all` shows what did")
        else:
            emit(rows, output, lambda: _table(rows))

    within(work)


async def _told(installation: Installation, standing: Standing, now: int) -> dict[str, Json]:
    from podium.app.overview import read_json
    from podium.ids import ADMIN

    given, scope = standing.given, standing.given.scope
    told = await read_json(installation.store, ADMIN, given.told)
    return {
        "id": given.id,
        "by": given.by,
        "effect": scope.effect,
        "workflow": scope.workflow,
        "run": scope.run,
        "for": told["for"] if isinstance(told, dict) else told,
        "used": len(standing.used),
        "uses": scope.uses,
        "amount": sum(standing.used.values()) / 1_000_000,
        "most": scope.most_micro / 1_000_000,
        "given_at": when(standing.at),
        "until": when(scope.until),
        "state": _state(standing, now),
        "revoked_by": standing.revoked_by,
    }


def _state(standing: Standing, now: int) -> str:
    scope = standing.given.scope
    if standing.revoked_by:
        return "revoked"
    if scope.until and scope.until <= now:
        return "over"
    spent = scope.argument and sum(standing.used.values()) >= scope.most_micro
    return "used up" if spent or (scope.uses and len(standing.used) >= scope.uses) else "live"


def _table(rows: list[dict[str, Json]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("id", "by", "effect", "workflow", "for", "used", "until", "state"):
        table.add_column(name, no_wrap=name != "for", overflow="fold")
    for row in rows:
        used = f"{row['used']} of {row['uses']}" if row["uses"] else str(row["used"])
        cells = (*(row[name] for name in ("id", "by", "effect", "workflow")), ", ".join(row["for"]), used)
        table.add_row(*(escape(cell) for cell in (*cells, row["until"], row["state"])))
    return table
