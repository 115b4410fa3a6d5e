"""The most that a run can use, read off its graph before it begins.

Each call that the graph may make is counted as often as its bounds allow: attempts, fallbacks, rounds of loops, items
of maps, rounds of revision, compensation. Not counted is what nobody can bound: what people ask for on the way (a retry
of the run, an override), accidents (a crash, an answer that is lost), what policies ask, and how long prompts are. A
node type that is not known here makes the bound unknown.

Property: no run of a workflow makes more calls, gives more tokens of answers, or asks more questions than its bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from podium.gate.price import Price
from podium.graph.model import ASK, Compiled, Graph, GraphNode
from podium.node.calls import ModelCall
from podium.node.deciding import TRIES
from podium.spec.model import Retry, ToolSpec
from podium.spec.types import Type

MOST_SIGNALS = 100_000
"""Items that signals may add to one map."""

_DEFAULT_RETRIES = Retry().max
_JUDGED_TOKENS = ModelCall(messages=()).max_tokens


class Bound(Struct, frozen=True, kw_only=True):
    """The most of everything; None where there is no bound, or nobody knows.

    Attributes:
        calls: Attempts of effects of any kind; `model_calls` are among them.
        output_tokens: Of all answers together.
        nano_usd, micro_wh: What answers and tools cost; prompts come on top where they cost anything.
        approvals: Questions to people.
        prompts_cost: Whether prompts cost money, which comes on top of `nano_usd`.
    """

    calls: int | None = 0
    model_calls: int | None = 0
    output_tokens: int | None = 0
    nano_usd: int | None = 0
    micro_wh: int | None = 0
    approvals: int | None = 0
    prompts_cost: bool = False

    def plus(self, other: Bound) -> Bound:
        """Return the most of both together."""
        return _each(self, other, lambda one, two: one + two)

    def or_else(self, other: Bound) -> Bound:
        """Return the most of either."""
        return _each(self, other, max)

    def times(self, count: int) -> Bound:
        """Return the most of so many together; nothing of something unbounded is nothing."""
        return _each(self, self, lambda one, _: one * count) if count else Bound()


UNBOUNDED = Bound(
    calls=None, model_calls=None, output_tokens=None, nano_usd=None, micro_wh=None, approvals=None, prompts_cost=True
)
_QUESTION = Bound(approvals=1)
_CALL = Bound(calls=1)


def bound(compiled: Compiled, *, price: Price | None) -> Bound:
    """Return the most that a run of a workflow can use.

    Args:
        price: Of the model that would be asked, None when nobody knows.
    """
    return _Reader(price).graph(compiled.graph, compiled.graph.tools)


class _Reader:
    def __init__(self, price: Price | None) -> None:
        self._price = price

    def graph(self, graph: Graph, tools: Mapping[str, ToolSpec]) -> Bound:
        tools = graph.tools or tools if graph.flow or not tools else tools
        total = Bound()
        for node in graph.nodes:
            total = total.plus(self._node(graph, node, tools).times(_rounds(graph, node)))
        return total

    def _node(self, graph: Graph, node: GraphNode, tools: Mapping[str, ToolSpec]) -> Bound:
        """Return the most of one round of a node: its attempts, its fallbacks, what undoes it, who is asked."""
        total = self._tried(graph, node, tools)
        for fallback in node.fallbacks:
            total = total.plus(self._tried(graph, fallback, tools))
        if node.compensation is not None:
            total = total.plus(self._tried(graph, node.compensation, tools))
        if ASK in node.handlers.values():
            total = total.plus(_QUESTION)
        return total

    def _tried(self, graph: Graph, node: GraphNode, tools: Mapping[str, ToolSpec]) -> Bound:
        own, attempts = self._own(graph, node, tools), _attempts(node)
        total = own.plus(self._inside(node, tools)).times(attempts)
        # attempts of one call are one effect, and it is asked about once
        return replace(total, approvals=own.approvals) if node.type in ("tool", "code") else total

    def _inside(self, node: GraphNode, tools: Mapping[str, ToolSpec]) -> Bound:
        parts = {name: self.graph(body, body.tools if body.flow else tools) for name, body in node.bodies.items()}
        if not parts:
            return Bound()
        main, last = parts.pop("", Bound()), parts.pop("finally", Bound())
        caught = Bound()
        for part in parts.values():  # the first `catch` that fits
            caught = caught.or_else(part)
        return main.times(_items(node)).plus(caught).plus(last)

    def _own(self, graph: Graph, node: GraphNode, tools: Mapping[str, ToolSpec]) -> Bound:
        config: Any = node.config
        match node.type:
            case "llm":
                return self._models(config.repair + 1, config.max_tokens)
            case "tool":
                return _tool(config.grant, config.function, tools)
            case "code":
                called = Bound()
                for name in config.tools:
                    grant, _, function = name.partition(".")
                    called = called.or_else(_tool(grant, function, tools))
                rounds = config.limits.calls if config.tools else 0
                return called.times(rounds).plus(_CALL.times(rounds + 1))
            case "human":
                return _QUESTION
            case "join" if config.on_conflict == "human":
                return _QUESTION
            case "join" if config.on_conflict == "judge":
                conflicts = _conflicts(graph, node)
                return UNBOUNDED if conflicts is None else self._models(conflicts * TRIES, _JUDGED_TOKENS)
            case "commit":
                return _QUESTION  # what it releases is counted where it was asked for
            case "emit":
                return _CALL if config.to is not None else Bound()
            case "subflow":
                return _CALL if config.detached else Bound()
            case _:
                return Bound() if node.type in _WITHOUT else UNBOUNDED

    def _models(self, calls: int, max_tokens: int) -> Bound:
        price = self._price
        return Bound(
            calls=calls,
            model_calls=calls,
            output_tokens=calls * max_tokens,
            nano_usd=None if price is None else calls * price.nano_usd(0, max_tokens),
            micro_wh=None if price is None or price.energy is None else calls * price.micro_wh(max_tokens),
            prompts_cost=price is None or price.input > 0 or bool(price.energy),
        )


_WITHOUT = frozenset({"transform", "validate", "switch", "map", "loop", "scope", "wait", "end", "join", "guard"})
"""Types that reach nothing by themselves."""


_CALLING = frozenset({"llm", "tool", "code", "join", "emit", "subflow"})
"""Types that may be told that something is not there, and are tried again without being asked to."""


def known_types() -> frozenset[str]:
    """Return the node types whose effects are bounded here."""
    return _WITHOUT | _CALLING | {"human", "commit"}


def _conflicts(graph: Graph, node: GraphNode) -> int | None:
    """Return on how much the values of a join can differ: on each field, or as a whole; None when nobody knows."""
    config: Any = node.config
    if config.reduce != "merge":
        return 1
    fields = set[str]()
    for name in config.join:
        source = graph.nodes[graph.by_id[name]]
        output: Type | None = getattr(source.config, "output", None)
        if output is None or source.fallbacks or source.config.default is not None:
            return None
        if output.kind != "object" or output.schema.get("additionalProperties", True) is not False:
            return None
        fields |= output.fields().keys()
    return len(fields)


def _tool(grant: str, function: str, tools: Mapping[str, ToolSpec]) -> Bound:
    spec = tools.get(grant)
    if spec is None:
        return _CALL
    cost = spec.cost_of(function)
    # where what it is called with comes from may ask for a person's word, too
    asks = spec.approval_of(function) != "never" or spec.effect_of(function) in ("write", "irreversible")
    return Bound(
        calls=1,
        nano_usd=cost.nano_usd if cost else 0,
        micro_wh=cost.micro_wh if cost else None,
        approvals=1 if asks else 0,
    )


def _attempts(node: GraphNode) -> int:
    retry = node.config.retry
    if retry is None:
        return 1 + _DEFAULT_RETRIES if node.type in _CALLING and not node.bodies else 1
    return 1 + retry.max


def _items(node: GraphNode) -> int:
    config: Any = node.config
    match node.type:
        case "map":
            return MOST_SIGNALS if config.more is not None else config.max_items
        case "loop":
            return config.max
        case _:
            return 1


def _rounds(graph: Graph, node: GraphNode) -> int:
    """Return how often a node is done anew because a validator sends it, or one before it, back to work."""
    times = 1
    for validator in graph.nodes:
        if node.index in validator.span:
            times *= 1 + validator.max_rounds
    return times


def _each(one: Bound, other: Bound, how: Callable[[int, int], int]) -> Bound:
    figures = dict(_figures(one, other, how))
    return Bound(**figures, prompts_cost=one.prompts_cost or other.prompts_cost)


def _figures(one: Bound, other: Bound, how: Callable[[int, int], int]) -> Iterator[tuple[str, int | None]]:
    for name in ("calls", "model_calls", "output_tokens", "nano_usd", "micro_wh", "approvals"):
        left, right = getattr(one, name), getattr(other, name)
        yield name, None if left is None or right is None else how(left, right)
