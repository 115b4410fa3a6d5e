"""What it takes to begin: `podium --help`, and a process that drives runs but has nothing to do.

python -m benchmarks.start_up
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from benchmarks.machine import scratch
from benchmarks.report import Figure, Promise, tell

REPETITIONS = 7
_HELP = "from podium.cli.main import main; main()"
_IDLE = """
import asyncio, sys
from pathlib import Path
from benchmarks.machine import resident_mb
from podium.app.installation import Installation
async def main():
    async with Installation.open(Path(sys.argv[1])) as installation:
        stop = asyncio.Event()
        dispatcher = await installation.dispatcher()
        async with asyncio.TaskGroup() as group:
            group.create_task(dispatcher.serve(stop=stop))
            await asyncio.sleep(1)
            print(resident_mb())
            stop.set()
asyncio.run(main())
"""
PROMISES = (Promise("start-up.help", at_most=200), Promise("start-up.idle-worker", at_most=120))


def lasted_ms(*command: str) -> float:
    """Return how long a command took."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, capture_output=True, timeout=60)
    return (time.perf_counter() - started) * 1_000


def figures(*, repetitions: int = REPETITIONS) -> list[Figure]:
    """Return what was measured."""
    bare = statistics.median(lasted_ms("-c", "pass") for _ in range(repetitions))
    help_ = statistics.median(lasted_ms("-c", _HELP, "--help") for _ in range(repetitions))
    with scratch() as folder:
        command = [sys.executable, "-c", _IDLE, str(folder / "home")]
        idle = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return [
        Figure(name="start-up.python", value=bare, unit="ms"),
        Figure(name="start-up.help", value=help_, unit="ms"),
        Figure(name="start-up.idle-worker", value=float(idle.stdout), unit="MB"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    tell("start-up", figures(repetitions=parser.parse_args().repetitions), PROMISES)
