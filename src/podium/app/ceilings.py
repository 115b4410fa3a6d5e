"""How far workflows may go by themselves, as the installation says: by a default, and for single workflows by people.

Each change is one record in the stream `_admin`, with who made it, why, and the runs on which it rests. The changes of
one workflow have the keys `autonomy:NAME:1`, `autonomy:NAME:2`, …: whoever changes it has seen every change before.

A process looks for changes at most every `FRESH_S` seconds, when a call that writes asks. So what is lowered counts a
quarter of a second later everywhere, for runs that are under way as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from podium.clock import Clock, Millis
from podium.errors import Rejected, UsageError
from podium.gate.autonomy import LEVELS, least
from podium.ids import ADMIN, IdSource, RunId
from podium.ledger.payload import json_payload
from podium.ledger.record import AutonomySet, Entry
from podium.ledger.store import ENDED, RunStore
from podium.spec.autonomy import Autonomy

FRESH_S = 0.25
MAX_REASON_CHARS = 10_000
MAX_EVIDENCE = 100
"""Runs on which one change rests."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as it was recorded."""

    body: AutonomySet
    at: Millis


class StoredCeilings:
    """Implements `podium.effects.autonomy.Ceilings`."""

    def __init__(self, store: RunStore, clock: Clock, *, default: Autonomy = "autonomous") -> None:
        self.default: Autonomy = default
        self._store, self._clock = store, clock
        self._changes: dict[str, list[Change]] = {}
        self._seen = 0
        self._looked: float | None = None
        self._looking = asyncio.Lock()

    async def ceiling(self, workflows: Iterable[str]) -> Autonomy:
        if self._looked is None or self._clock.monotonic() - self._looked >= FRESH_S:
            await self.changes()
        levels: list[Autonomy] = [self._level(name) for name in workflows]
        return least(*levels) or self.default

    async def changes(self) -> Mapping[str, Sequence[Change]]:
        """Return all changes by workflow, the oldest first."""
        async with self._looking:
            while records := await self._store.records(ADMIN, after=self._seen):
                for record in records:
                    if isinstance(record.body, AutonomySet):
                        self._changes.setdefault(record.body.workflow, []).append(Change(record.body, record.at))
                self._seen = records[-1].seq
            self._looked = self._clock.monotonic()
        return self._changes

    async def change(
        self,
        workflow: str,
        level: Autonomy,
        *,
        way: Literal["raise", "lower"],
        by: str,
        because: str,
        evidence: Sequence[RunId],
        ids: IdSource,
    ) -> Autonomy:
        """Let a workflow go further by itself, or less far; return how far it could go before.

        Raises:
            UsageError: AP130 when it is no such change, AP131 when the reason or the evidence is not what it must be.
            Rejected: ST006 when somebody else has just changed it; nothing was done.
        """
        await self._check(workflow, because, evidence)
        known = (await self.changes()).get(workflow, ())
        before = self._level(workflow)
        if (LEVELS.index(level) > LEVELS.index(before)) != (way == "raise") or level == before:
            message = f"`{workflow}` may be `{before}`, so `{level}` does not {way} it"
            other = "lower" if way == "raise" else "raise"
            step = f"did you mean `podium autonomy {other}`? `podium autonomy show {workflow}` tells more"
            raise UsageError("AP130", message, help=step)
        stored = json_payload(because, ids)
        body = AutonomySet(
            workflow=workflow, level=level, before=before, by=by, because=stored.ref, evidence=tuple(evidence)
        )
        key = f"autonomy:{workflow}:{len(known) + 1}"
        try:
            await self._store.enter(Entry(body=body, key=key, payloads=(stored,)))
        except Rejected as error:
            message = f"somebody else has just changed how far `{workflow}` may go"
            raise Rejected(error.code, message, help="look at it again with `podium autonomy show`") from error
        self._looked = None
        return before

    def _level(self, workflow: str) -> Autonomy:
        changes = self._changes.get(workflow)
        return changes[-1].body.level if changes else self.default

    async def _check(self, workflow: str, because: str, evidence: Sequence[RunId]) -> None:
        if not because.strip() or len(because) > MAX_REASON_CHARS:
            raise UsageError("AP131", f"expected a reason of at most {MAX_REASON_CHARS} characters")
        if len(evidence) > MAX_EVIDENCE:
            raise UsageError("AP131", f"expected at most {MAX_EVIDENCE} runs as evidence, got {len(evidence)}")
        for run in evidence:
            row = await self._store.row(run)
            if row is None or row.workflow != workflow or row.status not in ENDED:
                own = row is not None and row.workflow == workflow
                why = "it has not ended" if own else "it is one of another workflow" if row else "there is no such run"
                step = "name runs of this workflow that have ended; `podium runs list` shows them"
                raise UsageError("AP131", f"run `{run}` is no evidence for `{workflow}`: {why}", help=step)
