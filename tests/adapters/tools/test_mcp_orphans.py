"""A Podium process that is killed leaves no server behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SERVERS = {
    "without the SDK": [sys.executable, str(Path(__file__).parent / "hostile_server.py")],
    "with the SDK": [sys.executable, "-m", "podium.testing.mcp_server"],
}
SCRIPT = """
import asyncio, sys
from podium.adapters.tools.mcp import McpTool
from podium.adapters.tools.mcp_stdio import StdioLink

async def main():
    port = McpTool("x", lambda: StdioLink(sys.argv[1:], {}, max_message=1_000_000))
    await port.functions()
    with open(f"/proc/self/task/{__import__('os').getpid()}/children") as children:
        print(children.read().split()[-1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for children in /proc, which only Linux has")
def test_a_server_ends_when_podium_is_killed(name: str) -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT, *SERVERS[name]], stdout=subprocess.PIPE, text=True) as podium:
        assert podium.stdout is not None
        server = int(podium.stdout.readline())
        watch = os.pidfd_open(server)

        podium.send_signal(signal.SIGKILL)
        podium.wait(60)

    assert wait_for_end(watch, 60)


def wait_for_end(watch: int, within_s: float) -> bool:
    ended, _, _ = select.select([watch], [], [], within_s)
    os.close(watch)
    return bool(ended)
