"""Who must say yes, in the one form that records hold and `podium.gate.approval` decides by.

What people write is `podium.spec.approval`; both a workflow and a policy come to the structs below. They hold names,
choices and integers only, so that a record may carry them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Party = Literal["requester", "author", "owner"]
"""Who started the run, who published the version of its workflow, who answers for the workflow."""

Count = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]


class Voters(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who may say yes at one stage, and how many of them must.

    A person with one of the roles, in one of the groups, or named, is one of them; when nothing is said, anybody
    who is known is.

    Attributes:
        roles, groups, people: Sorted, no two equal.
    """

    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    count: Count = 1

    @property
    def anybody(self) -> bool:
        """Whether nobody is named in any way."""
        return not (self.roles or self.groups or self.people)


class Step(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """From so many milliseconds after the question on, these may answer as well, at every stage."""

    after_ms: Count
    to: Voters


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who must say yes.

    Attributes:
        stages: One after the other; () is one yes of anybody.
        veto: Roles whose no counts at every stage.
        four_eyes: Who may not decide.
        ends_ms: How long the question stands, 0 for without end.
        steps: Who is asked besides when nobody answers, the earliest first.
        overdue_ms: For a question without end: when it should have been answered, 0 for never.
        remind_ms: How often those who may answer are reminded, 0 for never.
    """

    stages: tuple[Voters, ...] = ()
    veto: tuple[str, ...] = ()
    four_eyes: tuple[Party, ...] = ()
    ends_ms: Count = 0
    steps: tuple[Step, ...] = ()
    overdue_ms: Count = 0
    remind_ms: Count = 0

    @property
    def in_turn(self) -> tuple[Voters, ...]:
        """The stages, at least one."""
        return self.stages or (ANYBODY,)

    @property
    def single(self) -> bool:
        """Whether one yes is enough."""
        return len(self.in_turn) == 1 and self.in_turn[0].count == 1


ANYBODY = Voters()
ANYONE = Rule()
"""One yes of anybody, whenever it comes."""


class Terms(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What holds for one question.

    Attributes:
        at: When it was asked, in milliseconds since the epoch.
        subject: Digest of exactly what is asked about (`podium.gate.approval.Subject`).
        policies: Digest of the policies that demanded it, or "".
        excluded: The people whom `four_eyes` means.
        named: Identities were configured when it was asked; what somebody says of whom only the operating system
            knows does not count.
        effect: It is about a call, which a person may also change.
    """

    at: Count
    rule: Rule
    subject: str = ""
    policies: str = ""
    excluded: tuple[str, ...] = ()
    named: bool = False
    effect: bool = False

    @property
    def due(self) -> int:
        """When it ends, 0 for never."""
        return self.at + self.rule.ends_ms if self.rule.ends_ms else 0
