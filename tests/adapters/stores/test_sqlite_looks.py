"""What a dispatcher asks again and again finds its few runs by an index, however many wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event

from podium.adapters.stores.sqlite import reads
from podium.adapters.stores.sqlite.connection import connect
from podium.adapters.stores.sqlite.upgrade import prepare
from podium.clock import Millis


def test_no_look_for_work_goes_through_all_runs(tmp_path: Path) -> None:
    file = tmp_path / "podium.db"
    prepare(file, create=True)
    asked: list[tuple[str, Any]] = []
    engine = create_engine("sqlite://", creator=lambda: connect(file, read_only=True))

    with engine.connect() as connection:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
        reads.runnable(connection, Millis(5), dead=[], limit=64, only=None)
        reads.next_timer(connection)
        reads.owners(connection)

    plain = connect(file, read_only=True)
    steps = [row[3] for text, values in asked for row in plain.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    plain.close()
    engine.dispose()
    assert len(asked) == 4
    assert [step for step in steps if step.startswith(("SCAN", "SEARCH")) and "INDEX run_" not in step] == []
