"""What holds for kill switches: nothing that fits one begins while it is on, and everything else goes on."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from podium.errors import Rejected
from podium.ids import ADMIN
from podium.ledger.payload import json_payload
from podium.ledger.record import AdminNoted, EffectIntent, Entry, GateDecision
from podium.ledger.store import RunStore
from podium.ledger.switch import MAX_SWITCHES, Switch, SwitchScope
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import (
    IDS,
    SOON_S,
    WORKFLOW,
    OpenStore,
    begin_owned,
    bodies,
    done,
    intent,
    outcome,
)

_EVERYTHING = Switch(scope="everything", by="user:ann")


class StoppingRules:
    """`stop`, `lift`, `control`, and what `append` makes of them."""

    async def test_no_effect_starts_while_everything_is_stopped(self, store: RunStore) -> None:
        """What had started is recorded to its end."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.append(run, claim.epoch, [intent("e1")], seen=2)

        assert await store.stop(_EVERYTHING)
        with pytest.raises(Rejected, match=r"ST007: `everything` was stopped by user:ann, so `tool\.files\.write` may"):
            await store.append(run, claim.epoch, [done("a"), intent("e2")], seen=3)
        await store.append(run, claim.epoch, [outcome("e1")], seen=3)
        assert await store.lift(_EVERYTHING, by="user:bob")
        await store.append(run, claim.epoch, [intent("e2")], seen=4)

        assert await bodies(store, run) == [
            *("RunCreated", "RunClaimed", "EffectIntent", "EffectOutcome", "EffectIntent")
        ]

    async def test_who_stopped_what_when_and_why_is_kept(self, store: RunStore, clock: FakeClock) -> None:
        """What is on stands in the row of the installation, everything in its stream."""
        switch = Switch(scope="tool", subject="files.write", by="user:ann")
        reason = json_payload("it writes nonsense", IDS)

        assert await store.stop(switch, reason=reason)
        assert (await store.control()).switches == (msgspec.structs.replace(switch, at=clock.now()),)
        assert await store.lift(Switch(scope="tool", subject="files.write"), by="user:bob")

        assert (await store.control()).switches == ()
        noted = [record.body for record in await store.records(ADMIN)]
        subject = "tool:files.write"
        assert [note for note in noted if isinstance(note, AdminNoted) and note.action.startswith("kill")] == [
            AdminNoted(action="kill_switch.on", subject=subject, by="user:ann", reason=reason.ref),
            AdminNoted(action="kill_switch.off", subject=subject, by="user:bob"),
        ]
        assert await store.payload(ADMIN, reason.ref) == reason.data

    async def test_what_is_stopped_or_lifted_twice_is_noted_once(self, store: RunStore) -> None:
        """Whoever asks second hears that nothing had to be done."""
        first = await asyncio.gather(store.stop(_EVERYTHING), store.stop(_EVERYTHING))
        then = await asyncio.gather(*(store.lift(_EVERYTHING, by="user:bob") for _ in range(2)))

        assert (sorted(first), sorted(then)) == ([False, True], [False, True])
        noted = [record.body for record in await store.records(ADMIN)]
        actions = [note.action for note in noted if isinstance(note, AdminNoted)]
        assert actions[-2:] == ["kill_switch.on", "kill_switch.off"]
        assert actions.count("kill_switch.on") == 1

    @pytest.mark.parametrize(
        ("scope", "subject", "fits"),
        [
            ("run", "", True),  # "" stands for the run at hand
            ("run", "r000000000000", False),
            ("workflow", WORKFLOW.name, True),
            ("workflow", "inner", True),
            ("workflow", "other", False),
            ("agent", "triage", True),
            ("agent", "triage@3", True),
            ("agent", "triage@2", False),
            ("agent", "tri", False),
            ("tool", "files", True),
            ("tool", "files.write", True),
            ("tool", "podium.tools.files", True),
            ("tool", "files.wri", False),
            ("tool", "file", False),
            ("model", "podium.tools.files", False),
            ("tenant", "acme", False),
        ],
    )
    async def test_a_switch_stops_what_it_names(
        self, store: RunStore, scope: SwitchScope, subject: str, *, fits: bool
    ) -> None:
        """And nothing beside it."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.stop(Switch(scope=scope, subject=subject or run, by="user:ann"))
        entry = _acting("tool.files.write", "podium.tools.files")

        if fits:
            with pytest.raises(Rejected, match="ST007"):
                await store.append(run, claim.epoch, [entry], seen=2)
        else:
            await store.append(run, claim.epoch, [entry], seen=2)

    async def test_a_model_is_stopped_by_its_name(self, store: RunStore) -> None:
        """Others answer on."""
        claim = await begin_owned(store)
        run = claim.row.id
        await store.stop(Switch(scope="model", subject="acme/large", by="user:ann"))

        with pytest.raises(Rejected, match="ST007"):
            await store.append(run, claim.epoch, [_acting("model.chat", "acme/large")], seen=2)
        await store.append(run, claim.epoch, [_acting("model.chat", "acme/small")], seen=2)

    async def test_others_hear_of_a_switch(self, store: RunStore, open_store: OpenStore) -> None:
        """As of any change: whoever carries something out that it fits stops it."""
        other = await open_store()
        changes = other.changed()
        await anext(changes)

        await store.stop(_EVERYTHING)

        async with asyncio.timeout(SOON_S):
            while not (await other.control()).switches:
                await anext(changes)

    async def test_there_is_a_bound_to_what_is_stopped(self, store: RunStore) -> None:
        """Each of them is looked at with every intent."""
        switches = [Switch(scope="run", subject=f"r{number:012}", by="ann") for number in range(MAX_SWITCHES)]
        await asyncio.gather(*(store.stop(switch) for switch in switches))

        with pytest.raises(Rejected, match="ST025"):
            await store.stop(_EVERYTHING)


def _acting(effect: str, target: str) -> Entry:
    entry = intent("e1")
    assert isinstance(entry.body, EffectIntent)
    chain = ("person:ann", "workflow:inner@5f", "agent:triage@3")
    decision = GateDecision(verdict="allow", chain=chain)
    body = msgspec.structs.replace(entry.body, effect=effect, target=target, decision=decision)
    return msgspec.structs.replace(entry, body=body)
