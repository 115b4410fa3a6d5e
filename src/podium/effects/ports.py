"""The ports behind the door: models, tools, and the journal in which every effect is written down.

Adapters implement `ModelPort` and `ToolPort` and pass their conformance suites (`podium.testing.conformance`). An
adapter calls once: it never retries, never falls back, and says honestly whether a failed call may have happened
(`EffectError.landed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct

from podium.errors import EffectError
from podium.ids import EffectKey, RunId
from podium.ledger.record import ArgumentLabel, Entry, SharedBudget
from podium.node.calls import CodeCall, CodeReply, ModelCall, ModelReply, ToolReply
from podium.spec.autonomy import Autonomy
from podium.spec.model import ToolSpec, Workflow
from podium.spec.types import Type

Json = Any
Progress = Callable[[str], None]
"""Called with each sign of life: a piece of streamed text, or "" for anything else."""


class ModelPort(Protocol):
    """One model at one provider."""

    @property
    def name(self) -> str:
        """The name by which people choose it and records show it, such as `local/qwen2.5-coder-1.5b`."""
        ...

    async def call(self, call: ModelCall, *, key: EffectKey, timeout_s: float, progress: Progress) -> ModelReply:
        """Ask once, streaming.

        With `call.schema` the reply's `value` satisfies the schema.

        Raises:
            EffectError: `timeout`, `unavailable`, `rate_limited` (with `retry_after_s`), `invalid_input` (too long, bad
                key), `invalid_output` (not JSON, schema not satisfied, empty), `refused`. Cancelling stops the
                provider's work where it can.
        """
        ...

    async def check(self) -> None:
        """Ask whether the model could answer now, without paying for an answer.

        Raises:
            EffectError: when it could not, with the next step in `help`.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...


class FunctionInfo(Struct, frozen=True, kw_only=True):
    """What a tool says of one of its functions.

    Attributes:
        parameters: JSON Schema of the arguments object.
        result: Type of the value, `Type.any()` when it does not say.
        effect, delivery: What the tool itself claims; the grant's declaration wins.
    """

    name: str
    about: str
    parameters: dict[str, Json]
    result: Type
    effect: Literal["none", "read", "write", "irreversible"] | None = None
    delivery: Literal["repeatable", "keyed", "once"] | None = None


class SecretReference(str):
    """The place of a secret among the arguments of a call, `${secrets.name}`; who calls the tool puts the value there.

    Only what the author of the workflow wrote becomes one.
    """

    __slots__ = ()

    @property
    def secret(self) -> str:
        """The name of the secret."""
        return self.removeprefix("${secrets.").removesuffix("}")


class ToolPort(Protocol):
    """A granted tool: an MCP server, or a Python module."""

    @property
    def target(self) -> str:
        """What is called, for records: the server's or the module's name. Breakers are kept by it."""
        ...

    async def functions(self) -> Mapping[str, FunctionInfo]:
        """Return what it offers, `{name: info}`; may connect.

        Raises:
            EffectError: `unavailable` or `timeout`.
        """
        ...

    async def call(
        self, function: str, arguments: Mapping[str, Json], *, key: EffectKey, timeout_s: float, progress: Progress
    ) -> ToolReply:
        """Call once. The key reaches the tool where its protocol has a place for it, a secret where it is referred to.

        Raises:
            EffectError: `landed="unknown"` when the request was sent and no answer came. EF011 when the function is
                not there any more.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...


@runtime_checkable
class TellsIdentity(Protocol):
    """A tool whose protocol has a place for whoever a call is made for."""

    def acting(self, chain: tuple[str, ...]) -> ToolPort:
        """Return the same tool, telling the other side in whose names it is called."""
        ...


class Sandbox(Protocol):
    """Where programs run that nobody vouches for."""

    @property
    def target(self) -> str:
        """What holds them, for records and policies: `sandbox/monty`, `sandbox/bubblewrap`, `sandbox/landlock`."""
        ...

    async def run(self, call: CodeCall, *, timeout_s: float, progress: Progress) -> CodeReply:
        """Run a program, or let it go on. Cancelling ends it and all that it started.

        Raises:
            EffectError: EF061 when it raised, EF062 beyond a limit, EF063 when its result is no JSON, EF064 when it is
                no Python, EF065 when the sandbox itself failed, EF066 when it cannot go on where it stood.
        """
        ...

    async def close(self) -> None:
        """Let go of processes."""
        ...


class Sandboxes(Protocol):
    """The sandboxes of an installation."""

    async def choose(self, call: CodeCall) -> Sandbox:
        """Return the strongest that is here for what the call asks for; may try it out.

        Raises:
            EffectError: EF060 when there is none, with what to install.
        """
        ...


class NoSandboxes:
    """An installation that runs no programs."""

    async def choose(self, call: CodeCall) -> Sandbox:
        """Refuse.

        Raises:
            EffectError: EF060.
        """
        raise EffectError("EF060", f"no sandbox for profile `{call.profile}` is installed", kind="invalid_input")


class Models(Protocol):
    """The models of an installation."""

    async def choose(self, call: ModelCall) -> ModelPort:
        """Return the model for a call; may look which servers answer.

        Raises:
            EffectError: EF001 when there is none, with how to get one.
        """
        ...


class Runs(Protocol):
    """What one run can do to others."""

    async def start(
        self,
        flow: Workflow,
        inputs: Mapping[str, Json],
        *,
        key: EffectKey,
        parent: RunId,
        by: str,
        chain: tuple[str, ...] = (),
        labels: tuple[ArgumentLabel, ...] = (),
        budgets: tuple[SharedBudget, ...] = (),
        autonomy: Autonomy | None = None,
    ) -> str:
        """Start a run of its own; the same key again gives the same run. Returns its id.

        It acts in the names of `chain`, and in its own. Its inputs have these `labels`, by name; the one without a
        name is that of the decision to start it. What it uses counts in `budgets` as well. It may go no further by
        itself than `autonomy`.

        Raises:
            EffectError: EF056 when the inputs do not fit.
        """
        ...

    async def signal(self, run: RunId, name: str, value: Json, *, key: EffectKey, by: str) -> None:
        """Send a signal; the same key again sends it only once.

        Raises:
            EffectError: EF057 when there is no such run, or it has ended.
        """
        ...


class Journal(Protocol):
    """Where the gateway writes: the owned run's stream."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write in one transaction, with whatever the run has pending before it; durable on return.

        Entries are written in the order in which they were handed in, also those of a caller that was cancelled.

        Raises:
            Fenced: the run is not ours any more; stop.
        """
        ...

    def defer(self, entries: Sequence[Entry]) -> None:
        """Write with the next append, or a few milliseconds later when none comes; count it as said from now on."""
        ...


class Tools(Protocol):
    """The tools of an installation."""

    def open(self, grant: str, spec: ToolSpec) -> ToolPort:
        """Return the port for a grant; the same spec gives the same port, connected when first used.

        Raises:
            EffectError: EF012 when the server or module does not exist.
        """
        ...
