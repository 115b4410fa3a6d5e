"""Servers that hang, die, lie and flood: each gives one typed error, says whether it may have happened, and is gone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from podium.adapters.tools.mcp import McpTool
from podium.adapters.tools.mcp_stdio import TAIL, StdioLink
from podium.errors import EffectError
from podium.testing.conformance.tools import AMPLE_S, call, refusal

pytestmark = pytest.mark.anyio

SERVER = Path(__file__).parent / "hostile_server.py"
Serve = Callable[..., McpTool]


class Servers:
    """Ports to hostile servers, closed after the test."""

    def __init__(self) -> None:
        self.ports: list[McpTool] = []

    def __call__(self, mode: str = "", *, connect_s: float = AMPLE_S, list_s: float = AMPLE_S) -> McpTool:
        command = (sys.executable, str(SERVER), mode)
        port = McpTool(
            "hostile",
            lambda: StdioLink(command, {}, max_message=100_000, grace_s=0.2),
            connect_s=connect_s,
            list_s=list_s,
        )
        self.ports.append(port)
        return port


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    servers = Servers()
    yield servers
    for port in servers.ports:
        await port.close()


async def pid_of(port: McpTool) -> int:
    return int(await call(port, "pid"))


async def gone(pid: int) -> bool:
    """Wait until a process is gone; it may have a moment left."""
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        await asyncio.sleep(0.01)
    return False


def summary(error: EffectError) -> tuple[str, str, str]:
    return error.code, error.kind, error.landed


async def test_a_server_that_never_answers_the_connection(serve: Serve) -> None:
    error = await refusal(serve("hang-connect", connect_s=0.3), "echo")

    assert summary(error) == ("EF015", "timeout", "no")
    assert error.message == "MCP server `python hostile_server.py hang-connect` did not answer within 0.3 s".replace(
        "python hostile_server.py", f"{Path(sys.executable).name} {SERVER}"
    )


async def test_a_call_whose_time_is_over_before_the_connection_stands_certainly_did_not_happen(serve: Serve) -> None:
    error = await refusal(serve("hang-connect"), "echo", 0.3)

    assert summary(error) == ("EF016", "timeout", "no")


async def test_a_server_that_never_lists(serve: Serve) -> None:
    error = await refusal(serve("hang-list", list_s=0.3), "echo")

    assert summary(error) == ("EF015", "timeout", "no")
    assert error.message == "MCP server `hostile` did not list its tools within 0.3 s"


async def test_a_server_that_ends_at_once_says_its_status_and_last_words(serve: Serve) -> None:
    error = await refusal(serve("die"), "echo")

    assert summary(error) == ("EF015", "unavailable", "no")
    assert error.message.endswith("exited with status 1")
    assert "the token None is wrong" in error.help


async def test_a_call_that_hangs_is_doubt_and_its_server_is_ended(serve: Serve) -> None:
    port = serve()
    pid = await pid_of(port)

    error = await refusal(port, "hang", 0.3)

    assert summary(error) == ("EF016", "timeout", "unknown")
    assert await gone(pid)
    assert await pid_of(port) != pid


async def test_a_server_that_dies_in_a_call_is_doubt_and_is_started_again(serve: Serve) -> None:
    port = serve()

    error = await refusal(port, "die")

    assert summary(error) == ("EF017", "unavailable", "unknown")
    assert error.message == "`hostile` exited with status 3 while `die` was waiting for its answer"
    assert error.help == "it last wrote: ran out of paper"
    assert await call(port, "echo") == "echo 1"


async def test_a_server_that_is_killed_between_calls_is_started_again(serve: Serve) -> None:
    port = serve()
    pid = await pid_of(port)
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(AMPLE_S):
        while port._session is not None and port._session.alive:  # noqa: ASYNC110 - the kernel tells the loop
            await asyncio.sleep(0.01)

    assert await call(port, "echo") == "echo 1"


async def test_a_banner_before_the_protocol_is_skipped(serve: Serve) -> None:
    assert await call(serve("banner"), "echo") == "echo 1"


async def test_endless_noise_ends_the_connection(serve: Serve) -> None:
    error = await refusal(serve("noise"), "echo")

    assert summary(error) == ("EF015", "unavailable", "no")
    assert error.message.endswith("writes to its standard output what is no MCP message")
    assert "starting …" in error.help


async def test_noise_in_a_call_is_doubt(serve: Serve) -> None:
    error = await refusal(serve(), "garbage")

    assert summary(error) == ("EF017", "unavailable", "unknown")
    assert "no MCP message" in error.message


async def test_fifty_megabytes_are_not_read_to_the_end(serve: Serve) -> None:
    port = serve()

    error = await refusal(port, "flood")

    assert summary(error) == ("EF019", "invalid_output", "unknown")
    assert error.message == (
        "`hostile` sent a message of more than 100000 bytes while `flood` was waiting for its answer"
    )
    assert await call(port, "echo") == "echo 1"


async def test_a_list_without_end(serve: Serve) -> None:
    error = await refusal(serve("thousands"), "t1")

    assert summary(error) == ("EF020", "invalid_output", "no")
    assert error.message == "MCP server `hostile` lists more than 10000 tools, or pages without end"


async def test_a_function_that_vanished_is_named_and_certainly_did_not_run(serve: Serve) -> None:
    port = serve()
    assert await call(port, "echo") == "echo 1"
    await call(port, "vanish")

    error = await refusal(port, "echo")

    assert summary(error) == ("EF011", "invalid_input", "no")
    assert "echo" not in await port.functions()


async def test_a_schema_that_refers_outside_is_not_fetched_and_not_listed(serve: Serve) -> None:
    port = serve("bad-schema")

    error = await refusal(port, "outside", x=1)

    assert summary(error) == ("EF020", "invalid_output", "no")
    assert error.message.endswith("refers to `http://127.0.0.1:9/schema.json`, and nothing outside is fetched")
    assert set(await port.functions()) == {"echo"}


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ("image", "`image` answered with content of type `image`"),
        ("typed", "`typed` answered something else than it declares: n: 'one' is not of type 'integer'"),
        ("lies", "`lies` answered in a form that is not MCP"),
    ],
)
async def test_answers_that_cannot_be_used(serve: Serve, function: str, found: str) -> None:
    error = await refusal(serve(), function)

    assert summary(error) == ("EF020", "invalid_output", "unknown")
    assert error.message.startswith(found)


async def test_structured_content_wins_and_nothing_is_the_empty_text(serve: Serve) -> None:
    port = serve()

    assert await call(port, "structured") == {"n": 1}
    assert await call(port, "empty") == ""


async def test_a_protocol_error_after_sending_is_doubt(serve: Serve) -> None:
    error = await refusal(serve(), "error")

    assert summary(error) == ("EF025", "failed", "unknown")
    assert "disk on fire" in error.message


async def test_a_server_that_ignores_the_end_of_its_input_is_killed(serve: Serve) -> None:
    port = serve("stubborn")
    pid = await pid_of(port)

    await port.close()

    assert await gone(pid)


async def test_a_closed_port_says_so(serve: Serve) -> None:
    port = serve()
    await port.close()

    assert summary(await refusal(port, "echo")) == ("EF015", "unavailable", "no")


async def test_a_cancelled_connection_leaves_no_process_behind(serve: Serve, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid()) + ' '); time.sleep(3600)"
    port = McpTool("slow", lambda: StdioLink((sys.executable, "-c", script), {}, max_message=1000, grace_s=0.2))
    async with asyncio.timeout(AMPLE_S), asyncio.TaskGroup() as tasks:
        connecting = tasks.create_task(port.functions())
        while not (note.exists() and note.read_text().endswith(" ")):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
        connecting.cancel()

    await port.close()

    assert await gone(int(note.read_text()))


@pytest.mark.parametrize("cut", range(8))
def test_a_secret_at_the_edge_of_what_is_kept_is_blotted_out_as_well(cut: int) -> None:
    link = StdioLink(("x",), {}, secrets=("s3cr3t",), max_message=1)

    link._remember(b"s3cr3t" + b"." * (TAIL - cut))

    assert not any(piece in link.last_words() for piece in ("s3", "cr", "3t"))
