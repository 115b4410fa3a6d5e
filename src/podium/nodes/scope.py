"""Scope: nodes that succeed or fail as one.

```yaml run="ok"
podium: 1
name: book-a-trip
tools:
  shop: {python: podium.tools.text, effect: none, delivery: repeatable}
inputs:
  city: {type: text, default: Lisbon}
nodes:
  trip:
    scope:
      hotel:
        transform: {booking: "H-${inputs.city}"}
        compensate: {transform: "cancel ${hotel.out.booking}"}
      flight: {validate: "inputs.city != 'Atlantis'", after: [hotel]}
    result: hotel.out.booking
    timeout: 10m
    catch:
      - on: [timeout, unavailable]
        do: {later: {transform: "Try again later: ${error.message}"}}
      - do: {sorry: {transform: "Not possible: ${error.message}"}}
    finally:
      told: {transform: "Asked for ${inputs.city}"}
result: trip.out
```

When a node inside fails and nobody inside handles it:

1. what is still at work inside is stopped;
2. what was completed inside, and has a `compensate`, is undone in the reverse order of completion;
3. the first `catch` that names the kind of the error (or names none) runs, with `error` holding what went wrong; its
   result is the result of the scope;
4. `finally` runs, as it does when all went well. When it fails, so does the scope.

Without a `catch` for it the error is the scope's own, to be handled by its `on_error`. `timeout` is the time for all of
it, waiting included; with `retry` the scope begins anew, from nothing, once what it did is undone. From outside only
the scope's result can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, cast

from pydantic import Field

from podium.errors import ErrorKind, NodeError
from podium.ids import NodeId
from podium.node.contract import Context, Done, Fork, ItemResult, Json, NodeConfig, Values
from podium.spec.model import Body, BudgetSpec, Expression, Nodes, SpecModel
from podium.spec.types import Type

ERROR = "error"
FINALLY = "finally"


class Catch(SpecModel):
    """What runs when something inside failed."""

    on: tuple[ErrorKind, ...] = ()
    """The kinds of error that it is for; none means all."""

    do: Annotated[Nodes, Field(min_length=1)]
    """The nodes that run; `error` holds what went wrong."""

    result: Expression | None = None
    """The result of the scope then; may be left out when there is one last node."""


class ScopeConfig(NodeConfig):
    """The nodes that belong together, and what happens when they fail."""

    scope: Annotated[Nodes, Field(min_length=1)]
    """The nodes."""

    result: Expression | None = None
    """What the scope gives; may be left out when there is one last node."""

    budget: BudgetSpec | None = None
    """What all the nodes together may use; a model call for which there is not enough left fails with kind `limit`."""

    catch: Annotated[tuple[Catch, ...], Field(max_length=20)] = ()
    """What runs when something inside failed; the first that fits is taken."""

    finally_: Annotated[Nodes | None, Field(alias=FINALLY, min_length=1)] = None
    """Nodes that run at the end, whatever happened."""

    def hears(self) -> tuple[str, ...]:
        """Return nothing: it calls nothing itself."""
        return ()

    def bodies(self) -> Mapping[str, Body]:
        """Return the nodes, those of each `catch`, and those at the end."""
        found = {
            "": Body(
                nodes=cast("Mapping[NodeId, NodeConfig]", self.scope),
                loc=("scope",),
                result=self.result,
                result_loc=("result",),
                budget=self.budget,
            )
        }
        for number, catch in enumerate(self.catch):
            found[f"catch{number + 1}"] = Body(
                nodes=cast("Mapping[NodeId, NodeConfig]", catch.do),
                loc=("catch", number, "do"),
                result=catch.result,
                result_loc=("catch", number, "result"),
                variable=ERROR,
                variable_loc=("catch", number, "do"),
            )
        if self.finally_ is not None:
            nodes = cast("Mapping[NodeId, NodeConfig]", self.finally_)
            found[FINALLY] = Body(nodes=nodes, loc=(FINALLY,), result=Expression("null"), result_loc=(FINALLY,))
        return found

    def variable_type(self, part: str, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - there are no fields
        """Return the type of an error."""
        text = {"type": "string"}
        cause = {key: Type(text) for key in ("code", "kind", "message", "node")}
        causes = Type.list_of(Type.object_of(cause))
        return Type.object_of({**cause, "causes": causes})

    def result_type(self, fields: Mapping[str, Type]) -> Type:
        """Return what the nodes give, and what each `catch` may give instead."""
        keys = ["result", *(f"catch{number + 1}.result" for number in range(len(self.catch)))]
        types = [fields.get(key, Type.any()) for key in keys]
        same = all(type_ == types[0] for type_ in types)
        return types[0] if same else Type({"anyOf": [type_.schema for type_ in types]})


class ScopeNode:
    """Runs its parts one after the other, as what came of each demands."""

    type: ClassVar[str] = "scope"
    config: ClassVar[type[NodeConfig]] = ScopeConfig

    async def run(self, ctx: Context, config: ScopeConfig, values: Values) -> Fork:  # noqa: ARG002 - the contract
        """Begin with the nodes themselves."""
        return Fork([None])

    async def collect(
        self,
        ctx: Context,  # noqa: ARG002 - the contract
        config: ScopeConfig,
        values: Values,  # noqa: ARG002 - the contract
        items: Sequence[ItemResult],
    ) -> Fork | Done:
        """Go on to the next part, or end."""
        last = items[-1]
        if last.part == "" and last.status == "failed" and (number := _fitting(config, last)) is not None:
            return Fork([_error(last)], part=f"catch{number + 1}")
        if last.part != FINALLY and config.finally_ is not None:
            return Fork([None], part=FINALLY)
        failed = [item for item in items if item.status == "failed" and not _caught(item, items)]
        if failed:
            raise NodeError(
                failed[-1].code or "EN060",
                failed[-1].message,
                kind=failed[-1].kind or "failed",
                help="add a `catch` for it, or handle it with `on_error` of the scope",
            )
        return Done(next(item.value for item in reversed(items) if item.part != FINALLY))


def _fitting(config: ScopeConfig, failed: ItemResult) -> int | None:
    kinds = [catch.on for catch in config.catch]
    return next((number for number, on in enumerate(kinds) if not on or failed.kind in on), None)


def _caught(item: ItemResult, items: Sequence[ItemResult]) -> bool:
    return item.part == "" and any(other.part.startswith("catch") for other in items)


def _error(failed: ItemResult) -> Json:
    return {
        "code": failed.code,
        "kind": failed.kind,
        "message": failed.message,
        "node": failed.node,
        "causes": list(failed.causes),
    }
