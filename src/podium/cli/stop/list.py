"""`podium stop list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from podium.cli.console import Format, emit, say
from podium.cli.options import Output
from podium.cli.words import ago, when

if TYPE_CHECKING:
    from rich.table import Table

    from podium.clock import Millis
    from podium.ledger.switch import Switch

Json = Any


def list_stopped(output: Output = Format.table) -> None:
    """List what is stopped, by whom and since when.

    Why, and all that was ever stopped and lifted, is in `podium ledger show _admin`.
    """
    from podium.cli.session import within
    from podium.clock import SystemClock

    switches = within(lambda installation: installation.store.control()).switches
    emit([_json(switch) for switch in switches], output, lambda: _table(switches, SystemClock().now()))
    if not switches and output is Format.table:
        say("nothing is stopped")


def _json(switch: Switch) -> dict[str, Json]:
    return {"scope": switch.scope, "name": switch.subject, "by": switch.by, "at": when(switch.at)}


def _table(switches: tuple[Switch, ...], now: Millis) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("stopped", "name", "by", "when"):
        table.add_column(name, no_wrap=True)
    for switch in switches:
        table.add_row(switch.scope, escape(switch.subject), escape(switch.by), ago(switch.at, now))
    return table
