"""What people are told when something waits for them, and the port to whatever carries it.

A notice names the workflow, the run, the node and the time; never what is asked, because where a notice goes is cleared
for nothing.
"""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

What = Literal["asked", "reminder", "escalated", "delegated"]


class Addressee(Struct, frozen=True):
    """Somebody who is told; `email` may be ""."""

    name: str
    email: str = ""


class Notice(Struct, frozen=True, kw_only=True):
    """Something waits for somebody.

    Attributes:
        id: The same for all tries to tell of the same thing; whoever is told twice can know it.
        due: When the question ends, in milliseconds since the epoch, 0 for never.
        link: Where it can be answered, or "".
    """

    id: str
    what: What
    run: str
    workflow: str
    node: str
    due: int
    to: tuple[Addressee, ...]
    link: str = ""


class Channel(Protocol):
    """Carries notices."""

    async def send(self, notice: Notice) -> None:
        """Hand a notice over.

        Raises:
            PodiumError: AP092 when it was not taken.
        """
        ...
