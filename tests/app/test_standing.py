"""Standing approvals over a store: N uses are never N+1, whoever is at it at once, and whatever dies in between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from podium.adapters.stores.sqlite import SqliteStore
from podium.app.standing import StoredApprovals
from podium.app.standing_scope import scope_of
from podium.effects.effect import Effect, Known
from podium.errors import UsageError
from podium.gate.roles import Directory, Person, Voter
from podium.ids import ADMIN, EffectKey, NodePath, RunId, SystemIds
from podium.ledger.record import Entry, StandingGiven, StandingUsed
from podium.ledger.store import RunStore
from podium.ledger.verify import verify
from podium.node.calls import ToolCall
from podium.spec.approval_rule import ANYONE, Rule, Terms, Voters
from podium.spec.standing import Scope
from podium.testing.clock import FakeClock
from podium.testing.memory import MemoryStore

pytestmark = pytest.mark.anyio

ANNA = Voter("anna", ("legal",))
STAFF = Directory({"anna": Person(name="anna", roles=("legal",)), "bert": Person(name="bert", roles=("legal",))})
LEGAL = Rule(stages=(Voters(roles=("legal",)),))


class _Journal:
    async def append(self, entries: Sequence[Entry]) -> None: ...

    def defer(self, entries: Sequence[Entry]) -> None: ...


def call(key: str, amount: int = 1, *, run: str = "r1") -> Effect:
    effect = Effect(
        run=RunId(run),
        root=RunId(run),
        path=NodePath("pay"),
        attempt=1,
        call=ToolCall(tool="bank", function="pay", arguments={"amount": amount}),
        grants={},
        known=Known(),
        journal=_Journal(),
        progress=lambda _text: None,
        workflow="pay",
    )
    effect.name, effect.id = "tool.bank.pay", EffectKey(key)
    return effect


def terms(rule: Rule = LEGAL, **more: Any) -> Terms:
    return Terms(at=10, rule=rule, subject="s", named=True, **more)


async def given(store: RunStore, voter: Voter = ANNA, *, id_: str = "s1", **scope: Any) -> StoredApprovals:
    standing = StoredApprovals(store, FakeClock())
    body = StandingGiven(
        id=id_,
        by=voter.name,
        roles=voter.roles,
        assumed=voter.assumed,
        scope=Scope(effect="tool.bank.pay", workflow="pay", **scope),
    )
    await standing.give(body, {"for": []}, SystemIds())
    return standing


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    clock = FakeClock()
    if request.param == "memory":
        yield MemoryStore(clock=clock)
        return
    opened = await SqliteStore.open(tmp_path, clock=clock, ids=SystemIds(), create=True)
    yield opened
    await opened.close()


async def test_it_counts_as_the_yes_of_whoever_gave_it(store: RunStore) -> None:
    standing = await given(store)

    assert await standing.agree(call("a"), terms(), STAFF) == "standing:s1"
    assert await standing.agree(call("a"), terms(excluded=("anna",)), STAFF) == ""
    assert await standing.agree(call("b"), terms(Rule(stages=(Voters(roles=("legal",), count=2),))), STAFF) == ""
    assert await standing.agree(call("b"), terms(), Directory({"anna": Person(name="anna")})) == ""


async def test_two_voices_may_both_have_been_given_beforehand(store: RunStore) -> None:
    await given(store)
    standing = await given(store, Voter("bert", ("legal",)), id_="s2")

    assert await standing.agree(call("a"), terms(Rule(stages=(Voters(roles=("legal",), count=2),))), STAFF)
    assert [len(one.used) for one in (await standing.all()).values()] == [1, 1]


async def test_of_many_calls_at_once_only_so_many_count(store: RunStore) -> None:
    await given(store, uses=5)
    workers = [StoredApprovals(store, FakeClock()) for _ in range(4)]  # each sees the store with eyes of its own

    said = await asyncio.gather(*(workers[n % 4].agree(call(f"c{n}"), terms(), STAFF) for n in range(20)))

    assert sum(bool(key) for key in said) == 5
    assert sum(isinstance(one.body, StandingUsed) for one in await store.records(ADMIN)) == 5
    assert (await verify(store, ADMIN)).problems == ()


async def test_amounts_of_many_at_once_come_to_no_more_than_was_said(store: RunStore) -> None:
    await given(store, argument="amount", most_micro=10_000_000)
    workers = [StoredApprovals(store, FakeClock()) for _ in range(4)]

    await asyncio.gather(*(workers[n % 4].agree(call(f"c{n}", 3), terms(), STAFF) for n in range(12)))

    used = (await workers[0].all())["s1"].used
    assert sorted(used.values()) == [3_000_000, 3_000_000, 3_000_000]


async def test_a_call_that_comes_back_uses_nothing_up_again_also_in_a_new_process(store: RunStore) -> None:
    standing = await given(store, uses=1)
    assert await standing.agree(call("a"), terms(), STAFF)

    assert await StoredApprovals(store, FakeClock()).agree(call("a"), terms(), STAFF) == "standing:s1"
    assert await StoredApprovals(store, FakeClock()).agree(call("b"), terms(), STAFF) == ""


async def test_what_was_taken_back_counts_no_more_also_for_whoever_has_not_heard_of_it(store: RunStore) -> None:
    standing, other = await given(store), StoredApprovals(store, FakeClock())
    assert await other.agree(call("a"), terms(), STAFF)

    await standing.revoke("s1", by="bert")

    assert await other.agree(call("b"), terms(), STAFF) == ""
    with pytest.raises(UsageError, match="AP088"):
        await standing.revoke("s1", by="bert")
    with pytest.raises(UsageError, match="AP088"):
        await standing.revoke("s9", by="bert")


async def test_whoever_is_no_voter_of_the_rule_gives_no_standing_approval_for_it(store: RunStore) -> None:
    standing = await given(store, Voter("anna", ("editor",)))

    assert await standing.agree(call("a"), terms(), STAFF) == ""


async def test_a_yes_that_nobody_vouches_for_does_not_stand_once_people_are_known(store: RunStore) -> None:
    standing = await given(store, Voter("root", assumed=True))

    assert await standing.agree(call("a"), terms(ANYONE), STAFF) == ""


# ── what `--for` says ──


def scope(*said: str, arguments: dict[str, Any] | None = None, now: int = 1_000) -> Scope:
    return scope_of(
        said,
        effect="tool.mail.send",
        workflow="news",
        run=RunId("r1"),
        arguments={"to": "ada@x.org", "amount": 5} if arguments is None else arguments,
        now=now,
    )


def test_bounds_are_read_together() -> None:
    found = scope("uses=3", "until=2h", "max=20", "recipient=ada@x.org")

    assert (found.uses, found.until, found.argument, found.most_micro) == (3, 7_201_000, "amount", 20_000_000)
    assert scope("run") == Scope(effect="tool.mail.send", workflow="news", run="r1")
    assert scope("uses=1").until == 1_000 + 30 * 86_400_000
    assert scope("until=2027-01-31").until == 1_801_353_600_000


@pytest.mark.parametrize(
    "said",
    [
        ("forever",),
        ("run=r2",),
        ("uses=",),
        ("uses=0",),
        ("uses=-1",),
        ("until=soon",),
        ("until=1969-01-01",),
        ("max=much",),
        ("max=4",),
        ("max=to:5",),
        ("max=missing:5",),
        ("recipient=eve@x.org",),
        ("origin=x.org",),
        ("origin=https://x.org",),
    ],
)
def test_bounds_that_cannot_be_meant_or_do_not_hold_this_call_are_refused(said: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="AP087"):
        scope(*said)


def test_an_amount_that_nobody_can_tell_must_be_named() -> None:
    with pytest.raises(UsageError, match="AP087: which argument"):
        scope("max=9", arguments={"amount": 1, "fee": 1})
    assert scope("max=fee:9", arguments={"amount": 1, "fee": 1}).argument == "fee"
