"""How long it takes until code runs: the smallest program in each sandbox, from the call to its result.

Every run starts a process of its own. What another program on the machine takes is in the figures; the bare start of
Python stands beside them for comparison.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import time
from collections.abc import Sequence

from benchmarks.report import Figure, Promise, tell

from podium.adapters.sandbox.installed import PROFILES
from podium.adapters.sandbox.monty import MontySandbox
from podium.adapters.sandbox.process import ProcessSandbox
from podium.adapters.sandbox.profile import interpreter
from podium.effects.ports import Sandbox
from podium.node.calls import CodeCall

RUNS = 200
PROMISES = (Promise("sandbox.monty.p50", at_most=20), Promise("sandbox.bubblewrap.p50", at_most=20))
"""In milliseconds."""


async def latencies(sandbox: Sandbox) -> list[float]:
    """Return milliseconds for each run, sorted."""
    found: list[float] = []
    for number in range(RUNS + 5):
        started = time.perf_counter()
        reply = await sandbox.run(CodeCall(source="n + 1", inputs={"n": number}), timeout_s=30, progress=lambda _: None)
        if number >= 5:
            found.append((time.perf_counter() - started) * 1e3)
        assert reply.value == number + 1
    await sandbox.close()
    return sorted(found)


def bare() -> list[float]:
    """Return milliseconds for each start of Python alone, sorted."""
    found: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(interpreter(("-c", "pass")), check=True, env={})
        found.append((time.perf_counter() - started) * 1e3)
    return sorted(found)


async def figures() -> list[Figure]:
    """Return quantiles of each sandbox that is there."""
    measured = {"python": bare(), "monty": await latencies(MontySandbox())}
    for profile in PROFILES:
        if not profile.missing():
            measured[profile.name] = await latencies(ProcessSandbox(profile))
    return [one for name, found in measured.items() for one in _quantiles(name, found)]


def _quantiles(name: str, found: Sequence[float]) -> list[Figure]:
    return [
        Figure(name=f"sandbox.{name}.p50", value=statistics.median(found), unit="ms"),
        Figure(name=f"sandbox.{name}.p99", value=found[len(found) * 99 // 100], unit="ms"),
    ]


if __name__ == "__main__":
    tell("sandbox", asyncio.run(figures()), PROMISES)
