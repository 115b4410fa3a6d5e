"""What somebody changes in the database by hand is named by `podium ledger verify`, and a run does not build on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Podium = Callable[..., Any]
Write = Callable[..., str]

PAY = "  put: {tool: files.write, with: {path: a.md, text: Hello}}\n"
TOOLS = (
    "{files: {python: podium.tools.files, root: ./out, effect: write, delivery: keyed, cost: {usd: 0.01}, "
    "approval: {roles: [finance]}}}"
)


@pytest.fixture
def change(place: Path) -> Callable[[str], None]:
    """Return a function that changes the database behind everybody's back, what protects it included."""

    def by_hand(statement: str) -> None:
        connection = sqlite3.connect(place / "home" / "podium.db")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount > 0
        connection.commit()
        connection.close()

    return by_hand


@pytest.fixture
def approved(podium: Podium, workflow: Write, place: Path) -> str:
    """A run with a shared budget that somebody has approved, with a tool that is stopped."""
    (place / "home").mkdir()
    (place / "home" / "podium.toml").write_text("[budgets.all]\nusd = 5\n")
    run: str = podium("run", workflow(PAY, tools=TOOLS), "-o", "json").json["run"]
    assert podium("approve", run, "--for", "uses=2").code == 0
    assert podium("runs", "resume", run).code == 0
    assert podium("stop", "tool", "mail").code == 0
    assert podium("ledger", "verify", "-o", "json").json["problems"] == []
    return run


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        pytest.param(
            "UPDATE record SET data = CAST(replace(CAST(data AS TEXT), '\"approved\"', '\"rejected\"') AS BLOB) "
            "WHERE CAST(data AS TEXT) LIKE '%approval.given%'",
            "LE001",
            id="a yes becomes a no",
        ),
        pytest.param(
            "UPDATE record SET data = CAST(replace(CAST(data AS TEXT), 'finance', 'anybody') AS BLOB) "
            "WHERE CAST(data AS TEXT) LIKE '%\"terms\"%'",
            "LE001",
            id="the terms of a question",
        ),
        pytest.param(
            "UPDATE record SET data = CAST(replace(CAST(data AS TEXT), '\"uses\":2', '\"uses\":9') AS BLOB) "
            "WHERE CAST(data AS TEXT) LIKE '%standing.given%'",
            "LE001",
            id="the bounds of a standing approval",
        ),
        pytest.param("UPDATE budget SET nano_usd = 0", "LE011", id="what a budget has used"),
        pytest.param("UPDATE budget SET held_calls = 1", "LE011", id="what a budget holds"),
        pytest.param("DELETE FROM budget", "LE011", id="a budget that is gone"),
        pytest.param("DELETE FROM budget_share", "LE011", id="what a run has used"),
        pytest.param("UPDATE control SET switches = '[]'", "LE008", id="a kill switch"),
        pytest.param(
            "UPDATE workflow SET closure = CAST(replace(CAST(closure AS TEXT), 'Hello', 'Howdy') AS BLOB)",
            "LE012",
            id="a workflow",
        ),
    ],
)
def test_what_was_changed_by_hand_is_found(
    podium: Podium, change: Callable[[str], None], approved: str, statement: str, code: str
) -> None:
    assert approved
    change(statement)

    said = podium("ledger", "verify", "-o", "json")
    assert said.code == 1
    assert [problem.split(":")[0] for problem in said.json["problems"]] == [code]


def test_a_run_does_not_go_on_by_a_workflow_that_was_put_in_the_place_of_its_own(
    podium: Podium, workflow: Write, place: Path, change: Callable[[str], None]
) -> None:
    run = podium("run", workflow(PAY, tools=TOOLS), "-o", "json").json["run"]
    change("UPDATE workflow SET closure = CAST(replace(CAST(closure AS TEXT), 'finance', 'anybody') AS BLOB)")
    assert podium("approve", run).code == 0

    said = podium("runs", "resume", run)
    assert (said.code, "LE012: the store has another workflow as version" in said.err) == (1, True)
    assert not (place / "out").exists()
