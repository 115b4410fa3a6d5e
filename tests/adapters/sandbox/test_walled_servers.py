"""An MCP server behind walls does what every server does, and reaches what its grant names and nothing else."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import podium
from podium.adapters.sandbox.bubblewrap import Bubblewrap
from podium.adapters.sandbox.server import walled
from podium.adapters.tools.catalogue import InstalledTools
from podium.effects.ports import ToolPort
from podium.errors import EffectError
from podium.ids import EffectKey
from podium.spec.sandbox import SandboxSpec
from podium.spec.tool import ToolSpec
from podium.testing.conformance.tools import ToolPortSuite

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(bool(Bubblewrap().missing()), reason=f"bubblewrap: {Bubblewrap().missing()}"),
]

SOURCE = str(Path(podium.__file__).parents[1])
SERVER = """
import os, socket
from mcp.server.mcpserver import MCPServer
server = MCPServer("attempts")
@server.tool(structured_output=False)
def attempt(code: str) -> str:
    try:
        return str(eval(code))
    except BaseException as error:
        return f"refused: {type(error).__name__}"
server.run()
"""


def grant(*command: str, sandbox: dict[str, Any] | None) -> ToolSpec:
    return ToolSpec.model_validate(
        {"mcp": [sys.executable, *command], "effect": "read", "delivery": "repeatable", "sandbox": sandbox}
    )


class TestMcpBehindWalls(ToolPortSuite):
    @pytest.fixture
    async def port(self) -> AsyncIterator[ToolPort]:
        tools = InstalledTools()
        yield tools.open("subject", grant("-m", "podium.testing.mcp_server", sandbox={"read": [SOURCE]}))
        await tools.close()


@asynccontextmanager
async def attempting(folder: Path, sandbox: dict[str, Any] | None) -> AsyncGenerator[Any]:
    tools = InstalledTools()
    port = tools.open("attempts", grant(str(folder / "server.py"), sandbox=sandbox))

    async def attempt(code: str) -> str:
        key = EffectKey("0" * 32)
        reply = await port.call("attempt", {"code": code}, key=key, timeout_s=60, progress=lambda _: None)
        return str(reply.value)

    try:
        yield attempt
    finally:
        await tools.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "secret.txt").write_text("hunter2")
    (tmp_path / "out").mkdir()
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "a.txt").write_text("a")
    return tmp_path


async def test_a_server_reaches_what_its_grant_names_and_nothing_else(folder: Path, socket_enabled: None) -> None:
    sandbox = {"read": [str(folder / "shown"), str(folder / "server.py")], "write": [str(folder / "out")]}
    with socket.create_server(("127.0.0.1", 0)) as outside:
        port = outside.getsockname()[1]
        async with attempting(folder, sandbox) as attempt:
            told = {
                code: await attempt(code)
                for code in (
                    f"open('{folder}/shown/a.txt').read()",
                    f"open('{folder}/out/b.txt', 'w').write('b')",
                    f"open('{folder}/shown/a.txt', 'w')",
                    f"open('{folder}/secret.txt').read()",
                    "open('/etc/shadow').read()",
                    f"socket.create_connection(('127.0.0.1', {port}), 2)",
                    "socket.socket(40, 1)",
                    f"os.kill({os.getpid()}, 0)",
                    f"open('/proc/{os.getpid()}/environ').read()",
                    "os.unshare if not hasattr(os, 'unshare') else os.unshare(0x10000000)",
                    "os.setuid(0)",
                    "os.environ['HOME']",
                    "os.getpid() < 10",
                )
            }
            await attempt(f"open('{folder}/planted.txt', 'w').write('x')")  # at most into its own memory

    assert list(told.values()) == [
        "a",
        "1",
        "refused: OSError",
        "refused: FileNotFoundError",
        "refused: FileNotFoundError",
        "refused: ConnectionRefusedError",
        "refused: PermissionError",
        "refused: ProcessLookupError",
        "refused: FileNotFoundError",
        "refused: AttributeError" if not hasattr(os, "unshare") else "refused: PermissionError",
        "refused: OSError",
        "/work",
        "True",
    ]
    assert (folder / "out" / "b.txt").read_text() == "b"
    assert not (folder / "planted.txt").exists()


async def test_a_server_may_be_given_the_network(folder: Path, socket_enabled: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        code = f"socket.create_connection(('127.0.0.1', {outside.getsockname()[1]}), 2) is not None"
        async with attempting(folder, {"read": [str(folder / "server.py")], "network": True}) as attempt:
            assert await attempt(code) == "True"


async def test_without_a_sandbox_a_server_reaches_what_its_user_does(folder: Path) -> None:
    async with attempting(folder, None) as attempt:
        assert await attempt(f"open('{folder}/secret.txt').read()") == "hunter2"


async def test_a_secret_of_the_server_is_not_among_its_arguments() -> None:
    async with walled(("/usr/bin/true",), {"TOKEN": "hunter2"}, SandboxSpec()) as start:
        assert "hunter2" not in " ".join(start.argv)
        assert start.env["TOKEN"] == "hunter2"


async def test_what_a_server_is_to_see_must_be_there(folder: Path) -> None:
    with pytest.raises(EffectError, match="to show") as caught:
        async with walled(("/usr/bin/true",), {}, SandboxSpec(read=(str(folder / "nowhere"),))):
            raise AssertionError

    assert caught.value.code == "EF012"


def test_walls_are_for_servers_that_are_started() -> None:
    with pytest.raises(ValidationError, match="started by its command only"):
        ToolSpec.model_validate(
            {"mcp": "https://example.org/mcp", "effect": "read", "delivery": "repeatable", "sandbox": {}}
        )
