"""What a node may ask of the world, in neutral forms that belong to no provider.

Messages follow the shape of the OpenTelemetry GenAI conventions (role and parts). These structs are what payloads
hold: they are encoded once, as msgspec JSON, and never rendered again.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

Json = Any

ToolEffect = Literal["none", "read", "write", "irreversible"]


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a conversation; text only, until the agents need more parts."""

    role: Literal["system", "user", "assistant"]
    text: str


class Usage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of one physical call, counted by the provider; 0 where it does not say.

    Attributes:
        input_tokens: All tokens of the prompt, `cached_tokens` included.
        output_tokens: All tokens of the answer, reasoning included.
        cached_tokens: Included in `input_tokens`.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


class ModelCall(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model"):
    """A request to a language model.

    Attributes:
        messages: The conversation, oldest first.
        schema: JSON Schema that the answer must satisfy; None for free text. The model's adapter makes the answer
            valid JSON by the best means that it has (grammar, native structured output, prompt).
        max_tokens: The longest answer.
        temperature_milli: Temperature times 1000.
        prefer: What the route should favour; "" leaves it to the installation.
        quality: The least quality that will do.
        turn: Which request of the node's conversation this is, from 0.
    """

    messages: tuple[Message, ...]
    schema: dict[str, Json] | None = None
    max_tokens: int = 1024
    temperature_milli: int = 0
    prefer: Literal["", "cheap", "fast", "quality", "green"] = ""
    quality: Literal["", "low", "medium", "high"] = ""
    turn: int = 0


class ModelReply(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="model"):
    """A model's answer.

    Attributes:
        text: The answer as it came.
        value: The parsed answer, when the call had a schema and the answer satisfies it.
        model: The name under which the answering model is known.
        finish: Why it stopped.
    """

    text: str
    value: Json = None
    model: str
    finish: Literal["stop", "length", "refused"] = "stop"
    usage: Usage = field(default_factory=Usage)


class ToolCall(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool"):
    """A call of one function of a granted tool.

    Attributes:
        tool: The grant, a key of `tools:`.
        function: The function's own name.
        arguments: By name.
        turn: The turn of the conversation that asked for it; 0 for a node that calls a tool directly.
        position: The place of the call in the answer that asked for it.
        secrets: `{argument: secret}`: arguments that the author wrote as `${secrets.name}`. Such an argument stays this
            text everywhere but in the call of the tool itself.
    """

    tool: str
    function: str
    arguments: dict[str, Json]
    turn: int = 0
    position: int = 0
    secrets: dict[str, str] = {}


class ToolReply(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="tool"):
    """What a tool returned.

    Attributes:
        value: Structured content when the tool gives one, else its text.
        staged: The tool was not called: the call stands in the outbox, or this is a shadow or dry run, and the value
            only stands for its answer.
    """

    value: Json = None
    staged: bool = False


class RunCall(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="run"):
    """A run is started, or told something.

    Attributes:
        action: `start` a run of its own, or send a `signal`.
        workflow: For `start`: which sub-workflow, by its name under `flows:`.
        run: For `signal`: the run.
        name: For `signal`: the name of the signal.
        value: The inputs, or what is sent along.
    """

    action: Literal["start", "signal"]
    workflow: str = ""
    run: str = ""
    name: str = ""
    value: Json = None
    turn: int = 0


class RunReply(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="run"):
    """The run that was started or told something."""

    run: str


class CodeLimits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a program in a sandbox may use; whatever goes beyond one of them ends it.

    Attributes:
        cpu_ms: Time that it computes.
        wall_ms: Time from its start to its end.
        memory: Bytes.
        output: Bytes of what it prints and returns, each.
        files: Bytes of all its files together.
    """

    cpu_ms: int = 10_000
    wall_ms: int = 60_000
    memory: int = 128_000_000
    output: int = 1_000_000
    files: int = 16_000_000


class CodeCall(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="code"):
    """A program is run in a sandbox, or goes on after a function that it called.

    Attributes:
        source: Python; the value of its last line, when that is an expression, is the result.
        inputs: What it finds under these names.
        profile: `monty` is a small Python without any access; `process` is the whole of it in a process of its own.
        files: Text files that it finds in its folder, by name.
        keep: The files that it is expected to leave there.
        functions: Names that it may call; each call ends the turn with an `ask`.
        state: Where it stands, as the `ask` of the turn before said; empty for a start.
        answer: What the function that it called has returned.
    """

    source: str
    inputs: dict[str, Json] = field(default_factory=dict[str, Any])
    profile: Literal["monty", "process"] = "monty"
    files: dict[str, str] = field(default_factory=dict[str, str])
    keep: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    limits: CodeLimits = field(default_factory=CodeLimits)
    state: bytes = b""
    answer: Json = None
    turn: int = 0


class CodeAsk(Struct, frozen=True, kw_only=True):
    """A program waits for a function that it called.

    Attributes:
        function: One of `functions` of the call.
        state: What goes on when it is handed back.
    """

    function: str
    arguments: dict[str, Json]
    state: bytes


class CodeReply(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="code"):
    """What a program came to.

    Attributes:
        value: Its result, JSON.
        printed: What it printed.
        files: The text of the files in `keep`; of all files when it waits.
        ask: What it waits for, None when it has ended.
    """

    value: Json = None
    printed: str = ""
    files: dict[str, str] = field(default_factory=dict[str, str])
    ask: CodeAsk | None = None


Call = ModelCall | ToolCall | RunCall | CodeCall
Reply = ModelReply | ToolReply | RunReply | CodeReply
