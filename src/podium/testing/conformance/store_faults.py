"""What holds when the process is killed in a commit: all of it or nothing of it."""

from __future__ import annotations

import asyncio

import pytest

from podium.clock import Millis
from podium.ids import new_worker_id
from podium.ledger.verify import verify
from podium.testing.clock import FakeClock
from podium.testing.conformance.store_world import IDS, OpenStore, begin_owned, bodies, done, owned
from podium.testing.faults import FaultPlan, Killed

POINTS = ("before commit", "inside commit", "after commit")


class FaultRules:
    """A store that was opened with fault points."""

    async def test_every_commit_passes_three_points(self, open_store: OpenStore) -> None:
        """They count what a fault suite has to try."""
        plan = FaultPlan()
        store = await open_store(plan)
        before = plan.passed

        await begin_owned(store)

        # published, started, claimed
        assert plan.passed - before == 9

    @pytest.mark.parametrize("point", POINTS)
    async def test_a_killed_commit_is_there_or_not(self, open_store: OpenStore, point: str, clock: FakeClock) -> None:
        """It is there when it was durable before the kill; the one who waited is not told."""
        seen: list[str] = []

        def faults(name: str) -> None:
            seen.append(name)
            if armed and name == point:
                raise Killed(name)

        armed = False
        store = await open_store(faults)
        claim = await begin_owned(store)
        run = claim.row.id
        armed = True

        answers = await asyncio.gather(
            *(store.append(run, claim.epoch, [done(f"n{i}"), done(f"m{i}")], seen=2) for i in range(2)),
            return_exceptions=True,
        )
        with pytest.raises(Killed):
            await store.claim(run, new_worker_id(IDS))

        again = await open_store()
        assert {type(answer) for answer in answers} == {Killed}
        written = len(await bodies(again, run)) - 2
        assert written in ((2, 4) if point == "after commit" else (0,))
        assert (await verify(again)).problems == ()
        # its worker died with it
        assert await again.runnable(Millis(clock.now()), limit=5) == (run,)
        assert (await owned(again, run)).epoch == 2
