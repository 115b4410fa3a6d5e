"""`podium budget list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.amounts import amount, amounts_json
from podium.cli.console import Format, emit, say
from podium.cli.options import Output

if TYPE_CHECKING:
    from rich.table import Table

    from podium.app.installation import Installation
    from podium.app.spending import Standing
    from podium.spec.amounts import Unit

Json = Any


def list_budgets(output: Output = Format.table) -> None:
    """List shared budgets and what is left.

    Those under `[budgets]` in `podium.toml`, in their present period, and those of runs that share theirs with the
    runs they start.
    """
    from podium.cli.session import within

    found = within(_read)
    emit([standing_json(one) for one in found], output, lambda: _table(found))
    if not found and output is Format.table:
        say("no budget is declared under `[budgets]` in podium.toml, and no run shares its own")


async def _read(installation: Installation) -> list[Standing]:
    import asyncio

    from podium.app.spending import standings

    settings = await asyncio.to_thread(lambda: installation.settings)
    return await standings(installation.store, settings, installation.clock.now())


def standing_json(found: Standing) -> dict[str, Json]:
    """Return a budget as JSON prints it."""
    from podium.app.spending import UNIT_NAMES

    account = found.account
    left = found.limits.left(account.used + account.held)
    return {
        "budget": found.name,
        "account": account.id,
        "period": found.period,
        "state": found.state,
        "limits": {UNIT_NAMES[unit]: _figure(unit, limit) for unit, limit in found.limits.each()},
        "used": amounts_json(account.used),
        "held": amounts_json(account.held),
        "left": {UNIT_NAMES[unit]: _figure(unit, value) for unit, value in left.items()},
        "calls_of_unknown_price": account.unpriced,
        "calls_of_unknown_energy": account.unmetered,
    }


def _figure(unit: Unit, value: int) -> float:
    return value / 1_000_000_000 if unit == "nano_usd" else value / 1_000_000 if unit == "micro_wh" else value


def _table(found: list[Standing]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("budget", "state", "used", "held", "left"):
        table.add_column(name, no_wrap=True)
    for one in found:
        first = True
        for used, held, left in lines(one):
            table.add_row(escape(one.account.id) if first else "", one.state if first else "", used, held, left)
            first = False
    return table


def lines(found: Standing) -> list[tuple[str, str, str]]:
    """Return used, held and left of each limited unit; of all that is used where nothing is limited."""
    account, limits = found.account, dict(found.limits.each())
    units: list[Unit] = [unit for unit in ("nano_usd", "tokens", "calls", "micro_wh") if unit in limits or not limits]
    left = found.limits.left(account.used + account.held)
    return [
        (
            amount(unit, getattr(account.used, unit)) + _unknown(found, unit),
            amount(unit, held) if (held := getattr(account.held, unit)) else "",
            f"{amount(unit, left[unit])} of {amount(unit, limits[unit])}" if unit in limits else "",
        )
        for unit in units
    ]


def _unknown(found: Standing, unit: Unit) -> str:
    """Return what is to be said beside an amount in which calls are missing that nobody knows the cost of."""
    account = found.account
    missing = {"nano_usd": account.unpriced, "micro_wh": account.unmetered}.get(unit, 0)
    return f" and {missing} unknown" if missing else ""
