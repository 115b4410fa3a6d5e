"""Podium as it is installed: SQLite store, engine, gateway and a real tool. Ten effect nodes, one after another.

Each step is an effect: decision and intent are durable before the call, outcome and result after it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.contender import STEPS

from podium.app.installation import Installation
from podium.app.publish import Published

_STEPS = "".join(
    f"  s{step}: {{tool: bench.noop, after: [{f's{step - 1}' if step else ''}]}}\n" for step in range(STEPS)
)
WORKFLOW = f"""\
podium: 1
name: chain
tools:
  bench: {{python: benchmarks.noop, effect: read, delivery: repeatable}}
nodes:
{_STEPS}result: s{STEPS - 1}.out
"""


class Podium:
    """One installation; a run for each chain."""

    name = "podium"

    def __init__(self, installation: Installation, published: Published) -> None:
        self._installation = installation
        self._published = published

    async def run(self, chain: str) -> None:
        run = await self._installation.start(self._published, {})
        status = await (await self._installation.engine()).advance(run)
        assert status == "done", f"{chain}: {status}"


@asynccontextmanager
async def open_podium(folder: Path) -> AsyncGenerator[Podium]:
    """Yield an installation in `folder`."""
    file = folder / "chain.yaml"
    file.write_text(WORKFLOW)
    async with Installation.open(folder / "home") as installation:
        yield Podium(installation, await installation.publish(file))
