"""Masks in a call: the request that is recorded, approved and sent is the masked one."""

from __future__ import annotations

from podium.effects.effect import Effect, write_request
from podium.effects.filtering import names_in
from podium.effects.loss import Looked, rewrite_call
from podium.gate.decision import Obligation
from podium.gate.redact.finding import resolve
from podium.gate.redact.masks import Masks, masked
from podium.gate.redact.texts import Text
from podium.ids import IdSource
from podium.ledger.payload import json_payload
from podium.ledger.record import Entry, ValuesMasked


def redacted_names(obligation: Obligation) -> tuple[str, ...]:
    """Return the kinds and groups that an obligation wants masked: personal and secret when it names none."""
    return names_in(obligation.settings, "kinds") or ("personal", "secret")


def mask_call(effect: Effect, looked: Looked, kinds: frozenset[str], masks: Masks, ids: IdSource) -> tuple[str, ...]:
    """Put masks in the place of what was found of these kinds; return the kinds that there were.

    New masks are written down before anything else that the run records. The effect's key stays what it was.
    """
    seen: dict[str, None] = {}

    def change(text: Text) -> str:
        wanted = resolve(found for found in looked.get(text, ()) if found.kind in kinds)
        seen.update(dict.fromkeys(found.kind for found in wanted))
        return masked(text.text, wanted, masks) if wanted else text.text

    if rewrite_call(effect, change):
        write_request(effect, ids)
        _write_down(effect, masks, ids)
    return tuple(seen)


def _write_down(effect: Effect, masks: Masks, ids: IdSource) -> None:
    fresh = masks.take_fresh()
    if not fresh:
        return
    stored = json_payload({mask.mask: mask.value for mask in fresh}, ids)
    body = ValuesMasked(values=stored.ref, count=len(fresh))
    effect.journal.defer([Entry(body=body, path=effect.path, attempt=effect.attempt, payloads=(stored,))])
