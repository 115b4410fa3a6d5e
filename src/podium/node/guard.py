"""What stands around a node type of a plug-in while it is at work: a bound on its time, and a watch on its reach.

1. Between two calls through its context a plug-in has `PAUSE_S` seconds; then it fails with kind `timeout` (EN072). The
   time of the calls does not count, they have their own bounds. A node with a `timeout` of its own has only that.
2. Opening a file or a connection, starting a program, deleting, or sleeping in the loop raises `Reached` (EN073), and
   the act does not happen. What is installed with the program may be read, since modules do so when they are imported.

This finds mistakes; it is no wall. Python code in the same process can start a thread, call into C, or take this guard
away. Whoever installs a plug-in trusts it like Podium itself.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar, cast

from podium.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from podium.clock import Millis
    from podium.ids import NodePath, RunId
    from podium.node.calls import CodeCall, CodeReply, ModelCall, ModelReply, RunCall, RunReply, ToolCall, ToolReply
    from podium.node.contract import (
        Answer,
        BudgetLeft,
        Context,
        Feedback,
        ItemResult,
        Node,
        NodeConfig,
        Outcome,
        Values,
    )
    from podium.node.outbox import Demand, Outbox, Prepared, Refusal
    from podium.spec.model import Expression

Json = Any
T = TypeVar("T")

PAUSE_S = 120.0
"""Seconds that a plug-in may work between two calls."""

_inside: ContextVar[str] = ContextVar("podium_inside_node", default="")
"""The type of the node whose body is at work here, "" outside."""

_REACHING = frozenset(
    (
        *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
        *("socket.gethostbyname", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
        *("os.forkpty", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"),
        *("sqlite3.connect", "time.sleep"),
    )
)
"""Audit events of Python that say: this code is about to act on the world, or to stop the loop."""

_CODE = (".py", ".pyc", ".so", ".pyd")
_FOLDERS = (sys.prefix, sys.base_prefix)
_PROGRAM = tuple({known + os.sep for folder in _FOLDERS for known in (folder, os.path.realpath(folder))})
_READS = os.O_WRONLY | os.O_RDWR


class Reached(NodeError):
    """A node type acted past its context; the act did not happen."""

    def __init__(self, node_type: str, act: str) -> None:
        super().__init__(
            "EN073",
            f"node type `{node_type}` tried to act past its context: {act}",
            kind="denied",
            help="call a tool through the context, `ctx.call_tool(…)`, and put this code into a tool",
        )


def guarded(node: Node) -> Node:
    """Return a node type with the guard around it."""
    return cast("Node", _Guarded(node))


class _Guarded:
    """The node type of a plug-in; see the rules of the module."""

    def __init__(self, node: Node) -> None:
        self.type, self.config, self._node = node.type, node.config, node

    @property
    def unguarded(self) -> Node:
        """The node type itself."""
        return self._node

    async def run(self, ctx: Context, config: NodeConfig, values: Values) -> Outcome:
        async with _body(self.type, ctx, config) as context:
            return await self._node.run(context, config, values)

    async def resume(self, ctx: Context, config: NodeConfig, values: Values, answer: Answer) -> Outcome:
        async with _body(self.type, ctx, config) as context:
            return await cast("Any", self._node).resume(context, config, values, answer)

    async def collect(self, ctx: Context, config: NodeConfig, values: Values, items: Sequence[ItemResult]) -> Outcome:
        async with _body(self.type, ctx, config) as context:
            return await cast("Any", self._node).collect(context, config, values, items)


@contextmanager
def inside(node_type: str) -> Generator[None]:
    """Watch the reach of what runs in the block, in this task and the tasks and threads that asyncio starts from it."""
    _watch()
    token = _inside.set(node_type)
    try:
        yield
    finally:
        _inside.reset(token)


@asynccontextmanager
async def _body(node_type: str, ctx: Context, config: NodeConfig) -> AsyncGenerator[Context]:
    limit = asyncio.timeout(PAUSE_S if config.timeout is None else None)
    try:
        async with limit:
            with inside(node_type):
                yield _Calls(ctx, limit, PAUSE_S if config.timeout is None else 0)
    except TimeoutError:
        if not limit.expired():
            raise
        raise NodeError(
            "EN072",
            f"node type `{node_type}` did nothing for {PAUSE_S:g} s",
            kind="timeout",
            help="give the node a `timeout`, or let its type call something or end sooner",
        ) from None


class _Calls:
    """A context whose calls are out of the guard's sight and do not count against the time."""

    def __init__(self, ctx: Context, limit: asyncio.Timeout, pause_s: float) -> None:
        self._ctx, self._limit, self._pause_s, self._open = ctx, limit, pause_s, 0

    @property
    def run_id(self) -> RunId:
        return self._ctx.run_id

    @property
    def path(self) -> NodePath:
        return self._ctx.path

    @property
    def attempt(self) -> int:
        return self._ctx.attempt

    @property
    def feedback(self) -> Feedback | None:
        return self._ctx.feedback

    def now(self) -> Millis:
        return self._ctx.now()

    def budget_left(self) -> BudgetLeft:
        return self._ctx.budget_left()

    def evaluate(self, expression: Expression, **names: Json) -> Json:
        return self._ctx.evaluate(expression, **names)

    def progress(self, text: str) -> None:
        token = _inside.set("")
        try:
            self._ctx.progress(text)
        finally:
            _inside.reset(token)

    async def call_model(self, call: ModelCall) -> ModelReply:
        return await self.out(self._ctx.call_model(call))

    async def call_tool(self, call: ToolCall) -> ToolReply:
        return await self.out(self._ctx.call_tool(call))

    async def call_run(self, call: RunCall) -> RunReply:
        return await self.out(self._ctx.call_run(call))

    async def call_code(self, call: CodeCall) -> CodeReply:
        return await self.out(self._ctx.call_code(call))

    @property
    def outbox(self) -> Outbox:
        return _Outbox(self._ctx.outbox, self)

    async def out(self, call: Awaitable[T]) -> T:
        """Await what is none of the body's own doing."""
        token = _inside.set("")
        self._open += 1
        self._put_off(None)
        try:
            return await call
        finally:
            self._open -= 1
            _inside.reset(token)
            if not self._open:
                self._put_off(asyncio.get_running_loop().time() + self._pause_s)

    def _put_off(self, when: float | None) -> None:
        if self._pause_s and not self._limit.expired():
            self._limit.reschedule(when)


class _Outbox:
    """An outbox, likewise."""

    def __init__(self, outbox: Outbox, calls: _Calls) -> None:
        self._outbox, self._calls = outbox, calls

    @property
    def rehearsing(self) -> bool:
        return self._outbox.rehearsing

    @property
    def decided(self) -> Literal["released"] | Refusal | None:
        return self._outbox.decided

    async def look(self, nodes: Sequence[str] | None) -> tuple[Prepared, ...]:
        return await self._calls.out(self._outbox.look(nodes))

    async def weigh(self, prepared: Sequence[Prepared]) -> Demand:
        return await self._calls.out(self._outbox.weigh(prepared))

    async def release(self, prepared: Sequence[Prepared]) -> tuple[Any, ...]:
        return await self._calls.out(self._outbox.release(prepared))

    async def drop(self, prepared: Sequence[Prepared], why: Refusal) -> None:
        await self._calls.out(self._outbox.drop(prepared, why))


@cache
def _watch() -> None:
    """Listen to Python's audit events, from the first guarded node on; a hook cannot be taken away again."""
    sys.addaudithook(_heard)


def _heard(event: str, args: tuple[object, ...]) -> None:
    if event == "open":
        if _inside.get() and not _reads_program(args):
            _refuse(f"it opens `{args[0]}`")
    elif event in _REACHING and _inside.get():
        _refuse("it sleeps in the event loop" if event == "time.sleep" else f"it calls `{event}`")


def _refuse(act: str) -> NoReturn:
    raise Reached(_inside.get(), act)


def _reads_program(args: Sequence[object]) -> bool:
    """Whether what is opened belongs to the installed program, and is only read."""
    path, _, flags = args
    if isinstance(path, int):
        return True  # a descriptor that is open already
    if isinstance(flags, int) and flags & _READS:
        return False
    name = os.fsdecode(cast("str", path))
    return name.endswith(_CODE) or os.path.normpath(name).startswith(_PROGRAM)
