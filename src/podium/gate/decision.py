"""What the gate decided of one effect, and what it demands before the effect may happen.

A decision is `allow`, `deny` or `require_approval`, with machine-readable reasons; the record of it is
`ledger.record.GateDecision`. An **obligation** is a condition on an `allow`: whoever carries the effect out must have
fulfilled it, or the effect is denied.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from podium.spec.approval_rule import Rule

ObligationKind = Literal["approval", "redact", "stage", "filter"]
"""Ask a person; take personal data out; put it into the outbox; check the content by rules."""


class Obligation(Struct, frozen=True, kw_only=True):
    """What must be done before, or instead of, the effect.

    Attributes:
        reason: Machine-readable: `grant`, `untrusted_argument:to`, `policy:<id>`.
        about: One sentence for the person who is asked, or "".
        settings: What is special to it, by name: `roles`, `count`, `kinds`; sorted.
        rule: For `approval`: who must agree, where more is demanded than `settings` can say.
    """

    kind: ObligationKind
    reason: str
    about: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    rule: Rule | None = None
