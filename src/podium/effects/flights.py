"""Effects that are under way in this process, and the kill switches that end them.

The transaction of an intent refuses what is stopped; what was let through before is ended here, as soon as the
process hears of the switch. What the ended call did to the world is not known, and is recorded so.

A switch ends only effects whose intent is older than the moment at which we first heard of it: an intent that was
accepted later was accepted because the switch had been lifted by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from podium.clock import Clock
from podium.effects.effect import Effect
from podium.errors import EffectDenied
from podium.ledger.switch import Act, Switch, stopped_by


@dataclass(eq=False, slots=True)
class Flight:
    """One call on its way.

    Attributes:
        timer: Ends the call, once there is one.
        stopped: What ended it.
    """

    effect: Effect
    timer: asyncio.Timeout | None = None
    stopped: Switch | None = None

    @property
    def act(self) -> Act:
        """What a switch looks at."""
        return _act(self.effect)

    def end(self, switch: Switch) -> None:
        """Stop the call; whoever waits for it is told by `denied`."""
        self.stopped = switch
        if self.timer is not None and not self.timer.expired():
            self.timer.reschedule(asyncio.get_running_loop().time())


class Flights:
    """See the module's rules."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[Switch, int] = {}
        self._flights: set[Flight] = set()

    def hear(self, switches: Sequence[Switch]) -> None:
        """Take up which switches are on now, and end what they fit."""
        now = self._clock.now()
        fresh = [switch for switch in switches if switch not in self._heard]
        self._heard = {switch: self._heard.get(switch, now) for switch in switches}
        for flight in self._flights if fresh else ():
            if (switch := stopped_by(fresh, flight.act)) is not None:
                flight.end(switch)

    @contextmanager
    def under_way(self, effect: Effect) -> Generator[Flight]:
        """Know of a call while the block runs.

        Raises:
            EffectDenied: GA004 when it was stopped since its intent; nothing was sent.
        """
        flight = Flight(effect)
        if self._heard:
            heard = [switch for switch, at in self._heard.items() if at >= effect.begun_at]
            if (switch := stopped_by(heard, flight.act)) is not None:
                raise denied(effect, switch, sent=False)
        self._flights.add(flight)
        try:
            yield flight
        finally:
            self._flights.discard(flight)


def denied(effect: Effect, switch: Switch, *, sent: bool) -> EffectDenied:
    """Return the error for an effect that was stopped after its intent."""
    by = f" by {switch.by}" if switch.by else ""
    told = "and was stopped while it was under way" if sent else "and was not sent"
    error = EffectDenied(
        "GA004",
        f"`{switch.told}` was stopped{by}: `{effect.name}` had begun {told}",
        help="`podium stop list` shows what is stopped; it goes on after `podium stop lift`",
    )
    error.landed = "unknown" if sent else "no"
    return error


def _act(effect: Effect) -> Act:
    return Act(
        runs=(effect.run, effect.root, effect.parent),
        workflow=effect.workflow,
        tenant=effect.tenant,
        effect=effect.name,
        target=effect.target,
        chain=effect.chain,
    )
