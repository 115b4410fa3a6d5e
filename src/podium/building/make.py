"""Nodes without a name, one function per node type; `Workflow` has a method for each that names it.

Written by `podium.building.signatures` from the configs of the node types; `make golden` writes it anew.

```python
publish = wf.tool("publish", "files.write", with_=..., compensate=make.tool("files.restore", with_=...))
```
"""
# ruff: noqa: A002, E501 - the words of the language, and help texts as they stand there

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypedDict, Unpack

from podium.building.made import Made
from podium.building.making import Bodies, Expr, Json, Target, Text, TypeLike, made, node

__all__ = [
    "Made",
    "Properties",
    "code",
    "commit",
    "emit",
    "end",
    "guard",
    "human",
    "join",
    "llm",
    "loop",
    "map_",
    "node",
    "scope",
    "subflow",
    "switch",
    "tool",
    "transform",
    "validate",
    "wait",
]


class Properties(TypedDict, total=False):
    """What every node may carry, whatever its type."""

    about: str
    """A note for readers."""

    phase: str
    """The phase of the work that this node belongs to, for views that group by phase."""

    when: Expr | None
    """Runs only when this holds; otherwise it is skipped."""

    after: Sequence[Target]
    """Nodes that must be done first, beside those that it refers to."""

    retry: Mapping[str, Json] | None
    """When and how often to try again."""

    timeout: str | timedelta | Mapping[str, Json] | None
    """How long one attempt may take."""

    budget: Mapping[str, Json] | None
    """What it may use, with all its attempts, its fallbacks and what is inside it."""

    on_error: Target | Mapping[str, Target]
    """`continue`, `ask`, or the node that handles an error; by kind, `{timeout: other_node, else: ask}`. Otherwise an error ends the run as failed."""

    default: Json | None
    """The result when the node finally failed; the run goes on with it and ends `done_with_errors`."""

    fallback: Sequence[Made]
    """Other nodes that are tried in this order when the node finally failed; they may read `error`."""

    compensate: Made | None
    """What undoes the node's effect. When the scope around it fails, what was completed is compensated in reverse."""

    redact: Sequence[Target]
    """Kinds of data, such as `email`, `card` or `personal`, that stay here: models and tools are sent a mask in their place, `<EMAIL_1>`, which is put back into the answer."""

    lock: Target | None
    """Nodes of a run with the same lock never run at the same time."""

    endorse: Mapping[str, Literal["choice"] | Mapping[str, Json]]
    """Checks by which fields of the result become trusted, by field; `out` is the result as a whole. What does not pass leaves by port `unclear`."""

    cancels: Sequence[Target]
    """Nodes that are withdrawn once this one is done: stopped when at work, skipped when not yet begun."""

    on_rejected: Target
    """The node that goes on when a person says no; otherwise the run ends denied."""

    on_expired: Target
    """The node that goes on when nobody answered in time; otherwise the run ends denied."""

    on_denied: Target
    """The node that goes on when the gate said no; otherwise the run ends denied."""

    on_limit: Target
    """The node that goes on when a limit was reached; otherwise the run ends with status limit."""

    on_unclear: Target
    """The node that handles an answer that came but does not say enough; otherwise it is an error."""

    on_empty: Target
    """The node that goes on when there was nothing to do; otherwise the node counts as done."""


def code(
    code: Text,
    /,
    *,
    with_: Json | None = None,
    output: TypeLike | None = None,
    language: Literal["python"] = "python",
    profile: Literal["monty", "process"] = "monty",
    files: Json | None = None,
    keep: Sequence[str] | None = None,
    tools: Sequence[str] | None = None,
    limits: Mapping[str, Json] | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """Code: runs Python in a sandbox, where it can reach nothing.

    Args:
        code: Python: a text, or one `${…}` that gives the whole of it.
        with_: Its variables, by name.
        output: The type of its result; without it any JSON.
        language: The language of the code.
        profile: `monty`: a small Python without any access. `process`: the whole of Python in a walled process.
        files: Text files that it finds in its folder, by name.
        keep: Text files that it leaves there. The result is then `{value, files}`.
        tools: Functions of granted tools that it may call, such as `git.git_log`; in the code it is `git_log(max_count=3)`.
        limits: What it may use.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "code": code,
        "with": with_,
        "output": output,
        "language": language,
        "profile": profile,
        "files": files,
        "keep": keep,
        "tools": tools,
        "limits": limits,
    }
    return made("code", settings, properties)


def commit(
    commit: Literal["all"] | Sequence[Target],
    /,
    *,
    guard: Expr | None = None,
    approve: Text | None = None,
    approval: Literal["never", "required"] | Mapping[str, Json] = "never",
    **properties: Unpack[Properties],
) -> Made:
    """Commit: lets happen what was only prepared, all of it or nothing.

    Args:
        commit: The nodes whose effects are released, or `all` that has been prepared in its scope.
        guard: What must hold of `prepared`, the effects that would be released.
        approve: The question that is asked before anything is released.
        approval: Who must agree; `required` is anybody, within a day.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"commit": commit, "guard": guard, "approve": approve, "approval": approval}
    return made("commit", settings, properties)


def emit(
    emit: Target,
    /,
    *,
    as_: Literal["fact", "event", "notification"] = "fact",
    value: Json | None = None,
    to: Expr | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """Emit: says something that is worth knowing outside the run, or tells another wait.

    Args:
        emit: The name of what happened; for an event, that of the signal.
        as_: `fact` for the books, `event` for a wait, `notification` for people.
        value: What there is to say about it.
        to: For an event: the run that it is sent to; without it, this one.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"emit": emit, "as": as_, "value": value, "to": to}
    return made("emit", settings, properties)


def end(
    end: Literal["done", "failed"],
    /,
    *,
    reason: Text | None = None,
    result: Expr | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """End: the run ends here, early.

    Args:
        end: The status.
        reason: Why, for whoever reads the run.
        result: What the run gives, in place of the workflow's `result`.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"end": end, "reason": reason, "result": result}
    return made("end", settings, properties)


def guard(
    guard: Expr,
    /,
    *,
    pii: Sequence[Target] | None = None,
    urls: Sequence[str] | None = None,
    topics: Mapping[str, Json] | None = None,
    injection: bool = False,
    schema_: TypeLike | None = None,
    must: Sequence[Mapping[str, Json]] | None = None,
    action: Literal["block", "redact", "flag"] = "block",
    **properties: Unpack[Properties],
) -> Made:
    """Guard: looks at content before it goes on: personal data, links, topics, shape, signs of injected instructions.

    Args:
        guard: The content: a text, or a value with texts inside.
        pii: Kinds of data, or groups of them, that must not occur: `personal`, `secret`, `email`, `card`, ….
        urls: The hosts that links may lead to, their subdomains included; an empty list allows no link.
        topics: Words that must not, or must, occur.
        injection: Whether signs of instructions to a model are looked for.
        schema_: The type that the value must have.
        must: Conditions of your own, over `value`.
        action: What happens when something is found.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "guard": guard,
        "pii": pii,
        "urls": urls,
        "topics": topics,
        "injection": injection,
        "schema": schema_,
        "must": must,
        "action": action,
    }
    return made("guard", settings, properties)


def human(
    human: Text,
    /,
    *,
    show: Expr | None = None,
    output: TypeLike | None = None,
    approval: Mapping[str, Json] | None = None,
    roles: Sequence[Target] | None = None,
    expires: str | timedelta | None = None,
    on_expiry: Literal["reject", "approve"] = "reject",
    **properties: Unpack[Properties],
) -> Made:
    """Human: the run waits here until a person decides.

    Args:
        human: The question, as the approver reads it.
        show: What the question is about; exactly this is approved, and it is the result.
        output: The type of the value that is asked for; with it, that value is the result, and not what is shown.
        approval: Who must agree, where more is to be said than `roles`, `expires` and `on_expiry` can.
        roles: Anyone holding one of these roles may decide; empty means any approver of the workflow.
        expires: How long to wait, from the moment the question was recorded.
        on_expiry: What silence means. With `approve` it goes on, and nobody has vouched for it.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "human": human,
        "show": show,
        "output": output,
        "approval": approval,
        "roles": roles,
        "expires": expires,
        "on_expiry": on_expiry,
    }
    return made("human", settings, properties)


def join(
    join: Sequence[Target],
    /,
    *,
    wait: Literal["all", "any", "first_valid"] | Mapping[str, Json] | None = None,
    valid: Expr | None = None,
    deadline: str | timedelta | None = None,
    cancel: bool = False,
    reduce: Literal["list", "object", "concat", "first", "agree", "merge", "rank", "vote", "custom"] = "list",
    separator: str = "\n",
    by: Expr | None = None,
    make: Expr | None = None,
    on_conflict: Literal["fail", "first", "priority", "vote", "judge", "human"] = "fail",
    judge: Text | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """Join: the only place where branches come together into one value.

    Args:
        join: The nodes whose results come together, the most important first.
        wait: What it waits for: `all`, `any`, `{quorum: n}`, or `first_valid`.
        valid: For `first_valid`: what must hold of a value, which stands here under the name `value`.
        deadline: Go on with what is there so long after the first arrived.
        cancel: Whether to withdraw, once it is done, what leads to nothing else and has not ended.
        reduce: What is made of the values.
        separator: What stands between the parts of `concat`.
        by: For `rank`: the number that a value gets, which stands here under the name `value`.
        make: For `custom`: what is made of `values`, `{source: value}`.
        on_conflict: What decides in `agree`, `merge` and `vote` when values differ.
        judge: For `on_conflict: judge`: what the model is asked; the values are added, with their numbers.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "join": join,
        "wait": wait,
        "valid": valid,
        "deadline": deadline,
        "cancel": cancel,
        "reduce": reduce,
        "separator": separator,
        "by": by,
        "make": make,
        "on_conflict": on_conflict,
        "judge": judge,
    }
    return made("join", settings, properties)


def llm(
    llm: Text,
    /,
    *,
    system: Text | None = None,
    output: TypeLike | None = None,
    max_tokens: int = 1024,
    temperature: float = 0.0,
    route: Mapping[str, Json] | None = None,
    repair: int = 2,
    **properties: Unpack[Properties],
) -> Made:
    """Llm: asks a language model once, and again when the answer cannot be used.

    Args:
        llm: The prompt.
        system: Standing instructions: role, tone, what to leave out.
        output: The type of the answer; without it the answer is text.
        max_tokens: The longest answer, in tokens.
        temperature: How much chance there is in the answer; 0 is the most repeatable.
        route: Which model to choose.
        repair: How often to ask again after an answer that cannot be used.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "llm": llm,
        "system": system,
        "output": output,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "route": route,
        "repair": repair,
    }
    return made("llm", settings, properties)


def loop(
    loop: Bodies = None,
    /,
    *,
    as_: str = "last",
    start: Expr | None = None,
    while_: Expr | None = None,
    until: Expr | None = None,
    max: int = 10,
    on_max: Literal["fail", "last"] = "fail",
    result: Expr | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """Loop: runs its nodes again and again, until something holds.

    Args:
        loop: The nodes of one round.
        as_: The name under which they see the result of the round before.
        start: What they see in the first round.
        while_: Asked before each round: another one begins while this holds.
        until: Asked after each round, over its nodes: this round was the last when this holds.
        max: The most rounds.
        on_max: When `max` rounds were not enough: fail with kind `limit`, or take the last result.
        result: What a round gives; may be left out when there is one last node.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "loop": loop,
        "as": as_,
        "start": start,
        "while": while_,
        "until": until,
        "max": max,
        "on_max": on_max,
        "result": result,
    }
    return made("loop", settings, properties)


def map_(
    map: Expr,
    /,
    *,
    as_: str = "item",
    do: Bodies | None = None,
    result: Expr | None = None,
    concurrency: int = 4,
    on_item_error: Literal["fail", "collect"] | Mapping[str, Json] | None = None,
    enough: int | None = None,
    more: Mapping[str, Json] | None = None,
    max_items: int = 10000,
    **properties: Unpack[Properties],
) -> Made:
    """Map: runs its own nodes once for each item of a list, several at a time.

    Args:
        map: The list to go through.
        as_: The name under which the nodes inside see their item.
        do: The nodes that run for each item.
        result: What one item gives; may be left out when there is one last node.
        concurrency: How many items are at work at once.
        on_item_error: What to do when items fail: `fail`, `collect`, or `{max_failed: n}`.
        enough: So many items will do; the others are withdrawn.
        more: `{signal: name}`: each signal of that name adds an item while others are open.
        max_items: The longest list that is accepted.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {
        "map": map,
        "as": as_,
        "do": do,
        "result": result,
        "concurrency": concurrency,
        "on_item_error": on_item_error,
        "enough": enough,
        "more": more,
        "max_items": max_items,
    }
    return made("map", settings, properties)


def scope(
    scope: Bodies = None,
    /,
    *,
    result: Expr | None = None,
    catch: Sequence[Mapping[str, Json]] | None = None,
    finally_: Bodies | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """Scope: nodes that succeed or fail as one.

    Args:
        scope: The nodes.
        result: What the scope gives; may be left out when there is one last node.
        catch: What runs when something inside failed; the first that fits is taken.
        finally_: Nodes that run at the end, whatever happened.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"scope": scope, "result": result, "catch": catch, "finally": finally_}
    return made("scope", settings, properties)


def subflow(
    subflow: Target,
    /,
    *,
    with_: Mapping[str, Json] | None = None,
    version: str | None = None,
    detached: bool = False,
    **properties: Unpack[Properties],
) -> Made:
    """Subflow: runs another workflow as one node.

    Args:
        subflow: A name under `flows:`, or a file such as `./greet.yaml`.
        with_: Its inputs.
        version: The version that it must have, as the beginning of its hash.
        detached: Whether it becomes a run of its own that nobody waits for.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"subflow": subflow, "with": with_, "version": version, "detached": detached}
    return made("subflow", settings, properties)


def switch(
    switch: Sequence[Mapping[str, Json]],
    /,
    *,
    matches: Literal["first", "all"] = "first",
    else_: Target | Sequence[Target] | None = None,
    **properties: Unpack[Properties],
) -> Made:
    """Switch: cases decide which nodes start.

    Args:
        switch: Cases; the first that holds is taken, or all that hold.
        matches: Whether the first case that holds is taken, or all of them.
        else_: What to start when no case holds.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"switch": switch, "matches": matches, "else": else_}
    return made("switch", settings, properties)


def tool(
    tool: str,
    /,
    *,
    with_: Json | None = None,
    output: TypeLike | None = None,
    expect: Expr | None = None,
    staged: bool = False,
    **properties: Unpack[Properties],
) -> Made:
    """Tool: calls one function of a granted tool.

    Args:
        tool: The tool, as granted under `tools:`, and its function: `git.git_log`.
        with_: Arguments by name. One that is `${secrets.name}` and nothing else is filled in when the tool is called.
        output: The type that the answer must have.
        expect: What must hold of the answer, which stands here under the name `out`.
        staged: Whether a write is put into the outbox of the run, to happen when a `commit` releases it.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"tool": tool, "with": with_, "output": output, "expect": expect, "staged": staged}
    return made("tool", settings, properties)


def transform(
    transform: Json,
    /,
    **properties: Unpack[Properties],
) -> Made:
    """Transform: builds a value out of others; nothing leaves the process.

    Args:
        transform: The value; text in it may hold `${…}`.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"transform": transform}
    return made("transform", settings, properties)


def validate(
    validate_: Expr | Sequence[Mapping[str, Json]],
    /,
    *,
    message: Text | None = None,
    revise: Target | None = None,
    max: int = 2,
    **properties: Unpack[Properties],
) -> Made:
    """Validate: checks what was made, and sends it back to work when it does not hold.

    Args:
        validate_: A condition, or a list of `{check, message}`.
        message: What to say when a single condition does not hold.
        revise: The node that does its work again with the message.
        max: How often it may be sent back.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"validate": validate_, "message": message, "revise": revise, "max": max}
    return made("validate", settings, properties)


def wait(
    wait: str | timedelta | Mapping[str, Json],
    /,
    **properties: Unpack[Properties],
) -> Made:
    """Wait: the run rests for a time, until a date, or until something from outside comes.

    Args:
        wait: A time such as `10s`, `{until: date}`, `{signal: name}` or `{callback: true}`.
        properties: What every node may carry.
    """
    settings: dict[str, object] = {"wait": wait}
    return made("wait", settings, properties)
