"""Agreeing to a call and to more of its kind: what `podium approve --for` does.

The bounds are read before anything is recorded; the standing approval is written after the yes, so a crash between the
two leaves a yes for the one call alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from podium.app.overview import read_json
from podium.app.standing import StoredApprovals
from podium.app.standing_scope import scope_of
from podium.engine.answering import find
from podium.errors import UsageError
from podium.gate.roles import Voter
from podium.gate.standing import amount_in
from podium.ids import IdSource, NodePath, RunId, new_run_id
from podium.ledger.record import StandingGiven
from podium.ledger.store import RunStore

Json = Any


class Wish(NamedTuple):
    """A standing approval that is to be given, and its conditions in words."""

    body: StandingGiven
    told: dict[str, Json]


async def wish_for(
    store: RunStore, ids: IdSource, run: RunId, path: NodePath, *, said: Sequence[str], voter: Voter, now: int
) -> Wish:
    """Return what somebody wants to agree to beforehand at the question of a node.

    Raises:
        UsageError: AP087 when it is no question about a call, or the bounds cannot be meant.
    """
    asked = await find(store, run, path)
    question = await read_json(store, run, asked.parked.question)
    call = cast("dict[str, Json]", question).get("call") if isinstance(question, dict) else None
    if not isinstance(call, dict) or not asked.parked.effect:
        raise UsageError("AP087", f"`{path}` asks about no call, so there is nothing more of its kind")
    made, workflow = cast("dict[str, Json]", call), str(cast("dict[str, Json]", question)["workflow"])
    effect, arguments = f"tool.{made['tool']}.{made['function']}", made["arguments"]
    scope = scope_of(said, effect=effect, workflow=workflow, run=run, arguments=arguments, now=now)
    body = StandingGiven(
        id=new_run_id(ids).replace("r", "s", 1),
        by=voter.name,
        scope=scope,
        roles=voter.roles,
        groups=voter.groups,
        assumed=voter.assumed,
        first=asked.parked.effect,
        micro=amount_in(scope, arguments),
    )
    return Wish(body, {"for": list(said)})


async def grant(standing: StoredApprovals, ids: IdSource, wish: Wish) -> None:
    """Write it down."""
    await standing.give(wish.body, wish.told, ids)
