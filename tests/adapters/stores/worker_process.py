"""Another process over the same home, for the tests: `python worker_process.py HOME VERB [RUN]`.

`append` owns a run and appends to it for ever; each number is printed once it is durable. `own` claims the run and
waits to be killed. `post` posts one record to the run, and prints when it was durable.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from podium.adapters.stores.sqlite import SqliteStore
from podium.clock import SystemClock
from podium.ids import RunId, SystemIds
from podium.ledger.payload import payload
from podium.testing.conformance.store_world import begin_owned, cancel, done, owned


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(home: Path, verb: str, run: str = "") -> None:
    ids = SystemIds()
    store = await SqliteStore.open(home, clock=SystemClock(), ids=ids)
    match verb:
        case "append":
            claim = await begin_owned(store)
            say(claim.row.id)
            for number in range(1_000_000):
                out = payload(b"x" * (100_000 if number % 10 == 0 else 300), ids)
                await store.append(claim.row.id, claim.epoch, [done(f"n{number}", out)], seen=number + 2)
                say(number)
        case "own":
            await owned(store, RunId(run))
            say("owned")
            await asyncio.sleep(600)
        case "post":
            say("ready")
            await asyncio.to_thread(sys.stdin.readline)
            began = time.time()
            await store.post(RunId(run), cancel())
            say(began)
            await store.close()
        case _:
            raise SystemExit(2)


asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
