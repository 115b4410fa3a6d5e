"""What the gate itself costs: one effect through every stage of the door, with a hundred policies and nothing behind.

The tool returns at once and the journal forgets, so what is measured is deciding (labels, data loss, policies,
approval, throttle, budget, breaker) and making the records. Measured with a request of a few words, for which the check
for data has next to nothing to do, and with 2 KB of prose. Decisions are remembered within a policy version, as in a
run; the request differs each time.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.machine import scratch
from benchmarks.policies import COUNT, write_policies
from benchmarks.report import Figure, Promise, tell

from podium.app.installation import Installation
from podium.clock import SystemClock
from podium.effects.effect import CallLabels, Effect, Known
from podium.effects.gateway import Gateway
from podium.effects.safeguards import Safeguards
from podium.ids import NodePath, RunId, SystemIds
from podium.ledger.record import Entry
from podium.node.calls import ToolCall
from podium.spec.label import Label
from podium.spec.model import ToolSpec
from podium.testing.runs import ScriptedRuns
from podium.testing.scripted import ScriptedModel
from podium.testing.tools import ScriptedTools, World

EFFECTS = 3_000
PROMISES = (
    Promise("gate.short.p50", at_most=100),
    Promise("gate.2kb.p50", at_most=250),
    Promise("gate.2kb.p99", at_most=1_000),
)
"""Of architecture §9, in microseconds."""

GRANTS = {"mail": ToolSpec(python="bench", effect="write", delivery="keyed", trust="trusted")}
PROSE = (
    "The committee met in the afternoon and went through the figures of the second quarter, line by line, before it "
    "agreed on what should be said about them in public; nobody wished to promise more than the year could hold. "
) * 10
LABELS = CallLabels(read=Label(sources=("crm.find", "inputs.customer")))


class Forgetting:
    """A journal that keeps nothing."""

    async def append(self, entries: Sequence[Entry]) -> None:
        del entries

    def defer(self, entries: Sequence[Entry]) -> None:
        del entries


def effect(number: int, arguments: Mapping[str, Any]) -> Effect:
    """Return the next effect, of a run of its own."""
    run = RunId(f"r{number:012d}")
    return Effect(
        run=run,
        root=run,
        path=NodePath("send"),
        attempt=1,
        call=ToolCall(tool="mail", function="send", arguments=dict(arguments)),
        grants=GRANTS,
        known=Known(),
        journal=Forgetting(),
        progress=lambda _text: None,
        labels=LABELS,
        workflow="bench",
        principal="ada",
        chain=("person:ada", "workflow:bench@0123456789ab"),
    )


async def latencies(safeguards: Safeguards, text: str) -> list[float]:
    """Return microseconds for each effect, sorted."""
    world = World()
    world.on("mail.send", "sent")
    gateway = Gateway(
        models=ScriptedModel(),
        tools=ScriptedTools(world),
        runs=ScriptedRuns(),
        clock=SystemClock(),
        ids=SystemIds(),
        safeguards=safeguards,
    )
    found: list[float] = []
    for number in range(EFFECTS + 300):
        subject = effect(number, {"to": "ada", "body": f"{number} {text}"})
        started = time.perf_counter()
        await gateway.perform(subject)
        if number >= 300:
            found.append((time.perf_counter() - started) * 1e6)
    return sorted(found)


async def figures() -> list[Figure]:
    """Return quantiles of both."""
    with scratch() as folder:
        home = folder / "home"
        write_policies(home)
        async with Installation.open(home) as installation:
            safeguards = await installation.safeguards()
            short = await latencies(safeguards, "hello")
            long = await latencies(safeguards, PROSE[:2_000])
    return [
        Figure(name="gate.policies", value=COUNT, unit="policies"),
        *_quantiles("gate.short", short),
        *_quantiles("gate.2kb", long),
    ]


def _quantiles(name: str, found: Sequence[float]) -> list[Figure]:
    return [
        Figure(name=f"{name}.p50", value=statistics.median(found), unit="µs"),
        Figure(name=f"{name}.p99", value=found[len(found) * 99 // 100], unit="µs"),
    ]


if __name__ == "__main__":
    tell("gate", asyncio.run(figures()), PROMISES)
