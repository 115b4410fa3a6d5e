from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from anyio import to_thread
from sqlalchemy import create_engine, text

import podium.adapters.stores.sqlite as package
from podium.adapters.stores.sqlite import SqliteStore
from podium.adapters.stores.sqlite.schema import APPLICATION_ID
from podium.ids import ADMIN, RunId, SystemIds
from podium.ledger.record import AdminNoted
from podium.ledger.switch import Switch
from podium.testing.clock import FakeClock

pytestmark = pytest.mark.anyio

ROW = (
    "INSERT INTO run (id, workflow, version, status, created_at, updated_at, epoch, owner, wake, runnable_at, "
    "next_timer_at, seq, head, root, parent, tenant, priority) "
    "VALUES (:run, 'notes', '5', :status, :at, :at, 1, '', 0, 0, 0, 3, zeroblob(32), :run, '', '', 0)"
)


def old_store(home: Path) -> None:
    """Make a store as the first version of the tables had it, with a run of each of some statuses."""
    for folder in (home, home / "blobs", home / "files", home / "workers"):
        folder.mkdir()
    engine = create_engine(f"sqlite:///{home / 'podium.db'}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
        for at, status in enumerate(("done", "failed", "approval", "done_with_errors"), 1):
            connection.execute(text(ROW), {"run": f"rrun{at}00000000", "status": status, "at": at})
        connection.execute(text("UPDATE control SET killed = 1"))
    engine.dispose()


async def test_an_older_store_is_brought_to_the_present_form(tmp_path: Path) -> None:
    home = tmp_path / "home"
    await to_thread.run_sync(old_store, home)

    store = await SqliteStore.open(home, clock=FakeClock(), ids=SystemIds())

    rows = await store.rows()
    assert [(row.id[:5], row.status, row.priority, row.slots, row.queued, row.dead) for row in rows] == [
        ("rrun4", "done_with_errors", 5, 0, False, True),
        ("rrun3", "approval", 5, 0, False, False),
        ("rrun2", "failed", 5, 0, False, True),
        ("rrun1", "done", 5, 0, False, False),
    ]
    assert [row.id for row in await store.rows(dead=True)] == [RunId("rrun400000000"), RunId("rrun200000000")]
    noted = [record.body for record in await store.records(ADMIN)]
    assert [note.action for note in noted if isinstance(note, AdminNoted)] == ["store.upgraded"]
    assert (await store.control()).switches == (Switch(scope="everything"),)
    await store.close()

    again = await SqliteStore.open(home, clock=FakeClock(), ids=SystemIds())
    assert len(await again.records(ADMIN)) == 1
    await again.close()
