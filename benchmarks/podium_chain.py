"""Podium as it is installed: SQLite store, engine, gateway and a real tool. Ten nodes, one after another.

- `podium`: each step is an effect: decision and intent are durable before the call, outcome and result after it.
- `podium-gated`: the same, with a hundred policies to decide by.
- `podium-pure`: each step only builds a value; its result rides along with the next commit.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.contender import STEPS
from benchmarks.policies import write_policies

from podium.app.installation import Installation
from podium.app.publish import Published

_TOOLS = """\
tools:
  bench: {python: benchmarks.noop, effect: read, delivery: repeatable}
"""


def workflow(*, pure: bool) -> str:
    """Return a chain of `STEPS` nodes."""
    node = "transform: 0" if pure else "tool: bench.noop"
    steps = [f"  s{step}: {{{node}, after: [{f's{step - 1}' if step else ''}]}}\n" for step in range(STEPS)]
    tools = "" if pure else _TOOLS
    return f"podium: 1\nname: chain\n{tools}nodes:\n{''.join(steps)}result: s{STEPS - 1}.out\n"


class Podium:
    """One installation; a run for each chain."""

    def __init__(self, name: str, installation: Installation, published: Published) -> None:
        self.name = name
        self._installation = installation
        self._published = published

    async def run(self, chain: str) -> None:
        run = await self._installation.start(self._published, {})
        status = await (await self._installation.engine()).advance(run)
        assert status == "done", f"{chain}: {status}"


@asynccontextmanager
async def open_podium(folder: Path, *, pure: bool = False, gated: bool = False) -> AsyncGenerator[Podium]:
    """Yield an installation in `folder`."""
    name = "podium-pure" if pure else "podium-gated" if gated else "podium"
    if gated:
        write_policies(folder / name)
    file = folder / f"{name}.yaml"
    file.write_text(workflow(pure=pure))
    async with Installation.open(folder / name) as installation:
        yield Podium(name, installation, await installation.publish(file))
