"""The contract of a node type: one file in `podium.nodes`, or a plug-in, that satisfies `Node`.

What is always true:

1. A body never spans a pause. `run` returns an `Outcome` or raises `NodeError`; whatever comes later (an answer, the
   items of a map, one more source of a join) calls a method anew.
2. A body reaches the world only through its `Context`. It may be run again after a crash: calls whose outcome is
   recorded return the recorded reply, so the body must reach the same calls with the same values.
3. Time, ids and randomness come from the context.
4. `values` are the evaluated expressions of the config, `{key: value}` by the key as written in the file (`with`, not
   `with_`); a field of plain text is in the config. A type with a `join_rule` finds under its type key what its sources
   gave, `{source: value}` of those that fired, in the order in which they arrived.

```python
class Shout:
    type: ClassVar[str] = "shout"
    config: ClassVar[type[NodeConfig]] = ShoutConfig

    async def run(self, ctx: Context, config: ShoutConfig, values: Values) -> Done:
        return Done(values["shout"].upper())
```
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Literal, NewType, Protocol

from podium.clock import Millis
from podium.errors import ErrorKind
from podium.ids import EffectKey, NodePath, RunId
from podium.node.calls import CodeCall, CodeReply, ModelCall, ModelReply, RunCall, RunReply, ToolCall, ToolReply
from podium.node.outbox import Outbox
from podium.spec.approval_rule import Rule
from podium.spec.model import Expression, NodeConfig

__all__ = [
    "Answer",
    "BudgetLeft",
    "Collecting",
    "Context",
    "Done",
    "Fact",
    "Feedback",
    "Fork",
    "ItemResult",
    "MoreSources",
    "Node",
    "NodeConfig",
    "Outcome",
    "Park",
    "Port",
    "Question",
    "Resumable",
    "Revise",
    "Stop",
    "Values",
]

Json = Any
Values = Mapping[str, Json]
Port = NewType("Port", str)
"""The way by which a node is left: `out`, one of `HANDLED_PORTS`, or a port of its own (switch)."""

OUT = Port("out")


@dataclass(frozen=True, slots=True)
class Done:
    """The node is done.

    Attributes:
        out: Its result.
        port: The way it is left by.
        reason: For a port other than `out`: why, as one sentence. For a map: which items failed.
        errors: For a map: how many items failed; the run ends `done_with_errors` when it is not 0.
        also: Further ports of its own by which it is left, beside `port` (a switch that takes all cases that hold).
        fact: What is written down beside the result (emit).
    """

    out: Json = None
    port: Port = OUT
    reason: str = ""
    errors: int = 0
    also: tuple[Port, ...] = ()
    fact: Fact | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Something worth knowing outside the run, recorded with it.

    Attributes:
        kind: `fact` for the books, `event` also goes to the waits of this run, `notification` is shown to people.
        value: What there is to say, JSON.
    """

    kind: Literal["fact", "event", "notification"]
    name: str
    value: Json = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the run waits for.

    Attributes:
        kind: A person's decision, or a signal sent by name.
        text: The question, as the approver reads it.
        show: What it is about; exactly this is approved.
        roles: Who may decide; empty means anyone who may approve.
        rule: Who may decide, where more is to be said; takes the place of `roles` and `expires`.
        schema: JSON Schema of the value that must be given with a yes, None where a yes is all.
        signal: The name of the signal, for `kind="signal"`.
        callback: Only whoever has this node's token may send the signal; `signal` is left empty.
        expires: How long to wait from the moment it is recorded; None waits for ever.
        staged: The effects that it is about (commit).
    """

    kind: Literal["approval", "signal", "timer"] = "approval"
    text: str = ""
    show: Json = None
    roles: tuple[str, ...] = ()
    signal: str = ""
    callback: bool = False
    expires: timedelta | None = None
    staged: tuple[EffectKey, ...] = ()
    rule: Rule | None = None
    schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """The node waits; the engine records the question and lets go."""

    question: Question


@dataclass(frozen=True, slots=True)
class Fork:
    """The node runs nodes inside it; `collect` is called when all that it opened are closed, and may fork again.

    Attributes:
        items: What each of them is for: the items of a map, one value for a part that runs once.
        part: Which of the node's bodies; "" is the main one.
    """

    items: Sequence[Json]
    part: str = ""


@dataclass(frozen=True, slots=True)
class MoreSources:
    """What has arrived does not do; `run` is called again when one more source of the join has.

    When no further source can arrive the node fails with kind `invalid_output`.

    Attributes:
        reason: What was wrong with those that are there, as one sentence.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Revise:
    """Send the node named by `revision()` back to work with this feedback; an error once the rounds are used up."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """The run ends here; nodes that are still at work are cancelled, the others never start.

    Attributes:
        status: How it ends.
        reason: Why, or "".
        out: The result of the run, for `done`.
    """

    status: Literal["done", "failed"]
    reason: str = ""
    out: Json = None


Outcome = Done | Park | Fork | MoreSources | Revise | Stop


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """How a wait ended.

    Attributes:
        at: When, in milliseconds since the epoch; 0 when nobody answered.
        verdict: `expired` when nobody answered in time (also: the timer is due).
        by: Who answered, "" when nobody did.
        reason: What they said, or "".
        value: What they sent along (a signal's payload, an edited value), or None.
    """

    verdict: Literal["approved", "rejected", "expired", "received"]
    by: str = ""
    at: int = 0
    reason: str = ""
    value: Json = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemResult:
    """How one item of a fork ended.

    Attributes:
        index: Counted over all that the node forked, from 0.
        part: Which of the node's bodies it ran.
        status: `skipped` when its result's node was skipped.
        value: Its result, when ok.
        told: What the body's `tells` gave, when ok.
        code, kind, message, node: Its error, when failed, and the path of the node that it happened to.
        causes: What had caused that error, `{code, kind, message, node}`, the nearest first.
    """

    index: int
    part: str = ""
    status: Literal["ok", "failed", "skipped"]
    value: Json = None
    told: Mapping[str, Json] = field(default_factory=dict[str, Any])
    code: str = ""
    kind: ErrorKind | None = None
    message: str = ""
    node: str = ""
    causes: Sequence[Json] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """Why the node runs again.

    Attributes:
        round: The revise round, from 1.
        reason: What was wrong.
        previous: What it returned in the round before.
    """

    round: int
    reason: str
    previous: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class BudgetLeft:
    """What the budgets of the workflow still leave a node, the tightest of them; None where nothing is limited.

    Advice, not a promise: other nodes go on using it. What calls under way hold does not count as left.

    Attributes:
        nano_usd: Billionths of a US dollar.
        micro_wh: Millionths of a watt-hour.
        work_ms: Time at work, in milliseconds.
    """

    tokens: int | None = None
    nano_usd: int | None = None
    calls: int | None = None
    micro_wh: int | None = None
    work_ms: int | None = None


class Context(Protocol):
    """A node's only window: the world, time, and the values around it."""

    @property
    def run_id(self) -> RunId:
        """The run."""
        ...

    @property
    def path(self) -> NodePath:
        """Where the node stands."""
        ...

    @property
    def attempt(self) -> int:
        """Which physical try this is, from 1."""
        ...

    @property
    def feedback(self) -> Feedback | None:
        """Why it runs again, or None in the first round."""
        ...

    @property
    def outbox(self) -> Outbox:
        """What was prepared in this run and waits for a commit."""
        ...

    def now(self) -> Millis:
        """Return the wall clock."""
        ...

    def budget_left(self) -> BudgetLeft:
        """Return what is left to use, so that the node can come to an end before there is nothing."""
        ...

    def evaluate(self, expression: Expression, **names: Json) -> Json:
        """Evaluate an expression of a late field over the values in scope and `names`.

        Raises:
            ExpressionError: when it gives an error value.
        """
        ...

    def progress(self, text: str) -> None:
        """Tell watchers a sign of life, such as a piece of streamed text; not recorded, resets the idle timeout."""
        ...

    async def call_model(self, call: ModelCall) -> ModelReply:
        """Ask a model, through the gateway.

        Raises:
            EffectError: when there is no usable answer.
        """
        ...

    async def call_tool(self, call: ToolCall) -> ToolReply:
        """Call a granted tool, through the gateway.

        Raises:
            EffectDenied: when it is not granted, or the gate says no.
            EffectError: when it failed.
        """
        ...

    async def call_run(self, call: RunCall) -> RunReply:
        """Start a run of a sub-workflow, or send an event to another run, through the gateway.

        Raises:
            EffectDenied: when the gate says no.
            EffectError: when there is no such workflow or run, or it has ended.
        """
        ...

    async def call_code(self, call: CodeCall) -> CodeReply:
        """Run a program in a sandbox, through the gateway.

        Raises:
            EffectDenied: when the gate says no.
            EffectError: when it failed, went beyond a limit, or there is no sandbox here.
        """
        ...


class Node(Protocol):
    """A node type; stateless, one instance serves all runs.

    `config` is its part of the language: type key, settings, help texts. Methods beyond `run` are needed only by
    types that return `Park` (`resume`) or `Fork` (`collect`).
    """

    type: ClassVar[str]
    config: ClassVar[type[NodeConfig]]

    async def run(self, ctx: Context, config: Any, values: Values) -> Outcome:  # noqa: ANN401 - its own config type
        """Do the work of one attempt."""
        ...


class Resumable(Node, Protocol):
    """A node type that parks."""

    async def resume(self, ctx: Context, config: Any, values: Values, answer: Answer) -> Outcome:  # noqa: ANN401
        """Go on after the answer."""
        ...


class Collecting(Node, Protocol):
    """A node type that forks."""

    async def collect(
        self,
        ctx: Context,
        config: Any,  # noqa: ANN401 - its own config type
        values: Values,
        items: Sequence[ItemResult],
    ) -> Outcome:
        """Make the result out of the items, in their order, or fork again; they are all closed."""
        ...
