"""Checks by which a declared field of a result becomes somebody's word, without a person.

```yaml
triage:
  llm: "…"
  output: {category: {enum: [refund, question]}, to: text, amount: number, link: text}
  endorse:
    category: choice                              # one of the values that its type names
    to: {in: inputs.contacts}                     # a member of a trusted list
    amount: {min: 0, max: 100}
    link: {origin: ["https://shop.example.org"]}
```

Only what leaves an attacker a choice among values that the author has named is such a check; free text is none. What
does not pass leaves the node by port `unclear`, so what goes on by `out` has passed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from podium.spec.base import SpecModel
from podium.spec.template import Expression
from podium.spec.types import Type


class EndorseSpec(SpecModel):
    """One of these checks."""

    in_: Annotated[Expression | None, Field(alias="in")] = None
    """A list; the value must be in it. The list itself must be trusted."""

    min: float | None = None
    """The least that a number may be; `max` must stand beside it."""

    max: float | None = None
    """The most that a number may be; `min` must stand beside it."""

    origin: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    """The origins, such as `https://shop.example.org`, one of which a URL must have."""

    @model_validator(mode="after")
    def _one_check(self) -> Self:
        bounded = self.min is not None or self.max is not None
        if [self.in_ is not None, bounded, bool(self.origin)].count(True) != 1:
            kind, message = "endorse", "expected `choice`, `{in: list}`, `{min: 0, max: 100}` or `{origin: [url]}`"
            raise PydanticCustomError(kind, message)
        if bounded and (self.min is None or self.max is None):
            kind, message = "endorse_bounds", "expected both `min` and `max`: a number is only bounded by two"
            raise PydanticCustomError(kind, message)
        return self


Endorse = Literal["choice"] | EndorseSpec
"""`choice`: the field's type names the values that there are (an enum or a boolean)."""


def is_choice(type_: Type) -> bool:
    """Whether a type names the values that there are, so that whoever picks one has said nothing else."""
    schema = type_.schema
    if "enum" in schema or "const" in schema or type_.kind in ("boolean", "null"):
        return True
    ways = schema.get("anyOf") or schema.get("oneOf")
    return isinstance(ways, list) and all(
        isinstance(way, dict) and is_choice(Type(cast("dict[str, Any]", way))) for way in cast("list[Any]", ways)
    )
