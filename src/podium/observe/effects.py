"""What a run did to the world, or would have done: a fold over records, without I/O.

- An effect appears once, by its key, however often it was tried. Reads and model calls are left out.
- `done`, `failed` and `doubt` are what became of a write; `denied` is what the gate refused.
- What only stands in the outbox is `prepared`, `dropped` with a reason, or, when its run is over, `left`.
- `would` is what would have been done, were the run not a shadow or dry run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from podium.ids import EffectKey, NodePath
from podium.ledger.record import (
    DoubtSettled,
    EffectDenied,
    EffectIntent,
    EffectOutcome,
    EffectStaged,
    OutboxDropped,
    OutboxReleased,
    PayloadRef,
    Record,
    RunEnded,
)

Fate = Literal["done", "failed", "doubt", "denied", "prepared", "dropped", "left", "would"]

_WRITES = frozenset({"write", "irreversible"})


class Act(Struct, frozen=True, kw_only=True):
    """One effect on the world.

    Attributes:
        node: Where it comes from; for what was prepared, the node that prepared it.
        request, reply, preview: What was to be sent, what came back, what it would change.
        why: Why it was dropped, or the code of what refused it or failed.
        twin: What answered in its place, or "".
    """

    id: EffectKey
    node: NodePath
    effect: str
    target: str
    fate: Fate
    request: PayloadRef
    reply: PayloadRef | None = None
    preview: PayloadRef | None = None
    why: str = ""
    twin: str = ""


def acts_of(records: Iterable[Record]) -> tuple[Act, ...]:
    """Return the effects of a run on the world, in the order in which they first appear."""
    acts: dict[EffectKey, Act] = {}
    for record in records:
        match record.body:
            case EffectStaged() as body:
                acts[body.id] = _staged(body, NodePath(record.path))
            case EffectIntent() as body if body.id in acts or body.effect_class in _WRITES:
                acts[body.id] = _sent(acts.get(body.id), body, NodePath(record.path))
            case EffectDenied() as body if body.effect.startswith("tool."):
                acts[body.id] = _denied(acts.get(body.id), body, NodePath(record.path))
            case EffectOutcome() | DoubtSettled() as body if body.id in acts:
                acts[body.id] = _came_of(acts[body.id], body)
            case OutboxReleased(ids=ids):
                acts |= {key: replace(acts[key], fate="prepared", why="released") for key in ids}
            case OutboxDropped(ids=ids, reason=reason):
                fate: Fate = "would" if reason == "mode" else "dropped"
                acts |= {key: replace(acts[key], fate=fate, why="" if reason == "mode" else reason) for key in ids}
            case RunEnded():
                acts = {key: _left(act) for key, act in acts.items()}
            case _:
                continue
    return tuple(acts.values())


def _staged(body: EffectStaged, path: NodePath) -> Act:
    act = _first(body, path, "would" if body.because == "mode" else "prepared")
    return replace(act, preview=body.preview, twin=body.twin)


def _sent(act: Act | None, body: EffectIntent, path: NodePath) -> Act:
    """Return an effect that is about to happen; what its twin does instead changes nothing."""
    if act is None:
        return _first(body, path, "doubt")
    return act if act.twin else replace(act, fate="doubt", why="")


def _denied(act: Act | None, body: EffectDenied, path: NodePath) -> Act:
    why = body.decision.reasons[-1] if body.decision.reasons else ""
    return replace(act or _first(body, path, "denied"), fate="denied", why=why)


def _first(body: EffectStaged | EffectIntent | EffectDenied, path: NodePath, fate: Fate) -> Act:
    return Act(id=body.id, node=path, effect=body.effect, target=body.target, fate=fate, request=body.request)


def _came_of(act: Act, body: EffectOutcome | DoubtSettled) -> Act:
    if act.fate != "doubt":
        return act
    if isinstance(body, DoubtSettled):
        return replace(act, fate="done" if body.landed else "failed", reply=body.reply)
    match body.status:
        case "ok":
            return replace(act, fate="done", reply=body.reply)
        case "error":
            return replace(act, fate="failed", why=body.code)
        case _:
            return act


def _left(act: Act) -> Act:
    return replace(act, fate="left", why="") if act.fate == "prepared" else act
