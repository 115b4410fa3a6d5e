"""A difference in meaning between two workflows, with its risk.

- `wider`: the second one may do more, see more, spend more, or asks people less.
- `narrower`: the opposite.
- `neutral`: it does something else, and is allowed no more.

What cannot be ordered (another server, another folder, another condition before an approval) counts as wider whichever
way one looks: something became possible that was not.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Json = Any
Risk = Literal["wider", "narrower", "neutral"]
RISKS: tuple[Risk, ...] = ("wider", "narrower", "neutral")


class Change(NamedTuple):
    """One difference.

    Attributes:
        place: What it is about: `tools.git`, `nodes.drafts/write`, `inputs.repo`, `budget`, `workflow`.
        aspect: What of it, such as a key; "" when the thing as a whole is there or not.
        before, after: Its values, None when it was or is not there. Texts that look like secrets are not shown.
        words: What the thing is, for one that is there only once.
    """

    risk: Risk
    place: str
    aspect: str
    before: Json
    after: Json
    words: str = ""
