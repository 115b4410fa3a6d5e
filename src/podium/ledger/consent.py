"""Consent: what was done on somebody's word names a word that was given; what must hold of standing approvals.

Who may give it is not judged here (`podium.gate.approval` does, when it is given and again before the call). This is
what records can be held to by anybody who has nothing but them:

1. A call that was asked about names an answer of its run that is a yes, or a standing approval that counted for it.
2. A standing approval is given once; nothing counts on it that was not given, that was taken back, or that is more than
   its bounds allow.
"""

from __future__ import annotations

from podium.ids import EffectKey
from podium.ledger.record import (
    AnyBody,
    ApprovalGiven,
    EffectIntent,
    OutboxReleased,
    StandingGiven,
    StandingRevoked,
    StandingUsed,
)

STANDING = "standing:"
"""With this, and its id, a decision names a standing approval."""

_YES = ("approved", "edited")
Use = tuple[str, EffectKey]
"""A standing approval, and a call that counted on it."""


class Consent:
    """The words of one run, and what was done on them."""

    def __init__(self) -> None:
        self._yes = set[str]()
        self.claimed = set[Use]()

    def reason(self, body: AnyBody, key: str) -> str:
        """Take a record; return why it cannot be, or ""."""
        match body:
            case ApprovalGiven(verdict=verdict):
                if verdict in _YES:
                    self._yes.add(key)
            case EffectIntent():
                return self._of_call(body)
            case OutboxReleased(approval=named) if named and not self._was_given(named):
                return f"it names the approval `{named}`, which nobody gave"
            case _:
                pass
        return ""

    def _of_call(self, body: EffectIntent) -> str:
        named = body.decision.approval
        if not named:
            asked = "approval" in body.decision.obligations and "twin" not in body.decision.reasons
            return "it needed an approval and names none" if asked else ""
        if named.startswith(STANDING):
            self.claimed.add((named.removeprefix(STANDING), body.id))
            return ""
        return "" if self._was_given(named) else f"it names the approval `{named}`, which nobody gave"

    def _was_given(self, named: str) -> bool:
        return named in self._yes or named.startswith(STANDING)


class Standings:
    """The standing approvals of an installation, as its own stream tells of them."""

    def __init__(self) -> None:
        self._given: dict[str, StandingGiven] = {}
        self._micro: dict[str, dict[EffectKey, int]] = {}
        self._revoked = set[str]()

    @property
    def uses(self) -> set[Use]:
        """What counted on which."""
        return {(id_, effect) for id_, calls in self._micro.items() for effect in calls}

    def reason(self, body: AnyBody) -> str:
        """Take a record; return why it cannot be, or ""."""
        match body:
            case StandingGiven(id=id_):
                if id_ in self._given:
                    return f"standing approval `{id_}` was given before"
                self._given[id_] = body
                self._micro[id_] = {EffectKey(body.first): body.micro} if body.first else {}
            case StandingUsed():
                return self._of_use(body)
            case StandingRevoked(id=id_):
                if id_ not in self._given or id_ in self._revoked:
                    return f"standing approval `{id_}` is none that could be taken back"
                self._revoked.add(id_)
            case _:
                pass
        return ""

    def _of_use(self, body: StandingUsed) -> str:
        given = self._given.get(body.id)
        if given is None:
            return f"nobody gave the standing approval `{body.id}`"
        if body.id in self._revoked:
            return f"standing approval `{body.id}` had been taken back"
        used = self._micro[body.id]
        used[body.effect] = body.micro
        scope = given.scope
        if scope.uses and len(used) > scope.uses:
            return f"standing approval `{body.id}` was good for {scope.uses} calls"
        if scope.argument and sum(used.values()) > scope.most_micro:
            return f"standing approval `{body.id}` was good for less"
        return ""
