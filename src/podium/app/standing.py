"""Standing approvals in the store: given, used, taken back, each one record in the stream `_admin`.

All that happens to one standing approval has the keys `standing:ID:0`, `standing:ID:1`, … So whoever uses it has seen
every use before, and every revocation: of two who are at it at once one is refused by the store, looks again, and
counts again. That is what keeps N uses from becoming N+1, also when a process is killed at any point.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from podium.clock import Clock
from podium.effects.effect import Effect
from podium.errors import Rejected, UsageError
from podium.gate.approval import Ballot, held_now, judge, refusal
from podium.gate.roles import Directory, Voter
from podium.gate.standing import amount_in, fits, has_left
from podium.ids import ADMIN, EffectKey, IdSource, RunId
from podium.ledger.payload import json_payload
from podium.ledger.record import Entry, StandingGiven, StandingRevoked, StandingUsed
from podium.ledger.store import RunStore
from podium.node.calls import ToolCall
from podium.spec.approval_rule import Terms
from podium.spec.standing import Scope

Json = Any

_TRIES = 50
"""How often a use is offered again because somebody else was quicker."""


@dataclass(slots=True)
class Standing:
    """One standing approval as its records tell.

    Attributes:
        used: The calls that it counted for, with their amounts in millionths.
        events: Records of it so far; the next one has this number in its key.
    """

    given: StandingGiven
    at: int
    used: dict[EffectKey, int] = field(default_factory=dict[EffectKey, int])
    events: int = 1
    revoked_by: str = ""

    @property
    def voter(self) -> Voter:
        """Who gave it, with what they held then."""
        given = self.given
        return Voter(given.by, given.roles, given.groups, assumed=given.assumed)

    def key(self) -> str:
        """Return the key of the next record of it."""
        return f"standing:{self.given.id}:{self.events}"


class StoredApprovals:
    """Implements `podium.effects.standing.StandingApprovals`."""

    def __init__(self, store: RunStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._found: dict[str, Standing] = {}
        self._seen = 0
        self._reading = asyncio.Lock()

    async def all(self) -> Mapping[str, Standing]:
        """Return every standing approval that was ever given, by its id."""
        async with self._reading:
            while records := await self._store.records(ADMIN, after=self._seen):
                for record in records:
                    self._take(record.body, record.at)
                self._seen = records[-1].seq
        return self._found

    def _take(self, body: object, at: int) -> None:
        match body:
            case StandingGiven():
                first = {EffectKey(body.first): body.micro} if body.first else {}
                self._found[body.id] = Standing(body, at, first)
            case StandingUsed() if body.id in self._found:
                self._found[body.id].used[body.effect] = body.micro
                self._found[body.id].events += 1
            case StandingRevoked() if body.id in self._found:
                self._found[body.id].revoked_by = body.by
                self._found[body.id].events += 1
            case _:
                pass

    async def agree(self, effect: Effect, terms: Terms, people: Directory) -> str:
        if not isinstance(effect.call, ToolCall):
            return ""
        for _ in range(_TRIES):
            chosen = self._fulfilling(await self.all(), effect, effect.call, terms, people)
            try:
                return await self._use(chosen, effect, effect.call)
            except Rejected as error:
                if error.code != "ST006":
                    raise
        return ""  # too many at once: people are asked

    def _fulfilling(
        self, found: Mapping[str, Standing], effect: Effect, call: ToolCall, terms: Terms, people: Directory
    ) -> list[Standing]:
        """Return those that together are enough for the call, [] when all of them are not."""
        now, chosen, ballots = self._clock.now(), list[Standing](), list[Ballot]()
        for standing in found.values():
            if standing.revoked_by or not _counts(standing, effect, call, now):
                continue
            ballot = Ballot(verdict="approved", voter=standing.voter, at=terms.at, subject=terms.subject)
            held = held_now([ballot], people)
            if held and not refusal(terms, ballots, held[0]):
                ballots.append(held[0])
                chosen.append(standing)
        return chosen if judge(terms, ballots, now=terms.at).state == "approved" else []

    async def _use(self, chosen: list[Standing], effect: Effect, call: ToolCall) -> str:
        key = ""
        for standing in chosen:
            key = f"standing:{standing.given.id}"
            if effect.id not in standing.used:
                micro = amount_in(standing.given.scope, call.arguments)
                body = StandingUsed(id=standing.given.id, run=effect.run, effect=effect.id, micro=micro)
                await self._store.enter(Entry(body=body, key=standing.key()))
        return key

    async def give(self, body: StandingGiven, told: Json, ids: IdSource) -> None:
        """Write down a new one; `told` are its conditions in words."""
        from msgspec.structs import replace

        stored = json_payload(told, ids)
        await self._store.enter(
            Entry(body=replace(body, told=stored.ref), key=f"standing:{body.id}:0", payloads=(stored,))
        )

    async def revoke(self, id_: str, *, by: str) -> None:
        """Take one back.

        Raises:
            UsageError: AP088 when there is none, or it was taken back before.
        """
        for _ in range(_TRIES):
            standing = (await self.all()).get(id_)
            if standing is None or standing.revoked_by:
                what = f"was taken back by {standing.revoked_by} before" if standing is not None else "is none"
                raise UsageError("AP088", f"standing approval `{id_}` {what}", help="`podium grants list` shows them")
            try:
                await self._store.enter(Entry(body=StandingRevoked(id=id_, by=by), key=standing.key()))
            except Rejected as error:
                if error.code != "ST006":
                    raise
            else:
                return
        raise Rejected("ST006", f"standing approval `{id_}` is used too fast to be taken back", help="try again")


def _counts(standing: Standing, effect: Effect, call: ToolCall, now: int) -> bool:
    scope: Scope = standing.given.scope
    run: RunId = effect.run
    fitting = fits(scope, effect=effect.name, workflow=effect.workflow, run=run, arguments=call.arguments, now=now)
    return fitting and has_left(scope, standing.used, effect.id, call.arguments)
