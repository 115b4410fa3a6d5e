"""A model server on loopback that says what it was told to say, and misbehaves when told to.

It speaks the protocols of OpenAI (`/v1/chat/completions`) and of Anthropic (`/v1/messages`), streaming, over a real
socket, so that a real client meets real faults.

```python
script = ScriptedModel(["Hello", Fault(status=429, headers={"Retry-After": "20"}), Fault("hang")])
async with ModelServer(script) as server:
    os.environ["OPENAI_BASE_URL"] = server.base_url
```

Every connection serves one request. `requests` remembers what came. Outside an event loop, `served(...)` runs it in a
thread of its own.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Self

from msgspec import Struct

from podium.node.calls import ModelReply
from podium.testing.model_wire import AnthropicWire, OpenAIWire, Wire
from podium.testing.scripted import Said, ScriptedModel

Json = Any

FaultKind = Literal[
    "status",  # an HTTP error answer
    "hang",  # takes the request and says nothing
    "silence",  # streams half of the answer and then nothing more
    "half",  # streams half of the answer and ends the stream as if it were whole
    "reset",  # streams half of the answer and breaks the connection
    "garbage",  # streams what is no protocol at all
    "text",  # answers with a page instead of a stream
    "empty",  # a stream without an answer
    "endless",  # never stops talking
]


class Fault(Exception):
    """A misbehaviour, to stand in a script.

    Attributes:
        status: For `status`: the HTTP code.
        headers: Further headers of the answer.
        message: What the error answer says.
    """

    def __init__(
        self,
        kind: FaultKind = "status",
        *,
        status: int = 500,
        headers: Mapping[str, str] | None = None,
        message: str = "something went wrong",
    ) -> None:
        super().__init__(kind)
        self.kind: FaultKind = kind
        self.status = status
        self.headers = dict(headers or {})
        self.message = message


class Received(Struct, frozen=True, kw_only=True):
    """A request that came; header names are lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Json


class ModelServer:
    """See the module. An async context manager.

    Attributes:
        model: Where the answers come from.
        requests: What came, in order.
        broken_off: How many requests the client gave up before the answer was complete.
        gave_up: Set at the first of them.
        listing: What is answered instead of the list of models, when it is not empty.
        files: Bytes that `GET` serves by path, with ranges.
    """

    def __init__(
        self,
        model: ScriptedModel | None = None,
        *,
        names: Sequence[str] = ("stub-model",),
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        self.model = model or ScriptedModel()
        self.requests: list[Received] = []
        self.broken_off = 0
        self.gave_up = asyncio.Event()
        self.files = dict(files or {})
        self.listing = b""
        self._names = tuple(names)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._wires: dict[str, Wire] = {"/v1/chat/completions": OpenAIWire(), "/v1/messages": AnthropicWire()}

    @property
    def url(self) -> str:
        """The address, such as `http://127.0.0.1:40123`."""
        assert self._server is not None, "the server runs inside `async with`"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def base_url(self) -> str:
        """The address for `OPENAI_BASE_URL`."""
        return f"{self.url}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if (received := await _read(reader)) is not None:
                self.requests.append(received)
                await self._until_gone(reader, self._answer(received, writer))
        except (ConnectionError, asyncio.CancelledError):
            self.broken_off += 1
            self.gave_up.set()
        finally:
            self._open.discard(task)
            writer.close()

    async def _until_gone(self, reader: asyncio.StreamReader, answering: Any) -> None:  # noqa: ANN401 - a coroutine
        """Answer until done or until the client closes its side."""
        answer = asyncio.ensure_future(answering)
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                raise ConnectionResetError
            await answer
        finally:
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)

    async def _answer(self, received: Received, writer: asyncio.StreamWriter) -> None:
        wire = self._wires.get(received.path.partition("?")[0])
        if received.method == "POST" and wire is not None:
            await self._model_answer(received, wire, writer)
        elif received.path.startswith("/v1/models") and self.listing:
            await _send(writer, 200, self.listing, {})
        elif received.path.startswith("/v1/models"):
            await _send_json(writer, 200, self._listed(received.path))
        elif received.path in self.files:
            await _send_file(writer, self.files[received.path], received.headers.get("range", ""))
        else:
            await _send_json(writer, 404, {"error": {"message": "no such path"}})

    def _listed(self, path: str) -> Json:
        one = path.removeprefix("/v1/models").strip("/")
        cards = [{"id": name, "object": "model", "created": 1, "owned_by": "podium"} for name in self._names]
        return next((card for card in cards if card["id"] == one), {"object": "list", "data": cards})

    async def _model_answer(self, received: Received, wire: Wire, writer: asyncio.StreamWriter) -> None:
        call, name = wire.read(received.body), str(received.body.get("model", ""))
        try:
            said = self.model.say(call)
        except Fault as fault:
            if fault.kind == "status" and fault.status < 400:
                await _send(writer, fault.status, b"", fault.headers)
            elif fault.kind == "status":
                await _send_json(writer, fault.status, wire.error(fault.status, fault.message), fault.headers)
            else:
                await _misbehave(writer, fault.kind, wire.events(call, Said(text="half of an answer"), name))
            return
        if isinstance(said, ModelReply):
            said = Said(text=said.text, finish=said.finish, usage=said.usage)
        await asyncio.sleep(said.after_s)
        await _send_stream(writer, wire.events(call, said, name))


async def _misbehave(writer: asyncio.StreamWriter, kind: FaultKind, events: Sequence[bytes]) -> None:
    half = events[: len(events) // 2]
    match kind:
        case "hang":
            await asyncio.Event().wait()
        case "silence":
            await _send_stream(writer, half, end=False)
            await asyncio.Event().wait()
        case "half":
            await _send_stream(writer, half)
        case "reset":
            await _send_stream(writer, half, end=False)
            writer.transport.abort()
        case "garbage":
            await _send_stream(writer, [b"data: {not json\n\n", b"\x00\xff\xfe\n\n", b"data: [1,2]\n\n"])
        case "text":
            await _send(writer, 200, b"<html>Please log in</html>", {"Content-Type": "text/html"})
        case "empty":
            await _send_stream(writer, [])
        case _:
            await _send_stream(writer, half, end=False)
            while True:
                await _chunk(writer, half[-1])


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None  # a connection without a request, such as one that only looks whether the port is open
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method=method, path=path, headers=headers, body=json.loads(body) if body else None)


async def _send(writer: asyncio.StreamWriter, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    fields = {"Content-Length": str(len(body)), "Connection": "close", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"HTTP/1.1 {status} x\r\n{head}\r\n".encode() + body)
    await writer.drain()


async def _send_json(
    writer: asyncio.StreamWriter, status: int, body: Json, headers: Mapping[str, str] | None = None
) -> None:
    await _send(writer, status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


async def _send_file(writer: asyncio.StreamWriter, content: bytes, wanted: str) -> None:
    if wanted.startswith("bytes="):
        start = int(wanted.removeprefix("bytes=").partition("-")[0])
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        await _send(writer, 206 if start < len(content) else 416, content[start:], {"Content-Range": span})
    else:
        await _send(writer, 200, content, {})


async def _send_stream(writer: asyncio.StreamWriter, events: Sequence[bytes], *, end: bool = True) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n")
    writer.write(b"Connection: close\r\n\r\n")
    for event in events:
        await _chunk(writer, event)
    if end:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _chunk(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
    await writer.drain()
    await asyncio.sleep(0)


@contextmanager
def served(server: ModelServer) -> Generator[ModelServer]:
    """Run the server in a thread with a loop of its own, for code that is not async and for other processes."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    async def run() -> None:
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="model-server")
    thread.start()
    try:
        if not ready.wait(timeout=10):
            msg = "the model server did not start within 10 s"
            raise TimeoutError(msg)
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(timeout=10)
        loop.close()
