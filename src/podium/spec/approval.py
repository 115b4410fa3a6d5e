"""How a workflow says who must agree: `approval:` of a node that asks, of a tool, and of one of its functions.

```yaml
approval:
  stages: [{roles: [editor]}, {roles: [legal], count: 2}]
  four_eyes: [requester]
  expires: 8h
  escalate: [{after: 4h, to: {people: [anna]}}]
```

`rule` is the form in which it is recorded and decided by.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.approval_rule import Party, Rule, Step, Voters
from podium.spec.base import Duration, SpecModel
from podium.spec.names import Name

MAX_STAGES = 10
MAX_VOICES = 20

PersonName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s:]+$")]
"""How a person is called in `podium.toml`, or by the operating system."""

DEFAULT_EXPIRES = timedelta(hours=24)


class VotersSpec(SpecModel):
    """Who may decide: whoever has one of the roles, is in one of the groups, or is named."""

    roles: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Roles, of which one is enough."""

    groups: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Groups, of which one is enough."""

    people: Annotated[tuple[PersonName, ...], Field(max_length=50)] = ()
    """People by name."""

    def voters(self, count: int = 1) -> Voters:
        """Return the recorded form."""
        return Voters(roles=_once(self.roles), groups=_once(self.groups), people=_once(self.people), count=count)


class StageSpec(VotersSpec):
    """One stage: so many of these must agree before the next stage is asked."""

    count: Annotated[int, Field(ge=1, le=MAX_VOICES)] = 1
    """How many different people must agree."""


class EscalationSpec(SpecModel):
    """Who is asked besides when nobody has answered."""

    after: Duration | None = None
    """How long after the question; without it one more `expires` after the step before."""

    to: VotersSpec
    """Who may answer from then on."""


class ApprovalSpec(StageSpec):
    """Who must agree before it goes on."""

    stages: Annotated[tuple[StageSpec, ...], Field(max_length=MAX_STAGES)] = ()
    """Several stages, one after the other, in place of `roles`, `groups`, `people` and `count`. Nobody counts twice."""

    veto: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Roles that may say no at every stage, whether they are asked there or not."""

    four_eyes: Annotated[tuple[Party, ...], Field(max_length=3)] = ()
    """Who may not decide: whoever started the run, published the workflow, or answers for it."""

    expires: Duration = DEFAULT_EXPIRES
    """How long the question stands."""

    on_expiry: Literal["deny", "escalate", "suspend"] = "deny"
    """What silence means: no; that the next ones of `escalate` are asked; or nothing, so that the run waits on."""

    escalate: Annotated[tuple[EscalationSpec, ...], Field(max_length=10)] = ()
    """Who is asked besides, and when."""

    remind: Duration | None = None
    """How often those who may answer are reminded."""

    @model_validator(mode="after")
    def _one_way_to_say_who(self) -> Self:
        alone = self.roles or self.groups or self.people or self.count != 1
        if self.stages and alone:
            raise _wrong("stages", "expected either `stages` or `roles`, `groups`, `people` and `count`, got both")
        if self.on_expiry == "escalate" and not self.escalate:
            raise _wrong("on_expiry", "`on_expiry: escalate` needs somebody to ask: add `escalate`")
        steps = [after for after, _ in self._steps()]
        if sorted(set(steps)) != steps:
            raise _wrong("escalate", "expected each step to come after the one before it")
        if self.on_expiry == "deny" and steps and steps[-1] >= self.expires:
            raise _wrong("escalate", "nobody can answer a step after the question has ended: raise `expires`")
        if self.remind is not None and self.remind < timedelta(minutes=1):
            raise _wrong("remind", "expected at least a minute between two reminders")
        return self

    def _steps(self) -> list[tuple[timedelta, VotersSpec]]:
        found: list[tuple[timedelta, VotersSpec]] = []
        last = timedelta()
        for step in self.escalate:
            last = step.after if step.after is not None else last + self.expires
            found.append((last, step.to))
        return found

    @property
    def rule(self) -> Rule:
        """The recorded form."""
        stages = tuple(stage.voters(stage.count) for stage in (self.stages or (self,)))
        steps = tuple(Step(after_ms=_ms(after), to=to.voters()) for after, to in self._steps())
        ends = _ms(self.expires)
        if self.on_expiry == "escalate":
            ends += steps[-1].after_ms
        return Rule(
            stages=() if stages == (Voters(),) else stages,
            veto=_once(self.veto),
            four_eyes=tuple(sorted(set(self.four_eyes))),
            ends_ms=0 if self.on_expiry == "suspend" else ends,
            steps=steps,
            overdue_ms=ends if self.on_expiry == "suspend" else 0,
            remind_ms=_ms(self.remind) if self.remind is not None else 0,
        )


Word = Literal["never", "required"]


def _parse(value: object, info: ValidationInfo) -> Word | ApprovalSpec:
    if value in ("never", "required"):
        return "never" if value == "never" else "required"
    if isinstance(value, ApprovalSpec):
        return value
    if not isinstance(value, dict):
        kind, message = "approval", "expected `never`, `required`, or who must agree, got `{got}`"
        raise PydanticCustomError(kind, message, {"got": str(value)})
    return ApprovalSpec.model_validate(value, context=info.context, by_alias=True, by_name=False)


Approval = Annotated[
    Word | ApprovalSpec,
    PlainValidator(_parse, json_schema_input_type=Word | ApprovalSpec),
    PlainSerializer(lambda value: value if isinstance(value, str) else value.model_dump(exclude_defaults=True)),
]
"""`never`, `required` (anybody, within a day), or who must agree."""

ASKED = ApprovalSpec()
"""What `required` means."""


def rule_of(approval: Word | ApprovalSpec) -> Rule | None:
    """Return who must agree; None when nobody has to."""
    if approval == "never":
        return None
    return ASKED.rule if isinstance(approval, str) else approval.rule


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))


def _ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _wrong(key: str, text: str) -> PydanticCustomError:
    # `loc` tells the loader where below this mapping the mistake stands
    return PydanticCustomError("approval_rule", "{text}", {"text": text, "loc": (key,)})
