"""The one door for effects.

Every act on the world goes through the list below, in this order, whoever asks: a node, a retry, a fallback, later a
sub-agent or sandboxed code. Each stage is a small wrapper that knows none of the others.

    reveal        what was taken out of the request is put back into the answer
    identify      what is it, under which idempotency key; what is recorded already is returned, doubt is settled
    rehearsal     in a dry run no model is asked
    route         which model or server
    labels        may what it is made of go there, and on whose word?
    governor      is the run going in circles?
    data loss     what must not leave
    policy        is it granted, and allowed to all in whose names it acts?
    claims        does the tool itself say that it does more than was granted?
    obligations   what policies demand: redact, filter
    approval      must a person agree to exactly this?
    throttle      too much at once?
    budget        is there enough left for the most that it can use?
    breaker       is the target known to be down?
    staging       into the outbox instead of into the world?
    record        append{decision, intent, reservation} … append{outcome, settlement}
    replies       what comes back passes the filters too
    call          once, at the moment of sending within `send_before`

Nobody checks a permission, a budget or a breaker anywhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from functools import reduce

from podium.clock import Clock
from podium.effects.breaker import Breakers
from podium.effects.concealing import Concealing
from podium.effects.effect import Effect, Proceed, Stage
from podium.effects.flights import Flights
from podium.effects.ports import Models, NoSandboxes, Runs, Sandboxes, Tools
from podium.effects.safeguards import Safeguards
from podium.effects.stages.approval import Approval
from podium.effects.stages.breaker import BreakerStage
from podium.effects.stages.budget import Budget
from podium.effects.stages.call import Call
from podium.effects.stages.claims import claims
from podium.effects.stages.governor import Governor
from podium.effects.stages.identify import Identify
from podium.effects.stages.labels import Labels
from podium.effects.stages.loss import Loss
from podium.effects.stages.obligations import Obligations
from podium.effects.stages.policy import Policy
from podium.effects.stages.record import Recording
from podium.effects.stages.rehearsal import rehearsal
from podium.effects.stages.replies import Replies
from podium.effects.stages.reveal import reveal
from podium.effects.stages.route import Route
from podium.effects.stages.staging import Staging
from podium.effects.stages.throttle import Throttle
from podium.ids import IdSource
from podium.ledger.switch import Switch
from podium.node.calls import Reply, ToolReply


class Gateway:
    """The door of one installation; stateless but for its breakers."""

    def __init__(
        self,
        *,
        models: Models,
        tools: Tools,
        runs: Runs,
        clock: Clock,
        ids: IdSource,
        safeguards: Safeguards | None = None,
        sandboxes: Sandboxes | None = None,
        secret: bytes = b"",
    ) -> None:
        self.safeguards = safeguards = safeguards or Safeguards()
        self._flights = Flights(clock)
        self._concealing = Concealing(ids, safeguards)
        stages: list[Stage] = [
            reveal,
            Identify(clock=clock, ids=ids, safeguards=safeguards),
            rehearsal,
            Route(models=models, tools=tools, sandboxes=sandboxes or NoSandboxes()),
            Labels(clock=clock, safeguards=safeguards),
            Governor(clock=clock, safeguards=safeguards, secret=secret),
            Loss(clock=clock, safeguards=safeguards),
            Policy(clock=clock, safeguards=safeguards),
            claims,
            Obligations(clock=clock, ids=ids, safeguards=safeguards),
            Approval(clock=clock, safeguards=safeguards),
            Throttle(clock=clock, safeguards=safeguards),
            Budget(clock=clock, safeguards=safeguards),
            BreakerStage(Breakers(clock)),
            Staging(tools=tools, clock=clock, ids=ids),
            Recording(clock=clock, ids=ids),
            Replies(safeguards),
        ]
        self._door: Proceed = reduce(_wrap, reversed(stages), Call(runs=runs, clock=clock, flights=self._flights))
        decided = next(place for place, stage in enumerate(stages) if isinstance(stage, Approval))
        weighing = [stage for stage in stages[: decided + 1] if not isinstance(stage, Governor)]
        self._scales: Proceed = reduce(_wrap, reversed(weighing), _enough)

    def hear(self, switches: Sequence[Switch]) -> None:
        """Take up which kill switches are on now; what they fit and is under way is ended."""
        self._flights.hear(switches)

    async def perform(self, effect: Effect) -> Reply:
        """Carry an effect out, or return what is recorded of it.

        Raises:
            Suspended: a person must approve it, or say whether it happened.
            EffectDenied: the gate said no; recorded.
            EffectError: it failed; recorded. What may have happened nevertheless is doubt.
            Fenced: the run belongs to another worker.
        """
        effect.conceal = self._concealing
        return await self._door(effect)

    async def weigh(self, effect: Effect) -> None:
        """Decide about an effect again and carry nothing out.

        Raises:
            Suspended: people must agree to it who have not.
            EffectDenied: the gate said no; recorded.
        """
        effect.conceal = self._concealing
        await self._scales(effect)


async def _enough(_effect: Effect) -> Reply:
    return ToolReply()


def _wrap(inner: Proceed, stage: Stage) -> Proceed:
    def proceed(effect: Effect) -> Awaitable[Reply]:
        return stage(effect, inner)

    return proceed
