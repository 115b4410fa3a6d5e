from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from podium.app.serving import is_served, serving
from podium.ids import RunId

A, B = RunId("ra"), RunId("rb")


@pytest.mark.anyio
async def test_a_worker_serves_every_run_until_it_stops(tmp_path: Path) -> None:
    assert not await is_served(tmp_path, A)

    async with serving(tmp_path):
        assert await is_served(tmp_path)
        assert await is_served(tmp_path, A)

    assert not await is_served(tmp_path, A)


@pytest.mark.anyio
async def test_a_foreground_run_serves_itself_only(tmp_path: Path) -> None:
    async with serving(tmp_path, A):
        assert [await is_served(tmp_path, run) for run in (A, B, None)] == [True, False, False]

    assert not await is_served(tmp_path, A)


def test_a_killed_worker_serves_nothing(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from podium.app.serving import serving\n"
        "async def main():\n"
        "    async with serving(pathlib.Path(sys.argv[1])):\n"
        "        print('up', flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "up\n"
        assert asyncio.run(is_served(tmp_path))

        worker.send_signal(signal.SIGKILL)
        worker.wait(10)

        assert not asyncio.run(is_served(tmp_path))
