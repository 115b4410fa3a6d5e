"""Tool: calls one function of a granted tool.

```yaml run="ok"
podium: 1
name: look-for-notes
tools:
  files: {python: podium.tools.files, root: ./out, effect: read, delivery: repeatable, only: [exists]}
nodes:
  published:
    tool: files.exists
    with: {path: RELEASE_NOTES.md}
result: published.out
```

The result is what the function returned. `output` says what type it must have, `expect` what must hold of it; an
answer that came but misses either leaves by port `unclear`, with the answer as its result: the call was made, so it is
neither a success nor an error that a retry would mend. Nobody handling `unclear` ends the run as failed.

With `staged: true` a write does not happen here: it is put into the outbox, the result is `{"staged": id}`, and a
`commit` releases it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from podium.errors import ExpressionError
from podium.node.calls import ToolCall
from podium.node.contract import Context, Done, NodeConfig, Port, Values
from podium.spec.model import Arguments, Condition, TypeSpec
from podium.spec.types import Type

UNCLEAR = Port("unclear")


def _function_name(text: str) -> str:
    grant, _, function = text.partition(".")
    if not grant.isidentifier() or not function or not function.isprintable() or " " in function:
        kind, message = "function_name", "expected a tool and its function such as `git.git_log`, got `{got}`"
        raise PydanticCustomError(kind, message, {"got": text})
    return text


def _by_name(template: Arguments) -> Arguments:
    if not isinstance(template.value, dict):
        kind, message = "arguments", "expected arguments by name, such as `with: {path: notes.md}`, got `{got}`"
        raise PydanticCustomError(kind, message, {"got": str(template.value)})
    return template


class ToolConfig(NodeConfig):
    """Which function to call, with what, and what to expect."""

    tool: Annotated[
        str, AfterValidator(_function_name), Field(json_schema_extra={"pattern": r"^[a-z][a-z0-9_]*\.\S+$"})
    ]
    """The tool, as granted under `tools:`, and its function: `git.git_log`."""

    with_: Annotated[Arguments, AfterValidator(_by_name), Field(alias="with", json_schema_extra={"type": "object"})] = (
        Arguments({})
    )
    """Arguments by name. One that is `${secrets.name}` and nothing else is filled in when the tool is called."""

    output: TypeSpec | None = None
    """The type that the answer must have."""

    expect: Condition | None = None
    """What must hold of the answer, which stands here under the name `out`."""

    staged: bool = False
    """Whether a write is put into the outbox of the run, to happen when a `commit` releases it."""

    @property
    def grant(self) -> str:
        """The tool's key under `tools:`."""
        return self.tool.partition(".")[0]

    @property
    def function(self) -> str:
        """The function's own name."""
        return self.tool.partition(".")[2]

    def late_fields(self) -> frozenset[str]:
        """Return `expect`: there is no answer before the call."""
        return frozenset({"expect"})

    def late_names(self) -> Mapping[str, Type]:
        """Return `out`, the answer."""
        return {"out": self.output or Type.any()}

    def hears(self) -> tuple[str, ...]:
        """Return the function."""
        return (self.tool,)

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - the same for all
        """Return `output`, or any."""
        return self.output or Type.any()


class ToolNode:
    """Calls the function and looks at its answer."""

    type: ClassVar[str] = "tool"
    config: ClassVar[type[NodeConfig]] = ToolConfig

    async def run(self, ctx: Context, config: ToolConfig, values: Values) -> Done:
        """Call once; the engine retries."""
        secrets = config.with_.secrets
        call = ToolCall(tool=config.grant, function=config.function, arguments=values["with"], secrets=secrets)
        reply = await ctx.call_tool(call)
        if reply.staged:
            return Done(reply.value)  # nobody has answered yet, so there is nothing to be judged
        answer = reply.value
        missing = _what_is_missing(ctx, config, answer)
        return Done(answer, port=UNCLEAR, reason=missing) if missing else Done(answer)


def _what_is_missing(ctx: Context, config: ToolConfig, answer: Any) -> str:  # noqa: ANN401 - whatever the tool says
    """Return why the answer does not say enough, or ""."""
    problems = config.output.problems(answer) if config.output else []
    if problems:
        return "the answer does not fit `output`: " + "; ".join(problems)
    if config.expect is None:
        return ""
    try:
        holds = ctx.evaluate(config.expect, out=answer)
    except ExpressionError as error:  # such as a field that the answer lacks: then it does not say enough
        return error.message
    return "" if holds is True else f"`{config.expect}` does not hold"
