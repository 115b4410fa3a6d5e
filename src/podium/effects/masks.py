"""The masks of one run while it is driven: what the ledger says of them, read when the first one is needed.

A new mask is written down before anything that it is used in: its record is deferred at once, and whatever is appended
later, an intent or a question to a person, takes it along or comes after it. So a worker that takes the run over after
a crash knows every mask that anybody has seen, whichever branch it belongs to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from podium.gate.redact.masks import Masks
from podium.ledger.record import PayloadRef

Json = Any


class RunMasks:
    """See the module's rules."""

    def __init__(
        self,
        run: str,
        recorded: Sequence[PayloadRef] = (),
        load: Callable[[PayloadRef], Awaitable[Json]] | None = None,
    ) -> None:
        """Begin with what the ledger says when the run is taken over; it is read later, in its order."""
        self._masks = Masks(run)
        self._unread = list(recorded)
        self._load = load

    async def ready(self) -> Masks:
        """Return the masks, after having read what the ledger says.

        Raises:
            LedgerError: when it cannot be read; nothing may be sent then.
        """
        while self._unread and self._load is not None:
            ref = self._unread[0]
            told = await self._load(ref)
            if self._unread and self._unread[0] is ref:  # another effect may have read it meanwhile
                self._masks.add(told.items())
                del self._unread[0]
        return self._masks
