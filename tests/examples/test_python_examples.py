"""The examples in Python do what they say, with a scripted model."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import podium
from podium.testing import ScriptedModel, run_workflow

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[2] / "examples" / "python"
FILES = sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    yield
    for name in FILES:
        sys.modules.pop(name, None)


def example(name: str) -> ModuleType:
    return import_module(name)


def test_every_example_is_looked_at_here() -> None:
    assert FILES == ["announce", "change_a_file", "desk", "triage"]


@pytest.mark.parametrize("name", ["announce", "triage"])
def test_a_workflow_has_no_findings(name: str) -> None:
    workflow: podium.Workflow = example(name).workflow()

    assert [found for found in workflow.check() if found.severity == "error"] == []


async def test_an_announcement_that_is_approved_is_saved() -> None:
    result = await run_workflow(
        example("announce").workflow(),
        model=ScriptedModel(["We have a new search."]),
        tools={"files.write": "announcement.md"},
        answers={"approve": "approved"},
    )

    assert (result.status, result.value) == ("done", "We have a new search.")


async def test_an_urgent_report_wakes_somebody_and_becomes_a_ticket(tmp_path: Path) -> None:
    triage = await asyncio.to_thread(example, "triage")
    model = ScriptedModel([{"area": "network", "urgent": True}])

    async with await podium.start(triage.workflow(), {"report": "No net. Help!"}, home=tmp_path, model=model) as run:
        (wait,) = (await run.rest()).waits
        assert (wait.question, wait.show) == ("Wake somebody of infrastructure?", "No net")
        await run.approve(wait.node)
        result = await run.wait()

    assert (result.status, result.value) == ("done", "T-1")
    assert list(sys.modules["desk"].TICKETS.values()) == ["infrastructure: No net"]


def test_a_report_that_is_not_urgent_goes_to_its_team(tmp_path: Path) -> None:
    model = ScriptedModel([{"area": "printer", "urgent": False}])

    result = podium.sync.run(example("triage").workflow(), home=tmp_path, model=model)

    assert (result.status, result.value) == ("done", "T-1")
    assert list(sys.modules["desk"].TICKETS.values()) == ["facilities: The printer on floor 3 is out of toner"]


def test_a_file_is_changed_where_a_model_is_asked_and_nowhere_else() -> None:
    file = FOLDER.parent / "triage-ticket.yaml"

    changed = example("change_a_file").with_longer_answers(file)

    added = [line for line in difflib.ndiff(file.read_text().splitlines(), changed.splitlines()) if line[0] == "+"]
    assert added
    assert [line for line in added if "max_tokens: 2048" not in line] == []
    assert [line for line in file.read_text().splitlines() if "#" in line and line not in changed.splitlines()] == []
