"""Budget: is there enough left for the most that this effect can use?

It reserves in the meters of everything around the node, in this process; the intent makes the reservation durable
there and in the budgets that runs share, in one transaction; the outcome settles both. Where only other reservations
stand in the way, the node waits and asks again. Where settled spending does, the limit is reached, or a person is asked
where the budget says so. What undoes something is counted and never refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.costs import reservation
from podium.effects.effect import Effect, EffectQuestion, Proceed, Suspended, refuse
from podium.effects.safeguards import Safeguards
from podium.effects.stages.approval import subject_of
from podium.errors import EffectDenied, EffectError, OverBudget
from podium.gate.approval import digest, joined, rule_of
from podium.gate.decision import Obligation
from podium.gate.roles import Directory, excluded
from podium.gate.sharing import Caller, SharedRule
from podium.ledger.record import Reservation, SharedBudget
from podium.node.calls import ModelCall, Reply, ToolCall
from podium.spec.amounts import NO_LIMITS, NOTHING, Amounts, Room, Unit, room
from podium.spec.approval_rule import Terms

ASK_AGAIN_MS = 2_000
"""How long a node waits for others to settle before it asks again."""


_ONE_CALL = Reservation()

_WORDS: dict[str, str] = {"tokens": "tokens", "nano_usd": "money", "calls": "calls", "micro_wh": "energy"}
"""The units as people call them."""


@dataclass(frozen=True, slots=True)
class Budget:
    """See the module's rules."""

    clock: Clock
    safeguards: Safeguards

    async def __call__(self, effect: Effect, proceed: Proceed) -> Reply:
        """Reserve, then go on."""
        if isinstance(effect.call, ModelCall):
            effect.price = self.safeguards.price(effect.target)
        rules = self._rules(effect) if self.safeguards.budgets else ()
        effect.reservation = reservation(effect, self._shared(effect, rules))
        if not effect.meters and not rules and not effect.shared:
            return await proceed(effect)
        set_aside = effect.reservation or _ONE_CALL
        await self._check(effect, rules, set_aside)
        most = set_aside.most
        for meter in effect.meters:
            meter.reserve(effect.id, most)
        try:
            return await proceed(effect)
        except OverBudget as error:
            raise await self._refused(effect, rules, error) from error
        finally:
            for meter in effect.meters:
                meter.forget(effect.id, most)

    def _rules(self, effect: Effect) -> tuple[SharedRule, ...]:
        caller = caller_of(effect, self.safeguards.people)
        return tuple([rule for rule in self.safeguards.budgets if rule.match.fits(caller)])

    def _shared(self, effect: Effect, rules: tuple[SharedRule, ...]) -> tuple[SharedBudget, ...]:
        """Return the shared budgets that it counts against; those that must not stop it have no limits here."""
        if not rules and not effect.shared:
            return ()
        now = self.clock.now()
        found = [
            *effect.shared,
            *(
                SharedBudget(id=rule.account(now, effect.root), limits=rule.limits, allow_unknown=rule.allow_unknown)
                for rule in rules
            ),
        ]
        passed = effect.known.over
        return tuple(
            [
                SharedBudget(id=budget.id, limits=NO_LIMITS, allow_unknown=True)
                if effect.undoes or budget.id in passed
                else budget
                for budget in sorted(found, key=lambda budget: budget.id)
            ]
        )

    async def _check(self, effect: Effect, rules: tuple[SharedRule, ...], set_aside: Reservation) -> None:
        """Refuse what this process can know to be too much already."""
        if effect.undoes:
            return
        most, need = set_aside.most, set_aside.need
        unknown = _unknown(effect, most, set_aside)
        if unknown:
            await refuse(effect, "GA050", at=self.clock.now())
            raise EffectDenied(
                "GA050",
                f"nobody knows what `{effect.target}` costs in {_WORDS[unknown]}, and a budget limits it",
                help="give it a price under `[prices]` in podium.toml, or say `unknown_price: allow` in the budget",
            )
        if (short := _too_dear(effect, rules, need)) is not None:
            await refuse(effect, "GA051", at=self.clock.now())
            raise EffectError(
                "GA051",
                f"`{effect.name}` may need more {_WORDS[short]} than a single call may use",
                kind="limit",
                help="lower `max_tokens`, choose a cheaper model, or raise `per_call` of the budget",
            )
        rooms = [meter.room(most, need) for meter in effect.meters]
        if (full := _first(rooms, "limit")) is not None:
            raise await self._limit(effect, full.unit or "tokens", need, "")
        if _first(rooms, "wait") is not None:
            raise self._waits(effect)

    async def _refused(self, effect: Effect, rules: tuple[SharedRule, ...], error: OverBudget) -> Exception:
        """Return what comes of it that a budget beyond this run has no room."""
        if error.verdict == "wait":
            return self._waits(effect)
        now = self.clock.now()
        asks = next((rule for rule in rules if rule.account(now, effect.root) == error.budget), None)
        if asks is not None and asks.on_limit == "ask":
            return self._question(effect, asks, error)
        assert effect.reservation is not None
        return await self._limit(effect, error.unit, effect.reservation.need, error.budget)

    async def _limit(self, effect: Effect, unit: str, need: Amounts, budget: str) -> EffectError:
        await refuse(effect, "GA005", at=self.clock.now())
        which = f"budget `{budget}`" if budget else "the budget"
        wants = f"may need {need.tokens} tokens" if unit == "tokens" else f"needs more {_WORDS[unit]}"
        return EffectError(
            "GA005",
            f"{which} is used up: `{effect.name}` {wants}",
            kind="limit",
            help="raise the budget, lower `max_tokens`, or handle it with `on_limit`",
        )

    def _question(self, effect: Effect, rule: SharedRule, error: OverBudget) -> Suspended:
        """Return the question whether a call may pass a budget: to all who must agree to the call anyhow, at least one.

        It binds the call as the approval stage does, so that one answer is good for both.
        """
        told = f"budget `{rule.name}` has not enough {_WORDS[error.unit]} left"
        demanded = [obligation for obligation in effect.obligations if obligation.kind == "approval"]
        rules = joined(rule_of(one) for one in (*demanded, Obligation(kind="approval", reason="budget", about=told)))
        people = self.safeguards.people
        terms = Terms(
            at=self.clock.now(),
            rule=rules,
            subject=digest(subject_of(effect, effect.policies)),
            policies=effect.policies,
            excluded=excluded(people, rules, effect.parties),
            named=people.configured,
        )
        question = EffectQuestion(
            reason="approval",
            text=f"Budget `{rule.name}` is used up. May `{effect.name}` be called all the same?",
            show={"effect": effect.name, "target": effect.target, "budget": error.budget, "why": [told]},
            request_hash=effect.request_hash,
            terms=terms,
            over=(*effect.known.over, error.budget),
            workflow=effect.workflow,
        )
        return Suspended(effect.id, question)

    def _waits(self, effect: Effect) -> Suspended:
        later = self.clock.now() + ASK_AGAIN_MS
        return Suspended(effect.id, EffectQuestion(reason="budget", text="", show=None, not_before=later))


def caller_of(effect: Effect, people: Directory) -> Caller:
    """Return what budgets are chosen by."""
    call = effect.call
    named = [name.partition(":") for name in effect.chain]
    workflows = (effect.workflow, *(name for kind, _, name in named if kind == "workflow"))
    names = (effect.principal, *(name for kind, _, name in named if kind == "person"))
    known = [person for name in names if (person := people.people.get(name)) is not None]
    return Caller(
        workflows=tuple(dict.fromkeys(filter(None, workflows))),
        principals=tuple(dict.fromkeys(filter(None, names))),
        teams=tuple(dict.fromkeys(group for person in known for group in person.groups)),
        tenant=effect.tenant,
        tool=f"{call.tool}.{call.function}" if isinstance(call, ToolCall) else "",
        model=effect.target if isinstance(call, ModelCall) else "",
    )


def _unknown(effect: Effect, most: Amounts, set_aside: Reservation) -> Unit | str:
    """Return the unit that is limited somewhere and of which nobody knows what the call uses."""
    for meter in effect.meters:
        if unit := meter.unknown(most):
            return unit
    for budget in set_aside.budgets:
        if not budget.allow_unknown:
            for unit, _ in budget.limits.each():
                if getattr(most, unit) < 0:
                    return unit
    return ""


def _too_dear(effect: Effect, rules: tuple[SharedRule, ...], need: Amounts) -> str | None:
    rooms = [meter.too_dear(need) for meter in effect.meters if meter.per_call]
    rooms += [room(rule.per_call, used=NOTHING, held=NOTHING, most=need, need=need) for rule in rules if rule.per_call]
    found = _first(rooms, "limit")
    return found.unit if found is not None else None


def _first(rooms: list[Room], verdict: str) -> Room | None:
    return next((found for found in rooms if found.verdict == verdict), None)
