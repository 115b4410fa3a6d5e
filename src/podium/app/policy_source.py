"""The policies that decide in a process that drives runs: read at its start, and again whenever a file changes.

1. At the start they must be right, or nothing is driven.
2. A running process looks at the folder at most every `LOOK_EVERY_S` seconds, when an effect asks.
3. What cannot be used when they have changed denies every effect, with the reason, until it is corrected. The policies
   of before do not go on: whoever changed them meant them to end.
4. Where there were policies and the files are gone, that is such a change, too: a folder that is being replaced must
   not open the gate. A new start without files means that there are none.
5. What is in force is kept in the store by its digest before it decides, and noted once in `_admin`.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from podium.app.policies import Found, Signature, policies_folder, read_policies, signature_of
from podium.clock import Clock
from podium.errors import PodiumError, UsageError
from podium.gate.policy.bundle import Bundle, decode
from podium.gate.policy.facts import Facts, InForce, Verdict
from podium.ids import ADMIN, Digest
from podium.ledger.record import AdminNoted
from podium.ledger.store import RunStore
from podium.spec.diagnostic import SpecError
from podium.spec.settings.model import Settings

if TYPE_CHECKING:
    from podium.gate.policy.decide import Policies

LOOK_EVERY_S = 2.0

NONE = "none"
"""What is noted when there are no policies any more."""

_LAST_NOTES = 1000
"""How far back in `_admin` the last note about policies is looked for."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Policies that cannot be used; everything is denied, and why."""

    why: str
    digest: str = ""

    def decide(self, facts: Facts) -> Verdict:
        """Deny."""
        return Verdict(
            code="GA012",
            why=f"`{facts.resource.name}` is denied while the policies cannot be used: {self.why}",
            step="`podium policy lint` shows what is wrong; what is corrected counts within 2 seconds",
        )


@dataclass(slots=True)
class PolicySource:
    """See the module's rules; `start` first."""

    home: Path
    settings: Settings
    store: RunStore
    clock: Clock
    by: str
    _now: InForce | None = None
    _signature: Signature = ()
    _looked: float = 0.0
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self) -> None:
        """Read the policies.

        Raises:
            UsageError: AP071 when a file cannot be read.
            SpecError: when they are wrong, with all that is wrong.
        """
        found = await asyncio.to_thread(read_policies, self.home, self.settings)
        await self._take(found)
        self._looked = self.clock.monotonic()

    async def in_force(self) -> InForce | None:
        """Return the policies that decide now."""
        if self.clock.monotonic() - self._looked >= LOOK_EVERY_S:
            async with self._looking:
                if self.clock.monotonic() - self._looked >= LOOK_EVERY_S:
                    await self._look()
                    self._looked = self.clock.monotonic()
        return self._now

    async def _look(self) -> None:
        try:
            signature = await asyncio.to_thread(signature_of, policies_folder(self.home))
            if signature == self._signature:
                return
            if self._now is not None and not signature:
                raise UsageError("AP072", "the files are gone", help="restart to go on without policies")
            found = await asyncio.to_thread(read_policies, self.home, self.settings)
            if self._now is not None and not found.bundle.files:  # they went while they were looked at
                raise UsageError("AP072", "the files are gone", help="restart to go on without policies")
            await self._take(found)
        except PodiumError as error:
            self._now, self._signature = Unusable(error.message), ()

    async def _take(self, found: Found) -> None:
        """Put policies in force, once they can be found again by their digest."""
        if found.bundle.files:
            decides = await asyncio.to_thread(policies_of, found.bundle)
            await keep(self.store, found.bundle)
            self._now, subject = decides, decides.digest
        else:
            self._now, subject = None, NONE
        await self._note(subject)
        self._signature = found.signature

    async def _note(self, subject: str) -> None:
        last = await last_note(self.store)
        if last != subject and (last or subject != NONE):
            await self.store.note(AdminNoted(action="policies.changed", subject=subject, by=self.by))


def policies_of(bundle: Bundle) -> Policies:
    """Return policies that decide.

    Raises:
        SpecError: when they are wrong, with all that is wrong.
    """
    from podium.gate.policy.decide import Policies
    from podium.gate.policy.load import load

    loaded = load(bundle)
    if not loaded.ok:
        raise SpecError(loaded.diagnostics, texts=bundle.files)
    return Policies(loaded.rules, bundle)


async def keep(store: RunStore, bundle: Bundle) -> None:
    """Keep a bundle in the store, by its digest."""
    if await asyncio.to_thread(lambda: store.file_path(Digest(bundle.digest)).exists()):
        return
    path = await asyncio.to_thread(_written, bundle)
    try:
        await store.save_file(path)
    finally:
        await asyncio.to_thread(path.unlink)


def _written(bundle: Bundle) -> Path:
    with tempfile.NamedTemporaryFile(prefix="podium-policies-", delete=False) as file:
        file.write(bundle.encode())
    return Path(file.name)


async def kept(store: RunStore, digest: str) -> Bundle | None:
    """Return a bundle that was kept, None when it is not there any more."""
    return await asyncio.to_thread(_read, store.file_path(Digest(digest))) if digest else None


def _read(path: Path) -> Bundle | None:
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        return None


async def last_note(store: RunStore) -> str:
    """Return what was last noted of policies: their digest, `NONE`, or "" when there is no such note."""
    control = await store.control()
    records = await store.records(ADMIN, after=max(0, control.seq - _LAST_NOTES))
    for record in reversed(records):
        if isinstance(record.body, AdminNoted) and record.body.action == "policies.changed":
            return record.body.subject
    return ""
