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
arrive. A source that was skipped is not waited for and is left out, so no join hangs. `reduce` says what it makes of
the values that arrived:

- `list`: all of them, in the order of `join`. `object`: the same under their sources' names.
- `concat`: one text, with `separator` between; a list of texts counts as its items.
- `first`: the value that arrived first.
- `agree`: the value that all of them gave. `merge`: one object with the fields of all, which must agree on each field.

Where values do not agree, `on_conflict` decides: `fail`; `first` takes what arrived first; `priority` what stands
first in `join`; `vote` what more than half of the sources with a value gave, failing without such a majority. A
source that gave null (as `on_error: continue` does) keeps its place in `list` and `object` and has no say elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self, cast

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from podium.errors import NodeError
from podium.ids import NodeId
from podium.node.contract import Context, Done, Json, NodeConfig, Values
from podium.spec.model import Duration, JoinRule, Name, SpecModel
from podium.spec.types import Type, parse_type

OnConflict = Literal["fail", "first", "priority", "vote"]


class Quorum(SpecModel):
    """How many sources must arrive."""

    quorum: Annotated[int, Field(ge=1)] | None = None
    """So many; None is every one that is not skipped."""


def _quorum(value: object) -> object:
    match value:
        case "all":
            return {}
        case "any":
            return {"quorum": 1}
        case str():
            kind, message = "join_wait", "expected `all`, `any` or `{quorum: 2}`, got `{got}`"
            raise PydanticCustomError(kind, message, {"got": value})
        case _:
            return value


class JoinConfig(NodeConfig):
    """Which branches come together, when, and what is made of them."""

    join: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1000)]
    """The nodes whose results come together, the most important first."""

    wait: Annotated[Quorum, BeforeValidator(_quorum, json_schema_input_type=Literal["all", "any"] | Quorum)] = Quorum()
    """What it waits for: `all`, `any`, or `{quorum: n}`."""

    deadline: Duration | None = None
    """Go on with what is there so long after the first arrived."""

    reduce: Literal["list", "object", "concat", "first", "agree", "merge"] = "list"
    """What is made of the values."""

    separator: str = "\n"
    """What stands between the parts of `concat`."""

    on_conflict: OnConflict = "fail"
    """What decides in `agree` and `merge` when values differ."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for index, name in enumerate(self.join):
            if name in self.join[:index]:
                kind, message = "join_twice", "expected each source once, got `{name}` twice"
                raise PydanticCustomError(kind, message, {"name": name, "loc": ("join", index)})
        return self

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        """Refuse a setting that `reduce` would not look at; its author expects something of it."""
        for key, ways in (("on_conflict", ("agree", "merge")), ("separator", ("concat",))):
            if key in self.model_fields_set and self.reduce not in ways:
                kind, message = "join_idle", "expected `{key}` with `reduce: {ways}` only, got `reduce: {got}`"
                context = {"key": key, "ways": "` or `".join(ways), "got": self.reduce, "loc": (key,)}
                raise PydanticCustomError(kind, message, context)
        return self

    def join_rule(self) -> JoinRule:
        """Return what it waits for."""
        return JoinRule(tuple(NodeId(name) for name in self.join), self.wait.quorum or 0, self.deadline)

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return the type of what `reduce` makes of the sources' types."""
        sources = fields.get("join", Type.any()).fields()
        types = list(sources.values())
        common = types[0] if types and all(other == types[0] for other in types) else Type.any()
        match self.reduce:
            case "list":
                return Type.list_of(common)
            case "object":
                # any of them may have been skipped, so no field is certain
                return Type({**Type.object_of(sources).schema, "required": []}) if sources else Type.any()
            case "concat":
                return parse_type("text")
            case "first" | "agree":
                return common
            case "merge":
                return Type.any()


class JoinNode:
    """Makes one value of several."""

    type: ClassVar[str] = "join"
    config: ClassVar[type[NodeConfig]] = JoinConfig

    async def run(self, ctx: Context, config: JoinConfig, values: Values) -> Done:  # noqa: ARG002 - the contract
        """Reduce what arrived."""
        return Done(reduced(config, values["join"]))


def reduced(config: JoinConfig, arrived: Mapping[str, Json]) -> Json:
    """Return what `reduce` makes of `{source: value}`, given in the order of arrival.

    Raises:
        NodeError: EN056 for a conflict that `on_conflict` does not decide, EN057 for a value that does not fit.
    """
    ranked = {source: arrived[source] for source in config.join if source in arrived}
    match config.reduce:
        case "list":
            return list(ranked.values())
        case "object":
            return ranked
        case "concat":
            return config.separator.join(part for source, value in ranked.items() for part in _texts(source, value))
        case "first":
            return next((value for value in arrived.values() if value is not None), None)
        case "agree":
            return _agreed("the sources", _said(config, arrived), config.on_conflict)
        case "merge":
            return _merged(_said(config, arrived), config.on_conflict)


def _said(config: JoinConfig, arrived: Mapping[str, Json]) -> dict[str, Json]:
    """Return the values that count, in the order in which `on_conflict` prefers them."""
    order = arrived if config.on_conflict == "first" else config.join
    return {source: arrived[source] for source in order if arrived.get(source) is not None}


def _texts(source: str, value: Json) -> Sequence[str]:
    parts = cast("list[Json]", value if isinstance(value, list) else [] if value is None else [value])
    if not all(isinstance(part, str) for part in parts):
        raise _misfit(source, "text or a list of texts", value)
    return parts


def _merged(said: Mapping[str, Json], rule: OnConflict) -> dict[str, Json]:
    by_field: dict[str, dict[str, Json]] = {}
    for source, value in said.items():
        if not isinstance(value, dict):
            raise _misfit(source, "an object", value)
        for field, inner in cast("dict[str, Json]", value).items():
            by_field.setdefault(field, {})[source] = inner
    return {field: _agreed(f"field `{field}`", values, rule) for field, values in by_field.items()}


def _agreed(what: str, said: Mapping[str, Json], rule: OnConflict) -> Json:
    """Return the value that all gave, else what `rule` takes."""
    votes: dict[str, list[str]] = {}
    for source, value in said.items():
        # compared as JSON, where true is not 1 and the order of keys means nothing
        votes.setdefault(json.dumps(value, sort_keys=True), []).append(source)
    ballots = list(votes.values())
    if len(ballots) <= 1 or rule in {"first", "priority"}:
        return next(iter(said.values()), None)
    largest = max(ballots, key=len)
    if rule == "vote" and 2 * len(largest) > len(said):
        return said[largest[0]]
    camps = " against ".join(", ".join(f"`{source}`" for source in ballot) for ballot in ballots)
    raise NodeError(
        "EN056",
        f"no majority on {what}: {camps}" if rule == "vote" else f"values differ on {what}: {camps}",
        kind="invalid_input",
        help="let `on_conflict` decide by `priority`, or ask a person",
    )


def _misfit(source: str, wanted: str, value: Json) -> NodeError:
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else shown[:60] + "…"
    return NodeError(
        "EN057",
        f"expected {wanted} from `{source}`, got `{shown}`",
        kind="invalid_input",
        help="reduce by `list` or `object`, or bring the value into form with a `transform` before",
    )
