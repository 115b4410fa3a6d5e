"""The short form of policies: `policies/*.yaml`, a list of sentences that somebody can read aloud.

```yaml
- id: small-refunds
  allow: call_tool
  who: {workflow: refunds}
  on: pay.refund
  if: {amount: {max: 100}, hours: "09:00-18:00", integrity: endorsed}
```

`podium.gate.policy.translate` says what each word becomes in Cedar.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from podium.gate.decision import ObligationKind
from podium.gate.policy.facts import Action
from podium.gate.policy.rule import ID
from podium.gate.policy.schema import RESOURCES
from podium.spec.approval_rule import Party
from podium.spec.base import Duration, SpecModel
from podium.spec.label import Integrity
from podium.spec.tool import EffectClass

Json = Any

_HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1, max_length=1000)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1, max_length=1000)]
"""One name, or several of which one has to fit."""

Actions = Annotated[tuple[Action | Literal["anything"], ...], BeforeValidator(_listed), Field(min_length=1)]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Who(SpecModel):
    """In whose names an effect acts; what is not said may be anybody."""

    person: Names | None = None
    """The person who started the run."""

    role: Names | None = None
    """A role that the person has."""

    group: Names | None = None
    """A group that the person is in."""

    tenant: Names | None = None
    """The tenant that the run belongs to."""

    workflow: Names | None = None
    """The workflow."""

    agent: Names | None = None
    """The agent; `triage@3` is that version alone."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.model_fields_set:
            kind, message = "policy", "`who` names nobody; leave it out for anybody"
            raise PydanticCustomError(kind, message)
        return self


Number = Annotated[int | float, Field(ge=-900_000_000_000_000, le=900_000_000_000_000)]


class Limits(SpecModel):
    """A number within limits."""

    max: Number | None = None
    """At most."""

    min: Number | None = None
    """At least."""

    above: Number | None = None
    """More than."""

    below: Number | None = None
    """Less than."""

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if not self.model_fields_set:
            kind, message = "policy", "expected `max`, `min`, `above` or `below`"
            raise PydanticCustomError(kind, message)
        for value in (self.max, self.min, self.above, self.below):
            if value is not None and round(value, 4) != value:
                kind, message = "policy", "a policy compares at most four digits behind the point"
                raise PydanticCustomError(kind, message)
        return self


class Levels(SpecModel):
    """How confidential."""

    max: Text | None = None
    """This level or a more open one."""

    above: Text | None = None
    """A more secret level than this."""

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if (self.max is None) == (self.above is None):
            kind, message = "policy", "expected either `max` or `above`"
            raise PydanticCustomError(kind, message)
        return self


Value = bool | Annotated[Number, Field()] | Names | Limits
"""What an argument must be: text (`*` stands for any part of it), one of several texts, a number, a limit."""


class Condition(SpecModel):
    """What must hold, all of it."""

    hours: Annotated[str, Field(pattern=_HOURS)] | None = None
    """From when to when, UTC, such as `09:00-18:00`; `22:00-06:00` goes over midnight."""

    weekdays: Annotated[tuple[Weekday, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """On which days, UTC."""

    integrity: Integrity | None = None
    """Whose word all that the call is made of is: to allow, at least this; to forbid, this or weaker."""

    control: Integrity | None = None
    """Likewise, of the decisions that led to the call."""

    level: Levels | None = None
    """How confidential what it is made of is."""

    categories: Names | None = None
    """It contains one of these, such as `pii`."""

    effect: Annotated[tuple[EffectClass, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """What the tool does to the world."""

    amount: Limits | None = None
    """The largest amount among the arguments, without its sign."""

    recipients: Names | None = None
    """Whom it reaches: to allow, all of them must be listed; to forbid, one of them."""

    domains: Names | None = None
    """Likewise, the domains of their e-mail addresses."""

    hosts: Names | None = None
    """Likewise, the hosts of the URLs among the arguments."""

    arguments: Annotated[dict[str, Value], Field(min_length=1)] | None = None
    """Single arguments, by name."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            kind, message = "policy", "a condition says something; leave it out if it does not"
            raise PydanticCustomError(kind, message)
        return self


_APPROVAL = ("roles", "groups", "people", "count", "veto", "four_eyes", "expires")
_BELONGS = {**dict.fromkeys(_APPROVAL, "approval"), "kinds": "redact", "filters": "filter"}
"""What goes with which obligation."""

KINDS = ("allow", "deny", "require", "only_models_in")


class PolicySpec(SpecModel):
    """One policy; exactly one of `allow`, `deny`, `require` and `only_models_in`."""

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    """What decisions call it by."""

    allow: Actions | None = None
    """What is allowed."""

    deny: Actions | None = None
    """What is forbidden, whatever else allows it."""

    require: ObligationKind | None = None
    """What must be done, or it is forbidden: ask a person, take personal data out, stage it, filter it."""

    only_models_in: Names | None = None
    """The regions that models may be in; models on this machine are always allowed by this."""

    for_: Annotated[Actions | None, Field(alias="for")] = None
    """With `require`: for which actions."""

    on: Names | None = None
    """What is acted on: a tool (`mail`), a function (`mail.send`), a model, a workflow; `*` stands for any part."""

    who: Who | None = None
    """In whose names."""

    if_: Annotated[Condition | None, Field(alias="if")] = None
    """What must hold."""

    unless: Condition | None = None
    """It does not count when all of this holds."""

    about: Annotated[str, Field(max_length=300)] = ""
    """One sentence: why. Shown to whoever is asked."""

    roles: Names | None = None
    """With `require: approval`: who may agree, by role."""

    groups: Names | None = None
    """Likewise, by group."""

    people: Names | None = None
    """Likewise, by name."""

    count: Annotated[int, Field(ge=1, le=20)] | None = None
    """With `require: approval`: how many different people must agree."""

    veto: Names | None = None
    """Likewise: roles whose no counts, whether they are asked or not."""

    four_eyes: Annotated[tuple[Party, ...], BeforeValidator(_listed), Field(min_length=1)] | None = None
    """Likewise: who may not decide."""

    expires: Duration | None = None
    """Likewise: how long the question stands; a day when nothing is said."""

    kinds: Names | None = None
    """With `require: redact`: what is taken out, such as `email`."""

    filters: Names | None = None
    """With `require: filter`: the filters of `podium.toml` that it must pass."""

    @property
    def actions(self) -> tuple[str, ...]:
        """What it is about; () for anything."""
        if self.only_models_in is not None:
            return ("call_model",)
        named = self.allow or self.deny or self.for_ or ()
        return () if "anything" in named else named

    @property
    def widens(self) -> bool:
        """Whether it allows."""
        return self.allow is not None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        found = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(found) != 1:
            kinds = ", ".join(f"`{kind}`" for kind in KINDS)
            got = " and ".join(f"`{kind}`" for kind in found) or "none of them"
            raise _wrong(f"expected one of {kinds}, got {got}", found[1] if found else "id")
        self._check_requirement()
        if self.on is not None and len({RESOURCES[action] for action in self.actions}) != 1:
            raise _wrong("`on` needs actions that act on things of one kind, such as `call_tool`", "on")
        return self

    def _check_requirement(self) -> None:
        if self.require is not None and self.for_ is None:
            raise _wrong("`require` needs `for`: for which actions, such as `call_tool`", "require")
        if self.require is None and self.for_ is not None:
            raise _wrong("`for` belongs to `require`", "for")
        for field, kind in _BELONGS.items():
            if getattr(self, field) is not None and self.require != kind:
                raise _wrong(f"`{field}` belongs to `require: {kind}`", field)


PolicyFile = tuple[PolicySpec, ...]
"""What a file says."""


def _wrong(text: str, key: str) -> PydanticCustomError:
    # `loc` tells the reader where below this mapping the mistake stands
    return PydanticCustomError("policy", "{text}", {"text": text, "loc": (key,)})
