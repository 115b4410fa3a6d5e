"""Other runs, for tests of what a run does to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podium.ids import EffectKey, RunId
from podium.ledger.record import ArgumentLabel, SharedBudget
from podium.spec.autonomy import Autonomy
from podium.spec.model import Workflow

Json = Any


class ScriptedRuns:
    """Implements `podium.effects.ports.Runs`: remembers what was asked, and keeps its promise about keys.

    Attributes:
        started: `(workflow, inputs)` of each run, by its id.
        chains: In whose names each of them acts, by its id.
        signals: `(run, name, value)`, each key once.
    """

    def __init__(self) -> None:
        self.started: dict[str, tuple[str, Mapping[str, Json]]] = {}
        self.chains: dict[str, tuple[str, ...]] = {}
        self.labels: dict[str, tuple[ArgumentLabel, ...]] = {}
        self.signals: list[tuple[RunId, str, Json]] = []
        self._keys: set[EffectKey] = set()

    async def start(
        self,
        flow: Workflow,
        inputs: Mapping[str, Json],
        *,
        key: EffectKey,
        parent: RunId,  # noqa: ARG002 - the port
        by: str,  # noqa: ARG002 - the port
        chain: tuple[str, ...] = (),
        labels: tuple[ArgumentLabel, ...] = (),
        budgets: tuple[SharedBudget, ...] = (),  # noqa: ARG002 - the port
        autonomy: Autonomy | None = None,  # noqa: ARG002 - the port
    ) -> str:
        """Return one id for one key."""
        run = f"r{key[:12]}"
        self.started[run] = (flow.name, dict(inputs))
        self.chains[run] = chain
        self.labels[run] = labels
        return run

    async def signal(self, run: RunId, name: str, value: Json, *, key: EffectKey, by: str) -> None:  # noqa: ARG002 - the port
        """Remember a signal."""
        if key not in self._keys:
            self._keys.add(key)
            self.signals.append((run, name, value))
