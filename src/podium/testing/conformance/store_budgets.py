"""What holds of budgets that runs share: the transaction of an intent looks whether there is room."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from podium.errors import OverBudget
from podium.ids import NodePath, RunId
from podium.ledger.accounts import Account, Hold, Share
from podium.ledger.record import (
    DoubtSettled,
    EffectIntent,
    EffectOutcome,
    Entry,
    Reservation,
    SharedBudget,
)
from podium.ledger.store import Claim, RunStore
from podium.ledger.verify import verify
from podium.spec.amounts import NOTHING, UNKNOWN, Amounts, Limits
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import begin, begin_owned, ended, intent, outcome, owned

_BUDGET = SharedBudget(id="notes/total", limits=Limits(tokens=100, calls=3))
_OTHER = SharedBudget(id="other/total", limits=Limits(tokens=1_000))


def holding(
    effect: str, tokens: int, *, prompt: int = 0, attempt: int = 1, budgets: tuple[SharedBudget, ...] = (_BUDGET,)
) -> Entry:
    """Return an intent that can use so many tokens."""
    entry = intent(effect)
    assert isinstance(entry.body, EffectIntent)
    asked = Reservation(tokens=tokens, input_tokens=prompt, budgets=budgets)
    return replace(entry, body=replace(entry.body, reservation=asked), key=f"intent:{effect}:{attempt}")


def settling(effect: str, tokens: int, *, nano_usd: int = 0, unknown: bool = False) -> Entry:
    """Return the outcome of such an intent."""
    entry = outcome(effect)
    assert isinstance(entry.body, EffectOutcome)
    body = replace(
        entry.body,
        status="unknown" if unknown else "ok",
        output_tokens=tokens,
        nano_usd=nano_usd,
        micro_wh=0,
        budgets=("notes/total",),
    )
    return replace(entry, body=body)


def told(effect: str, *, landed: bool) -> Entry:
    """Return what somebody says of a doubtful effect."""
    body = outcome(effect).body
    assert isinstance(body, EffectOutcome)
    return Entry(body=DoubtSettled(id=body.id, landed=landed, by="user:bob"), path=NodePath("publish"))


class BudgetRules:
    """`append`, `post`, `claim` and the accounts that they change."""

    async def test_an_intent_holds_what_it_can_use_and_its_outcome_gives_it_back(
        self, store: RunStore, clock: FakeClock
    ) -> None:
        """What was really used is counted in its place."""
        claim = await begin_owned(store)
        run = claim.row.id

        await store.append(run, claim.epoch, [holding("a", 60)], seen=2)

        assert await store.accounts() == (
            Account(id="notes/total", held=Amounts(tokens=60, calls=1), updated_at=clock.now()),
        )
        assert [hold.amounts for hold in await store.holds()] == [Amounts(tokens=60, calls=1)]
        await store.append(run, claim.epoch, [settling("a", 10)], seen=3)
        used = Amounts(tokens=10, calls=1)
        assert await store.accounts() == (Account(id="notes/total", used=used, updated_at=clock.now()),)
        assert (await store.holds(), await store.shares()) == ((), (Share("notes/total", run, used),))
        assert (await verify(store)).intact

    async def test_what_others_hold_is_waited_for_and_what_is_spent_is_the_limit(self, store: RunStore) -> None:
        """A refused intent changes nothing, also not in the other budgets that it names."""
        first, second = await begin_owned(store), await begin_owned(store)
        await store.append(first.row.id, first.epoch, [holding("a", 60)], seen=2)

        with pytest.raises(OverBudget, match="ST020") as waits:
            await store.append(second.row.id, second.epoch, [holding("b", 50, budgets=(_OTHER, _BUDGET))], seen=2)
        assert (waits.value.verdict, waits.value.budget, waits.value.unit) == ("wait", "notes/total", "tokens")
        assert [account.id for account in await store.accounts()] == ["notes/total"]
        await store.append(first.row.id, first.epoch, [settling("a", 60)], seen=3)
        with pytest.raises(OverBudget, match="ST021") as full:
            await store.append(second.row.id, second.epoch, [holding("b", 50)], seen=2)
        assert full.value.verdict == "limit"
        assert (await store.row(second.row.id)) == second.row

    async def test_appends_at_the_same_time_share_what_is_left(self, store: RunStore) -> None:
        """Losers are refused singly."""
        claims = [await begin_owned(store) for _ in range(5)]

        answers = await asyncio.gather(
            *(store.append(claim.row.id, claim.epoch, [holding("a", 40)], seen=2) for claim in claims),
            return_exceptions=True,
        )

        assert [isinstance(answer, OverBudget) for answer in answers] == [False, False, True, True, True]
        (account,) = await store.accounts()
        assert account.held == Amounts(tokens=80, calls=2)

    async def test_the_intents_of_one_append_are_looked_at_together(self, store: RunStore) -> None:
        """All of them or none."""
        claim = await begin_owned(store)

        with pytest.raises(OverBudget):
            await store.append(claim.row.id, claim.epoch, [holding("a", 60), holding("b", 60)], seen=2)

        assert (await store.accounts(), await store.holds()) == ((), ())

    async def test_a_prompt_may_pass_the_limit_only_alone(self, store: RunStore) -> None:
        """It is counted by its bytes, which is more than will be used."""
        first, second = await begin_owned(store), await begin_owned(store)

        await store.append(first.row.id, first.epoch, [holding("a", 900, prompt=850)], seen=2)

        with pytest.raises(OverBudget, match="ST020"):
            await store.append(second.row.id, second.epoch, [holding("b", 20)], seen=2)

    async def test_an_unknown_outcome_is_charged_and_nobody_waits_for_it(self, store: RunStore) -> None:
        """Nobody knows that it was less."""
        claim = await begin_owned(store)
        run = claim.row.id

        await store.append(run, claim.epoch, [holding("a", 60), settling("a", 0, unknown=True)], seen=2)

        (account,) = await store.accounts()
        assert (account.used, account.held) == (Amounts(tokens=60, calls=1), NOTHING)
        with pytest.raises(OverBudget, match="ST021"):
            await store.append(run, claim.epoch, [holding("b", 50)], seen=4)
        await store.append(run, claim.epoch, [holding("a", 30, attempt=2), settling("a", 5)], seen=4)
        (account,) = await store.accounts()
        assert (account.used, await store.holds()) == (Amounts(tokens=65, calls=2), ())
        assert (await verify(store)).intact

    @pytest.mark.parametrize("landed", [True, False])
    async def test_a_settled_doubt_stays_charged_or_is_given_back(self, store: RunStore, *, landed: bool) -> None:
        """As somebody says."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [holding("a", 60), settling("a", 0, unknown=True)], seen=2)

        await store.post(run, told("a", landed=landed))

        (account,) = await store.accounts()
        assert account.used == (Amounts(tokens=60, calls=1) if landed else NOTHING)
        assert await store.holds() == ()
        assert (await verify(store)).intact

    async def test_what_a_dead_worker_left_open_is_charged(self, store: RunStore) -> None:
        """The next owner knows no more of it than anybody."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [holding("a", 60)], seen=2)
        await store.release(run, claim.epoch, wake=0, status="running")

        again = await owned(store, run)

        (account,) = await store.accounts()
        assert (account.used, account.held) == (Amounts(tokens=60, calls=1), NOTHING)
        assert [hold.doubt for hold in await store.holds()] == [True]
        await store.append(run, again.epoch, [holding("b", 30), ended("failed")], seen=4)
        (account,) = await store.accounts()
        assert (account.used, account.held) == (Amounts(tokens=90, calls=2), NOTHING)
        assert (await verify(store)).intact

    async def test_budgets_are_those_of_all_who_have_the_store_open(self, store: RunStore) -> None:
        """Also the first one, of which this process has not heard."""
        run = await begin(store)
        assert await store.accounts() == ()
        await _spend(store, await owned(store, run), "a", 60)
        await _spend(store, await begin_owned(store), "a", 30)

        (account,) = await store.accounts()
        assert account.used == Amounts(tokens=90, calls=2)

    async def test_calls_whose_cost_nobody_knows_are_counted_as_such(self, store: RunStore) -> None:
        """They are not free, and they are not nothing."""
        claim = await begin_owned(store)

        await store.append(claim.row.id, claim.epoch, [holding("a", 10), settling("a", 5, nano_usd=UNKNOWN)], seen=2)

        (account,) = await store.accounts()
        assert (account.used, account.unpriced) == (Amounts(tokens=5, calls=1), 1)

    async def test_an_effect_that_names_no_budget_counts_in_none(self, store: RunStore) -> None:
        """Most do not."""
        claim = await begin_owned(store)

        await store.append(claim.row.id, claim.epoch, [intent("a"), outcome("a"), ended()], seen=2)

        assert (await store.accounts(), await store.holds(), await store.shares()) == ((), (), ())

    async def test_holds_stand_where_they_belong(self, store: RunStore) -> None:
        """By run, effect and budget."""
        claim = await begin_owned(store)
        entry = holding("a", 60, budgets=(_BUDGET, _OTHER))
        assert isinstance(entry.body, EffectIntent)

        await store.append(claim.row.id, claim.epoch, [entry], seen=2)

        amounts = Amounts(tokens=60, calls=1)
        expected = [Hold(claim.row.id, entry.body.id, name, False, amounts) for name in ("notes/total", "other/total")]  # noqa: FBT003 - as it stands in the row
        assert list(await store.holds()) == expected


async def _spend(store: RunStore, claim: Claim, effect: str, tokens: int) -> None:
    run: RunId = claim.row.id
    await store.append(run, claim.epoch, [holding(effect, tokens), settling(effect, tokens)], seen=2)
