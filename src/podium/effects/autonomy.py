"""The port to what an installation says of how far workflows may go by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from podium.spec.autonomy import Autonomy

_WORKFLOW = "workflow:"


class Ceilings(Protocol):
    """Knows how far each workflow may go."""

    async def ceiling(self, workflows: Iterable[str]) -> Autonomy:
        """Return how far a call may go that is made in the names of these workflows: the least of what they may."""
        ...


class NoCeilings:
    """Nobody has said anything: a workflow may go as far as its file says."""

    async def ceiling(self, workflows: Iterable[str]) -> Autonomy:  # noqa: ARG002 - the port
        return "autonomous"


def workflows_of(chain: Iterable[str]) -> Iterator[str]:
    """Yield the names of the workflows in a chain, without their versions."""
    for link in chain:
        if link.startswith(_WORKFLOW):
            yield link.removeprefix(_WORKFLOW).partition("@")[0]
