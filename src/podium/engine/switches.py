"""What people may stop, and let go on: kill switches with their reasons.

It holds for every process of the installation: nothing new begins from the moment of return on, and what is under way
is ended as soon as its process hears of it, well within two seconds.
"""

from __future__ import annotations

from podium.errors import UsageError
from podium.ids import IdSource
from podium.ledger.payload import json_payload
from podium.ledger.record import Payload
from podium.ledger.store import RunStore
from podium.ledger.switch import Switch, SwitchScope

MAX_REASON_CHARS = 10_000
MAX_SUBJECT_CHARS = 200


async def stop(store: RunStore, ids: IdSource, scope: SwitchScope, subject: str, *, by: str, reason: str = "") -> bool:
    """Stop something; False when the same was stopped already.

    Raises:
        UsageError: EN031 when nothing can have this name, or the reason is too long.
        Rejected: ST025 when too much is stopped.
    """
    return await store.stop(_switch(scope, subject, by), reason=_reason(reason, ids))


async def lift(store: RunStore, ids: IdSource, scope: SwitchScope, subject: str, *, by: str, reason: str = "") -> bool:
    """Let something go on; False when it was not stopped.

    Raises:
        UsageError: EN031 when nothing can have this name, or the reason is too long.
    """
    return await store.lift(_switch(scope, subject, by), by=by, reason=_reason(reason, ids))


def _switch(scope: SwitchScope, subject: str, by: str) -> Switch:
    wanted = scope != "everything"
    if bool(subject) != wanted or len(subject) > MAX_SUBJECT_CHARS or not subject.isprintable() or " " in subject:
        expected = f"the name of one {scope}" if wanted else "no name"
        raise UsageError("EN031", f"expected {expected} to stop, got `{subject[:MAX_SUBJECT_CHARS]}`")
    return Switch(scope=scope, subject=subject, by=by)


def _reason(reason: str, ids: IdSource) -> Payload | None:
    if len(reason) > MAX_REASON_CHARS:
        raise UsageError("EN031", f"the reason has {len(reason)} characters, more than {MAX_REASON_CHARS}")
    return json_payload(reason, ids) if reason else None
