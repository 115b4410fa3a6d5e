"""`podium forecast FILE`: what a run may use, before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from podium.cli.console import Format, emit
from podium.cli.options import Output

if TYPE_CHECKING:
    from rich.console import Group

    from podium.observe.bound import Bound
    from podium.observe.forecast import Forecast, History, Spread

Json = Any


def forecast(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workflow.")],
    model: Annotated[
        str, typer.Option("--model", help="Reckon with the price of this model; otherwise with the one that is used.")
    ] = "",
    output: Output = Format.table,
) -> None:
    """Tell what a run may use, at most and usually.

    The first is read off the workflow: retries, fallbacks, rounds, items and the length of answers have bounds. The
    second rests on earlier runs, and says on how many. Nothing is run and nothing is written.
    """
    import asyncio

    found = asyncio.run(_forecast(file, model))
    emit({"at_most": bound_json(found.bound), "history": history_json(found.history)}, output, lambda: _page(found))


async def _forecast(file: Path, model: str) -> Forecast:
    import asyncio

    from podium.app.home import find_home
    from podium.app.installation import Installation
    from podium.app.nodes import shipped_nodes
    from podium.app.premises import premises_of
    from podium.app.publish import check_file
    from podium.app.settings import read_settings
    from podium.app.spending import forecast as read_forecast
    from podium.app.spending import price_of
    from podium.graph.closure import closure, version
    from podium.observe.bound import bound
    from podium.observe.forecast import Forecast
    from podium.spec.diagnostic import SpecError

    home = find_home()
    settings = await asyncio.to_thread(read_settings, home)
    checked = await asyncio.to_thread(check_file, file, shipped_nodes(), premises_of(settings))
    if checked.compiled is None:
        raise SpecError(checked.diagnostics, texts={str(file): checked.text})
    compiled = checked.compiled
    price = price_of(settings, model or await first_model())
    if not await asyncio.to_thread((home / "podium.db").exists):
        return Forecast(bound=bound(compiled, price=price))
    async with Installation.open(home, create=False) as installation:
        return await read_forecast(installation.store, compiled, version(closure(compiled.workflow)), price=price)


async def first_model() -> str:
    """Return the model that would be asked, "" when there is none."""
    from podium.app.models import detect

    return next((candidate.name for candidate in await detect() if candidate.ok), "")


def bound_json(found: Bound) -> dict[str, Json]:
    """Return the most that a run can use; null is no bound, or one that nobody knows."""
    return {
        "calls": found.calls,
        "model_calls": found.model_calls,
        "output_tokens": found.output_tokens,
        "usd": None if found.nano_usd is None else found.nano_usd / 1_000_000_000,
        "energy_wh": None if found.micro_wh is None else found.micro_wh / 1_000_000,
        "approvals": found.approvals,
        "prompts_cost_extra": found.prompts_cost,
    }


def history_json(found: History | None) -> dict[str, Json] | None:
    """Return what earlier runs have used; null where it is not known of all of them."""
    if found is None:
        return None

    def spread(values: Spread, per: int = 1) -> dict[str, Json]:
        return {
            name: None if value is None else value if per == 1 else value / per
            for name, value in (("p50", values.p50), ("p90", values.p90))
        }

    return {
        "runs": found.runs,
        "same_version": found.same_version,
        "tokens": spread(found.tokens),
        "usd": spread(found.nano_usd, 1_000_000_000),
        "calls": spread(found.calls),
        "energy_wh": spread(found.micro_wh, 1_000_000),
        "approvals": spread(found.approvals),
        "ms": spread(found.ms),
    }


def sentence(found: Forecast) -> str:
    """Return a forecast in one line."""
    from podium.cli.amounts import amount

    bound, earlier = found.bound, found.history
    most = [
        _several(bound.calls, "call"),
        "unknown cost" if bound.nano_usd is None else amount("nano_usd", bound.nano_usd),
        _several(bound.approvals, "approval"),
    ]
    told = f"forecast: at most {', '.join(most)}" + (", and the prompts" if bound.prompts_cost else "")
    if earlier is None:
        return told + "; " + _resting(earlier)
    half = [
        text
        for text in (
            None if earlier.calls.p50 is None else _several(earlier.calls.p50, "call"),
            None if earlier.nano_usd.p50 is None else amount("nano_usd", earlier.nano_usd.p50),
        )
        if text
    ]
    return told + (f"; half of the runs took {', '.join(half)} or less" if half else "") + f" ({_resting(earlier)})"


def _several(count: int | None, what: str) -> str:
    if count is None:
        return f"an unknown number of {what}s"
    return f"{count:,} {what}{'' if count == 1 else 's'}".replace(",", " ")


def _page(found: Forecast) -> Group:
    from rich.console import Group
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    earlier = found.history
    for name in ("", "at most", *(("half of the runs", "nine of ten") if earlier else ())):
        table.add_column(name, no_wrap=True)
    for row in _rows(found):
        table.add_row(*(row if earlier else row[:2]))
    told: list[str] = []
    if found.bound.prompts_cost:
        told.append("what prompts cost comes on top: it depends on their length")
    told.append(_resting(earlier))
    return Group(table, "", *told)


def _resting(found: History | None) -> str:
    if found is None:
        return "no earlier run of this workflow has ended yet"
    runs = "1 earlier run" if found.runs == 1 else f"{found.runs} earlier runs"
    return f"rests on {runs} of " + ("this version" if found.same_version else "this workflow, also of other versions")


def _rows(found: Forecast) -> list[tuple[str, str, str, str]]:
    from podium.cli.amounts import amount
    from podium.cli.words import took

    bound, earlier = found.bound, found.history

    def spread(values: Spread | None, show: Any) -> tuple[str, str]:  # noqa: ANN401 - how to show one figure
        return ("", "") if values is None else (_or_unknown(values.p50, show), _or_unknown(values.p90, show))

    def plain(value: int) -> str:
        return f"{value:,}".replace(",", " ")

    def show_money(value: int) -> str:
        return amount("nano_usd", value)

    def show_energy(value: int) -> str:
        return amount("micro_wh", value)

    return [
        ("calls", _or_unknown(bound.calls, plain), *spread(earlier and earlier.calls, plain)),
        ("tokens of answers", _or_unknown(bound.output_tokens, plain), "", ""),
        ("tokens", "depends on the prompts", *spread(earlier and earlier.tokens, plain)),
        ("money", _or_unknown(bound.nano_usd, show_money), *spread(earlier and earlier.nano_usd, show_money)),
        ("energy", _or_unknown(bound.micro_wh, show_energy), *spread(earlier and earlier.micro_wh, show_energy)),
        ("approvals", _or_unknown(bound.approvals, plain), *spread(earlier and earlier.approvals, plain)),
        ("time", "", *spread(earlier and earlier.ms, took)),
    ]


def _or_unknown(value: int | None, show: Any) -> str:  # noqa: ANN401 - how to show one figure
    return "unknown" if value is None else show(value)
