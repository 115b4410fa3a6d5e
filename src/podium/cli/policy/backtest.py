"""`podium policy backtest`: what the policies in the folder would have decided in runs that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli import exits
from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.policy.folder import Folder, bundle_in

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.installation import Installation
    from podium.app.policy_replay import Difference
    from podium.gate.policy.facts import Verdict
    from podium.ids import RunId

Json = Any


def backtest(
    runs: Annotated[list[str] | None, typer.Argument(metavar="[RUN]...", help="Only these runs.")] = None,
    since: Annotated[str, typer.Option("--since", help="Only runs that began since, such as `7d`.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many runs.")] = 1000,
    folder: Folder = None,
    check: Annotated[bool, typer.Option("--check", help="Exit code 1 when anything would differ.")] = False,
    output: Output = Format.table,
) -> None:
    """Apply the policies to recorded runs.

    Nothing is changed; what would have been decided differently is listed.
    """
    from podium.app.policy_replay import Difference
    from podium.app.policy_replay import backtest as replayed
    from podium.cli.session import within

    bundle = bundle_in(folder)
    count = 0

    async def work(installation: Installation) -> list[Difference]:
        nonlocal count
        found: list[Difference] = []
        async for one in replayed(installation, await _chosen(installation, runs or [], since, limit), bundle):
            count += 1
            if isinstance(one, Difference):
                found.append(one)
        return found

    differences = within(work)
    emit([_json(one) for one in differences], output, lambda: _table(differences))
    say(f"{count} decisions, {len(differences)} would differ")
    if check and differences:
        raise typer.Exit(exits.FAILED)


async def _chosen(installation: Installation, runs: list[str], since: str, limit: int) -> list[RunId]:
    from podium.errors import UsageError
    from podium.units import parse_duration

    if runs:
        return [await installation.find_run(run) for run in runs]
    try:
        ago = parse_duration(since) if since else None
    except ValueError as error:
        raise UsageError("AP074", f"`--since`: {error}", help="write a duration, such as `7d`") from None
    begun = 0 if ago is None else installation.clock.now() - int(ago.total_seconds() * 1000)
    rows = await installation.store.rows(limit=limit)
    return [row.id for row in rows if row.created_at >= begun]


def _json(one: Difference) -> dict[str, Json]:
    decision = one.decision
    return {
        "run": decision.run,
        "path": decision.path,
        "effect": decision.effect,
        "was": _said(one.then),
        "would_be": _said(one.now),
        "by": list(_by(one.now)),
    }


def _said(verdict: Verdict) -> str:
    if not verdict.allowed:
        return f"deny ({verdict.code})"
    kinds = ", ".join(dict.fromkeys(one.kind for one in verdict.obligations))
    return f"allow with {kinds}" if kinds else "allow"


def _by(verdict: Verdict) -> tuple[str, ...]:
    from podium.gate.policy.cases import deciding

    return deciding(verdict)


def _table(differences: list[Difference]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("run", "node", "effect", "was", "would be", "by"):
        table.add_column(name, overflow="fold")
    for one in differences:
        decision = one.decision
        by = ", ".join(_by(one.now)) or "no policy"
        cells = (decision.run, decision.path, decision.effect, _said(one.then), _said(one.now), by)
        table.add_row(*(escape(cell) for cell in cells))
    return table
