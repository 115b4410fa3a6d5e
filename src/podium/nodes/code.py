"""Code: runs Python in a sandbox, where it can reach nothing.

```yaml run="ok"
podium: 1
name: invoice-total
inputs:
  lines: {type: [{amount: number, tax: number}], default: [{amount: 20, tax: 0.2}, {amount: 5, tax: 0.1}]}
nodes:
  total:
    code: |
      gross = [line["amount"] * (1 + line["tax"]) for line in lines]
      {"gross": round(sum(gross), 2), "count": len(gross)}
    with: {lines: "${inputs.lines}"}
    output: {gross: number, count: integer}
result: total.out
```

What stands under `with` are its variables; the value of its last line, when that is an expression, is the result. It
must be JSON, and fit `output`. The code is written here, or is one expression such as `${write.out}` that gives the
whole of it (a Markdown fence around it is taken off); values are never pasted into code.

- `profile: monty`, the default, is a small Python in an interpreter of its own that has no way out: most of the
  language, little of the library.
- `profile: process` is the whole of Python behind the walls of a process. It needs bubblewrap, or a kernel with
  Landlock; where neither is there, nothing is run.

Every run is an effect, `code.run`, with its own record. Code that a model wrote may run: what it gives carries the
labels of the code and of its variables. With `tools` it may call granted functions by their names, with named
arguments; each is an effect of this node like any other, allowed and recorded, and its answer is waited for, if need
be for days. What fails in a tool fails the node.
"""

from __future__ import annotations

# ruff: noqa: A005 - the name of the module is the type key
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from podium.errors import NodeError
from podium.node.calls import CodeAsk, CodeCall, CodeLimits, CodeReply, ToolCall
from podium.node.contract import Context, Done, NodeConfig, Values
from podium.spec.model import Duration, SpecModel, Template, TextTemplate, TypeSpec
from podium.spec.size import Size
from podium.spec.template import split_template
from podium.spec.types import Type

Json = Any

_FENCE = re.compile(r"\s*```[a-zA-Z]*\n(?P<code>.*?)\n?```\s*", re.DOTALL)
_NO_NAME = re.compile(r"\W")
_FILE = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$")


def _whole(template: TextTemplate) -> TextTemplate:
    pieces = split_template(template.value)
    if len(pieces) > 1 and any(piece.expression for piece in pieces):
        kind, message = "code_pasted", "expected code, or one `${…}` that gives the whole of it, got both"
        raise PydanticCustomError(kind, message)
    return template


def _names(template: Template) -> list[str] | None:
    """Return the keys of a mapping, None for anything else."""
    return list(cast("dict[str, Json]", template.value)) if isinstance(template.value, dict) else None


def _by_name(template: Template) -> Template:
    names = _names(template)
    if names is None or not all(name.isidentifier() for name in names):
        kind, message = (
            "variables",
            'expected variables by name, such as `with: {lines: "${inputs.lines}"}`, got `{got}`',
        )
        raise PydanticCustomError(kind, message, {"got": str(template.value)})
    return template


def _file_names(template: Template) -> Template:
    names = _names(template)
    if names is None or not all(_FILE.fullmatch(name) for name in names):
        kind, message = "code_files", 'expected texts by file name, such as `files: {a.csv: "${x.out}"}`, got `{got}`'
        raise PydanticCustomError(kind, message, {"got": str(template.value)})
    return template


def _within(least: int, most: int) -> AfterValidator:
    def check(size: Size) -> Size:
        if not least <= size <= most:
            kind, message = "size_range", "expected between {least} and {most}, got {got}"
            raise PydanticCustomError(
                kind, message, {"least": str(Size(least)), "most": str(Size(most)), "got": str(size)}
            )
        return size

    return AfterValidator(check)


class Limits(SpecModel):
    """What the code may use; whatever goes beyond one of them ends it."""

    cpu: Duration = timedelta(seconds=10)
    """Time that it computes."""

    wall: Duration = timedelta(minutes=1)
    """Time from its start to its end."""

    memory: Annotated[Size, _within(1_000_000, 8_000_000_000)] = Size(128_000_000)
    """Memory."""

    output: Annotated[Size, _within(1, 16_000_000)] = Size(1_000_000)
    """What it prints, and what it gives."""

    files: Annotated[Size, _within(1, 1_000_000_000)] = Size(16_000_000)
    """Its files, all together."""

    calls: Annotated[int, Field(ge=0, le=1000)] = 50
    """Calls of tools."""

    def physical(self) -> CodeLimits:
        """Return what the sandbox keeps to."""
        return CodeLimits(
            cpu_ms=self.cpu // timedelta(milliseconds=1),
            wall_ms=self.wall // timedelta(milliseconds=1),
            memory=int(self.memory),
            output=int(self.output),
            files=int(self.files),
        )


class CodeConfig(NodeConfig):
    """What runs, on what, where, and how much it may use."""

    code: Annotated[TextTemplate, AfterValidator(_whole)]
    """Python: a text, or one `${…}` that gives the whole of it."""

    with_: Annotated[Template, AfterValidator(_by_name), Field(alias="with", json_schema_extra={"type": "object"})] = (
        Template({})
    )
    """Its variables, by name."""

    output: TypeSpec | None = None
    """The type of its result; without it any JSON."""

    language: Literal["python"] = "python"
    """The language of the code."""

    profile: Literal["monty", "process"] = "monty"
    """`monty`: a small Python without any access. `process`: the whole of Python in a walled process."""

    files: Annotated[Template, AfterValidator(_file_names), Field(json_schema_extra={"type": "object"})] = Template({})
    """Text files that it finds in its folder, by name."""

    keep: Annotated[tuple[Annotated[str, Field(pattern=_FILE.pattern)], ...], Field(max_length=20)] = ()
    """Text files that it leaves there. The result is then `{value, files}`."""

    tools: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.\S+$")], ...] = ()
    """Functions of granted tools that it may call, such as `git.git_log`; in the code it is `git_log(max_count=3)`."""

    limits: Limits = Limits()
    """What it may use."""

    @model_validator(mode="after")
    def _callable(self) -> Self:
        if self.tools and self.profile != "monty":
            kind, message = "code_tools", "expected `tools` with `profile: monty` only, got `profile: {got}`"
            raise PydanticCustomError(kind, message, {"got": self.profile, "loc": ("tools",)})
        if len(self.functions()) < len(self.tools):
            kind, message = "code_names", "expected functions whose names differ, got two of the same name"
            raise PydanticCustomError(kind, message, {"loc": ("tools",)})
        return self

    def may_call(self) -> tuple[str, ...]:
        """Return the functions that the code may call."""
        return self.tools

    def functions(self) -> Mapping[str, str]:
        """Return what the code may call, `{name in the code: grant.function}`."""
        return {_NO_NAME.sub("_", tool.partition(".")[2]): tool for tool in self.tools}

    def hears(self) -> tuple[str, ...]:
        """Return the functions that its program may call."""
        return self.may_call()

    def result_type(self, fields: Mapping[str, Type]) -> Type:  # noqa: ARG002 - the same for all
        """Return `output`, or any; beside the kept files where there are some."""
        value = self.output or Type.any()
        if not self.keep:
            return value
        files = {"type": "object", "properties": {name: {"type": "string"} for name in self.keep}}
        return Type({"type": "object", "properties": {"value": value.schema, "files": files}})


class CodeNode:
    """Hands the code to the sandbox, and what it asks for to the tools, until it ends."""

    type: ClassVar[str] = "code"
    config: ClassVar[type[NodeConfig]] = CodeConfig

    async def run(self, ctx: Context, config: CodeConfig, values: Values) -> Done:
        """Run it; every call of a tool ends a turn and begins the next."""
        functions = config.functions()
        reply = await ctx.call_code(_call(config, values, functions))
        for turn in range(1, config.limits.calls + 1):
            if reply.ask is None:
                break
            answer = await ctx.call_tool(_tool_call(functions[reply.ask.function], reply.ask, turn))
            reply = await ctx.call_code(_call(config, values, functions, after=reply, answer=answer.value, turn=turn))
        if reply.ask is not None:
            raise NodeError(
                "EN086",
                f"the code called its tools more than {config.limits.calls} times",
                kind="limit",
                help="raise `limits.calls`, or let the code ask for more at once",
            )
        return Done(_result(config, reply))


def _call(
    config: CodeConfig,
    values: Values,
    functions: Mapping[str, str],
    *,
    after: CodeReply | None = None,
    answer: Json = None,
    turn: int = 0,
) -> CodeCall:
    return CodeCall(
        source=_unfenced(values["code"]),
        inputs=dict(values["with"]),
        profile=config.profile,
        files=_texts(values["files"]) if after is None else after.files,
        keep=config.keep,
        functions=tuple(functions),
        limits=config.limits.physical(),
        state=after.ask.state if after is not None and after.ask is not None else b"",
        answer=answer,
        turn=turn,
    )


def _tool_call(tool: str, ask: CodeAsk, turn: int) -> ToolCall:
    grant, _, function = tool.partition(".")
    return ToolCall(tool=grant, function=function, arguments=ask.arguments, turn=turn)


def _unfenced(source: object) -> str:
    if not isinstance(source, str):
        raise NodeError("EN087", "the code is no text", kind="invalid_input", help="let `code` give text")
    fenced = _FENCE.fullmatch(source)
    return fenced["code"] if fenced else source


def _texts(files: Mapping[str, Json]) -> dict[str, str]:
    for name, text in files.items():
        if not isinstance(text, str):
            raise NodeError(
                "EN087", f"the file `{name}` is no text", kind="invalid_input", help="let `files` give text"
            )
    return dict(files)


def _result(config: CodeConfig, reply: CodeReply) -> Json:
    problems = config.output.problems(reply.value) if config.output else []
    if problems:
        raise NodeError(
            "EN085",
            "the result of the code does not fit `output`: " + "; ".join(problems),
            kind="invalid_output",
            help="the value of the last line is the result; correct the code, or `output`",
        )
    return {"value": reply.value, "files": reply.files} if config.keep else reply.value
