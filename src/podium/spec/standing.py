"""What a standing approval is for, in the form that its record holds."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Whole = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]


class Scope(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """For which calls somebody has agreed beforehand; all that is said must hold.

    Attributes:
        effect: Such as `tool.mail.send`. `workflow`: its name.
        run: Only in this run; "" for all.
        uses: How many calls, the first one included; 0 for any number.
        until: In milliseconds since the epoch, 0 for without end.
        argument: The argument that is an amount. `most_micro`: the most that all calls together may come to, in
            millionths.
        recipients, origins: Digests of those that the arguments may name (`podium.gate.standing`); () for any.
    """

    effect: str
    workflow: str
    run: str = ""
    uses: Whole = 0
    until: Whole = 0
    argument: str = ""
    most_micro: Whole = 0
    recipients: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
