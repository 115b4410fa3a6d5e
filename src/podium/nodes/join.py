"""Join: the only place where branches come together into one value.

```yaml run="ok"
podium: 1
name: two-opinions
inputs:
  text: {type: text, default: Cheap and it works.}
nodes:
  first: {llm: "Good or bad? ${inputs.text}", output: {enum: [good, bad]}}
  second: {llm: "Friendly or not? ${inputs.text}", output: {enum: [good, bad]}}
  verdict: {join: [first, second], reduce: agree, on_conflict: priority}
result: verdict.out
```

It waits for `all` sources, for `any`, or for a `{quorum: 2}`; at most `deadline` long, counted from the first one to
arrive. A source that was skipped is not waited for and is left out, so no join hangs. With `wait: first_valid` it
takes the first value for which `valid` holds, and fails with kind `invalid_output` when no source gives one. With
`cancel: true` what leads to nothing but the join, and has not ended when it is done, is withdrawn. `reduce` says what
it makes of the values that arrived:

- `list`: all of them, in the order of `join`. `object`: the same under their sources' names.
- `concat`: one text, with `separator` between; a list of texts counts as its items.
- `first`: the value that arrived first. `rank`: a list, the one with the highest number by `by` first; values for
  which `by` gives null are left out.
- `agree`: the value that all of them gave. `vote`: the one that most of them gave. `merge`: one object with the fields
  of all, which must agree on each field.
- `custom`: what `make` gives over `values`, `{source: value}`.

Where values do not agree, or the vote is a tie, `on_conflict` decides: `fail`; `first` takes what arrived first;
`priority` what stands first in `join`; `vote` what more than half of the sources with a value gave, failing without
such a majority; `judge` asks a model to choose, with the prompt under `judge`; `human` asks a person within a day, who
gives one of the values or its number (a yes alone takes the one that arrived first) and whose no leaves by port
`rejected`. A source that gave null (as `on_error: continue` does) keeps its place in `list` and `object` and has no say
elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple, Self, cast

from pydantic import Field, PlainSerializer, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from podium.errors import ExpressionError
from podium.ids import NodeId
from podium.node.agreement import Agreed, Rule, Said, agree, merge, misfit, most
from podium.node.contract import (
    Answer,
    Context,
    Done,
    Json,
    MoreSources,
    NodeConfig,
    Park,
    Port,
    Values,
)
from podium.node.deciding import chosen, judged, question
from podium.spec.model import Condition, Duration, Expression, JoinRule, Name, SpecModel, TextTemplate
from podium.spec.types import Type, parse_type

REJECTED, EXPIRED = Port("rejected"), Port("expired")


class Quorum(SpecModel):
    """How many sources must arrive."""

    quorum: Annotated[int, Field(ge=1)] | None = None
    """So many; None is every one that is not skipped."""


def _wait(value: object) -> Quorum | Literal["first_valid"]:
    match value:
        case "all":
            return Quorum()
        case "any":
            return Quorum(quorum=1)
        case "first_valid":
            return "first_valid"
        case str():
            kind, message = "join_wait", "expected `all`, `any`, `first_valid` or `{quorum: 2}`, got `{got}`"
            raise PydanticCustomError(kind, message, {"got": value})
        case _:
            return Quorum.model_validate(value)


def _written(wait: Quorum | Literal["first_valid"]) -> object:
    return wait if isinstance(wait, str) else wait.model_dump(exclude_defaults=True)


class Idle(NamedTuple):
    """A setting, the settings of another one without which nobody looks at it, and whether these need it."""

    key: str
    other: str
    values: tuple[str, ...]
    needed: bool = False


ASKING = ("agree", "merge", "vote")
IDLE = (
    Idle("valid", "wait", ("first_valid",), needed=True),
    Idle("reduce", "wait", ("all", "any", "{quorum: 2}")),
    Idle("separator", "reduce", ("concat",)),
    Idle("by", "reduce", ("rank",), needed=True),
    Idle("make", "reduce", ("custom",), needed=True),
    Idle("on_conflict", "reduce", ASKING),
    Idle("judge", "on_conflict", ("judge",), needed=True),
)


class JoinConfig(NodeConfig):
    """Which branches come together, when, and what is made of them."""

    join: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    """The nodes whose results come together, the most important first."""

    wait: Annotated[
        Quorum | Literal["first_valid"],
        PlainValidator(_wait, json_schema_input_type=Literal["all", "any", "first_valid"] | Quorum),
        PlainSerializer(_written),
    ] = Quorum()
    """What it waits for: `all`, `any`, `{quorum: n}`, or `first_valid`."""

    valid: Condition | None = None
    """For `first_valid`: what must hold of a value, which stands here under the name `value`."""

    deadline: Duration | None = None
    """Go on with what is there so long after the first arrived."""

    cancel: bool = False
    """Whether to withdraw, once it is done, what leads to nothing else and has not ended."""

    reduce: Literal["list", "object", "concat", "first", "agree", "merge", "rank", "vote", "custom"] = "list"
    """What is made of the values."""

    separator: str = "\n"
    """What stands between the parts of `concat`."""

    by: Expression | None = None
    """For `rank`: the number that a value gets, which stands here under the name `value`."""

    make: Expression | None = None
    """For `custom`: what is made of `values`, `{source: value}`."""

    on_conflict: Rule = "fail"
    """What decides in `agree`, `merge` and `vote` when values differ."""

    judge: TextTemplate | None = None
    """For `on_conflict: judge`: what the model is asked; the values are added, with their numbers."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for index, name in enumerate(self.join):
            if name in self.join[:index]:
                kind, message = "join_twice", "expected each source once, got `{name}` twice"
                raise PydanticCustomError(kind, message, {"name": name, "loc": ("join", index)})
        return self

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        """Refuse a setting that nobody would look at, its author expects something of it; and demand one needed."""
        for key, other, values, needed in IDLE:
            got = self._setting(other)
            if key in self.model_fields_set and got not in values:
                kind, message = "join_idle", "expected `{key}` with `{other}: {values}` only, got `{other}: {got}`"
                context = {"key": key, "other": other, "values": "` or `".join(values), "got": got, "loc": (key,)}
                raise PydanticCustomError(kind, message, context)
            if needed and key not in self.model_fields_set and got in values:
                kind, message = "join_lacks", "expected `{key}` beside `{other}: {got}`"
                raise PydanticCustomError(kind, message, {"key": key, "other": other, "got": got, "loc": (other,)})
        if self.reduce == "vote" and self.on_conflict == "vote":
            kind, message = "join_tie", "expected `on_conflict` to decide a tie, got `vote` beside `reduce: vote`"
            raise PydanticCustomError(kind, message, {"loc": ("on_conflict",)})
        if self.cancel and self.wait == Quorum() and self.deadline is None:
            kind, message = "join_cancel", "expected `cancel` where the join need not wait for all"
            raise PydanticCustomError(kind, message, {"loc": ("cancel",)})
        return self

    def _setting(self, key: str) -> str:
        """Return the value of a setting as it is written, a quorum as one of its kind."""
        if key != "wait":
            return cast("str", getattr(self, key))
        if isinstance(self.wait, Quorum):
            return "{quorum: 2}" if self.wait.quorum else "all"
        return self.wait

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def join_rule(self) -> JoinRule:
        """Return what it waits for; `first_valid` looks at each as it arrives."""
        need = 1 if isinstance(self.wait, str) else self.wait.quorum or 0
        return JoinRule(tuple(NodeId(name) for name in self.join), need, self.deadline, self.cancel)

    def late_fields(self) -> frozenset[str]:
        """Return what is asked of values that have arrived."""
        return frozenset({"valid", "by", "make"})

    def late_names(self) -> Mapping[str, Type]:
        """Return `values` for `make`, `value` for the others."""
        return {"value": Type.any()} if self.make is None else {"values": Type.any()}

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of what `reduce` makes of the sources' types."""
        sources = fields.get("join", Type.any()).fields()
        types = list(sources.values())
        common = types[0] if types and all(other == types[0] for other in types) else Type.any()
        if self.wait == "first_valid":
            return common
        match self.reduce:
            case "list" | "rank":
                return Type.list_of(common)
            case "object":
                # any of them may have been skipped, so no field is certain
                return Type({**Type.object_of(sources).schema, "required": []}) if sources else Type.any()
            case "concat":
                return parse_type("text")
            case "first" | "agree" | "vote":
                return common
            case "merge" | "custom":
                return Type.any()


class JoinNode:
    """Makes one value of several."""

    type: ClassVar[str] = "join"
    config: ClassVar[type[NodeConfig]] = JoinConfig

    async def run(self, ctx: Context, config: JoinConfig, values: Values) -> Done | MoreSources | Park:
        """Reduce what arrived; have somebody decide where that is wanted."""
        arrived = cast("Said", values["join"])
        if config.wait == "first_valid":
            return _first_valid(ctx, config, arrived)
        found = reduced(ctx, config, arrived)
        if not found.conflicts:
            return Done(found.value)
        if config.on_conflict == "human":
            return question(ctx, found)
        return Done(found.settled(await judged(ctx, cast("str", values["judge"]), found)))

    async def resume(self, ctx: Context, config: JoinConfig, values: Values, answer: Answer) -> Done | Park:
        """Take what a person has chosen; ask again when it is none of the values."""
        if answer.verdict == "expired":
            return Done(port=EXPIRED, reason="nobody decided in time")
        if answer.verdict == "rejected":
            said = f"rejected by {answer.by}" if answer.by else "rejected"
            return Done(port=REJECTED, reason=f"{said}: {answer.reason}" if answer.reason else said)
        found = reduced(ctx, config, cast("Said", values["join"]))
        try:
            return Done(found.settled(chosen(found, answer.value)))
        except LookupError:
            return question(ctx, found, wrong=answer.value)


def _first_valid(ctx: Context, config: JoinConfig, arrived: Said) -> Done | MoreSources:
    """Return the first value for which `valid` holds; one that it cannot be asked of, such as for a field, is not."""
    assert config.valid is not None
    problems: list[str] = []
    for source, value in arrived.items():
        if value is None:
            continue
        try:
            if ctx.evaluate(config.valid, value=value) is True:
                return Done(value)
            problems.append(f"`{config.valid}` does not hold for `{source}`")
        except ExpressionError as error:
            problems.append(f"`{source}`: {error.message}")
    return MoreSources("; ".join(problems) or "no value")


def reduced(ctx: Context, config: JoinConfig, arrived: Said) -> Agreed:
    """Return what `reduce` makes of `{source: value}`, given in the order of arrival.

    Raises:
        NodeError: EN056 for a conflict that `on_conflict` does not decide, EN057 for a value that does not fit.
    """
    ordered = {source: arrived[source] for source in config.join if source in arrived}
    match config.reduce:
        case "list":
            return Agreed(list(ordered.values()))
        case "object":
            return Agreed(ordered)
        case "concat":
            return Agreed(config.separator.join(part for item in ordered.items() for part in _texts(*item)))
        case "first":
            return Agreed(next((value for value in arrived.values() if value is not None), None))
        case "rank":
            return Agreed(_ranked(ctx, config, ordered))
        case "agree":
            return agree(_said(config, arrived), rule=config.on_conflict)
        case "merge":
            return merge(_said(config, arrived), rule=config.on_conflict)
        case "vote":
            return most(_said(config, arrived), rule=config.on_conflict)
        case "custom":
            assert config.make is not None
            return Agreed(ctx.evaluate(config.make, values=ordered))


def _said(config: JoinConfig, arrived: Said) -> dict[str, Json]:
    """Return the values that count, in the order in which `on_conflict` prefers them.

    For whoever is asked it is that of arrival: what arrives while they think changes no number.
    """
    order = config.join if config.on_conflict in ("fail", "priority", "vote") else arrived
    return {source: arrived[source] for source in order if arrived.get(source) is not None}


def _texts(source: str, value: Json) -> Sequence[str]:
    parts = cast("list[Json]", value if isinstance(value, list) else [] if value is None else [value])
    if not all(isinstance(part, str) for part in parts):
        raise misfit(source, "text or a list of texts", value)
    return parts


def _ranked(ctx: Context, config: JoinConfig, ordered: Said) -> list[Json]:
    assert config.by is not None
    ranks: list[tuple[float, Json]] = []
    for source, value in ordered.items():
        rank = None if value is None else ctx.evaluate(config.by, value=value)
        if isinstance(rank, bool) or not isinstance(rank, int | float | None):
            raise misfit(source, f"a number by `{config.by}`", rank)
        if rank is not None:
            ranks.append((rank, value))
    return [value for _, value in sorted(ranks, key=lambda pair: -pair[0])]
