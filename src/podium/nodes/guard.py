"""Guard: looks at content before it goes on: personal data, links, topics, shape, signs of injected instructions.

```yaml run="ok"
podium: 1
name: guarded-reply
inputs:
  draft: {type: text, default: "Dear Ada, your printer is back. Questions? https://help.example.org/printers"}
nodes:
  safe:
    guard: inputs.draft
    pii: [email, phone, card, iban, secret]
    urls: [example.org]
    topics: {banned: [layoffs, acquisition]}
    injection: true
    must: [{check: size(value) < 900, message: at most 900 characters}]
  sent: {transform: "${safe.out}"}
result: sent.out
```

What is looked for stands in the settings, each by itself; at least one must be there. When something is found, `action`
says what happens:

- `block` (the default): the node is left by port `rejected`; nobody handling it ends the run denied. Its reason lists
  what was found, by check and kind.
- `redact`: personal data, secrets and links that are not allowed are replaced by their kind, `[email]`; the result is
  what is left. What cannot be taken out (a topic, a shape, an injection) blocks.
- `flag`: the run goes on; the result is `{value, clean, findings}` with one `{check, kind}` for each finding.

A guard says that nothing was found, not that there is nothing. So it is no endorsement: what was untrusted before it is
untrusted behind it, and a critical argument made of it still needs a person or a declared check (`endorse`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from podium.errors import ExpressionError, NodeError
from podium.gate.redact.detect import Patterns
from podium.gate.redact.filters import has_term, terms_in
from podium.gate.redact.finding import GROUPS, KINDS, Finding, kinds_of, resolve
from podium.gate.redact.injection import signs_of_injection
from podium.gate.redact.texts import Text, rewritten, texts_of
from podium.node.contract import Context, Done, NodeConfig, Port, Values
from podium.spec.model import Condition, Expression, Name, SpecModel, TypeSpec
from podium.spec.types import Type

Json = Any
REJECTED = Port("rejected")
_BUILT_IN = Patterns()
_FLAGGED = Type(
    {
        "type": "object",
        "properties": {
            "value": {},
            "clean": {"type": "boolean"},
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"check": {"type": "string"}, "kind": {"type": "string"}},
                    "required": ["check", "kind"],
                },
            },
        },
        "required": ["value", "clean", "findings"],
    }
)


class Topics(SpecModel):
    """What a text may be about, told by words and phrases."""

    banned: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(max_length=500)] = ()
    """None of these may occur."""

    allowed: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(max_length=500)] = ()
    """One of these must occur; empty allows any topic."""


class Must(SpecModel):
    """A condition of the author's own."""

    check: Condition
    """What must hold; what is looked at stands here under the name `value`."""

    message: str = ""
    """What is said when it does not."""


class GuardConfig(NodeConfig):
    """What is looked at, what is looked for, and what happens then."""

    guard: Expression
    """The content: a text, or a value with texts inside."""

    pii: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    """Kinds of data, or groups of them, that must not occur: `personal`, `secret`, `email`, `card`, …"""

    urls: Annotated[tuple[str, ...], Field(max_length=500)] | None = None
    """The hosts that links may lead to, their subdomains included; an empty list allows no link."""

    topics: Topics | None = None
    """Words that must not, or must, occur."""

    injection: bool = False
    """Whether signs of instructions to a model are looked for."""

    schema_: Annotated[TypeSpec | None, Field(alias="schema")] = None
    """The type that the value must have."""

    must: Annotated[tuple[Must, ...], Field(max_length=50)] = ()
    """Conditions of your own, over `value`."""

    action: Literal["block", "redact", "flag"] = "block"
    """What happens when something is found."""

    @model_validator(mode="after")
    def _something_to_look_for(self) -> Self:
        sought = self.pii or self.topics or self.injection or self.schema_ or self.must
        if not sought and self.urls is None:
            kind, message = "guard_idle", "expected something to look for: `pii`, `urls`, `topics`, `injection`, …"
            raise PydanticCustomError(kind, message)
        for name in self.pii:
            if name not in KINDS and name not in GROUPS:
                kind, message = "guard_kind", "expected a kind of data such as `email` or `personal`, got `{got}`"
                raise PydanticCustomError(kind, message, {"got": name, "loc": ("pii",)})
        return self

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def late_fields(self) -> frozenset[str]:
        """Return `must`: its conditions are about what is looked at."""
        return frozenset({"must"})

    def late_names(self) -> Mapping[str, Type]:
        """Return `value`, what is looked at."""
        return {"value": Type.any()}

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of the content, or of `{value, clean, findings}`."""
        return _FLAGGED if self.action == "flag" else fields.get("guard", Type.any())


class _Found(NamedTuple):
    """What was found: by which check, and what it is."""

    check: str
    kind: str

    @property
    def removable(self) -> bool:
        return self.check in ("pii", "urls")


class GuardNode:
    """Looks, and lets pass, takes out, or stops."""

    type: ClassVar[str] = "guard"
    config: ClassVar[type[NodeConfig]] = GuardConfig

    async def run(self, ctx: Context, config: GuardConfig, values: Values) -> Done:
        """Leave by `out` what may go on, by `rejected` what may not."""
        value = values["guard"]
        try:
            found = tuple(dict.fromkeys(_look(ctx, config, value)))
        except RecursionError:
            message = "the content is nested too deeply to be looked at"
            raise NodeError("EN080", message, kind="invalid_input", help="flatten it first") from None
        if config.action == "flag":
            findings = [{"check": one.check, "kind": one.kind} for one in found]
            return Done({"value": value, "clean": not found, "findings": findings})
        if not found:
            return Done(value)
        if config.action == "redact" and all(one.removable for one in found):
            return Done(rewritten(value, lambda text: _without(config, text)))
        reason = "; ".join(f"{one.check}: {one.kind}" for one in found)
        return Done(None, port=REJECTED, reason=reason)


def _look(ctx: Context, config: GuardConfig, value: Json) -> Iterator[_Found]:
    texts = list(texts_of(value))
    for text in texts:
        for one in _removable(config, text.text):
            yield _Found("urls" if one.kind == _LINK else "pii", one.kind)
        if config.injection:
            yield from (_Found("injection", sign) for sign in signs_of_injection(text.text))
        if config.topics is not None:
            yield from (_Found("topics", term) for term in terms_in(text.text, config.topics.banned))
    if config.topics is not None and config.topics.allowed:
        allowed = config.topics.allowed
        if not any(has_term(text.text, allowed) for text in texts):
            yield _Found("topics", "none of the allowed")
    if config.schema_ is not None and config.schema_.problems(value):
        yield _Found("schema", "does not fit")
    for number, one in enumerate(config.must, start=1):
        if not _holds(ctx, one.check, value):
            yield _Found("must", one.message or f"condition {number}")


_LINK = "url"


def _removable(config: GuardConfig, text: str) -> tuple[Finding, ...]:
    """Return what of a text could be taken out."""
    kinds = kinds_of(config.pii)
    found = _BUILT_IN.find(text)
    wanted = [one for one in found if one.kind in kinds and (one.kind != _LINK or config.urls is None)]
    if config.urls is not None:
        links = (one for one in found if one.kind == _LINK)
        wanted += [one for one in links if not _leads_to(text[one.start : one.end], config.urls)]
    return resolve(wanted)


def _leads_to(url: str, hosts: tuple[str, ...]) -> bool:
    try:
        host = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return False
    return any(host == allowed.lower() or host.endswith("." + allowed.lower()) for allowed in hosts)


def _without(config: GuardConfig, text: Text) -> str:
    pieces: list[str] = []
    place = 0
    for found in _removable(config, text.text):
        pieces += (text.text[place : found.start], f"[{found.kind}]")
        place = found.end
    return "".join((*pieces, text.text[place:]))


def _holds(ctx: Context, condition: Expression, value: Json) -> bool:
    try:
        return ctx.evaluate(condition, value=value) is True
    except ExpressionError:  # such as a field that the value lacks: then it does not hold
        return False
